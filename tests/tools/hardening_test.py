#!/usr/bin/env python3
"""The programs and the library as they are built: what the linker and the compiler were asked to do against faults of ours.

hardening_test.py BUILD HARDENED(true|false) FILE...   HARDENED: the build optimizes and has no sanitizer; see meson.build.
"""
import json
import pathlib
import platform
import subprocess
import sys

build, hardened, files = pathlib.Path(sys.argv[1]), sys.argv[2] == "true", [pathlib.Path(f) for f in sys.argv[3:]]
FLAGS = ["-fstack-protector-strong", "-fcf-protection", "-fstack-clash-protection", "-D_GLIBCXX_ASSERTIONS=1"]
problems, looked = [], 0


def readelf(option, file):
    return subprocess.run(["readelf", "-W", option, file], check=True, capture_output=True, text=True).stdout


def expect(holds, what):
    global looked
    looked += 1
    if not holds:
        problems.append(what)


for file in files:
    segments, dynamic = readelf("-l", file), readelf("-d", file)
    expect("GNU_RELRO" in segments, f"{file.name}: no RELRO segment")
    expect("BIND_NOW" in dynamic or "NOW" in dynamic.split("FLAGS_1", 1)[-1].splitlines()[0], f"{file.name}: symbols are bound lazily, so RELRO is partial")
    stack = [line.split() for line in segments.splitlines() if "GNU_STACK" in line]
    expect(stack and "E" not in stack[0][-2], f"{file.name}: the stack is executable")
    expect(not any(" RWE " in line for line in segments.splitlines()), f"{file.name}: a segment is writable and executable")
    expect("DYN" in readelf("-h", file), f"{file.name}: not position independent")
    expect("TEXTREL" not in dynamic, f"{file.name}: relocations in the code")
    if not hardened:
        continue
    symbols = readelf("--dyn-syms", file)
    expect("__stack_chk_fail" in symbols, f"{file.name}: no function has a stack protector")
    if platform.machine() == "x86_64" and file == files[-1]:
        expect(file.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 1000, f"{file.name}: functions do not begin with endbr64")

if hardened:
    fortified = sum(readelf("--dyn-syms", f).count("_chk@") for f in files)
    expect(fortified > 0, "no call of the C library is fortified")
    compiler = {entry["file"]: entry.get("command", "") for entry in json.loads((build / "compile_commands.json").read_text())}
    objects = [c for c in compiler.values() if "libatls_core.a.p" in c or "atls-verify.p" in c]
    expect(len(objects) > 0, "the compile commands are not there")
    for flag in [*FLAGS, "-D_FORTIFY_SOURCE="]:
        told = sum(flag in c for c in objects)
        expect(told in (0, len(objects)) and (told or flag in ("-fcf-protection", "-fstack-clash-protection")), f"{flag} is given for {told} of {len(objects)} objects")

for program in files[:-1]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout.splitlines()
    expect(len(said) == 3 and said[0].startswith(program.name) and said[1].startswith("OpenSSL ") and said[2].startswith("libcurl "), f"{program.name} --version says {said}")

for problem in problems:
    print("error:", problem)
print(f"FIGURE: hardening of {len(files)} files ({'optimized' if hardened else 'not optimized: only what the linker does'}): {looked} statements, {len(problems)} false")
sys.exit(1 if problems else 0)
