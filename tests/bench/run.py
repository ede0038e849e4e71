"""Measures probes at depth picture against peers doing the same, in the same run.

usage: run.py --zhishou BIN --cameras BIN --load BIN --work DIR [--rounds N] [--count N]

The contenders take turns on the same cameras, so that a machine that drifts drifts for all of
them; what counts is the ratio within a round. Every contender connects over RTSP and TCP, decodes
one keyframe and judges it, except `decode`, which only decodes: the physical limit.

  zhishou   one process for all probes; its start is counted
  ffmpeg    tuned, one process a probe
  pyav      one process, a pool of threads; its start is not counted
  judged    our probes in a process that runs already: its start is not counted
  decoded   the same as far as the pixels, which are not judged
  decode    libavcodec alone on the same keyframe, a thread for each processor

CPU is user and system time of the contender's processes as the kernel counted it (wait4); the
cameras run in a process of their own and are not in it. Fails where a contender does not finish
every probe. Bounded: no more rounds are begun after --budget seconds.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS_PORT = 18554
FFMPEG_AT_ONCE = 4
PYAV_THREADS = 8
TIMEOUT = 60

SOURCE = "testsrc2=size={size}:rate=25,noise=alls=20:all_seed=1"

# name, codec, size, seconds (x265 is slow), quality: keyframes of about 220, 50 and 240 kB.
# The noise stands still, so that keyframes are as heavy as a hard scene's and the rest is not.
SCENES = [
    ("1080p", "h264", "1920x1080", "2",
     ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-crf", "33"]),
    ("d1", "h264", "704x576", "2",
     ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-crf", "32"]),
    ("1080p265", "hevc", "1920x1080", "0.4",
     ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:bframes=0:crf=32"]),
]


def ending(codec):
    return "h265" if codec == "hevc" else codec


def make_clips(work):
    """A moving test pattern with noise, and its first keyframe, made once."""
    clips = {}
    for name, codec, size, seconds, encoder in SCENES:
        made = hashlib.sha256(repr((SOURCE, size, seconds, encoder)).encode()).hexdigest()[:8]
        clip = os.path.join(work, f"{name}-{made}.{ending(codec)}")
        key = os.path.join(work, f"{name}-{made}-key.{ending(codec)}")
        if not os.path.exists(key):
            source = SOURCE.format(size=size)
            base = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
            subprocess.run(base + ["-f", "lavfi", "-i", source, "-t", seconds, "-pix_fmt", "yuv420p", "-g", "50"]
                           + encoder + ["-f", codec, clip], check=True)
            subprocess.run(base + ["-f", codec, "-i", clip, "-c", "copy", "-frames:v", "1", "-f", codec,
                                   key + ".new"], check=True)
            os.rename(key + ".new", key)
        clips[name] = (codec, clip, key)
    return clips


def run(command, feed=None):
    """Runs a command to its end; its output, its CPU seconds, its wall seconds."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    watchdog = threading.Timer(TIMEOUT, child.kill)
    watchdog.start()
    try:
        if feed:
            child.stdin.write(feed.encode())
            child.stdin.close()
        output = child.stdout.read()
    finally:
        watchdog.cancel()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return output.decode(), usage.ru_utime + usage.ru_stime, time.monotonic() - began


def zhishou(options, urls, scene):
    # Media is received for the shortest time; the picture is judged as always.
    command = [options.zhishou, "probe", "--from", "-", "--depth", "picture", "--seconds", "0.5",
               "--jobs", str(len(urls)), "--json"]
    output, cpu, wall = run(command, "\n".join(urls) + "\n")
    seen = [json.loads(line) for line in output.splitlines()]
    return sum(1 for line in seen if line["picture"] is not None), cpu, wall


