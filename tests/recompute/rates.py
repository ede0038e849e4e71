"""Makes the figures of a period again from transitions, exclusions and the policy, and nothing of ours.

usage: rates.py FILE.json

FILE holds `policy`, `zone`, `from`, `to`, `now_ms`, `devices` (each with `id`, `history` and `places`)
and `exclusions`. Prints the sums of device-minutes (or of checks at moments) before and after exclusion.
Times are milliseconds since 1970. Minute by minute, by the words of docs/design/accounting.md.
"""

import json
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

RANK = {"unknown": 0, "up": 1, "degraded": 2, "down": 3}
PICTURE = set(
    "signal_lost black too_dark too_bright low_contrast blurred colour_cast noise stripes frozen occluded"
    " scene_changed shaking corrupted undecodable encrypted_suspected no_keyframe".split()
)
ENDS = {"approve": "approved", "reject": "rejected", "confirm": "confirmed", "withdraw": "withdrawn"}


def minutes(begin, end):
    return range(begin // 60000, (end - 1) // 60000 + 1) if begin < end else range(0)


def reading(policy, transition):
    state, faults = transition["state"], transition["faults"]
    reach = 1 if transition["reached"] or state in ("up", "degraded") else 2 if state == "down" else 0
    if state == "unknown":
        return 0, reach, 0
    rules = policy.get("faults", {})
    said = [rules.get(fault, {}).get("online", "as_seen") for fault in faults] or ["as_seen"]
    media = max(RANK[state if word == "as_seen" else word] for word in said)
    harmed = any(
        rules.get(fault, {}).get("picture", "harmed" if fault in PICTURE else "intact") == "harmed"
        for fault in faults
    )
    is_seen = transition.get("judging") != "unjudged"
    return media, reach, 3 if state == "down" or harmed else 2 if is_seen else 1


def counts(policy, exclusion):
    rules, state = policy["exclusions"], exclusion["steps"][-1]["act"]
    agreed = ENDS.get(state) in (
        ("confirmed",) if rules["confirmation"] == "required" else ("approved", "confirmed")
    )
    hours = rules.get("filed_within_hours")
    in_time = hours is None or exclusion["steps"][0]["at"] <= exclusion["to"] + hours * 3600000
    return agreed and in_time and exclusion["reason"] in rules["reasons"]


def held(changes, at):
    """What held at a moment; before the first change, the first."""
    return next((change for change in reversed(changes) if change["from"] <= at), changes[0])


def main():
    data = json.load(open(sys.argv[1], encoding="utf-8"))
    policy, zone = data["policy"], ZoneInfo(data["zone"])
    classes = {"one": "1", "two": "2", "three": "3", None: "none"}
    first, last = date.fromisoformat(data["from"]), date.fromisoformat(data["to"])
    wall = lambda day, at: int(datetime.combine(day, at, zone).timestamp()) * 1000
    begin, end = wall(first, time()), min(wall(last + timedelta(1), time()), data["now_ms"])
    window = set(minutes(begin, end))
    if policy["measure"]["method"] == "snapshot":
        days = [first + timedelta(n) for n in range((last - first).days + 1)]
        at = [time.fromisoformat(text) for text in policy["measure"]["at"]]
        window &= {wall(day, moment) // 60000 for day in days for moment in at}
    exclusions = [it for it in data["exclusions"] if counts(policy, it)]
    of_ledger = policy["measure"].get("online_over") == "ledger"
    names = ["due", "up", "degraded", "down", "reached", "unreached", "intact", "unjudged"]
    before, after = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for device in data["devices"]:
        history = device["history"]
        life = history["life"] or [{"from": 0, "state": "in_use"}]
        placed = history["placements"]
        edges = sorted({begin, end} | {it["from"] for it in life + placed if begin < it["from"] < end})
        due, used = set(), []
        for a, b in zip(edges, edges[1:]):
            state = held(life, a)["state"]
            if state == "in_use":
                used.append((a, b))
            is_there = a >= placed[0]["from"] and (of_ledger or held(placed, a)["connected"])
            if state in policy["scope"]["life"] and is_there:
                due.update(minutes(a, b))
        what = {}
        ends = [it["at"] for it in history["transitions"][1:]] + [history["known_until"]]
        for transition, until in zip(history["transitions"], ends):
            seen = reading(policy, transition)
            for a, b in used:
                for minute in minutes(max(a, transition["at"]), min(b, until)):
                    what[minute] = tuple(map(max, what.get(minute, (0, 0, 0)), seen))
        for minute in due & window:
            place = held(placed, minute * 60000 + 59999)
            if place["kind"] not in policy["scope"]["kinds"]:
                continue
            if classes[place["class"]] not in policy["scope"]["classes"]:
                continue
            where = device["places"][placed.index(place)]
            about = {device["id"], where["site"], where["street"]}
            out = any(
                it["about"] in about
                and it["maintainer"] in (None, where["maintainer"])
                and it["from"] <= minute * 60000 < it["to"]
                for it in exclusions
            )
            media, reach, picture = what.get(minute, (0, 0, 0))
            online = media in (1, 2)
            flags = [1, media == 1, media == 2, media == 3, reach == 1, reach == 2]
            flags += [online and picture == 2, online and picture == 1]
            for sums in [before] if out else [before, after]:
                for name, flag in zip(names, flags):
                    sums[name] += flag
    # As in what was published before it was counted, none is not written.
    told = lambda sums: {name: sum for name, sum in sums.items() if sum or name != "unjudged"}
    print(json.dumps({"before": told(before), "after": told(after)}))


main()
