"""Who gets a picture from each camera: ours, the peers, and the bare decodes.

Every contender connects over RTSP and TCP, decodes one keyframe and judges it, but for `decode`, `bare` and
`decoded`. A contender is given the addresses and the clip behind them, and says how many it was to
probe, how many probes it finished, and the CPU and wall seconds of all.

  zhishou   our program, one process for all probes; its start is counted, and the shortest time
            that it receives media, half a second
  judged    our probes in a process that runs already, which end with the first keyframe
  decoded   the same as far as the pixels, which are not judged
  ffmpeg    tuned, one process a probe
  naive     ffprobe for what the stream is, then ffmpeg for one frame at full size; not tuned
  pyav      one process, a pool of threads; its start is not counted
  decode    the libavcodec that comes with PyAV alone on the same keyframe, a thread for each processor
  bare      the same of this machine's libavcodec, the one that our decoders use
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from command import run, told

HERE = os.path.dirname(os.path.abspath(__file__))
FFMPEG_AT_ONCE = 4
PYAV_THREADS = 8


def zhishou(options, urls, clip):
    command = [options.zhishou, "probe", "--from", "-", "--depth", "picture", "--seconds", "0.5",
               "--jobs", str(len(urls)), "--json"]
    output, cpu, wall = run(command, "\n".join(urls) + "\n")
    seen = [json.loads(line) for line in output.splitlines()]
    return len(urls), sum(line["picture"] is not None for line in seen), cpu, wall


def each(urls, probe):
    """A process a probe, a few at once; `probe` gives whether it succeeded, and its CPU seconds."""
    began = time.monotonic()
    with ThreadPoolExecutor(FFMPEG_AT_ONCE) as pool:
        ends = list(pool.map(probe, urls))
    cpu = sum(cpu for _, cpu in ends)
    return len(urls), sum(done for done, _ in ends), cpu, time.monotonic() - began


def ffmpeg(options, urls, clip):
    def probe(url):
        output, cpu, _ = run(
            ["ffmpeg", "-nostdin", "-threads", "1", "-rtsp_transport", "tcp", "-analyzeduration", "0",
             "-probesize", "32768", "-i", url, "-an", "-frames:v", "1", "-vf",
             "scale=480:270:flags=area,signalstats,blurdetect,metadata=mode=print:file=-",
             "-f", "null", "-"])
        return "lavfi.blur" in output, cpu

    return each(urls, probe)


def naive(options, urls, clip):
    def probe(url):
        streams, first, _ = run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_streams", url])
        output, second, _ = run(
            ["ffmpeg", "-nostdin", "-rtsp_transport", "tcp", "-i", url, "-an", "-frames:v", "1",
             "-vf", "signalstats,blurdetect,metadata=mode=print:file=-", "-f", "null", "-"])
        return "codec_name" in streams and "lavfi.blur" in output, first + second

    # It takes seconds; a quarter of the cameras shows as much.
    return each(urls[:max(1, len(urls) // 4)], probe)


def measured(command, urls):
    said = told(command, "\n".join(urls) + "\n")
    return len(urls), said["done"], said["cpu_s"], said["wall_s"]


def pyav(options, urls, clip):
    return measured([sys.executable, os.path.join(HERE, "pyav_pool.py"), str(PYAV_THREADS)], urls)


def alone(library, urls, clip):
    command = [sys.executable, os.path.join(HERE, "decode.py"), library, clip.codec, clip.key]
    return measured(command + [str(len(urls)), str(os.cpu_count())], urls)


def decode(options, urls, clip):
    return alone("pyav", urls, clip)


def bare(options, urls, clip):
    return alone("system", urls, clip)


def judged(options, urls, clip):
    return measured([options.load, "picture", "0", str(len(urls))], urls)


def decoded(options, urls, clip):
    return measured([options.load, "decoded", "0", str(len(urls))], urls)


EVERYWHERE = {"zhishou": zhishou, "judged": judged, "decoded": decoded, "ffmpeg": ffmpeg, "pyav": pyav,
              "decode": decode, "bare": bare}


def of(scene):
    """The contenders on a scene: those that take seconds only where a goal wants them."""
    return EVERYWHERE | {"naive": naive} if scene == "1080p" else EVERYWHERE
