"""`zhishou picture` on the same files, beside the same references."""

import json
import subprocess


def judge(binary, clips):
    """By file: (faults raised, faults that cannot be told)."""
    answers = {}
    for reference in sorted({clip.reference for clip in clips}):
        files = [clip.file for clip in clips if clip.reference == reference]
        command = [binary, "picture", "--json", "--reference", reference] + files
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        # A clean scene that shows too little to be compared with is judged without.
        if done.returncode == 2:
            done = subprocess.run([binary, "picture", "--json"] + files, capture_output=True,
                                  text=True, timeout=600)
        if done.returncode == 2:
            raise SystemExit(done.stderr)
        for line in done.stdout.splitlines():
            answer = json.loads(line)
            untold = {code for code, score in answer["scores"].items() if score is None}
            answers[answer["file"]] = ({fault["code"] for fault in answer["faults"]}, untold)
    return answers
