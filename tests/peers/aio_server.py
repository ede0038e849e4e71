"""aio-rtsp-toolkit's server over MP4 files: aio_server.py PORT FILE...

Listens on 127.0.0.1 (PORT 0 takes a free one), prints "ready rtsp://127.0.0.1:PORT/NAME" for each file, and serves until it
is killed. The files must lie in one directory. Run it with target/peers/venv/bin/python.
"""

import asyncio
import pathlib
import socket
import sys

from aio_rtsp_toolkit.server import RtspServer


def free_port():
    """A port that was free a moment ago; the library cannot tell which one it was given."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


async def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    port = int(sys.argv[1]) or free_port()
    files = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    server = RtspServer(str(files[0].parent), host="127.0.0.1", port=port)
    await server.start()
    for path in files:
        print(f"ready rtsp://127.0.0.1:{port}/{path.name}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