def ffmpeg(options, urls, scene):
    def one(url):
        command = ["ffmpeg", "-nostdin", "-threads", "1", "-rtsp_transport", "tcp", "-analyzeduration", "0",
                   "-probesize", "32768", "-i", url, "-an", "-frames:v", "1", "-vf",
                   "scale=480:270:flags=area,signalstats,blurdetect,metadata=mode=print:file=-",
                   "-f", "null", "-"]
        output, cpu, _ = run(command)
        return ("lavfi.blur" in output), cpu

    began = time.monotonic()
    with ThreadPoolExecutor(FFMPEG_AT_ONCE) as pool:
        ends = list(pool.map(one, urls))
    return sum(done for done, _ in ends), sum(cpu for _, cpu in ends), time.monotonic() - began


def told(output):
    told = json.loads(output)
    return told["done"], told["cpu_s"], told["wall_s"]


def pyav(options, urls, scene):
    script = os.path.join(HERE, "pyav_pool.py")
    return told(run([sys.executable, script, str(PYAV_THREADS)], "\n".join(urls))[0])


def decode(options, urls, scene):
    codec, _, key = scene
    script = os.path.join(HERE, "decode.py")
    return told(run([sys.executable, script, codec, key, str(len(urls)), str(os.cpu_count())])[0])


def load(options, depth, urls):
    return told(run([options.load, depth, "0.5", str(len(urls))], "\n".join(urls) + "\n")[0])


def judged(options, urls, scene):
    return load(options, "picture", urls)


def decoded(options, urls, scene):
    return load(options, "decoded", urls)


CONTENDERS = {"zhishou": zhishou, "ffmpeg": ffmpeg, "pyav": pyav, "judged": judged, "decoded": decoded,
              "decode": decode}


def measure(options, name, scene, deadline):
    """Rounds of all contenders on one scene: CPU ms and wall ms a probe, by contender."""
    base = f"127.0.0.1:{ADDRESS_PORT}/{name}"
    urls = [f"rtsp://{base}/{number}" for number in range(options.count)]
    rounds = []
    for number in range(options.rounds):
        if time.monotonic() > deadline and len(rounds) >= 1:
            print(f"  {name}: the time is up after {len(rounds)} rounds", file=sys.stderr)
            break
        result = {}
        order = list(CONTENDERS)
        order = order[number % len(order):] + order[:number % len(order)]
        for contender in order:
            done, cpu, wall = CONTENDERS[contender](options, urls, scene)
            if done != len(urls):
                sys.exit(f"bench: {contender} finished {done} of {len(urls)} probes of {name}")
            result[contender] = (1000 * cpu / done, 1000 * wall / done)
        rounds.append(result)
        print(f"  {name}: round {number + 1} of {options.rounds}", file=sys.stderr)
    return rounds


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def show(name, scene, rounds):
    codec, _, key = scene
    print(f"\n{name}  {codec}, keyframe {os.path.getsize(key) // 1000} kB; {len(rounds)} rounds; median (min–max)")
    print(f"  {'':8} {'CPU ms a probe':>24} {'probes a second':>24} {'CPU, of zhishou':>22}")
    for contender in CONTENDERS:
        cpu = [result[contender][0] for result in rounds]
        rate = [1000 / result[contender][1] for result in rounds]
        ratio = [result[contender][0] / result["zhishou"][0] for result in rounds]
        print(f"  {contender:8} {spread(cpu, 1):>24} {spread(rate, 1):>24} {spread(ratio, 2):>22}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zhishou", required=True)
    parser.add_argument("--cameras", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--budget", type=float, default=180)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    deadline = time.monotonic() + options.budget
    clips = make_clips(options.work)
    cameras = subprocess.Popen(
        [options.cameras, f"127.0.0.1:{ADDRESS_PORT}"] + [f"{name}={clip}" for name, (_, clip, _) in clips.items()],
        stdin=subprocess.PIPE)
    try:
        time.sleep(1)
        if cameras.poll() is not None:
            sys.exit("bench: the cameras do not start")
        for name, scene in clips.items():
            show(name, scene, measure(options, name, scene, deadline))
    finally:
        cameras.stdin.close()
        cameras.wait(10)


if __name__ == "__main__":
    main()
