#!/usr/bin/env python3
"""tests/advisories.md: each of the 33 classes once, each with tests that exist.

advisory_table_test.py. A test is named as in the table: `meson: NAME`, `doctest: NAME` or `python: FILE FUNCTION` (a function that its file
calls). A name that nothing defines, a number that is missing or there twice, and a row without an answer fail.
"""
import ast
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
CLASSES = 33


def meson_names():
    text = "\n".join(p.read_text() for p in TESTS.rglob("meson.build"))
    return set(re.findall(r"^\s*(?:test|benchmark)\('([^']+)'", text, re.M))


def doctest_names():
    return {name.replace('\\"', '"') for p in TESTS.rglob("*.cpp") for name in re.findall(r'^TEST_CASE\("((?:[^"\\]|\\.)*)"\)', p.read_text(), re.M)}


def called_functions(file):
    """Functions of a Python test that are called, directly or through others, by what runs at its top or in its main()."""
    path = TESTS / file
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text())
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    methods = {m.name: m for c in tree.body if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, ast.FunctionDef)}

    def names(node):
        return {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute))}
    waiting = [n for n in tree.body if not isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    found = set()
    while waiting:
        for name in names(waiting.pop()) & (functions.keys() | methods.keys()) - found:
            found.add(name)
            waiting.append(functions.get(name) or methods[name])
    return found & functions.keys()


def main():
    wrong, seen, tests = [], [], 0
    meson, doctest = meson_names(), doctest_names()
    for line in (TESTS / "advisories.md").read_text().splitlines():
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 4 or not cells[0].isdigit():
            continue
        number, title, named, answer = cells
        seen.append(int(number))
        found = re.findall(r"`(meson|doctest|python): ([^`]+)`", named)
        if not found or not title or len(answer) < 10:
            wrong.append(f"{number}: a title, a test and an answer are expected")
        if re.sub(r"`(meson|doctest|python): [^`]+`|[,;]|<br>|\s", "", named):
            wrong.append(f"{number}: more than names of tests in {named!r}")
        for kind, name in found:
            tests += 1
            there = {"meson": lambda n: n in meson, "doctest": lambda n: n in doctest,
                     "python": lambda n: len(n.split()) == 2 and n.split()[1] in called_functions(n.split()[0])}[kind](name)
            if not there:
                wrong.append(f"{number}: there is no {kind} test {name!r}")
    if sorted(seen) != list(range(1, CLASSES + 1)):
        wrong.append(f"numbers {sorted(set(range(1, CLASSES + 1)) - set(seen))} are missing, {sorted({n for n in seen if seen.count(n) > 1})} are there twice")
    print("\n".join(wrong))
    print(f"FIGURE: {len(seen)} advisory classes, {tests} tests named, {len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
