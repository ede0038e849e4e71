"""The goals, and whether a run met them. A missed goal is printed as such, and fails nothing."""

import statistics


def share(mine, of):
    """Of the bare decode's rate where processors are the limit: the inverse of CPU."""
    return lambda result: result[of][0] / result[mine][0]


# What, on the scene 1080p; at least; of a round's results.
RATIOS = [
    ("before judging, of the bare decode's rate", 0.95, share("decoded", "bare")),
    ("all faults judged, of the bare decode's rate", 0.80, share("judged", "bare")),
    ("before judging, of PyAV's newer libavcodec", 0.95, share("decoded", "decode")),
    ("all faults judged, of the same", 0.80, share("judged", "decode")),
    ("tuned ffmpeg, CPU of ours", 4, share("judged", "ffmpeg")),
    ("PyAV pool, CPU of ours", 1.8, share("judged", "pyav")),
    ("ffprobe + ffmpeg, CPU of ours", 14, share("judged", "naive")),
]

# What, of an hour of the fleet; at least, or nothing where it is only shown; of a round's results.
FLEET = [
    ("tuned ffmpeg, an hour of 2 000 cameras", 12, lambda hour: hour["theirs_main"] / hour["ours"]),
    ("the same, where ffmpeg too takes sub-streams", None, lambda hour: hour["theirs"] / hour["ours"]),
]

# What; the figure's name; at least or at most; the bound, or nothing where it is only shown; digits.
ABSOLUTES = [
    ("CPU ms a second of a {rate:.2f} Mbit/s session", "transport", "≤", 0.5, 2),
    ("the same of a bare reader that parses nothing", "reader", None, None, 2),
    ("MB with 10 000 sessions open at once", "crowd", "≤", 100, 1),
    ("probes a minute at depth stream", "probes", "≥", 10_000, 0),
]


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def row(what, relation, bound, values, digits):
    wanted = f"{relation} {bound:,}" if bound else "–"
    if not values:
        print(f"  {what:46} {wanted:>8} {'not measured':>26}")
        return
    median = statistics.median(values)
    met = not bound or (median <= bound if relation == "≤" else median >= bound)
    said = "" if not bound else "met" if met else "missed"
    print(f"  {what:46} {wanted:>8} {spread(values, digits):>26} {len(values):>6}  {said}")


def show(rounds, fleet, figures, rate):
    """`rounds` of the scene 1080p, and of the fleet; `figures` by name, a value for each round."""
    print(f"\n{'goals':48} {'wanted':>8} {'median (min–max)':>26} {'rounds':>6}")
    for what, bound, ratio in RATIOS:
        row(what, "≥", bound, [ratio(result) for result in rounds], 2)
    for what, bound, ratio in FLEET:
        row(what, "≥", bound, [ratio(result) for result in fleet], 2)
    for what, name, relation, bound, digits in ABSOLUTES:
        row(what.format(rate=rate), relation, bound, figures.get(name, []), digits)
