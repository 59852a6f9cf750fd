#!/usr/bin/env python3
"""Fails when programs and manual pages disagree: options (both ways), exit codes, checks.

check_docs.py CATALOGUE.json BUILD     man/*.scd and tools/*/atls-* of the build folder; a tool without a page fails, and the reverse
"""
import json
import os
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"\*(--?[A-Za-z0-9][A-Za-z0-9.-]*)\*")


def help_options(text):
    """{option: takes a value} from --help, every spelling."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"  (-[^ ]+)(?: ([^ ]+))?(?:  |$)", line)
        if match:
            found.update({name: match.group(2) is not None for name in match.group(1).split(",")})
    return found


def page_options(lines):
    """{option: takes a value} from the entries of a page."""
    found = {}
    for line in lines:
        if line.startswith("*-"):
            takes_value = re.search(r"\*\[?=? ?_[^_]+_", line) is not None
            found.update({name: takes_value for name in OPTION.findall(line)})
    return found


def plain(text):
    return re.sub(r"\\(.)", r"\1", text)


def entries(lines, name):
    """{name: text of the entry} for entries "*name*" whose name matches."""
    found = {}
    current = None
    for line in lines:
        match = re.fullmatch(r"\*([^*]+)\*", line)
        if match and re.fullmatch(name, match.group(1)):
            current = match.group(1)
            if current in found:
                raise SystemExit(f"error: {current} has two entries")
            found[current] = ""
        elif current and line.startswith("\t"):
            found[current] = (found[current] + " " + plain(line.strip())).strip()
        else:
            current = None
    return found


def compare(what, page, program, where):
    for name in sorted(program.keys() - page.keys()):
        yield f"{where}: {what} {name} is missing"
    for name in sorted(page.keys() - program.keys()):
        yield f"{where}: {what} {name} does not exist in the program"
    for name in sorted(page.keys() & program.keys()):
        if page[name] != program[name]:
            yield f"{where}: {what} {name}: the page says {page[name]!r}, the program {program[name]!r}"


def tool_problems(tool, man, codes):
    name = tool.name
    path = man / f"{name}.1.scd"
    if not path.exists():
        yield f"man/{name}.1.scd does not exist"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    run = subprocess.run([tool, "--help"], capture_output=True, text=True, timeout=30)
    if run.returncode != 0:
        yield f"{name} --help: exit {run.returncode}"
    options = help_options(run.stdout)
    if len(options) < 4:
        yield f"{name} --help lists hardly any option: is it read correctly?"
    yield from compare("option", page_options(lines), options, f"man/{name}.1.scd")
    yield from compare("exit status", entries(lines, r"\d+"), codes, f"man/{name}.1.scd")


def check_problems(man, checks):
    path = man / "atls-checks.7.scd"
    found = entries(path.read_text(encoding="utf-8").splitlines(), r"[a-z0-9]+(-[a-z0-9]+)+")
    program = {c["id"]: c for c in checks}
    yield from compare("check", dict.fromkeys(found), dict.fromkeys(program), "atls-checks(7)")
    for name in found.keys() & program.keys():
        for part in (program[name]["title"], program[name]["reference"], f"Exit status {program[name]['code']},"):
            if part not in found[name]:
                yield f"atls-checks(7): {name} does not say {part!r}"


def self_test():
    """A comparison that finds nothing in anything would be worthless."""
    page = ["*--json*", "\ttext", "*-o*, *--output* _FILE_", "*--gone*", "*7*", "\tone", "\t\\--two"]
    options = help_options("  --json                 Text\n  -o,--output FILE       Text\n  --new N\n     --not-an-option")
    assert options == {"--json": False, "-o": True, "--output": True, "--new": True}, options
    assert page_options(page) == {"--json": False, "-o": True, "--output": True, "--gone": False}
    assert entries(page, r"\d+") == {"7": "one --two"}
    assert len(list(compare("option", page_options(page), options, "x"))) == 2


def main():
    self_test()
    with open(sys.argv[1], encoding="utf-8") as f:
        catalogue = json.load(f)
    build = pathlib.Path(sys.argv[2])
    man = build / "man"
    tools = sorted(p for p in build.glob("tools/*/atls-*") if p.is_file() and os.access(p, os.X_OK))
    codes = {str(c["code"]): c["meaning"] for c in catalogue["exit_codes"]}
    problems = [p for tool in tools for p in tool_problems(tool, man, codes)]
    names = {tool.name for tool in tools}
    problems += [f"{page.name}: there is no such tool" for page in man.glob("*.1.scd") if page.name.removesuffix(".1.scd") not in names]
    problems += check_problems(man, catalogue["checks"])
    for problem in problems:
        print("error:", problem)
    print(f"FIGURE: documents: {len(tools)} tools, {len(codes)} exit codes, {len(catalogue['checks'])} checks, {len(problems)} disagreements")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
