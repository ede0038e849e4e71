"""Probes cameras with PyAV in one process: the strongest peer there is without a process per probe.

usage: pyav_pool.py THREADS < urls        prints {"done": N, "cpu_s": S, "wall_s": S}

Each probe opens the stream over TCP, decodes its first picture with one thread, and judges it with
the filters that tuned ffmpeg uses: scaled to 480x270, signalstats, blurdetect. Starting Python and
loading the libraries is not counted.
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import av

OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "0", "probesize": "32768"}
FILTERS = [("scale", "480:270:flags=area"), ("signalstats", None), ("blurdetect", None)]


def judge(stream, frame):
    graph = av.filter.Graph()
    last = graph.add_buffer(template=stream)
    for name, arguments in FILTERS:
        following = graph.add(name, arguments) if arguments else graph.add(name)
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return graph.pull()


def probe(url):
    with av.open(url, options=OPTIONS, timeout=10) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.thread_type = "NONE"
        for frame in container.decode(stream):
            return judge(stream, frame).width == 480
    return False


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    av.logging.set_level(av.logging.PANIC)
    urls = sys.stdin.read().split()
    before, began = cpu(), time.monotonic()
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        done = sum(pool.map(probe, urls))
    print(json.dumps({"done": done, "cpu_s": cpu() - before, "wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    main()
