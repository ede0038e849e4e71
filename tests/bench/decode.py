"""Decodes one keyframe over and over with libavcodec alone: the physical limit of a probe.

usage: decode.py {h264|hevc} FILE COUNT THREADS        prints {"done": N, "cpu_s": S, "wall_s": S}

On each thread a decoder that is kept open and flushed between keyframes; no network, no scaling, no
judging. As many threads as processors, as probes have: two processors that share a core or a cache
are each slower than one alone.
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import av


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def decode(context, data):
    frames = context.decode(av.Packet(data)) + context.decode(None)
    context.flush_buffers()
    return len(frames)


def decoder(codec, data):
    context = av.CodecContext.create(codec, "r")
    context.thread_count = 1
    context.thread_type = "NONE"
    decode(context, data)
    return context


def main():
    av.logging.set_level(av.logging.PANIC)
    codec, file, count, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with open(file, "rb") as stream:
        data = stream.read()
    warm = [decoder(codec, data) for _ in range(threads)]
    shares = [count // threads + (number < count % threads) for number in range(threads)]
    before, began = cpu(), time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        work = lambda context, share: sum(decode(context, data) for _ in range(share))
        done = sum(pool.map(work, warm, shares))
    print(json.dumps({"done": done, "cpu_s": cpu() - before, "wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    main()
