"""Decodes one keyframe over and over with libavcodec alone: the physical limit of a probe.

usage: decode.py LIBRARY {h264|hevc} FILE COUNT THREADS        prints {"done": N, "cpu_s": S, "wall_s": S}

LIBRARY is `pyav`, for the libavcodec that comes with PyAV, or `system`, for this machine's own, which
GStreamer's decoders use too: theirs differ in age, and an older one may be slower.

On each thread a decoder that is kept open and flushed between keyframes; no network, no scaling, no
judging. As many threads as processors, as probes have: two processors that share a core or a cache
are each slower than one alone.
"""

import ctypes
import ctypes.util
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import av


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Pyav:
    """A decoder of PyAV, kept open."""

    def __init__(self, codec, data):
        self.context = av.CodecContext.create(codec, "r")
        self.context.thread_count = 1
        self.context.thread_type = "NONE"
        self.data = data

    def decode(self):
        frames = self.context.decode(av.Packet(self.data)) + self.context.decode(None)
        self.context.flush_buffers()
        return len(frames)


class System:
    """The same of this machine's libavcodec, by its C interface."""

    # In AVPacket, after a pointer and two time stamps.
    DATA = 24

    def __init__(self, codec, data):
        self.codecs = ctypes.CDLL(ctypes.util.find_library("avcodec"))
        utilities = ctypes.CDLL(ctypes.util.find_library("avutil"))
        for function in ["avcodec_find_decoder_by_name", "avcodec_alloc_context3", "av_packet_alloc"]:
            getattr(self.codecs, function).restype = ctypes.c_void_p
        utilities.av_frame_alloc.restype = ctypes.c_void_p
        found = ctypes.c_void_p(self.codecs.avcodec_find_decoder_by_name(codec.encode()))
        self.context = ctypes.c_void_p(self.codecs.avcodec_alloc_context3(found))
        utilities.av_opt_set_int(self.context, b"threads", ctypes.c_int64(1), 0)
        if self.codecs.avcodec_open2(self.context, found, None) < 0:
            raise SystemExit(f"decode: {codec} does not open")
        self.frame = ctypes.c_void_p(utilities.av_frame_alloc())
        self.packet = ctypes.c_void_p(self.codecs.av_packet_alloc())
        self.codecs.av_new_packet(self.packet, len(data))
        place = ctypes.c_void_p.from_address(self.packet.value + self.DATA)
        ctypes.memmove(place, data, len(data))

    def decode(self):
        self.codecs.avcodec_send_packet(self.context, self.packet)
        self.codecs.avcodec_send_packet(self.context, None)
        frames = 0
        while self.codecs.avcodec_receive_frame(self.context, self.frame) == 0:
            frames += 1
        self.codecs.avcodec_flush_buffers(self.context)
        return frames


LIBRARIES = {"pyav": Pyav, "system": System}


def main():
    av.logging.set_level(av.logging.PANIC)
    library, codec, file, count, threads = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
    with open(file, "rb") as stream:
        data = stream.read()
    warm = [LIBRARIES[library](codec, data) for _ in range(threads)]
    for decoder in warm:
        decoder.decode()
    shares = [count // threads + (number < count % threads) for number in range(threads)]
    before, began = cpu(), time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        work = lambda decoder, share: sum(decoder.decode() for _ in range(share))
        done = sum(pool.map(work, warm, shares))
    print(json.dumps({"done": done, "cpu_s": cpu() - before, "wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    main()
