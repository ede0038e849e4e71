"""rtsp-rs over an H.264 file: rtsp_rs_server.py PORT FILE; UDP alone, on 127.0.0.1.

Run by udp_server.py with target/peers/venv/bin/python. It packs and sends what it is pushed; the
file is cut into pictures here, ten a second, and goes round.
"""

import re
import sys
import time

import rtsp

FRAME = 0.1
TICKS = 9000


def pictures(data):
    """Access units of one slice each, with the parameter sets before them."""
    starts = [match.start() for match in re.finditer(b"\0\0\1", data)]
    picture = b""
    for begin, end in zip(starts, starts[1:] + [len(data)]):
        picture += b"\0" + data[begin:end]
        if data[begin + 3] & 31 in (1, 5):
            yield picture
            picture = b""


def main():
    port, file = sys.argv[1:]
    with open(file, "rb") as stream:
        found = list(pictures(stream.read()))
    server = rtsp.Server(f"127.0.0.1:{port}")
    server.start()
    while True:
        for picture in found:
            server.send_frame(picture, TICKS)
            time.sleep(FRAME)


if __name__ == "__main__":
    main()
