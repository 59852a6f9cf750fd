#!/usr/bin/python3
"""atls-verify over many inputs: worst-of exit status, order with several threads, directories, JSON lines, JSON against the schema.

verify_batch_test.py ATLS_VERIFY ATLS_SERVE REPORT_SCHEMA
"""
import base64
import itertools
import json
import os
import pathlib
import resource
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from schema import Schema  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE = (pathlib.Path(name).resolve() for name in sys.argv[1:3])   # the test changes its folder
SCHEMA = Schema(sys.argv[3])
check = Checks()
OFFLINE = ["--offline", "--no-cache"]
TRUST = OFFLINE + ["--trust-simulated", "--policy", "p/policy.json"]
# The order over a batch: the first that any input has.
BATCH_ORDER = [2, 5, 7, 3, 4, 0]


def inputs():
    """One file for each verdict: name to the exit status under TRUST."""
    good = pathlib.Path("p/extended.bin").read_bytes()
    bad = bytearray(good)
    bad[0x90] ^= 1
    pathlib.Path("rejected").write_bytes(bad)
    pathlib.Path("malformed").write_bytes(good[:700])
    pathlib.Path("refused").write_bytes(pathlib.Path("other/extended.bin").read_bytes())
    pathlib.Path("verified").write_bytes(good)
    pathlib.Path("undecided").write_bytes(good[:1184])
    return {"verified": 0, "rejected": 2, "missing": 3, "undecided": 4, "refused": 5, "malformed": 7}


def worst_of(files):
    for name, code in files.items():
        result = run(VERIFY, *TRUST, "--json", name)
        check.code(result, code, name)
        report = SCHEMA.parse(result.out)
        check.that(report["verdict"]["exit_code"] == code and report["subject"]["file"] == name, f"{name}: verdict\n{result}")
    for pair in itertools.permutations(files, 2):
        result = run(VERIFY, *TRUST, "--jsonl", *pair)
        check.code(result, min((files[n] for n in pair), key=BATCH_ORDER.index), " ".join(pair))
        check.that([json.loads(line)["subject"]["file"] for line in result.out.splitlines()] == list(pair), f"order\n{result}")


def order(files):
    many = list(files) * 8
    fixed = [*TRUST, "--at", "2026-06-01", "--jsonl"]     # the clock of two runs may differ
    one = run(VERIFY, *fixed, "--jobs", "1", *many)
    for jobs in ("2", "7"):
        several = run(VERIFY, *fixed, "-j", jobs, *many)
        check.code(several, 2, f"-j {jobs}")

        def facts(result):
            return [{k: v for k, v in json.loads(line).items() if k not in ("time", "timing_ms")} for line in result.out.splitlines()]
        check.that(facts(several) == facts(one) and len(facts(one)) == len(many), f"-j {jobs} gives other reports than -j 1, or another order")


def forms():
    array = SCHEMA_ARRAY(run(VERIFY, *TRUST, "--json", "verified", "rejected"))
    check.that([r["verdict"]["result"] for r in array] == ["verified", "rejected"], "JSON array")
    check.that(isinstance(json.loads(run(VERIFY, *TRUST, "--json", "verified").out), dict), "one input is one object")
    for file in ("out.json", "out.json"):                 # the second time it is replaced
        result = run(VERIFY, *TRUST, "--json", "--report", file, "verified", "rejected")
        check.that(result.out == "" and len(json.loads(pathlib.Path(file).read_text())) == 2, f"--report\n{result}")
    check.that(sorted(p.name for p in pathlib.Path(".").glob("out.json*")) == ["out.json"], "a temporary file was left")
    suites = xml.etree.ElementTree.fromstring(run(VERIFY, *TRUST, "--junit", "verified", "rejected", "missing").raw_out)
    check.that(len(suites) == 3 and suites.tag == "testsuites", "JUnit suites")
    text = run(VERIFY, *TRUST, "--brief", "verified", "rejected").out
    check.that(text.endswith("2 inputs: 1 verified, 1 rejected\n"), text)
    quiet = run(VERIFY, *TRUST, "--quiet", "verified", "rejected")
    check.that(quiet.code == 2 and quiet.out == "", f"--quiet\n{quiet}")


