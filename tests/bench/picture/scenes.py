"""Scenes: footage as frames, and which half of a split each belongs to.

A frame is [Y, U, V]: 8-bit planes on the studio scale, colour at half size. A scene is a short video
or a still; of a still, frames are made by the sensor noise that a camera of an empty place has. Where
full size is asked for, smaller footage is enlarged and gets that noise at full size too: it has no
detail finer than it had.
"""

import hashlib
import os
import re
import subprocess

import numpy as np

# What lengths in pixels are meant for, and how wide clips are unless asked otherwise.
WIDTH = 704
GRAIN = 1.5
FRAMES = 20
STILLS = (".jpg", ".jpeg", ".png")
ENDINGS = STILLS + (".mp4", ".mkv", ".avi", ".mov")


class Scene:
    def __init__(self, file, width=WIDTH):
        self.file = file
        self.width = width
        self.name = os.path.splitext(os.path.basename(file))[0]
        with open(file, "rb") as stream:
            self.digest = hashlib.sha256(stream.read()).hexdigest()

    @property
    def place(self):
        """What is taken at one place by day and by night, or twice, is never split."""
        return re.sub(r"_(day|night|irnight).*$|\d+$", "", self.name)

    @property
    def half(self):
        """By the hash of the place's name: another scene more changes nothing for the others."""
        odd = hashlib.sha256(self.place.encode()).digest()[2] % 2
        return "held-out" if odd else "tuning"

    def frames(self):
        raw = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-i", self.file, "-frames:v", str(FRAMES),
             "-vf", f"scale={self.scale()}:out_range=tv,format=yuv420p",
             "-f", "yuv4mpegpipe", "-strict", "-1", "-"],
            check=True, capture_output=True, timeout=60).stdout
        frames = list(planes(raw))
        random = np.random.default_rng(int(self.digest[:8], 16))
        if len(frames) == 1:
            return [with_noise(frames[0], GRAIN, random) for _ in range(FRAMES)]
        if len(frames) < FRAMES:
            raise SystemExit(f"{self.file}: a scene is a still or {FRAMES} frames")
        if self.width > WIDTH:
            frames = [with_noise(frame, GRAIN, random) for frame in frames]
        return frames

    def scale(self):
        """Whole pictures have the width that was asked for; others are never enlarged."""
        if self.width > WIDTH:
            return f"{self.width}:-2:flags=bicubic"
        return f"'trunc(min({self.width},iw)/2)*2':-2:flags=area"


def planes(raw):
    """The frames of a yuv4mpeg stream in 4:2:0."""
    end = raw.index(b"\n")
    words = {word[:1]: word[1:] for word in raw[:end].split()}
    width, height = int(words[b"W"]), int(words[b"H"])
    half = (height // 2, width // 2)
    size, colour = width * height, half[0] * half[1]
    at = end + 1
    while at < len(raw):
        at = raw.index(b"\n", at) + 1
        data = np.frombuffer(raw, np.uint8, size + 2 * colour, at)
        yield [data[:size].reshape(height, width), data[size:size + colour].reshape(half),
               data[size + colour:].reshape(half)]
        at += size + 2 * colour


def bytes_of(frame):
    return b"".join(np.ascontiguousarray(plane).tobytes() for plane in frame)


def studio(values):
    return np.clip(np.rint(values), 16, 235).astype(np.uint8)


def is_mono(frame):
    """Whether a camera took it by infrared, or has no colour: nearly all of it is gray, tile by tile."""
    def gray(plane):
        rows, columns = plane.shape[0] // 8 * 8, plane.shape[1] // 8 * 8
        tiles = plane[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8).mean((1, 3))
        return np.abs(tiles - 128) <= 1.75
    return float((gray(frame[1]) & gray(frame[2])).mean()) >= 0.95


def without_colour(frame):
    return [frame[0], *(np.full_like(plane, 128) for plane in frame[1:])]


def with_noise(frame, sigma, random):
    noise = random.normal(0, sigma, frame[0].shape).astype(np.float32)
    return [studio(frame[0] + noise), frame[1], frame[2]]


def of(folder, width=WIDTH):
    """The scenes of a folder, by name, that many pixels wide."""
    files = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    return [Scene(file, width) for file in files if file.lower().endswith(ENDINGS)]
