"""Decodes one keyframe over and over with libavcodec alone: the physical limit of a probe.

usage: decode.py {h264|hevc} FILE COUNT        prints {"done": N, "cpu_s": S, "wall_s": S}

One thread, a decoder kept open and flushed between keyframes, no network, no scaling, no judging.
"""

import json
import resource
import sys
import time

import av


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def decode(context, data):
    frames = context.decode(av.Packet(data)) + context.decode(None)
    context.flush_buffers()
    return len(frames)


def main():
    av.logging.set_level(av.logging.PANIC)
    codec, file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(file, "rb") as stream:
        data = stream.read()
    context = av.CodecContext.create(codec, "r")
    context.thread_count = 1
    context.thread_type = "NONE"
    decode(context, data)
    before, began = cpu(), time.monotonic()
    done = sum(decode(context, data) for _ in range(count))
    print(json.dumps({"done": done, "cpu_s": cpu() - before, "wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    main()
