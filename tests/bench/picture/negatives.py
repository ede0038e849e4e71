"""What looks like a fault and is none. Each is `(frames, random) -> frames`."""

import numpy as np

from draw import blend, shifted, texture, write
from scenes import studio, with_noise


def light(frames, change, sigma=0.0, random=None, du=0, dv=0):
    made = []
    for y, u, v in frames:
        frame = [studio(change(y.astype(np.float32))), studio(u + float(du)), studio(v + float(dv))]
        made.append(with_noise(frame, sigma, random) if sigma else frame)
    return made


def clean(frames, random):
    return frames


def fog(frames, random):
    """Thicker with distance, which is upwards; a third of the contrast at the top."""
    height = frames[0][0].shape[0]
    clear = np.linspace(0.45, 0.85, height, dtype=np.float32)[:, None]
    return light(frames, lambda y: y * clear + 160 * (1 - clear))


def night_gain(frames, random):
    return light(frames, lambda y: (y - 16) * 0.5 + 20, 3.2, random)


def infrared(frames, random):
    """Mono, lit by a lamp beside the lens."""
    made = []
    for y, u, v in frames:
        rows, columns = np.indices(y.shape, np.float32)
        far = np.hypot(rows / y.shape[0] - 0.5, columns / y.shape[1] - 0.5)
        lit = (y - 16.0) * (1.1 - far) * 0.9 + 20
        grey = np.full_like(u, 128)
        made.append(with_noise([studio(lit), grey, grey], 1.8, random))
    return made


def static_infrared(frames, random):
    """Nothing moves but the sensor's noise and the clock."""
    still = infrared(frames[:1], random) * len(frames)
    return [write(with_noise(frame, 1.3, random), f"02:15:{number:02}", 0.03, 0.04, 0.05)
            for number, frame in enumerate(still)]


def sodium(frames, random):
    return light(frames, lambda y: (y - 16) * 0.7 + 18, 1.5, random, -12, 14)


def sunset(frames, random):
    return light(frames, lambda y: (y - 16) * 0.9 + 22, du=-10, dv=12)


def headlights(frames, random):
    """An evening street, and two lamps that blind."""
    made = []
    for number, (y, u, v) in enumerate(light(frames, lambda y: (y - 16) * 0.5 + 18, 1.5, random)):
        rows, columns = np.indices(y.shape, np.float32)
        glow = np.zeros(y.shape, np.float32)
        for side in (-0.06, 0.06):
            far = np.hypot(rows / y.shape[0] - 0.6,
                           (columns / y.shape[1] - 0.4 - side - 0.01 * number) * 1.6)
            glow += 260 * np.exp(-(far / 0.025) ** 2) + 60 * np.exp(-far / 0.12)
        made.append([studio(y + glow), u, v])
    return made


def rain(frames, random):
    """Streaks, other ones in each frame, and a little less contrast."""
    made = []
    for y, u, v in frames:
        y = (y - 120.0) * 0.85 + 124
        for _ in range(250):
            r, c = random.integers(y.shape[0]), random.integers(y.shape[1])
            for step in range(int(random.integers(8, 24))):
                if r + step < y.shape[0] and c + step // 5 < y.shape[1]:
                    y[r + step, c + step // 5] += 28
        made.append([studio(y), u, v])
    return made


def privacy_mask(frames, random):
    left, top = random.uniform(0.05, 0.7), random.uniform(0.05, 0.7)
    made = []
    for frame in frames:
        masked = [plane.copy() for plane in frame]
        for plane, value in zip(masked, (16, 128, 128)):
            height, width = plane.shape
            plane[int(top * height):int((top + 0.25) * height),
                  int(left * width):int((left + 0.22) * width)] = value
        made.append(masked)
    return made


def person_in_front(frames, random):
    """Somebody close to the camera walks through; gone forty seconds later."""
    shape = frames[0][0].shape
    rows, columns = np.indices(shape, np.float32)
    cloth = [70 + 15 * texture(shape, random, 1.6), 124.0, 132.0]
    made = []
    for number, frame in enumerate(frames):
        if number < len(frames) // 2:
            x = (columns / shape[1] - 0.1 - 0.1 * number) / 0.17
            y = (rows / shape[0] - 0.75) / 0.6
            mask = np.clip((1 - np.hypot(x, y)) * 8, 0, 1)
            frame = blend(frame, cloth, mask)
        made.append(frame)
    return made


def overlay(frames, random):
    return [write(write(frame, f"2026-11-22 08:15:{number:02}", 0.03, 0.03, 0.06),
                  "Camera 07 North Gate", 0.55, 0.9, 0.06) for number, frame in enumerate(frames)]


def fence(frames, random):
    """Bars before the scene."""
    shape = frames[0][0].shape
    columns = np.indices(shape, np.float32)[1]
    period = shape[1] / random.uniform(25, 45)
    mask = np.clip(2.5 - np.abs(columns % period - period / 2), 0, 1)
    return [blend(frame, [60.0, 128.0, 128.0], mask) for frame in frames]


def backlit_window(frames, random):
    """A window of a quarter of the picture, washed out, in a darkish room."""
    left, top = random.uniform(0.1, 0.45), random.uniform(0.05, 0.4)
    made = []
    for y, u, v in light(frames, lambda y: (y - 16) * 0.6 + 18):
        y = y.copy()
        height, width = y.shape
        y[int(top * height):int((top + 0.5) * height), int(left * width):int((left + 0.5) * width)] = 235
        made.append([y, u, v])
    return made


def exposure_jump(frames, random):
    half = len(frames) // 2
    return (light(frames[:half], lambda y: (y - 16) * 0.75 + 16)
            + light(frames[half:], lambda y: (y - 16) * 1.2 + 20))


def blank_wall(frames, random):
    """A corridor's wall: a gradient, a skirting board, and paint."""
    shape = frames[0][0].shape
    rows, columns = np.indices(shape, np.float32)
    wall = 120 + 40 * columns / shape[1] - 15 * rows / shape[0] + 1.2 * texture(shape, random, 1.0)
    wall[int(0.85 * shape[0]):] -= 50
    wall[:, int(0.8 * shape[1]):int(0.81 * shape[1])] -= 35
    colour = [np.full(plane.shape, value, np.uint8) for plane, value in zip(frames[0][1:], (124, 131))]
    return [with_noise([studio(wall), *colour], 1.3, random) for _ in frames]


def poor_link(frames, random):
    """As clean, coded coarsely (see clips.py)."""
    return frames


def sway(frames, random):
    """A pole in the wind: half a pixel, slowly."""
    return [shifted(frame, 0.5 * np.sin(number / 2), 0.3 * np.cos(number / 3))
            for number, frame in enumerate(frames)]


# Name: what makes it; and whether the learned reference shows it too, for it is always there.
NEGATIVES = {
    "clean": (clean, False), "fog": (fog, False), "night_gain": (night_gain, False),
    "infrared": (infrared, False), "static_infrared": (static_infrared, True),
    "sodium": (sodium, False), "sunset": (sunset, False), "headlights": (headlights, False),
    "rain": (rain, False), "privacy_mask": (privacy_mask, True),
    "person_in_front": (person_in_front, False), "overlay": (overlay, True), "fence": (fence, True),
    "backlit_window": (backlit_window, True), "exposure_jump": (exposure_jump, False),
    "blank_wall": (blank_wall, True), "poor_link": (poor_link, False), "sway": (sway, True),
}
