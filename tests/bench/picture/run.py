"""Judges scenes with faults, scenes without and scenes that look faulty; see `make bench-picture`.

usage: run.py --zhishou BIN --footage DIR --work DIR [--seeds N] [--jobs N] [--split WHICH]
              [--only NAME,…] [--width N] [--no-rival] [--misses]

Scenes are the videos and stills of the folder. A hash of each place's name puts it into one of two
halves: limits may be tuned on `tuning` and never on `held-out`. Everything random is seeded by the
clip's name. What counts as false, and the severities, stand in faults.py and negatives.py.
"""

import argparse
import multiprocessing
import os
import sys
import time

import clips as generator
import ours
import rival
import scenes as footage
import score
import sort


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zhishou", required=True)
    parser.add_argument("--footage", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--split", choices=["tuning", "held-out", "all"], default="all")
    parser.add_argument("--only", default="", help="of faults and negatives, only these")
    parser.add_argument("--width", type=int, default=footage.WIDTH,
                        help="of the clips; beyond 704 smaller footage is enlarged to it")
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--misses", action="store_true", help="name the clips that were judged wrong")
    return parser.parse_args()


def say(text):
    print(f"  {text}", file=sys.stderr)


def main():
    given = options()
    began = time.monotonic()
    scenes = footage.of(given.footage, given.width)
    only = set(filter(None, given.only.split(",")))
    planned = [(scene, [clip for clip in clips if not only or clip.name in only])
               for scene, clips in generator.plan(scenes, given.seeds, given.work)
               if given.split in ("all", scene.half)]
    clips = [clip for _, of_scene in planned for clip in of_scene]
    halves = {half: sorted({clip.place for clip in clips if clip.half == half})
              for half in ("tuning", "held-out")}
    for half, places in halves.items():
        print(f"{half}: {', '.join(places)}")
    with multiprocessing.Pool(given.jobs) as pool:
        jobs = [(scene, part, scenes) for scene, of_scene in planned for part in thirds(of_scene)]
        made = sum(pool.imap_unordered(generator.make, jobs))
        say(f"{made} of {len(clips)} clips made after {time.monotonic() - began:.0f} s")
        answers = ours.judge(given.zhishou, clips)
        say(f"judged after {time.monotonic() - began:.0f} s")
        for half in halves:
            show(f"zhishou, {half}", clips, half, answers, given.misses)
        sort.throughput(given.zhishou, scenes, given.work)
        if not given.no_rival:
            judged = pool.map(rival.judge, clips, 4)
            say(f"camera-health after {time.monotonic() - began:.0f} s")
            against(clips, halves, judged)


def thirds(clips):
    """Parts of a scene's work, so that no processor waits for the last one. A part makes all that
    it refers to."""
    return [clips[start::3] for start in range(3)]


def show(title, clips, half, answers, misses):
    half_of = [clip for clip in clips if clip.half == half]
    score.table(title, half_of, answers)
    for clip in half_of if misses else []:
        raised, untold = answers.get(clip.file, (set(), set()))
        wrong = score.false(clip, raised)
        missed = clip.fault and clip.severity >= 2 and not score.is_found(clip, raised)
        if wrong or missed:
            print(f"    {clip.file}: {'missed, ' if missed else ''}raised {sorted(raised)}")


def against(clips, halves, judged):
    every = {clip.file: (raised, set()) for clip, (raised, _, _, _) in zip(clips, judged)}
    grave = {clip.file: (critical, set()) for clip, (_, critical, _, _) in zip(clips, judged)}
    for half in halves:
        of_half = [clip for clip in clips if clip.half == half]
        score.table(f"camera-health with a reference, {half}", of_half, every)
        harmless = [clip for clip in of_half if clip.fault is None]
        wrong = sum(bool(grave[clip.file][0]) for clip in harmless)
        print(f"  of these critical: {score.bound(wrong, len(harmless))}")
    spent, frames = (sum(answer[at] for answer in judged) for at in (2, 3))
    print(f"  CPU {1000 * spent / max(frames, 1):.1f} ms a picture, after decoding")


if __name__ == "__main__":
    main()
