"""What our sessions cost that never decode: transport, many open at once, and how many a minute.

Ours alone, in one process that runs already; the cameras run in others.
"""

from command import Failed, Server, told

# Long enough that beginning and end weigh little.
TRANSPORT_SESSIONS = 100
TRANSPORT_SECONDS = 10
PROBES = 1500
PROBES_AT_ONCE = 300
PROBE_SECONDS = 1
CROWD = 10_000
# A second for every thousand to come; then all are open for a while.
CROWD_SECONDS = 20
CROWD_PORT = 18600
# Of a process beside its sessions, generously.
OTHER_FILES = 100


def load(options, address, count, seconds, at_once, *more):
    urls = "".join(f"rtsp://{address}/{number}\n" for number in range(count))
    said = told([options.load, "stream", str(seconds), str(at_once), *more], urls)
    if said["done"] != count:
        raise Failed(f"{said['done']} of {count} streams were received whole")
    return said


def transport(options, number):
    """CPU ms of a second of a session, its beginning and end among them."""
    said = load(options, f"{options.address}/2m", TRANSPORT_SESSIONS, TRANSPORT_SECONDS, TRANSPORT_SESSIONS)
    return 1000 * said["cpu_s"] / (TRANSPORT_SESSIONS * TRANSPORT_SECONDS)


def reader(options, number):
    """The same where nothing is done with what is read: what the kernel takes."""
    urls = "".join(f"rtsp://{options.address}/2m/{camera}\n" for camera in range(TRANSPORT_SESSIONS))
    said = told([options.reader, str(TRANSPORT_SECONDS)], urls)
    if said["done"] != TRANSPORT_SESSIONS:
        raise Failed(f"{said['done']} of {TRANSPORT_SESSIONS} streams were read")
    return 1000 * said["cpu_s"] / (TRANSPORT_SESSIONS * TRANSPORT_SECONDS)


def probes(options, number):
    """Probes a minute, of a second of media each."""
    said = load(options, f"{options.address}/2m", PROBES, PROBE_SECONDS, PROBES_AT_ONCE)
    return 60 * PROBES / said["wall_s"]


def crowd(options, number):
    """Greatest resident memory with all sessions open, MB."""
    if 0 <= options.descriptors < CROWD + OTHER_FILES:
        raise Failed(f"this machine allows {options.descriptors} open files (raise `ulimit -Hn`)")
    # A port for each round: those of the round before are not free for a minute.
    address = f"127.0.0.1:{CROWD_PORT + number}"
    server = Server([options.crowd, address])
    try:
        said = load(options, address, CROWD, CROWD_SECONDS, CROWD, "gradual")
    finally:
        most = server.end()
    if int(most or 0) != CROWD:
        raise Failed(f"no more than {int(most or 0)} sessions were open at once")
    return said["peak_kb"] * 1024 / 1e6


FIGURES = {"transport": transport, "reader": reader, "crowd": crowd, "probes": probes}
