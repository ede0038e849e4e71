"""Faults made from clean scenes, in severities 1 (mild), 2 (plain) and 3 (grave).

Each is `(frames, severity, random) -> frames`. Lengths in pixels are meant for 704 columns.
"""

import numpy as np

from draw import blend, disk, ellipse, moved, rotated, shifted, texture, write
from scenes import WIDTH, is_mono, studio, with_noise, without_colour


def pick(severity, *values):
    return values[severity - 1]


def luma(frames, change):
    return [[studio(change(y.astype(np.float32))), u, v] for y, u, v in frames]


def dimmed(frames, gain, middle):
    """Light times `gain` about `middle`; what loses light loses colour."""
    chroma = lambda plane: studio((plane.astype(np.float32) - 128) * gain + 128)
    return [[studio((y.astype(np.float32) - middle) * gain + middle), chroma(u), chroma(v)]
            for y, u, v in frames]


def pixels(frames, length):
    return length * frames[0][0].shape[1] / WIDTH


def flat(frame, yuv):
    return [np.full_like(plane, value) for plane, value in zip(frame, yuv)]


# --- no picture -----------------------------------------------------------------------------------

def signal_lost(frames, severity, random):
    """Blue, grey or colour bars; mild ones with words and a running clock."""
    kind = random.integers(3)
    made = []
    for number, frame in enumerate(frames):
        if kind == 2:
            bars = [(180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58), (84, 184, 198),
                    (65, 100, 212), (35, 212, 114)]
            still = [np.repeat(np.array([bar[n] for bar in bars], np.uint8),
                               -(-plane.shape[1] // 7))[None, :plane.shape[1]]
                     .repeat(plane.shape[0], 0) for n, plane in enumerate(frame)]
        else:
            still = flat(frame, [(41, 240, 110), (110, 128, 128)][kind])
            if severity < 3:
                still = write(still, ["NO SIGNAL", "VIDEO LOSS"][kind], 0.28, 0.42, 0.1)
        if severity == 1:
            still = write(still, f"2026-11-22 08:15:{number:02}", 0.03, 0.04, 0.05)
        made.append(still)
    return made


def black(frames, severity, random):
    """A dead sensor with its overlay, or nothing at all."""
    made = []
    for number, frame in enumerate(frames):
        dark = flat(frame, (16 + pick(severity, 4, 2, 0), 128, 128))
        if severity < 3:
            dark = with_noise(dark, 0.8, random)
            dark = write(dark, f"2026-11-22 23:15:{number:02}", 0.03, 0.04, 0.05)
        made.append(dark)
    return made


# --- light ----------------------------------------------------------------------------------------

def too_bright(frames, severity, random):
    gain, offset = pick(severity, 1.5, 2, 3), pick(severity, 40, 60, 90)
    return luma(frames, lambda y: (y - 16) * gain + offset)


def too_dark(frames, severity, random):
    dark = dimmed(frames, pick(severity, 0.16, 0.10, 0.05), 16)
    return [with_noise(frame, 1.2, random) for frame in dark]


def low_contrast(frames, severity, random):
    return dimmed(frames, pick(severity, 0.35, 0.22, 0.12), 120)


def colour_cast(frames, severity, random):
    shift = pick(severity, 16, 28, 45)
    du, dv = [(1, -1), (-1, -1), (1, 1), (-1, 1)][random.integers(4)]
    chroma = lambda plane, by: np.clip(plane.astype(int) + by, 16, 240).astype(np.uint8)
    return [[y, chroma(u, du * shift), chroma(v, dv * shift)] for y, u, v in frames]


# --- optics ---------------------------------------------------------------------------------------

def defocus(frames, severity, random):
    """The circle of confusion of a lens out of focus, and the sensor's noise after it."""
    radius = pixels(frames, pick(severity, 2, 4, 8))
    sigma = random.uniform(0.5, 1.8)
    return [with_noise([disk(y, radius), disk(u, radius / 2), disk(v, radius / 2)], sigma, random)
            for y, u, v in frames]


def condensation(frames, severity, random):
    """Wet glass: blur, and a veil of scattered light."""
    radius, veil = pixels(frames, pick(severity, 2.5, 5, 9)), pick(severity, 0.1, 0.2, 0.3)
    wet = []
    for y, u, v in frames:
        scattered = disk(y, y.shape[1] / 12).astype(np.float32)
        wet.append([studio(disk(y, radius) * (1 - veil) + veil * (scattered * 0.5 + 80)),
                    disk(u, radius / 2), disk(v, radius / 2)])
    return [with_noise(frame, 1.0, random) for frame in wet]


# --- interference ---------------------------------------------------------------------------------

def noise(frames, severity, random):
    sigma = pick(severity, 12, 20, 33)
    return [with_noise(frame, sigma, random) for frame in frames]


def snow(frames, severity, random):
    """White and black dashes of a weak analogue line."""
    share = pick(severity, 0.05, 0.15, 0.4)
    made = []
    for y, u, v in frames:
        y = y.copy()
        hit = random.random((y.shape[0], y.shape[1] // 2)) < share
        hit = hit.repeat(2, 1)
        y[:, :hit.shape[1]][hit] = random.choice(np.array([30, 200, 235], np.uint8), int(hit.sum()))
        made.append([y, u, v])
    return made


def stripes(frames, severity, random):
    """Mains and ground loops: a sine that rolls, across, down or slanting."""
    amplitude = pick(severity, 10, 20, 40)
    period = random.uniform(6, 24)
    kind = random.integers(3)
    made = []
    for y, u, v in frames:
        rows, columns = np.indices(y.shape, np.float32)
        along = [rows, columns, (rows + columns) / np.sqrt(2)][kind]
        wave = amplitude * np.sin(2 * np.pi * along / period + random.uniform(0, 6.28))
        made.append([studio(y + wave), u, v])
    return made


def mosaic(frames, severity, random):
    """Macroblocks that went wrong: flat, from elsewhere, or green, in runs as slices are lost."""
    share, made = pick(severity, 0.08, 0.2, 0.45), []
    for y, u, v in frames:
        y, u, v = y.copy(), u.copy(), v.copy()
        across, down = y.shape[1] // 16, y.shape[0] // 16
        wrong = 0
        while wrong < share * across * down:
            at, run = random.integers(across * down), int(random.integers(4, 2 * across))
            kind = random.integers(3)
            for block in range(at, min(at + run, across * down)):
                r, c = block // across * 16, block % across * 16
                if kind == 0:
                    y[r:r + 16, c:c + 16] = y[r:r + 16, c:c + 16].mean()
                elif kind == 1:
                    o = (c + 112) % (across * 16 - 15)
                    y[r:r + 16, c:c + 16] = y[r:r + 16, o:o + 16][:, ::-1]
                else:
                    y[r:r + 16, c:c + 16] = 80
                    u[r // 2:r // 2 + 8, c // 2:c // 2 + 8] = 60
                    v[r // 2:r // 2 + 8, c // 2:c // 2 + 8] = 50
            wrong += run
        made.append([y, u, v])
    return made


# --- time -----------------------------------------------------------------------------------------

def frozen(frames, severity, random):
    """3: the very picture again; 2: with a running clock; 1: also coded at another quality."""
    made = [frames[0]] * len(frames)
    if severity < 3:
        made = [write(frame, f"08:15:{number:02}", 0.03, 0.04, 0.05)
                for number, frame in enumerate(made)]
    return made


def shaking(frames, severity, random):
    reach = pixels(frames, pick(severity, 2, 5, 12))
    return [shifted(frame, *(random.choice([-1, 1], 2) * random.uniform(0.5, 1, 2) * reach))
            for frame in frames]


# --- view -----------------------------------------------------------------------------------------

def covered(frame, shade, mask):
    """By infrared a cover has no colour either."""
    hidden = blend(frame, shade, mask)
    return without_colour(hidden) if is_mono(frame) else hidden


def cover(frames, severity, random):
    """Something dark and close, out of focus, with a soft edge."""
    wide, high = pick(severity, (0.35, 0.4), (0.55, 0.6), (1.1, 1.1))
    mask = ellipse(frames[0][0].shape, wide, high, random, soft=0.08)
    tone = random.uniform(30, 120)
    shade = [tone + 12 * texture(frames[0][0].shape, random, 2.5), 126.0, 132.0]
    return [with_noise(covered(frame, shade, mask), 0.8, random) for frame in frames]


def textured_cover(frames, severity, random):
    """A leaf, a cloth, a web of paper: texture of its own, a sharper edge."""
    wide, high = pick(severity, (0.35, 0.4), (0.55, 0.6), (1.1, 1.1))
    mask = ellipse(frames[0][0].shape, wide, high, random, soft=0.02)
    shade = [random.uniform(60, 150) + 30 * texture(frames[0][0].shape, random, 1.4), 112.0, 124.0]
    return [with_noise(covered(frame, shade, mask), 0.8, random) for frame in frames]


def displaced(frames, severity, random):
    part = pick(severity, 0.06, 0.15, 0.30)
    corner = random.integers(2, size=2)
    return [moved(frame, part, corner) for frame in frames]


def turned(frames, severity, random):
    angle = pick(severity, 3, 8, 20) * random.choice([-1, 1])
    return [rotated(frame, angle) for frame in frames]


# Name: class, what makes it, other faults that may be raised beside without being false, and those
# that count as this one.
DARKNESS = {"too_dark", "black"}
NO_PICTURE = {"signal_lost", "black"}
FAULTS = {
    "signal_lost": ("signal_lost", signal_lost, set()),
    "black": ("black", black, {"signal_lost"}),
    "too_bright": ("too_bright", too_bright, set()),
    "too_dark": ("too_dark", too_dark, {"black"}),
    "low_contrast": ("low_contrast", low_contrast, set()),
    "colour_cast": ("colour_cast", colour_cast, set()),
    "defocus": ("blurred", defocus, {"low_contrast"}),
    "condensation": ("blurred", condensation, {"low_contrast"}),
    "noise": ("noise", noise, set()),
    "snow": ("noise", snow, {"corrupted"}),
    "stripes": ("stripes", stripes, set()),
    "mosaic": ("corrupted", mosaic, set()),
    "bitstream": ("corrupted", None, set()),
    "frozen": ("frozen", frozen, set()),
    "shaking": ("shaking", shaking, set()),
    "cover": ("occluded", cover, {"scene_changed", "low_contrast", "blurred", "too_dark"} | NO_PICTURE),
    "textured_cover": ("occluded", textured_cover, {"scene_changed", "blurred"}),
    "displaced": ("scene_changed", displaced, set()),
    "turned": ("scene_changed", turned, set()),
    "elsewhere": ("scene_changed", None, {"occluded"}),
}
# As good as the fault itself: an operator goes there for the same reason.
SAME = {
    "black": {"black", "signal_lost"},
    "too_dark": DARKNESS,
    "occluded": {"occluded"} | NO_PICTURE,
}
