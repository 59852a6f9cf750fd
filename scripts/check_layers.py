#!/usr/bin/env python3
"""Checks the direction of includes: tools -> lib -> formats, and who may include which library."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORMATS = {p.name for p in (ROOT / "formats").iterdir() if p.is_dir()}
LIB = {p.name for p in (ROOT / "lib").iterdir() if p.is_dir()} - {"include"}
TOOLS = {p.name for p in (ROOT / "tools").iterdir() if p.is_dir()}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
OPENSSL_OK = ("lib/crypto/", "lib/channel/", "lib/sim/", "lib/profile/constellation")


def problems(path):
    rel = path.relative_to(ROOT).as_posix()
    top = rel.split("/")[0]
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        inc = match.group(1)
        first = inc.split("/")[0]
        where = f"{rel}:{number}: includes {inc}: "
        if first == "nlohmann" and path.suffix == ".hpp" and not inc.endswith("json_fwd.hpp"):
            yield where + "nlohmann/json takes seconds to compile: only inside a .cpp"
        if first == "CLI" and rel != "tools/common/cli.hpp":
            yield where + "CLI11 takes seconds to compile: tools/common/cli.hpp is for the files that declare options"
        if top == "formats":
            if first in ("openssl", "curl", "fmt", "CLI", "sys", "fstream", "filesystem") or first in LIB or first in TOOLS:
                yield where + "formats/ knows bytes and structs only"
        if top == "lib":
            if first in TOOLS and first != "common" or first in ("CLI", "common", "iostream"):
                yield where + "lib/ knows neither tools nor the terminal"
            if first == "sim" and not rel.startswith("lib/sim/"):
                yield where + "lib/ must not know the simulator"
            if rel.startswith("lib/include/") and first not in ("atls",) and "/" in inc:
                yield where + "installed headers use the standard library only"
            if inc == "yaml.h" and rel != "lib/collateral/bundle_yaml.cpp":
                yield where + "YAML is read in one place"
            if first == "openssl" and not rel.startswith(OPENSSL_OK):
                yield where + "OpenSSL belongs in lib/crypto, lib/channel and lib/sim"
        if top == "tools" and first == "sim" and inc != "sim/anchors.hpp":
            if rel.startswith(("tools/atls-verify/", "tools/atls-dump/")):
                yield where + "atls-verify and atls-dump must not link the simulator"


def main():
    found = []
    count = 0
    for top in ("formats", "lib", "tools"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                count += 1
                found += problems(path)
    print("\n".join(found))
    print(f"FIGURE: {count} files, {len(found)} wrong includes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
