"""Optics, geometry, textures and words on planes."""

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scenes import studio


@functools.lru_cache(maxsize=32)
def _spectrum(shape, radius):
    """Of a disk of that radius, its edge antialiased."""
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    kernel = np.clip(radius + 0.5 - np.hypot(rows[:, None], columns[None, :]), 0, 1)
    return np.fft.rfft2(kernel / kernel.sum())


def disk(plane, radius):
    """Convolved with a disk, the borders mirrored."""
    pad = int(radius) + 2
    wide = np.pad(plane.astype(np.float32), pad, mode="symmetric")
    out = np.fft.irfft2(np.fft.rfft2(wide) * _spectrum(wide.shape, float(radius)), wide.shape)
    return studio(out[pad:-pad, pad:-pad])


def texture(shape, random, slope):
    """Noise with a spectrum of 1/f^slope, deviation 1."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.maximum(np.hypot(rows, columns), 1 / max(shape))
    spectrum = np.fft.rfft2(random.normal(size=shape)) / frequency ** slope
    out = np.fft.irfft2(spectrum, shape)
    return ((out - out.mean()) / out.std()).astype(np.float32)


def ellipse(shape, wide, high, random, soft):
    """A mask of that size (parts of the picture), somewhere it fits, with a soft edge."""
    place = lambda size: 0.5 if size >= 1 else random.uniform(size / 2, 1 - size / 2)
    x0, y0 = place(wide), place(high)
    rows, columns = np.indices(shape, np.float32)
    x, y = (columns / shape[1] - x0) / (wide / 2), (rows / shape[0] - y0) / (high / 2)
    # A superellipse: between a hand and a board.
    distance = (np.abs(x) ** 4 + np.abs(y) ** 4) ** 0.25
    return np.clip(0.5 + (1 - distance) * min(wide, high) / (2 * soft), 0, 1)


def half(mask):
    rows, columns = mask.shape[0] // 2, mask.shape[1] // 2
    return mask[:rows * 2, :columns * 2].reshape(rows, 2, columns, 2).mean((1, 3))


def blend(frame, shade, mask):
    small = half(mask)
    return [studio(plane * (1 - part) + tone * part)
            for plane, tone, part in zip(frame, shade, (mask, small, small))]


def write(frame, text, left, top, size):
    """White with a dark rim, as cameras write; places and size in parts of the picture."""
    height, width = frame[0].shape
    layer = Image.new("L", (width, height), 0)
    rim = Image.new("L", (width, height), 0)
    font = ImageFont.load_default(max(8, int(size * height)))
    at = (int(left * width), int(top * height))
    ImageDraw.Draw(layer).text(at, text, 255, font)
    ImageDraw.Draw(rim).text(at, text, 255, font, stroke_width=max(1, int(size * height / 12)))
    letters, around = (np.asarray(image, np.float32) / 255 for image in (layer, rim))
    y = frame[0] * (1 - around) + 16 * around
    small = half(around)
    return [studio(y * (1 - letters) + 235 * letters)] + [
        studio(plane * (1 - small) + 128 * small) for plane in frame[1:]]


def _warp(plane, matrix):
    size = plane.shape[1], plane.shape[0]
    image = Image.fromarray(plane).transform(size, Image.Transform.AFFINE, matrix,
                                             Image.Resampling.BICUBIC)
    return np.asarray(image)


def _mapped(frame, scale, angle, dx, dy):
    """Turned about the middle, enlarged by `scale`, looking `dx`, `dy` (pixels of luma) further."""
    made = []
    for number, plane in enumerate(frame):
        part = 1 if number == 0 else 0.5
        height, width = plane.shape
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        cx, cy = width / 2, height / 2
        made.append(_warp(plane, (cos, -sin, cx - cos * cx + sin * cy + dx * part,
                                  sin, cos, cy - sin * cx - cos * cy + dy * part)))
    return made


def moved(frame, part, corner):
    """The view into one corner: a window smaller by `part`, enlarged again."""
    height, width = frame[0].shape
    x, y = corner * 2 - 1
    return _mapped(frame, 1 / (1 - part), 0.0, x * part * width / 2, y * part * height / 2)


def rotated(frame, degrees):
    """Turned, and enlarged until no corner is empty."""
    height, width = frame[0].shape
    angle = np.radians(degrees)
    scale = np.cos(angle) + abs(np.sin(angle)) * max(width / height, height / width)
    return _mapped(frame, scale, angle, 0.0, 0.0)


def shifted(frame, dx, dy):
    """Looking a few pixels further, enlarged a little so that no border is empty."""
    return _mapped(frame, 1.06, 0.0, dx, dy)
