"""From answers to tables. One clip is one try; how many scenes stand behind them is always said."""

import math
from collections import defaultdict

from faults import FAULTS, SAME


def upper(wrong, tries, confidence=0.95):
    """One-sided upper bound of a share (Clopper and Pearson 1934), by bisection."""
    if tries == 0 or wrong == tries:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        at_most = sum(math.comb(tries, k) * share ** k * (1 - share) ** (tries - k)
                      for k in range(wrong + 1))
        low, high = (share, high) if at_most > 1 - confidence else (low, share)
    return high


def is_found(clip, raised):
    return bool(raised & SAME.get(clip.fault, {clip.fault}))


def false(clip, raised):
    """Of the faults raised, those that the clip does not have."""
    if clip.fault is None:
        return raised
    return raised - SAME.get(clip.fault, {clip.fault}) - FAULTS[clip.name][2]


def bound(wrong, tries):
    return f"{wrong}/{tries} (≤ {100 * upper(wrong, tries):.1f} %)"


def table(title, clips, answers):
    """Prints what `answers` (by file: raised, untold) are worth."""
    scenes = len({clip.place for clip in clips})
    if not clips:
        print(f"\n{title}: no scene")
        return
    print(f"\n{title}: {scenes} places, {len(clips)} clips")
    answered = {clip: answers.get(clip.file, (set(), set())) for clip in clips}
    recall = defaultdict(lambda: [0, 0, 0])
    raised_right, raised_wrong = defaultdict(int), defaultdict(int)
    for clip, (raised, untold) in answered.items():
        # Precision is asked for at severity 2 and more, as recall is.
        plain = clip.fault is None or clip.severity >= 2
        for fault in false(clip, raised) if plain else ():
            raised_wrong[fault] += 1
        if clip.fault:
            cell = recall[clip.name, clip.severity]
            found = is_found(clip, raised)
            raised_right[clip.fault] += found and plain
            cell[0] += found
            cell[1] += not found and clip.fault in untold
            cell[2] += 1
    print(f"  {'made':16} {'found as':14} {'severity 1':>14} {'2':>14} {'3':>14}   (+ cannot tell)")
    made = {clip.name for clip in clips}
    shown = {name: fault for name, (fault, _, _) in FAULTS.items() if name in made}
    for name, fault in shown.items():
        cells = [recall[name, severity] for severity in (1, 2, 3)]
        words = [f"{found}/{tries}" + (f" +{untold}" if untold else "") for found, untold, tries in cells]
        print(f"  {name:16} {fault:14} {words[0]:>14} {words[1]:>14} {words[2]:>14}")
    print(f"  {'class':16} {'recall at ≥ 2':>16} {'precision':>16}")
    for fault in dict.fromkeys(shown.values()):
        found = tries = 0
        for (name, severity), cell in recall.items():
            if FAULTS[name][0] == fault and severity >= 2:
                found, tries = found + cell[0], tries + cell[2]
        right, wrong = raised_right[fault], raised_wrong[fault]
        precision = f"{100 * right / (right + wrong):.1f} %" if right + wrong else "never raised"
        print(f"  {fault:16} {100 * found / tries:14.1f} % {precision:>16}"
              + (f"   false {wrong}" if wrong else ""))
    kinds = defaultdict(list)
    for clip, (raised, _) in answered.items():
        if clip.fault is None:
            kinds[clip.name].append(raised)
    tries = sum(len(all_raised) for all_raised in kinds.values())
    wrong = sum(bool(raised) for all_raised in kinds.values() for raised in all_raised)
    flagged = {clip.place for clip, (raised, _) in answered.items() if clip.fault is None and raised}
    print(f"  falsely flagged, clean and hard negatives: {bound(wrong, tries)} of clips;"
          f" at {bound(len(flagged), scenes)} of places")
    for name, all_raised in kinds.items():
        codes = sorted(code for raised in all_raised for code in raised)
        if codes:
            counted = ", ".join(f"{code} {codes.count(code)}" for code in dict.fromkeys(codes))
            print(f"    {name}: {counted}, of {len(all_raised)}")