def SCHEMA_ARRAY(result):
    reports = json.loads(result.out)
    for report in reports:
        check.that(SCHEMA.problems(report) == [], f"{SCHEMA.problems(report)}")
    return reports


def directories():
    for name in ("p", "p/tsm"):
        result = run(VERIFY, *TRUST, "--json", name)
        check.code(result, 0, name)
        check.that(json.loads(result.out)["subject"]["file"] == name, "a directory of evidence is one input")
    os.makedirs("several/b")
    pathlib.Path("several/c.bin").write_bytes(pathlib.Path("rejected").read_bytes())
    pathlib.Path("several/a.bin").write_bytes(pathlib.Path("verified").read_bytes())
    pathlib.Path("several/b/x.bin").write_bytes(pathlib.Path("verified").read_bytes())
    pathlib.Path("several/b/y.bin").write_bytes(pathlib.Path("refused").read_bytes())
    result = run(VERIFY, *TRUST, "--json", "several")
    check.code(result, 2, "directory of inputs")
    check.that([r["subject"]["file"] for r in SCHEMA_ARRAY(result)] == ["several/a.bin", "several/b/x.bin", "several/b/y.bin", "several/c.bin"], f"entries in order\n{result}")
    os.makedirs("empty")
    check.code(run(VERIFY, *TRUST, "empty"), 3, "empty directory")
    for name in ("p/certs/vcek.pem", "p/crl.pem", "p/ask_ark.pem"):
        check.code(run(VERIFY, *TRUST, name), 3, f"{name} is an endorsement, nothing was attested")


def json_lines():
    data = {name: base64.b64encode(pathlib.Path(name).read_bytes()).decode() for name in ("verified", "rejected", "refused")}
    good = {"name": "good", "data": data["verified"]}
    rows = [
        (json.dumps(good), "good", 0), ("", None, None), (json.dumps({"data": data["rejected"]}), "line 3", 2), (json.dumps({**good, "as": "snp-extended"}), "good", 0),
        ("{", "line 5", 7), ("[]", "line 6", 7), ('{"name":"x"}', "line 7", 7), ('{"data":"!"}', "line 8", 7), ('{"data":1}', "line 9", 7), ('{"data":"","data":""}', "line 10", 7),
        (json.dumps({**good, "nonc": "00"}), "line 11", 7), (json.dumps({**good, "nonce": "zz"}), "line 12", 7), (json.dumps({**good, "as": "tdx"}), "line 13", 7),
        (json.dumps({**good, "nonce": "00"}), "good", 1), (json.dumps({"name": "\u001b[31m", "data": data["refused"]}), "\u001b[31m", 5),
    ]
    expected = [(name, code) for _, name, code in rows if name]
    stdin = "\n".join(line for line, _, _ in rows).encode()
    for jobs in ("1", "3"):
        result = run(VERIFY, *TRUST, "--stdin-jsonl", "--jsonl", "-j", jobs, stdin=stdin)
        reports = [SCHEMA.parse(line) for line in result.out.splitlines()]
        check.that([(r["subject"]["file"], r["verdict"]["exit_code"]) for r in reports] == expected, f"JSON lines\n{result}")
        check.code(result, 1, "JSON lines: the nonce that applies to nothing wins")
    check.code(run(VERIFY, *TRUST, "--stdin-jsonl", stdin="\n".join(line for line, _, code in rows if code != 1).encode()), 2, "a rejected line is not hidden by broken ones")
    text = run(VERIFY, *TRUST, "--stdin-jsonl", stdin=stdin).out
    check.that("\u001b" not in text, "a name reached the terminal unescaped")
    check.code(run(VERIFY, *TRUST, "--stdin-jsonl", stdin=b""), 3, "no line at all")
    check.code(run(VERIFY, *TRUST, "-", stdin=pathlib.Path("verified").read_bytes()), 0, "standard input as one input")


