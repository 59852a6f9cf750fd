#!/usr/bin/env python3
"""What a fresh release build of the programs costs: CPU seconds, and the same as a multiple of the compile of one fixed file.

bench_build.py [MESON-OPTION...]: builds in a temporary folder, without a compiler cache. A missed goal is printed as missed, with the ten
most expensive objects; it is no failure.
"""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL = 58   # times the yardstick: a third of what a build cost in November 2026
ENVIRONMENT = {**os.environ, "CCACHE_DISABLE": "1"}


def cpu_seconds(command, **options):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=ENVIRONMENT, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def yardstick(folder):
    compiler = os.environ.get("CXX", "c++").split()
    source = ROOT / "tests" / "bench" / "yardstick.cpp"
    return cpu_seconds([*compiler, "-std=c++20", "-O2", "-c", "-o", f"{folder}/yardstick.o", str(source)])


def dearest(log):
    rows = {}
    for line in pathlib.Path(log).read_text().splitlines():
        if line.startswith("#"):
            continue
        start, end, _, output, *_ = line.split("\t")
        rows[output] = (int(end) - int(start)) / 1000
    return sorted(rows.items(), key=lambda row: -row[1])[:10]


def main():
    with tempfile.TemporaryDirectory(prefix="atls-bench-build-") as folder:
        build = f"{folder}/build"
        subprocess.run(["meson", "setup", build, str(ROOT), "-Dtests=false", "-Dman=disabled", *sys.argv[1:]],
                       check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        files = [yardstick(folder) for _ in range(2)]
        total = cpu_seconds(["ninja", "-C", build, "--quiet", "programs"])
        files += [yardstick(folder) for _ in range(2)]
        one = statistics.median(files)
        ratio = total / one
        print(f"FIGURE: programs, fresh release build without compiler cache: {total:.0f} s of CPU")
        print(f"FIGURE: the same as a multiple of one file with nlohmann/json ({one:.1f} s): {ratio:.0f} times, goal {GOAL}: {'met' if ratio <= GOAL else 'MISSED'}")
        if ratio > GOAL:
            print("the ten most expensive objects, seconds by the clock:")
            for output, seconds in dearest(f"{build}/.ninja_log"):
                print(f"  {seconds:6.1f}  {output}")


if __name__ == "__main__":
    main()
