"""How long it takes to sort a folder of stills, and how much memory."""

import os
import subprocess
import time

# Stills of their own; the others are links to them.
MADE, FILES = 30, 600


def throughput(binary, scenes, work):
    """Prints what `zhishou picture` does with many JPEGs of 1920×1080 on every processor."""
    folder = os.path.join(work, "jpegs")
    stills = [os.path.join(folder, f"{number:05}.jpg") for number in range(FILES)]
    if not os.path.exists(stills[-1]):
        os.makedirs(folder, exist_ok=True)
        for number, still in enumerate(stills):
            if number < MADE:
                make(scenes[number % len(scenes)].file, number, still)
            else:
                os.link(stills[number % MADE], still)
    size = sum(os.path.getsize(still) for still in stills[:MADE]) / MADE / 1e6
    began = time.monotonic()
    child = subprocess.Popen([binary, "picture", "--json", folder], stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(child.pid, 0)
    took = time.monotonic() - began
    print(f"\n{FILES} JPEGs of 1920×1080 ({size:.1f} MB): {FILES / took:.0f} a second on"
          f" {os.cpu_count()} processors, 10 000 in {10_000 * took / FILES / 60:.1f} minutes;"
          f" {1000 * (used.ru_utime + used.ru_stime) / FILES:.0f} ms of one processor each,"
          f" decoding included; {used.ru_maxrss / 1024:.0f} MB at most")


def make(source, seed, still):
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", source, "-frames:v", "1", "-vf",
         f"scale=1920:1080,noise=alls=4:all_seed={seed}", "-q:v", "4", still],
        check=True, timeout=60)
