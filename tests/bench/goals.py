"""The goals, and whether a run met them. A missed goal is printed as such, and fails nothing."""

import statistics


def share(mine, of):
    """Of the bare decode's rate where processors are the limit: the inverse of CPU."""
    return lambda result: result[of][0] / result[mine][0]


# What, on the scene 1080p; at least; of a round's results.
RATIOS = [
    ("before judging, of the bare decode's rate", 0.95, share("decoded", "decode")),
    ("all faults judged, of the bare decode's rate", 0.80, share("judged", "decode")),
    ("tuned ffmpeg, CPU of ours", 4, share("judged", "ffmpeg")),
    ("PyAV pool, CPU of ours", 1.8, share("judged", "pyav")),
    ("ffprobe + ffmpeg, CPU of ours", 14, share("judged", "naive")),
]

# What; the figure's name; at least or at most; the bound; digits.
ABSOLUTES = [
    ("CPU ms a second of a {rate:.2f} Mbit/s session", "transport", "≤", 0.5, 2),
    ("MB with 10 000 sessions open at once", "crowd", "≤", 100, 1),
    ("probes a minute at depth stream", "probes", "≥", 10_000, 0),
]


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def row(what, relation, bound, values, digits):
    wanted = f"{relation} {bound:,}"
    if not values:
        print(f"  {what:46} {wanted:>8} {'not measured':>26}")
        return
    median = statistics.median(values)
    met = median <= bound if relation == "≤" else median >= bound
    print(f"  {what:46} {wanted:>8} {spread(values, digits):>26} {len(values):>6}  {'met' if met else 'missed'}")


def show(rounds, figures, rate):
    """`rounds` of the scene 1080p; `figures` by name, a value for each round."""
    print(f"\n{'goals':48} {'wanted':>8} {'median (min–max)':>26} {'rounds':>6}")
    for what, bound, ratio in RATIOS:
        row(what, "≥", bound, [ratio(result) for result in rounds], 2)
    for what, name, relation, bound, digits in ABSOLUTES:
        row(what.format(rate=rate), relation, bound, figures.get(name, []), digits)