def flat_memory():
    """Peak memory with 40 times the input differs by less than the input itself would take."""
    line = (json.dumps({"data": base64.b64encode(pathlib.Path("verified").read_bytes()).decode()}) + "\n").encode()

    def peak(count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        process = subprocess.run(["/usr/bin/python3", "-c", "import resource,subprocess,sys; r=subprocess.run(sys.argv[1:],stdin=0,stdout=subprocess.DEVNULL).returncode; "
                                  "print(r, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", VERIFY, *TRUST, "--stdin-jsonl", "--json", "-j", "2"],
                                 input=line * count, capture_output=True, timeout=120, check=True)
        assert before >= 0
        code, kib = map(int, process.stdout.split())
        check.that(code == 0, f"{count} lines: exit {code}")
        return kib
    few, many = peak(20), peak(800)
    print(f"FIGURE: peak memory of atls-verify: {few} KiB for 20 inputs, {many} KiB for 800")
    check.that(many < few + len(line) * 780 // 1024 // 4, f"memory grows with the inputs: {few} KiB, {many} KiB")


def policies():
    """What flags and files make of good evidence."""
    measurement = json.loads(pathlib.Path("p/policy.json").read_text())["alternatives"][0]["snp"]["measurement"]
    simulated = OFFLINE + ["--trust-simulated"]
    pinned = simulated + ["--measurement", measurement]
    for arguments, code, reason in [
            (pinned, 0, None), (simulated, 6, "snp-no-reference"), (simulated + ["--any-measurement"], 0, None), (pinned[:2] + pinned[3:], 2, "snp-ark-trusted"),
            (pinned + ["--measurement", "ab" * 48], 0, None), (TRUST + ["--measurement", "ab" * 48], 5, "snp-policy-measurement"),
            (pinned + ["--min-tcb", "microcode=255"], 5, "snp-policy-minimum-tcb"), (pinned + ["--min-tcb", "fmc=1"], 1, None),
            (pinned + ["--chip-id", "11" * 64], 5, "snp-policy-chip-id"), (pinned + ["--vmpl", "1"], 5, "snp-policy-vmpl"),
            (pinned + ["--product", "Turin"], 5, "snp-policy-product"), (pinned + ["--csp-id", "aws"], 5, "snp-vlek-csp-id"),
            (pinned + ["--require-id-block"], 5, "snp-policy-id-key"), (pinned + ["--fail-on-warn"], 5, "policy-loosened"),
            (pinned + ["--require-freshness"], 6, "atls-nonce-fresh"), (pinned + ["--binding-min", "key"], 6, "atls-binding-level"),
            (pinned + ["--binding-min", "none"], 0, None), (pinned + ["--nonce", "00"], 1, None), (pinned + ["--profile", "constellation"], 1, None),
            (pinned + ["--crl", "off"], 0, None), (pinned + ["--at", "2010-01-01"], 2, None)]:
        result = run(VERIFY, *arguments, "--json", "verified")
        check.code(result, code, " ".join(arguments[2:]))
        report = SCHEMA.parse(result.out)
        if reason:
            check.that(report["verdict"]["reason"] == reason, f"reason {report['verdict']}\n{result}")
        loosened = [a for a in arguments if a in ("--any-measurement", "--trust-simulated", "--crl")]
        told = next((c for c in report["checks"] if c["id"] == "policy-loosened"), {})
        if report["checks"] and loosened:
            check.that(told.get("outcome") in ("warn", "fail") and all(word in told["detail"] for word in loosened), f"what loosens is told: {told}")


def main():
    with folder() as name:
        os.chdir(name)
        check.code(run(SERVE, "--export-platform", "p"), 0, "export")
        check.code(run(SERVE, "--seed", "another", "--export-platform", "other"), 0, "export")
        files = inputs()
        worst_of(files)
        order(files)
        forms()
        directories()
        json_lines()
        policies()
        flat_memory()
    return check.finish("atls-verify over many inputs")


if __name__ == "__main__":
    sys.exit(main())
