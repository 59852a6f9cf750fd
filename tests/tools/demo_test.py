#!/usr/bin/env python3
"""The five steps of scripts/demo end as they must, README.md shows their transcript, and what scripts/demo says to try next works.

demo_test.py BUILD README [--update]. Times, ports, random values and digests are masked, and white space does not count, since lines
are wrapped by what they hold. --update writes the transcript into the README, between its two markers.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

BEGIN, END = "<!-- transcript of scripts/demo -->\n```console\n", "```\n<!-- end of transcript -->\n"
MASKS = [
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"\b\d+\.\d+ ms", "N ms"),
    (r"\b0x[0-9a-f]{3,4}\b", "OFFSET"),   # a random serial number may be a byte shorter
    (r"\b127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\b(?:[0-9a-f]{16,}\.\.\.[0-9a-f]{8,}|(?:[0-9a-f]{16,}\s*)+)\b", "HEX "),
]


def masked(text):
    text = " ".join(text.split())
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return re.sub(r"(HEX\s+)+", "HEX ", text).split(" ")


def try_next(build, root):
    """Runs the command that scripts/demo ends with; returns what is wrong."""
    script = (root / "scripts" / "demo").read_text()
    command = re.search(r"^next='(build/[^']+)'$", script, re.M)
    if not command or '"$next"' not in script:
        return "scripts/demo names no command to try next"
    words = shlex.split(command[1])
    done = subprocess.run([build / words[0].removeprefix("build/"), *words[1:]], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 0 or not done.stdout or done.stderr:
        return f"$ {command[1]}\nexit {done.returncode}\n{done.stdout[:500]}{done.stderr}"
    return ""


def main():
    build, readme = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    paths = [str(build / "tools" / t) for t in ("atls-connect", "atls-serve", "atls-dump", "atls-verify")]
    env = dict(os.environ, PATH=os.pathsep.join(paths + [os.environ["PATH"]]), NO_COLOR="1")
    env.pop("COLUMNS", None)
    steps = readme.parent / "scripts" / "demo-steps"
    done = subprocess.run(["bash", str(steps)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, timeout=120)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        print(f"the demonstration exited {done.returncode}")
        return 1
    if problem := try_next(build, readme.parent):
        print(problem)
        return 1
    text = readme.read_text()
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < 0:
        print("README.md has no transcript markers")
        return 1
    if "--update" in sys.argv:
        readme.write_text(text[:start] + BEGIN + done.stdout.lstrip("\n") + text[end:])
        return 0
    shown, ran = masked(text[start + len(BEGIN):end]), masked(done.stdout)
    for i, (a, b) in enumerate(zip(shown + ["(end)"], ran + ["(end)"])):
        if a != b:
            print("README.md and the demonstration differ; tests/tools/demo_test.py --update rewrites it")
            print("README:  ..." + " ".join(shown[max(0, i - 8):i + 8]))
            print("program: ..." + " ".join(ran[max(0, i - 8):i + 8]))
            return 1
    print(f"FIGURE: five steps, {len(ran)} words equal those of README.md; the command to try next works")
    return 0


if __name__ == "__main__":
    sys.exit(main())
