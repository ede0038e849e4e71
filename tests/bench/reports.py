"""Times reports over a district of 10 000 devices on 130 sites with a year of results.

usage: reports.py --district BIN [--count N]

BIN is the example `district` of the crate tests (see pages.py). A day, a month and a year are published through
the API, each file is written, and each report is verified. Publishing makes the figures, those of the period
before and, for a day, of its week. Prints seconds: median (min–max) of N rounds for files and verify; publishing
happens once, for a published report is not made again. A missed goal fails nothing.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import time

from pages import EACH, PORT, SITES, login

# What is published, first and last day, and the goal in seconds for its figures.
PERIODS = [
    ("day", "2026-11-20", "2026-11-20", 10),
    ("month", "2026-10-01", "2026-10-31", 30),
    ("year", "2025-11-22", "2026-11-20", None),
]
FORMATS = ["pdf", "xlsx", "docx", "csv", "html", "json"]
# Looks at what is under way, and how long it may take, in seconds.
LOOK, MOST = 0.05, 1800


class Api:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        self.headers = {"cookie": login(self.connection), "origin": f"http://127.0.0.1:{PORT}"}

    def ask(self, path, body=None):
        method = "GET" if body is None else "POST"
        headers = dict(self.headers, **({"content-type": "application/json"} if body else {}))
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"reports: {path} answered {answer.status}: {content[:200]!r}")
        return answer.status, content

    def publish(self, first, last):
        begun = time.perf_counter()
        self.ask("/api/v1/reports", {"from": first, "to": last})
        while time.perf_counter() - begun < MOST:
            _, listed = self.ask(f"/api/v1/reports?from={last}&to={last}")
            making = json.loads(listed)["making"]
            if making["state"] != "running":
                if making["state"] != "done":
                    raise SystemExit(f"reports: {making}")
                return time.perf_counter() - begun, making["number"]
            time.sleep(LOOK)
        raise SystemExit("reports: publishing does not end")

    def verify(self, number):
        begun = time.perf_counter()
        while time.perf_counter() - begun < MOST:
            status, content = self.ask(f"/api/v1/reports/{number}/1/verify")
            if status == 200:
                answer = json.loads(content)
                if not answer["holds"]:
                    raise SystemExit(f"reports: {number} does not hold: {answer['differences'][:3]}")
                return time.perf_counter() - begun
        raise SystemExit("reports: verifying does not end")

    def file(self, number, kind):
        begun = time.perf_counter()
        _, content = self.ask(f"/api/v1/reports/{number}/1/{kind}")
        return time.perf_counter() - begun, len(content)


def told(times):
    return f"{statistics.median(times):.2f} s ({min(times):.2f}–{max(times):.2f})"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--district", required=True)
    options.add_argument("--count", type=int, default=3)
    options = options.parse_args()
    begun = time.monotonic()
    server = subprocess.Popen(
        [options.district, str(SITES), str(EACH), str(PORT), "year"], stdout=subprocess.PIPE, text=True
    )
    try:
        if not server.stdout.readline().startswith("http://"):
            raise SystemExit("reports: the district did not start")
        print(f"filled in {time.monotonic() - begun:.0f} s: {SITES * EACH} devices, a year")
        api = Api()
        for name, first, last, goal in PERIODS:
            took, number = api.publish(first, last)
            verdict = "" if goal is None else f"  goal {goal} s: {'met' if took <= goal else 'missed'}"
            print(f"{name:5} {number}: published in {took:.2f} s{verdict}")
            print(f"      verified in {told([api.verify(number) for _ in range(options.count)])}")
            for kind in FORMATS:
                made = [api.file(number, kind) for _ in range(options.count)]
                print(f"      {kind:4} {told([took for took, _ in made])}, {made[0][1] / 1e3:.0f} kB")
    finally:
        server.terminate()
        server.wait(timeout=30)


if __name__ == "__main__":
    main()
