#!/usr/bin/env python3
"""Runs meson tests of a build folder, names each with its figures, and counts them.

run_tests.py BUILD [--suite NAME]   run, print one line per test and the FIGURE lines that tests print
run_tests.py --summary LOG...       print "N passed, N failed, N skipped" over meson's JSON logs
A test that wants figures in the output prints lines that begin with "FIGURE: " (or "SKIP: " with the reason).
"""
import json
import pathlib
import re
import subprocess
import sys


def results(log):
    path = pathlib.Path(log)
    if not path.exists():
        return
    for line in path.read_text(errors="replace").splitlines():
        if line.strip():
            yield json.loads(line)


def kind(result):
    word = result["result"]
    if word in ("OK", "EXPECTEDFAIL"):
        return "passed"
    return "skipped" if word == "SKIP" else "failed"


def run(build, suite):
    log = pathlib.Path(build) / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--quiet", "--timeout-multiplier", "4"]
    if suite:
        command += ["--suite", suite]
    proc = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    bad = False
    seen = 0
    for result in results(log):
        seen += 1
        verdict = kind(result)
        bad |= verdict == "failed"
        name = re.sub(r"^atls(:\S+)? / ", "", result["name"])
        print(f"{verdict:7} {result['duration']:7.1f} s  {name}")
        for line in ((result.get("stdout") or "") + "\n" + (result.get("stderr") or "")).splitlines():
            if line.startswith(("FIGURE: ", "SKIP: ")):
                print(f"           {line}")
        if verdict == "failed":
            for stream in ("stdout", "stderr"):
                text = (result.get(stream) or "").strip()
                if text:
                    print("\n".join(f"    {stream}| {x}" for x in text.splitlines()[-60:]))
    if not seen:
        print(proc.stdout)
        print("error: no test ran")
        return 1
    return 1 if bad else 0


def main():
    args = sys.argv[1:]
    if args and args[0] == "--summary":
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        for log in args[1:]:
            for result in results(log):
                counts[kind(result)] += 1
        print("\n{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
        return 0
    suite = args[args.index("--suite") + 1] if "--suite" in args else None
    return run(args[0], suite)


if __name__ == "__main__":
    sys.exit(main())
