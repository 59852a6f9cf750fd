#!/usr/bin/python3
"""Pins, minimums, demands and consents about TDX and SGX, end to end: exit status, the check that decides, and the warning of every loosening.

intel_policy_test.py ATLS_SERVE ATLS_VERIFY
"""
import json
import pathlib
import subprocess
import sys
import tempfile

serve, verify = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
M, E = "ab" * 48, "ab" * 32
ANY = ["--any-measurement"]
# kind, fault, options, exit status, reason ("" when verified)
ROWS = [
    ("tdx", None, [], 6, "tdx-no-reference"), ("sgx", None, [], 6, "sgx-no-reference"), ("tdx", None, ANY, 0, ""), ("sgx", None, ANY, 0, ""),
    ("tdx", None, ["--mrtd", M], 5, "policy-mr-td"), ("tdx", None, ["--rtmr", "2=" + M], 5, "policy-rtmr-2"), ("sgx", None, ["--mr-enclave", E], 5, "policy-mr-enclave"),
    ("sgx", None, ["--min-isv-svn", "0"], 6, "sgx-no-reference"), ("sgx", None, ["--mr-signer", E, "--isv-prod-id", "0"], 5, "policy-mr-signer"),
    ("tdx", None, ANY + ["--host-data", E], 1, ""), ("sgx", None, ANY + ["--rtmr", "0=" + M], 1, ""), ("tdx", None, ANY + ["--isv-prod-id", "0"], 1, ""),
    ("sgx", None, ANY + ["--require-sept-ve-disable"], 1, ""), ("tdx", None, ANY + ["--min-tcb-eval", "99"], 5, "collateral-eval-number"),
    ("tdx", None, ANY + ["--min-tee-tcb-svn", "ff" * 16], 5, "policy-min-tee-tcb-svn"), ("tdx", None, ANY + ["--fmspc", "000000000000"], 5, "policy-fmspc"),
    ("tdx", None, ANY + ["--events", "app-id=00"], 5, "policy-events"), ("tdx", None, ANY + ["--td-attributes", "ff" * 8], 5, "policy-td-attributes"),
    ("tdx", "td-debug", ANY, 5, "td-debug"), ("tdx", "td-debug", ANY + ["--allow-debug"], 0, ""), ("tdx", "td-migratable", ANY, 5, "td-migratable"),
    ("tdx", "td-migratable", ANY + ["--allow-migratable"], 0, ""), ("tdx", "td-migratable", ANY + ["--allow-debug"], 5, "td-migratable"), ("sgx", "sgx-debug", ANY, 5, "sgx-debug"),
    ("sgx", "sgx-debug", ANY + ["--allow-debug"], 0, ""), ("tdx", "td-reserved-bit", ANY + ["--allow-debug", "--allow-migratable", "--allow-reserved-nonzero"], 2, "td-attributes-reserved"),
    ("tdx", "td-sept-ve-enabled", ANY, 0, ""), ("tdx", "td-sept-ve-enabled", ANY + ["--require-sept-ve-disable"], 5, "td-sept-ve-disable"),
]
LOOSENING = [["--allow-debug"], ["--allow-migratable"], ["--allow-service-td"], ["--allow-qe-padding"], ["--allow-missing-collateral"], ["--allow-expired-collateral"], ["--allow-rtmr-partial"],
             ["--allow-tcb-status", "OutOfDate@2030-01-01:BIOS"], ["--allow-advisories", "INTEL-SA-00615"], ["--tcb-profile", "qvl-2024"]]
problems, judged = [], 0


def judge(quote, options):
    run = subprocess.run([verify, *options, "--trust-simulated", "--offline", "--no-cache", "--json", quote], capture_output=True, text=True, timeout=60)
    return run.returncode, json.loads(run.stdout) if run.stdout.startswith("{") else {}


with tempfile.TemporaryDirectory() as name:
    root = pathlib.Path(name)
    quotes = {}
    for kind, fault in sorted({(row[0], row[1] or "") for row in ROWS}):
        folder = root / f"{kind}-{fault}"
        subprocess.run([serve, "--attester", f"sim-{kind}", "--export-platform", folder, "--quiet", *(["--fault", fault] if fault else [])], check=True, timeout=60)
        quotes[kind, fault] = folder / "quote.bin"
    for kind, fault, options, code, reason in ROWS:
        got, report = judge(quotes[kind, fault or ""], options)
        judged += 1
        found = report.get("verdict", {}).get("reason", "")
        kinds = [c["outcome"] for c in report.get("checks", []) if c["id"] == "policy-evidence-kind"]
        wrong_kind = code == 1 or "--allow-reserved-nonzero" in options   # of SEV-SNP only; told beside a rejection, which it does not outrank
        if got != code or (reason and found != reason) or kinds != (["fail"] if wrong_kind else ["pass"]):
            problems.append(f"{kind} {fault} {' '.join(options)}: exit {got} {found}, expected {code} {reason}")
    for options in LOOSENING:
        for extra, code, outcome in [([], 0, "warn"), (["--fail-on-warn"], 5, "fail")]:
            got, report = judge(quotes["tdx", ""], ["--policy", root / "tdx-" / "policy.json", *options, *extra])
            judged += 1
            told = [c for c in report.get("checks", []) if c["id"] == "policy-loosened"]
            if got != code or not told or told[0]["outcome"] != outcome or options[0] not in told[0]["detail"]:
                problems.append(f"{options} {extra}: exit {got}, expected {code}, policy-loosened {told}")
for problem in problems:
    print("error:", problem)
print(f"FIGURE: policies of Intel evidence: {judged} judged, {len(problems)} problems")
sys.exit(1 if problems else 0)
