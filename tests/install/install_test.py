#!/usr/bin/env python3
"""Installs into a staging folder and uses the result as a stranger would.

Usage: install_test.py --build DIR --source DIR --version V --cxx CXX [--man] -- MESON...
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

TOOLS = ("atls-connect", "atls-serve", "atls-dump", "atls-verify")


class Failures:
    def __init__(self):
        self.count = 0

    def expect(self, holds, what, more=""):
        print(("ok   " if holds else "FAIL ") + what + (f"\n{more}" if more and not holds else ""))
        self.count += not holds


def run(*command, env=None, cwd=None):
    proc = subprocess.run([str(c) for c in command], env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return proc.returncode, proc.stdout


def only(paths):
    found = sorted(paths)
    return found[0] if found else None


def check_headers(options, includes, failures, work):
    installed = sorted(p.relative_to(includes) for p in includes.rglob("*") if p.is_file())
    wanted = sorted(p.relative_to(options.source / "lib/include") for p in (options.source / "lib/include").rglob("*.hpp"))
    failures.expect(installed == wanted, f"exactly the public headers are installed ({len(wanted)})", f"{installed}\n{wanted}")
    for header in installed:
        alone = work / "alone.cpp"
        alone.write_text(f"#include <{header}>\n#include <{header}>\nint main() {{}}\n")
        code, out = run(*options.cxx, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{includes}", alone)
        failures.expect(code == 0, f"<{header}> compiles alone", out)


def check_symbols(library, version, failures):
    code, out = run("nm", "-D", "-C", "--defined-only", "--with-symbol-versions", library)
    failures.expect(code == 0, "nm reads the library", out)
    nodes = {"ATLS_1": [], f"ATLS_PRIVATE_{version}": []}
    stray = []
    for line in out.splitlines():
        found = re.match(r"[0-9a-f]* ([A-Za-z]) (.*)@@?(\S+)$", line)
        if found and found[3] in nodes:
            # Inline members of the public structs are weak, and present or not as the compiler likes.
            if not (found[1] == "W" and re.match(r"atls::v1::(Decoded|Options|Verdict)::", found[2])):
                nodes[found[3]].append(found[2])
        elif " A ATLS_" not in line:
            stray.append(line)
    public = sorted({re.sub(r"[\[(].*", "", name) for name in nodes["ATLS_1"]})
    failures.expect(public == ["atls::v1::decode", "atls::v1::verify", "atls::v1::verify_file", "atls::v1::version"], "the public node holds the public API and nothing else", str(public))
    failures.expect(not stray, "every exported symbol belongs to a node", "\n".join(stray[:20]))
    private = nodes[f"ATLS_PRIVATE_{version}"]
    foreign = [n for n in private if not re.match(r"(atls::|(typeinfo( name)?|vtable|VTT|guard variable) for atls::)", n)]
    failures.expect(private and not foreign, "nothing of other projects is exported", "\n".join(foreign[:20]))
    failures.expect(not [n for n in private if "v1::" in n.split("(")[0]], "no public symbol hides in the private node")
    failures.expect(not [n for n in private if n.startswith("atls::sim::")], "the library does not contain the simulator")


def check_consumer(options, root, env, failures, work):
    code, flags = run("pkg-config", "--cflags", "--libs", "libatls", env=env)
    failures.expect(code == 0, "pkg-config knows libatls", flags)
    code, found = run("pkg-config", "--modversion", "libatls", env=env)
    failures.expect(found.strip() == options.version, "pkg-config says the version", found)
    program = work / "consumer"
    code, out = run(*options.cxx, "-std=c++20", "-Wall", "-Wextra", "-Werror", options.source / "tests/install/consumer.cpp", "-o", program, *shlex.split(flags))
    failures.expect(code == 0, "a program compiles and links against the installed tree alone", out)
    if code == 0:
        library = only(root.rglob("libatls.so"))
        code, out = run(program, options.version, env=dict(os.environ, LD_LIBRARY_PATH=str(library.parent)))
        failures.expect(code == 0, "and works", out)


def check_tools(options, root, failures):
    for tool in TOOLS:
        binary = only(p for p in root.rglob(tool) if p.parent.name == "bin")
        if not binary:
            failures.expect(False, f"{tool} is installed")
            continue
        env = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        code, out = run(binary, "--version", env=env)
        failures.expect(code == 0 and options.version in out, f"{tool} --version runs from the installed tree", f"exit {code}\n{out}")
        code, out = run(binary, "--help", env=env)
        failures.expect(code == 0 and tool in out, f"{tool} --help runs from the installed tree", f"exit {code}\n{out}")
        code, out = run("readelf", "-d", binary)
        failures.expect(str(options.build) not in out, f"{tool} does not point into the build folder", out)
        if options.man:
            failures.expect(only(root.rglob(f"{tool}.1")) is not None, f"{tool}(1) is installed")
    if options.man:
        for page in ("atls-policy.5", "atls-checks.7"):
            failures.expect(only(root.rglob(page)) is not None, f"{page} is installed")
    for schema in ("report", "policy"):
        failures.expect(only(root.rglob(f"*{schema}*.json")) is not None, f"the JSON Schema of the {schema} is installed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--cxx", type=shlex.split, required=True)
    parser.add_argument("--man", action="store_true")
    parser.add_argument("meson", nargs="+")
    options = parser.parse_args()
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder).resolve()
        root = work / "root"
        code, out = run(*options.meson, "install", "-C", options.build, "--no-rebuild", "--quiet", "--destdir", root)
        failures.expect(code == 0, "meson install", out)
        pc = only(root.rglob("libatls.pc"))
        library = only(root.rglob("libatls.so.*.*.*"))
        headers = only(p for p in root.rglob("atls") if p.is_dir() and p.parent.name == "include")
        failures.expect(pc and library and headers, "library, headers and pkg-config file are installed", out)
        if pc and library and headers:
            env = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root), PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1", PKG_CONFIG_ALLOW_SYSTEM_LIBS="1")
            check_headers(options, headers.parent, failures, work)
            check_symbols(library, options.version, failures)
            check_consumer(options, root, env, failures, work)
            check_tools(options, root, failures)
    print(f"FIGURE: installed tree: {failures.count} failures")
    return 1 if failures.count else 0


if __name__ == "__main__":
    sys.exit(main())
