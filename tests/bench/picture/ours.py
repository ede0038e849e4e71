"""`zhishou picture` on the same files."""

import json
import subprocess


def judge(binary, clips):
    """By file: (faults raised, faults that cannot be told)."""
    command = [binary, "picture", "--json"] + [clip.file for clip in clips]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        untold = {code for code, score in answer["scores"].items() if score is None}
        answers[answer["file"]] = ({fault["code"] for fault in answer["faults"]}, untold)
    return answers
