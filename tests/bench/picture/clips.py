"""Clips: what a probe sees of a scene in two visits forty seconds apart, with a fault or without.

A clip has two bursts of nine frames at 5 fps, each beginning with a keyframe; its reference, two
frames of the clean scene taken before. They are kept in the working folder under a name that holds
the hash of the footage and of this generator, so that nothing is made twice.
"""

import hashlib
import os
import subprocess
import zlib
from collections import namedtuple

import numpy as np

from draw import shifted
from faults import FAULTS
from negatives import NEGATIVES
from scenes import bytes_of, is_mono, without_colour

REFERENCE, BURST = 2, 9
HERE = os.path.dirname(os.path.abspath(__file__))
# Bytes between two changed ones of a damaged stream.
DAMAGE = (24000, 8000, 2500)

# `fault` is the class, None for what is none.
Clip = namedtuple("Clip", "scene place half name fault severity seed file reference")


def generator():
    digest = hashlib.sha256()
    for name in ("scenes.py", "faults.py", "negatives.py", "draw.py", "clips.py"):
        with open(os.path.join(HERE, name), "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def plan(scenes, seeds, work):
    """Every clip there is to be, by scene."""
    version = generator()
    for scene in scenes:
        folder = os.path.join(work, f"{scene.name}-{scene.width}-{scene.digest[:4] + version[:6]}")
        common = os.path.join(folder, "reference.mp4")
        clips = []
        for seed in range(seeds):
            for name, (fault, _, _) in FAULTS.items():
                for severity in (1, 2, 3):
                    file = os.path.join(folder, f"{name}-{severity}-{seed}.mp4")
                    own = name == "shaking"
                    reference = file.replace(".mp4", ".reference.mp4") if own else common
                    clips.append(Clip(scene.name, scene.place, scene.half, name, fault, severity,
                                      seed, file, reference))
            for name, (_, always_there) in NEGATIVES.items():
                file = os.path.join(folder, f"{name}-{seed}.mp4")
                reference = file.replace(".mp4", ".reference.mp4") if always_there else common
                clips.append(Clip(scene.name, scene.place, scene.half, name, None, 0, seed, file,
                                  reference))
        yield scene, clips


def make(job):
    """Makes the clips of a scene that are not there yet; `job` is (scene, clips, all scenes)."""
    scene, clips, scenes = job
    missing = [clip for clip in clips if not os.path.exists(clip.file)]
    if not missing:
        return 0
    os.makedirs(os.path.dirname(clips[0].file), exist_ok=True)
    frames = scene.frames()
    encode(frames[:REFERENCE], os.path.join(os.path.dirname(clips[0].file), "reference.mp4"),
           ["-crf", "18", "-g", "1"])
    for clip in missing:
        seed = zlib.crc32(f"{scene.name}/{clip.name}/{clip.severity}/{clip.seed}".encode())
        random = np.random.default_rng(seed)
        if clip.fault:
            fault(clip, frames, scenes, random)
        else:
            change, always_there = NEGATIVES[clip.name]
            made = change(frames, random)
            if always_there:
                encode(made[:REFERENCE], clip.reference, ["-crf", "18", "-g", "1"])
            coarse = clip.name == "poor_link"
            encode(made[REFERENCE:], clip.file, ["-crf", "36" if coarse else "23"])
    return len(missing)


def fault(clip, frames, scenes, random):
    coding = ["-crf", "23"]
    if clip.name == "elsewhere":
        made = [resized(frame, frames[0]) for frame in another(clip, frames[0], scenes, random)]
    elif clip.name == "bitstream":
        damage(frames[REFERENCE:], clip)
        return
    else:
        made = FAULTS[clip.name][1](frames[REFERENCE:], clip.severity, random)
    if clip.name == "frozen":
        coding = ["-qp", "26"]
        if clip.severity == 1:
            coding += ["-x264-params", f"zones={BURST},{2 * BURST - 1},q=32"]
    if clip.name == "shaking":
        encode([shifted(frame, 0, 0) for frame in frames[:REFERENCE]], clip.reference,
               ["-crf", "18", "-g", "1"])
    encode(made, clip.file, coding)


def another(clip, own, scenes, random):
    """A view of another camera, as this one would see it: by infrared nothing has a colour, and a camera
    that sees colours does not switch for being turned."""
    others = [scene for scene in scenes if scene.place != clip.place]
    for at in random.permutation(len(others)):
        other = others[at].frames()[REFERENCE:]
        if is_mono(own):
            return [without_colour(frame) for frame in other]
        if not is_mono(other[0]):
            return other
    raise SystemExit(f"{clip.scene}: there is no other scene in colour")


def resized(frame, like):
    from PIL import Image
    return [np.asarray(Image.fromarray(plane).resize(wanted.shape[::-1], Image.Resampling.BICUBIC))
            for plane, wanted in zip(frame, like)]


def encode(frames, file, coding):
    height, width = frames[0][0].shape
    new = f"{file}.{os.getpid()}.mp4"
    timeline = f"setpts='if(lt(N,{BURST}),N,{40 * 5 - BURST}+N)'"
    ffmpeg(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", "5", "-i", "-",
            "-vf", timeline, "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "veryfast",
            "-threads", "1", "-bf", "0", "-sc_threshold", "0", "-color_range", "tv",
            "-force_key_frames", f"expr:eq(mod(n,{BURST}),0)", *coding, new],
           b"".join(bytes_of(frame) for frame in frames))
    os.rename(new, file)


def damage(frames, clip):
    """Changes bytes of the coded pictures, keyframes too, as a bad link or a dying encoder does."""
    whole = clip.file + ".whole.mp4"
    encode(frames, whole, ["-crf", "23", "-x264-params", "slices=4"])
    amount = DAMAGE[clip.severity - 1] + 37 * clip.seed
    ffmpeg(["-i", whole, "-c", "copy", "-bsf:v", f"noise=amount={amount}", clip.file + ".new.mp4"])
    os.remove(whole)
    os.rename(clip.file + ".new.mp4", clip.file)


def ffmpeg(arguments, given=b""):
    # Without an input of its own ffmpeg would read ours.
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], input=given, check=True, timeout=120)
