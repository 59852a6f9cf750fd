#!/usr/bin/env python3
"""Makes complete scdoc sources of manual pages.

man_pages.py page PAGE.scd CATALOGUE.json   @include NAME is man/common/NAME.scd, @generated comes from the catalogue:
                                            policy-flags [without OPTION...]; policy-keys [PATH], the keys below PATH of a policy document
man_pages.py checks CATALOGUE.json          atls-checks(7), every line from the catalogue
Both write to standard output; scdoc makes the page of it.
"""
import json
import pathlib
import re
import sys

COMMON = pathlib.Path(__file__).resolve().parent.parent / "man" / "common"
STATUS = {"required": "required", "policy": "only when the policy asks", "warning": "warning unless the policy demands it", "info": "information"}


def escaped(text):
    """Plain text for scdoc, whose markup is * _ \\ and a few characters at the start of a line."""
    return re.sub(r"([\\*_#~`<\[\]])", r"\\\1", text)


def policy_flags(catalogue, arguments):
    known = {flag["name"] for flag in catalogue["flags"]}
    if arguments and (arguments[0] != "without" or not known.issuperset(arguments[1:])):
        raise SystemExit(f"policy-flags {arguments}: expected without and options of policies")
    for flag in catalogue["flags"]:
        if flag["name"] in arguments:
            continue
        value = f" _{flag['metavar']}_" if flag["metavar"] else ""
        text = flag["help"][:1].upper() + flag["help"][1:]
        yield f"*{flag['name']}*{value}"
        yield f"\t{escaped(text)}."


def policy_keys(catalogue, arguments):
    fields = catalogue["policy"]
    for name in arguments[0].split(".") if arguments else []:
        fields = next(field["members"] for field in fields if field["key"] == name)
    known = {check["id"] for check in catalogue["checks"]}
    for field in fields:
        yield f"*{escaped(field['key'])}*"
        value = re.match(r"(true|false|fail|warn|forbid)\b", field["help"])   # an explanation of one value begins with it
        text = f"_{value[0]}_{escaped(field['help'][value.end():])}" if value else escaped(field["help"][:1].upper() + field["help"][1:])
        required = " Required." if field["required"] else ""
        checks = field["checks"].split()
        if not known.issuperset(checks):
            raise SystemExit(f"{field['key']}: unknown check in {checks}")
        checks = f" Feeds {', '.join(f'_{escaped(c)}_' for c in checks)}." if checks else ""
        yield f"\t{text}.{required} Value: {escaped(field['value'])}.{checks}"


def page_lines(path, catalogue, depth=0):
    if depth > 4:
        raise SystemExit(f"{path}: fragments include each other")
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, name = line.partition(" ")
        if word == "@include":
            yield from page_lines(COMMON / f"{name.strip()}.scd", catalogue, depth + 1)
        elif word == "@generated":
            name, *arguments = name.split()
            yield from {"policy-flags": policy_flags, "policy-keys": policy_keys}[name](catalogue, arguments)
        elif word.startswith("@"):
            raise SystemExit(f"{path}: unknown directive {line}")
        else:
            yield line


def title(line, catalogue):
    """The first line of a page, with the version as footer: NAME(SECTION) becomes NAME(SECTION) "atls VERSION"."""
    return f'{line.split(" ")[0]} "atls {catalogue["version"]}"'


def page(path, catalogue):
    lines = list(page_lines(pathlib.Path(path), catalogue))
    return [title(lines[0], catalogue), *lines[1:]]


def checks(catalogue):
    yield title("atls-checks(7)", catalogue)
    yield "\n# NAME\n\natls-checks - the checks behind every verdict of the atls tools\n\n# DESCRIPTION\n"
    yield ("Every answer of *atls-connect*(1), *atls-serve*(1) and *atls-verify*(1) is a list of checks, each with an outcome: _pass_, _warn_, _fail_, _skip_ (not "
           "asked for, or its object does not exist) or _error_ (required, but it could not be evaluated). A check that fails gives the exit status shown here, "
           "one with outcome _error_ gives 4. The first check in this order with the winning exit status is the _reason_ of the verdict.\n")
    yield "Each entry names the check, the exit status of its failure, whether it is required, what it proves when it passes, and the document that says so.\n"
    area = None
    for check in catalogue["checks"]:
        if check["area"] != area:
            area = check["area"]
            yield f"\n# {escaped(area).upper()}\n"
        yield f"*{check['id']}*"
        yield f"\t{escaped(check['title'])}."
        yield f"\tExit status {check['code']}, {STATUS[check['severity']]}. Reference: {escaped(check['reference'])}.\n"
    yield "\n# SEE ALSO\n\n*atls-verify*(1), *atls-connect*(1), *atls-serve*(1), *atls-policy*(5)"


def main():
    with open(sys.argv[-1], encoding="utf-8") as f:
        catalogue = json.load(f)
    lines = page(sys.argv[2], catalogue) if sys.argv[1] == "page" else checks(catalogue)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
