"""Times the pages at the server over a district of 10 000 devices on 130 sites.

usage: pages.py --district BIN [--count N]

BIN is the example `district` of the crate tests: it fills a database of its own and serves it on
loopback, once with a day and a half of results and once with the year before too, which takes
minutes. One client, one request at a time over a kept connection. The first answer of each page after
the start is printed as cold: nobody asked before, and the engine holds nothing of it; it is not
counted in the median. Prints milliseconds from the request to the last byte: median (min–max). A
missed goal fails nothing. Last, the board on the wall refreshes itself over and over in a real browser,
and what that page has grown by is printed.
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
USER, PASSWORD = "admin", "Correct-Horse-1"
REFRESHES = 480
SITES, EACH = 130, 77
YEAR = "/dashboard?from=2025-11-22&to=2026-11-21"
# What is filled, its pages, and their goals in milliseconds, where they have one.
RUNS = [
    (
        "day",
        {"/": 100, "/?class=1": None, "/?trouble=1": None, "/devices": None, "/api/v1/rates?by=street": None},
    ),
    (
        "year",
        {
            YEAR: 200,
            YEAR + "&by=site&class=1&exclusion=before": 200,
            "/dashboard?period=today&by=street": 200,
            "/dashboard?period=month&by=maintainer&policy=snapshot": 200,
            "/wall": None,
        },
    ),
]


def login(connection):
    body = json.dumps({"login": USER, "password": PASSWORD})
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


def verdict(took, goal):
    return "met" if took <= goal else "missed"


def run(district, extent, pages, count):
    begun = time.monotonic()
    server = subprocess.Popen(
        [district, str(SITES), str(EACH), str(PORT), extent], stdout=subprocess.PIPE, text=True
    )
    try:
        if not server.stdout.readline().startswith("http://"):
            raise SystemExit("pages: the district did not start")
        filled = time.monotonic() - begun
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        cookie = login(connection)
        print(f"{SITES} sites, {SITES * EACH} devices, a {extent}, filled in {filled:.0f} s")
        print(f"{'page':56} {'cold':>8} {'median':>8} {'min–max':>16} {'kB':>6}   ms")
        for path, goal in pages.items():
            cold, _ = fetch(connection, path, cookie)
            runs = [fetch(connection, path, cookie) for _ in range(count)]
            times = [took for took, _ in runs]
            median = statistics.median(times)
            spread = f"{min(times):.1f}–{max(times):.1f}"
            name = urllib.parse.unquote(path)
            print(f"{name:56} {cold:8.1f} {median:8.1f} {spread:>16} {runs[0][1] / 1000:6.1f}")
            if goal is not None:
                print(f"{'≤ ' + str(goal):>56} {verdict(cold, goal):>8} {verdict(median, goal):>8}")
        sys.stdout.flush()
        if "/wall" in pages:
            address = f"http://127.0.0.1:{PORT}"
            soak = ["node", "tests/browser/wall.mjs", address, USER, PASSWORD, str(REFRESHES)]
            subprocess.run(soak, check=True)
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--district", required=True)
    parser.add_argument("--count", type=int, default=30)
    arguments = parser.parse_args()
    for extent, pages in RUNS:
        run(arguments.district, extent, pages, arguments.count)


if __name__ == "__main__":
    main()
