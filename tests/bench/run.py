"""Measures probes against peers doing the same in the same run, and sessions against their goals.

usage: run.py --zhishou BIN --cameras BIN --crowd BIN --load BIN --fleet BIN
              --reader BIN --work DIR [--rounds N] [--count N] [--budget SECONDS]

Contenders (contenders.py) take turns on the same cameras, so that a machine that drifts drifts for
all of them; what counts is the ratio within a round. Sessions (sessions.py) are ours alone, three
rounds of them; the hour of a fleet (fleet.py) has as many rounds as the contenders. Goals
(goals.py) come last, each with whether it was met.

CPU is user and system time of the contender's processes as the kernel counted it; the cameras run
in processes of their own and are not in it. Missed goals fail nothing; a contender that does not
finish every probe ends its scene, and fails the run once all else is printed, as does a fault of the
fleet that was not found in time. Bounded: nothing is
begun after --budget seconds but the first round of each part, and every process is.
"""

import argparse
import os
import sys
import time

import contenders
import goals
import sessions
from clips import SCENES, Clip
from command import Failed, Server, raise_descriptors
from fleet import Fleet

ADDRESS = "127.0.0.1:18554"
SESSION_ROUNDS = 3


class Run:
    """What is still allowed, and what went wrong."""

    def __init__(self, budget):
        self.deadline = time.monotonic() + budget
        self.failures = []

    def rounds(self, what, wanted, measure):
        """Results of `measure(number)`, as many as time allows, and at least one."""
        results = []
        for number in range(wanted):
            if time.monotonic() > self.deadline and results:
                say(f"{what}: the time is up after {len(results)} rounds")
                break
            try:
                results.append(measure(number))
            except Failed as problem:
                self.failures.append(f"{what}: {problem}")
                break
            say(f"{what}: round {number + 1} of {wanted}")
        return results


def say(text):
    print(f"  {text}", file=sys.stderr)


def compete(options, clip, number):
    """A round of all contenders on one scene: CPU ms and wall ms a probe, by contender."""
    urls = [f"rtsp://{ADDRESS}/{clip.name}/{camera}" for camera in range(options.count)]
    competing = contenders.of(clip.name)
    order = list(competing)
    order = order[number % len(order):] + order[:number % len(order)]
    result = {}
    for name in order:
        asked, done, cpu, wall = competing[name](options, urls, clip)
        if done != asked:
            raise Failed(f"{name} finished {done} of {asked} probes")
        result[name] = (1000 * cpu / done, 1000 * wall / done)
    return result


def show(clip, rounds):
    print(f"\n{clip.name}  {clip.codec}, keyframe {os.path.getsize(clip.key) // 1000} kB; "
          f"{len(rounds)} rounds; median (min–max)")
    print(f"  {'':8} {'CPU ms a probe':>24} {'probes a second':>24} {'CPU, of judged':>22}")
    for name in contenders.of(clip.name) if rounds else []:
        cpu = [result[name][0] for result in rounds]
        rate = [1000 / result[name][1] for result in rounds]
        ratio = [result[name][0] / result["judged"][0] for result in rounds]
        print(f"  {name:8} {goals.spread(cpu, 1):>24} {goals.spread(rate, 1):>24} {goals.spread(ratio, 2):>22}")
    sys.stdout.flush()


def hour(run, options):
    """An hour of the fleet: CPU seconds of each side, by round."""
    fleet = Fleet(options)
    try:
        rounds = run.rounds("fleet", options.rounds, fleet.round)
    finally:
        fleet.end()
    run.failures += fleet.show(rounds)
    return rounds


def measure(run, options, clips):
    """Those parts first that have goals."""
    def scene(name):
        rounds = run.rounds(name, options.rounds, lambda number: compete(options, clips[name], number))
        show(clips[name], rounds)
        return rounds

    full = scene("1080p")
    try:
        fleet = hour(run, options)
    except Failed as problem:
        run.failures.append(f"fleet: {problem}")
        fleet = []
    figures = {}
    for name, figure in sessions.FIGURES.items():
        wanted = min(options.rounds, SESSION_ROUNDS)
        figures[name] = run.rounds(name, wanted, lambda number: figure(options, number))
    scene("d1")
    scene("1080p265")
    goals.show(full, fleet, figures, clips["2m"].megabits_a_second())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zhishou", required=True)
    parser.add_argument("--cameras", required=True)
    parser.add_argument("--crowd", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--fleet", required=True)
    parser.add_argument("--reader", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--budget", type=float, default=540)
    options = parser.parse_args()
    options.address = ADDRESS
    options.descriptors = raise_descriptors()
    os.makedirs(options.work, exist_ok=True)
    run = Run(options.budget)
    clips = {name: Clip(options.work, name) for name in SCENES}
    try:
        cameras = Server([options.cameras, ADDRESS] + [f"{name}={clip.file}" for name, clip in clips.items()])
        try:
            measure(run, options, clips)
        finally:
            cameras.end()
    except Failed as problem:
        run.failures.append(str(problem))
    for failure in run.failures:
        print(f"bench: {failure}", file=sys.stderr)
    sys.exit(1 if run.failures else 0)


if __name__ == "__main__":
    main()
