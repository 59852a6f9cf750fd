#!/usr/bin/env python3
"""Runs meson tests of a build folder, names each with its figures, and counts them.

run_tests.py BUILD [--suite NAME]...   run, print one line per test and the FIGURE lines that tests print
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


def watch(lines):
    """Reads meson's output to its end; a terminal shows how far it is, in one line that moves."""
    out = []
    for line in lines:
        out.append(line)
        done = re.match(r"\s*(\d+)/(\d+) ", line)
        if done and sys.stdout.isatty():
            print(f"\r\033[K   test {done[1]} of {done[2]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return "".join(out)


def run(build, suites):
    log = pathlib.Path(build) / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--timeout-multiplier", "4"]
    for suite in suites:
        command += ["--suite", suite]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as proc:
        output = watch(proc.stdout)
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
        print(output)
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
    return run(args[0], [name for option, name in zip(args, args[1:]) if option == "--suite"])


if __name__ == "__main__":
    sys.exit(main())
