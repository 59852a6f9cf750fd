#!/usr/bin/python3
"""The complete policies shown in atls-policy(5) are accepted by the loader and hold for the platform they describe.

policy_examples_test.py PAGE.scd ATLS-SERVE ATLS-VERIFY
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

page, serve, verify = map(pathlib.Path, sys.argv[1:4])
examples = re.findall(r"^```\n(\{[^`]*?^\})\n```$", page.read_text(encoding="utf-8"), re.M | re.S)
problems = []
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    subprocess.run([serve, "--export-platform", root / "platform", "--quiet"], check=True, timeout=60)
    for number, text in enumerate(examples, 1):
        kinds = {kind for alternative in json.loads(text)["alternatives"] for kind in alternative["evidence"]}
        # A policy about other evidence is understood, and does not hold for this platform.
        for name, change, expected in [("as shown", {}, 0 if "snp" in kinds else 5), ("with a key too many", {"nonsense": 1}, 1)]:
            policy = root / "policy.json"
            policy.write_text(json.dumps(json.loads(text) | change) if change else text, encoding="utf-8")
            run = subprocess.run([verify, "--policy", policy, "--trust-simulated", "--offline", "--no-cache", "--brief", root / "platform/extended.bin"],
                                 capture_output=True, text=True, timeout=60)
            if run.returncode != expected:
                problems.append(f"example {number} {name}: exit {run.returncode}, expected {expected}: {run.stdout}{run.stderr}")
if len(examples) < 2:
    problems.append(f"{page.name} shows {len(examples)} complete policies, expected at least 2")
for problem in problems:
    print("error:", problem)
print(f"FIGURE: {len(examples)} policies of atls-policy(5), {len(problems)} problems")
sys.exit(1 if problems else 0)
