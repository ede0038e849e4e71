"""Times the pages at the server over a district of 10 000 devices on 130 sites.

usage: pages.py --district BIN [--count N]

BIN is the example `district` of the crate web: it fills a database of its own and serves it on
loopback. One client, one request at a time over a kept connection; the first round is not counted.
Prints milliseconds from the request to the last byte: median (min–max). A missed goal fails nothing.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
import urllib.parse

PORT = 18091
PAGES = ["/", "/?class=1", "/?trouble=1", "/devices", "/api/v1/rates?by=street"]
GOAL_PAGE, GOAL_MS = "/", 100


def login(connection):
    body = json.dumps({"login": "admin", "password": "Correct-Horse-1"})
    headers = {"content-type": "application/json", "origin": f"http://127.0.0.1:{PORT}"}
    connection.request("POST", "/api/v1/session", body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"pages: login answered {answer.status}")
    return answer.getheader("set-cookie").split(";")[0]


def fetch(connection, path, cookie):
    start = time.perf_counter()
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    size = len(answer.read())
    took = (time.perf_counter() - start) * 1000
    if answer.status != 200:
        raise SystemExit(f"pages: {path} answered {answer.status}")
    return took, size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--district", required=True)
    parser.add_argument("--count", type=int, default=30)
    arguments = parser.parse_args()
    server = subprocess.Popen(
        [arguments.district, "130", "77", str(PORT)], stdout=subprocess.PIPE, text=True
    )
    try:
        if not server.stdout.readline().startswith("http://"):
            raise SystemExit("pages: the district did not start")
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        cookie = login(connection)
        print(f"{'page':28} {'ms median':>10} {'min–max':>16} {'kB':>6}   130 sites, 10 010 devices")
        for path in PAGES:
            fetch(connection, path, cookie)
            runs = [fetch(connection, path, cookie) for _ in range(arguments.count)]
            times = [took for took, _ in runs]
            median = statistics.median(times)
            spread = f"{min(times):.1f}–{max(times):.1f}"
            print(f"{urllib.parse.unquote(path):28} {median:10.1f} {spread:>16} {runs[0][1] / 1000:6.1f}")
            if path == GOAL_PAGE:
                print(f"{'':28} {'≤ ' + str(GOAL_MS):>10} {'met' if median <= GOAL_MS else 'missed':>16}")
        sys.stdout.flush()
    finally:
        server.terminate()
        server.wait()


main()
