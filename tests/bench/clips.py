"""What the cameras send: a moving test pattern with noise, made once by ffmpeg."""

import hashlib
import os
import subprocess

# The noise stands still, so that keyframes are as heavy as a hard scene's and the rest is not.
STILL = "testsrc2=size={size}:rate=25,noise=alls=20:all_seed=1"
# The noise moves, so that every frame is as heavy as the bit rate allows.
MOVING = STILL + ":allf=t"

# name: codec, source, size, seconds (x265 is slow), encoder. Keyframes of about 220, 50 and 240 kB.
SCENES = {
    "1080p": ("h264", STILL, "1920x1080", "2",
              ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-crf", "33"]),
    "d1": ("h264", STILL, "704x576", "2",
           ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-crf", "32"]),
    "1080p265": ("hevc", STILL, "1920x1080", "0.4",
                 ["-c:v", "libx265", "-preset", "ultrafast",
                  "-x265-params", "log-level=error:bframes=0:crf=32"]),
    # For transport: 100 frames of 10 kB on average, 2 Mbit/s.
    "2m": ("h264", MOVING, "1280x720", "4",
           ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-sc_threshold", "0", "-b:v", "2M",
            "-maxrate", "2M", "-bufsize", "1M", "-x264-params", "nal-hrd=cbr"]),
}


class Clip:
    """A file in Annex B, and its first keyframe in another."""

    def __init__(self, work, name):
        self.name = name
        self.codec, source, size, self.seconds, encoder = SCENES[name]
        # As the simulated cameras tell codecs apart.
        ending = "h265" if self.codec == "hevc" else self.codec
        made = hashlib.sha256(repr(SCENES[name]).encode()).hexdigest()[:8]
        self.file = os.path.join(work, f"{name}-{made}.{ending}")
        self.key = os.path.join(work, f"{name}-{made}-key.{ending}")
        if not os.path.exists(self.key):
            make(["-f", "lavfi", "-i", source.format(size=size), "-t", self.seconds,
                  "-pix_fmt", "yuv420p", "-g", "50"] + encoder + ["-f", self.codec, self.file])
            make(["-f", self.codec, "-i", self.file, "-c", "copy", "-frames:v", "1",
                  "-f", self.codec, self.key + ".new"])
            os.rename(self.key + ".new", self.key)

    def megabits_a_second(self):
        return os.path.getsize(self.file) * 8 / float(self.seconds) / 1e6


def make(arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y"] + arguments, check=True, timeout=120)
