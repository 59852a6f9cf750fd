#!/usr/bin/python3
"""Every page is rendered by scdoc without a complaint and leaves no markup behind. Exit 77 without scdoc.

rendered_pages_test.py PAGE.scd...
"""
import pathlib
import re
import shutil
import subprocess
import sys

if not shutil.which("scdoc"):
    print("SKIP: scdoc is not installed, the pages are not rendered")
    sys.exit(77)
failures = 0
for name in sys.argv[1:]:
    text = pathlib.Path(name).read_text(encoding="utf-8")
    run = subprocess.run(["scdoc"], input=text, capture_output=True, text=True)
    bad = run.stderr.strip() if run.returncode or run.stderr else ""
    if re.search(r"^@(include|generated)", text, re.M):
        bad = "a directive was not replaced"
    if not bad and not re.search(r"^\.SH EXIT STATUS|^\.TH \"atls-(checks|policy)\"", run.stdout, re.M):
        bad = "no exit status section"
    if bad:
        failures += 1
        print(f"error: {pathlib.Path(name).name}: {bad}")
print(f"FIGURE: {len(sys.argv) - 1} pages rendered, {failures} with problems")
sys.exit(1 if failures else 0)
