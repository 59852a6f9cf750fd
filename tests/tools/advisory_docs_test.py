#!/usr/bin/env python3
"""Advisory classes that are answered by telling: what is out of scope, and which libraries are inside.

advisory_docs_test.py SOURCE ATLS_PROGRAM...
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tools import Checks, run  # noqa: E402

SOURCE, PROGRAMS = pathlib.Path(sys.argv[1]), sys.argv[2:]
check = Checks()


def section(text, heading):
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ |^\*\*", text.split(heading, 1)[1], maxsplit=1, flags=re.M)[0] if heading in text else ""


def told_in_pages():
    for page, heading in (("man/atls-connect.1.scd", "## What is not proven"), ("man/atls-verify.1.scd", "## What is not proven"), ("SECURITY.md", "**Out of scope, by design**")):
        told = section((SOURCE / page).read_text(), heading)
        for words in ("Storage", "disks, volumes and snapshots", "taken out of", "--chip-id"):
            check.that(words in told, f"{page}: {words!r} is not told under {heading!r}")


def libraries_inside():
    """Each program has the system's OpenSSL, as a shared library; a copy inside would stay behind the system's updates."""
    for program in PROGRAMS:
        loaded = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for library in ("libssl.so.3", "libcrypto.so.3"):
            path = re.search(rf"{re.escape(library)} => (/\S+)", loaded)
            check.that(path and not path.group(1).startswith(str(SOURCE)), f"{program}: {library} is not the system's\n{loaded}")
        version = run(program, "--version")
        check.that(version.code == 0 and re.search(r"OpenSSL 3\.\d+\.\d+", version.out), f"--version names the OpenSSL that is loaded\n{version}")


told_in_pages()
libraries_inside()
sys.exit(check.finish("advisory classes that are told"))
