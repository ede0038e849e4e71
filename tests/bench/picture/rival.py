"""camera-health (MIT, from PyPI) on the same files, as its own documentation has it used."""

import subprocess
import time

import numpy as np
from camera_health import check_stream

# Of its faults, which are ours; given the benefit of the doubt.
MEANS = {
    "obstruction": {"occluded", "black", "signal_lost"}, "defocus": {"blurred"},
    "darkness": {"too_dark", "black"}, "overexposure": {"too_bright"}, "frozen": {"frozen"},
    "tampering": {"scene_changed", "occluded", "signal_lost"}, "drift": {"scene_changed"},
    "colour_cast": {"colour_cast"}, "noise": {"noise"},
}


def frames_of(file):
    raw = subprocess.run(
        # The pictures there are: none is shown again to fill the time between the two visits.
        ["ffmpeg", "-nostdin", "-v", "quiet", "-i", file, "-fps_mode", "passthrough", "-pix_fmt", "rgb24",
         "-f", "rawvideo", "-"],
        capture_output=True, timeout=60).stdout
    size = subprocess.run(
        ["ffprobe", "-v", "quiet", "-show_entries", "stream=width,height", "-of", "csv=p=0", file],
        capture_output=True, timeout=60, text=True).stdout
    width, height = (int(number) for number in size.strip().split(",")[:2])
    whole = len(raw) // (width * height * 3)
    return np.frombuffer(raw, np.uint8, whole * width * height * 3).reshape(-1, height, width, 3)


def judge(clip):
    """(faults of ours that it raises, those it calls critical, CPU seconds, frames)"""
    frames = frames_of(clip.file)
    if len(frames) == 0:
        return {"corrupted"}, {"corrupted"}, 0.0, 0
    reference = frames_of(clip.reference)[0]
    before = time.process_time()
    report = check_stream(list(frames), reference=reference)
    spent = time.process_time() - before
    raised, critical = set(), set()
    for fault in report.faults:
        if fault.severity == "info":
            continue
        means = MEANS.get(fault.kind, {fault.kind})
        raised |= means
        if fault.severity == "critical":
            critical |= means
    return raised, critical, spent, len(frames)
