"""Servers that have UDP alone: udp_server.py vlc|perl|node|rtsp-rs [--login USER PASSWORD] FILE

Prints "ready rtsp://127.0.0.1:PORT/NAME" once a DESCRIBE is answered as it should be, and serves
until it is killed; what it started ends with it. Perl's and Node's servers are relays that ffmpeg
publishes to. `--login` is VLC's alone (Basic).
"""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE.parent.parent / "target/peers"
READY_WITHIN = 30
NOBODY = 65534
PR_SET_PDEATHSIG = 1


def with_us():
    """In the child: ends when this process does, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, user=None, **environment):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=os.environ | environment, user=user,
                            extra_groups=[] if user else None, preexec_fn=with_us)


def ports(count):
    """Ports that were free a moment ago."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return found


def even(port):
    return port - port % 2


def publish(file, address):
    return start(["ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", file,
                  "-c", "copy", "-f", "rtsp", "-rtsp_transport", "udp", address])


def status(port, path):
    """Of a DESCRIBE; None while nobody answers."""
    request = f"DESCRIBE rtsp://127.0.0.1:{port}/{path} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(request.encode())
            return int(connection.recv(4096).split()[1])
    except (OSError, ValueError, IndexError):
        return None


def main():
    kind, *login, file = sys.argv[1:]
    name = pathlib.Path(file).name
    port, sources, rtp = ports(3)
    relay = [str(port), str(sources), str(even(rtp))]
    if kind == "vlc":
        options = ["--rtsp-host=127.0.0.1", "--no-dbus", "--loop"]
        if login:
            options += [f"--sout-rtsp-user={login[1]}", f"--sout-rtsp-pwd={login[2]}"]
        sout = f"#rtp{{sdp=rtsp://127.0.0.1:{port}/{name}}}"
        # It refuses to run as root.
        user = NOBODY if os.geteuid() == 0 else None
        children = [start(["cvlc", "-q", *options, file, "--sout", sout, "--sout-keep"], user, HOME="/tmp")]
    elif kind == "perl":
        children = [start(["perl", str(HERE / "perl_server.pl"), *relay])]
    elif kind == "node":
        children = [start(["node", str(HERE / "node_server.js"), *relay], NODE_PATH=str(PEERS / "npm/node_modules"))]
    elif kind == "rtsp-rs":
        name = "stream"
        children = [start([sys.executable, str(HERE / "rtsp_rs_server.py"), str(port), file])]
    else:
        raise SystemExit(__doc__)

    ready = 401 if login else 200
    end = time.monotonic() + READY_WITHIN
    while status(port, name) != ready:
        if time.monotonic() > end or children[0].poll() is not None:
            raise SystemExit(f"{kind} did not get ready")
        # A relay knows the path once somebody publishes to it; the first attempts may come too early.
        if kind in ("perl", "node") and (len(children) == 1 or children[-1].poll() is not None):
            del children[1:]
            children.append(publish(file, f"rtsp://127.0.0.1:{sources}/{name}"))
        time.sleep(0.2)
    print(f"ready rtsp://127.0.0.1:{port}/{name}", flush=True)
    children[0].wait()


if __name__ == "__main__":
    main()
