#!/usr/bin/env python3
"""Every option about evidence over every kind of evidence: where it cannot apply the exit status is 1 and the option is named, and nowhere else.

option_scope_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT

The expectations stand here a second time, apart from the table of the programs. An option of --help without a row here fails.
"""
import base64
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT = sys.argv[1:4]
check = Checks()
GROUPS = ["Pins", "Minimums", "Demands", "Policy", "Loosening", "Evidence"]
KINDS = ["snp", "tdx", "sgx", "dummy"]


def hexa(size):
    return "ab" * size


GUID = "63da758d-e664-4564-adc5-f4b93be8accd"
# option: (kinds that it can apply to, value; None where it takes none)
ROWS = {
    "snp": {
        "--measurement": hexa(48), "--host-data": hexa(32), "--id-key-digest": hexa(48), "--author-key-digest": hexa(48), "--family-id": hexa(16), "--image-id": hexa(16),
        "--report-id": hexa(32), "--report-id-ma": hexa(32), "--chip-id": hexa(64), "--product": "Milan", "--signer": "vcek", "--csp-id": "x", "--vmpl": "0",
        "--guest-policy": "0x30000", "--platform-info": "0x25", "--min-tcb": "snp=1", "--min-launch-tcb": "snp=1", "--min-current-tcb": "snp=1", "--min-committed-tcb": "snp=1",
        "--min-cert-tcb": "snp=1", "--min-guest-svn": "0", "--min-firmware": "1.0", "--min-build": "0", "--min-abi": "0.0", "--min-report-version": "2",
        "--require-single-socket": None, "--require-mem-aes-256-xts": None, "--require-rapl-dis": None, "--require-ciphertext-hiding-dram": None, "--require-page-swap-disable": None,
        "--forbid-smt": None, "--forbid-cxl": None, "--require-platform-ecc": None, "--require-platform-rapl-dis": None, "--require-platform-ciphertext-hiding-dram": None,
        "--require-platform-alias-check-complete": None, "--forbid-platform-smt": None, "--forbid-platform-tsme": None, "--forbid-platform-tio": None, "--require-id-block": None,
        "--require-author-key": None, "--forbid-provisional": None, "--require-launch-mitigations": "1", "--require-current-mitigations": "1", "--require-cert-entry": GUID,
        "--allow-migration": None, "--allow-reserved-nonzero": None, "--allow-unknown-version": None,
    },
    "tdx": {
        "--mrtd": hexa(48), "--rtmr": "0=" + hexa(48), "--mr-config-id": hexa(48), "--mr-owner": hexa(48), "--mr-owner-config": hexa(48), "--events": "a=00", "--mr-servicetd": hexa(48),
        "--mr-seam": hexa(48), "--mr-signer-seam": hexa(48), "--td-attributes": hexa(8), "--xfam": hexa(8), "--min-tee-tcb-svn": "00" * 15 + "01", "--min-tee-tcb-svn-2": "00" * 15 + "01",
        "--require-event-log": None, "--require-sept-ve-disable": None, "--allow-migratable": None, "--allow-service-td": None, "--allow-rtmr-partial": None, "--event-log": "LOG",
    },
    "sgx": {
        "--mr-enclave": hexa(32), "--mr-signer": hexa(32), "--isv-prod-id": "0", "--attributes": hexa(16), "--misc-select": hexa(4), "--config-id": hexa(64), "--isv-family-id": hexa(16),
        "--isv-ext-prod-id": hexa(16), "--min-isv-svn": "0",
    },
    "tdx sgx": {
        "--qe-vendor-id": hexa(16), "--fmspc": hexa(6), "--pce-id": hexa(2), "--ppid": hexa(16), "--piid": hexa(16), "--min-qe-svn": "0", "--min-pce-svn": "0", "--min-tcb-eval": "0",
        "--min-tcb-date": "2024-01-01T00:00:00Z", "--require-smt-disabled": None, "--require-memory-integrity": None, "--require-static-platform": None, "--tcb-profile": "qvl-2026",
        "--compare-tcb-profiles": None, "--allow-missing-collateral": None, "--allow-expired-collateral": None, "--allow-qe-padding": None, "--allow-tcb-status": "OutOfDate",
        "--allow-advisories": "INTEL-SA-00615", "--allow-tcb-override": "OVERRIDE",
    },
    "snp tdx sgx": {"--report-data": hexa(64), "--allow-debug": None},
    # About the connection or the policy as a whole; --policy says itself what it is about.
    "snp tdx sgx dummy": {"--any-measurement": None, "--binding-min": "none", "--require-freshness": None, "--fail-on-warn": None, "--allow-not-fresh": None},
}
TABLE = {option: (kinds.split(), value) for kinds, options in ROWS.items() for option, value in options.items()}
EXCLUDED = ["--measurement", "--mrtd", "--mr-enclave", "--any-measurement"]   # by --any-measurement, or given anyway


def options_of_help(program):
    """The options of the groups above."""
    found, group = set(), ""
    for line in run(program, "--help").out.splitlines():
        heading = re.fullmatch(r"([A-Z][A-Za-z ]*?)(?: \(.*\))?:", line)
        match = re.match(r"  (?:-\w,)?(--[^ ,]+)", line)
        if heading:
            group = heading.group(1)
        elif match and group in GROUPS:
            found.add(match.group(1))
    return found


def outcome(report):
    """Exit status of one report, outcome and detail of the check that says which evidence is fit."""
    kind = next((c for c in report["checks"] if c["id"] == "policy-evidence-kind"), {"outcome": "none", "detail": ""})
    return report["verdict"]["exit_code"], kind["outcome"], kind["detail"]


def walk(inputs, value_files):
    base = ["--trust-simulated", "--offline", "--no-cache", "--jsonl"]
    for option, (kinds, value) in sorted(TABLE.items()):
        arguments = [option] + ([] if value is None else [value_files.get(value, value)])
        consent = [] if option in EXCLUDED else ["--any-measurement"]
        result = run(VERIFY, *base, *consent, *arguments, *(inputs[k] for k in KINDS))
        reports = [json.loads(line) for line in result.out.splitlines()]
        check.that(len(reports) == len(KINDS), f"{option}: {len(reports)} reports\n{result}")
        for kind, report in zip(KINDS, reports):
            code, word, detail = outcome(report)
            if kind in kinds:
                check.that(code != 1 and word == "pass", f"{option} applies to {kind}: exit {code}, policy-evidence-kind {word}: {detail}")
            else:
                named = option in detail or "the demand" in detail   # a demand without a value is named by what it is
                check.that(code == 1 and word == "fail" and named and "cannot apply" in detail, f"{option} cannot apply to {kind}: exit {code}, policy-evidence-kind {word}: {detail}")


def dated_and_rejected(inputs, where):
    """Rejected evidence stays rejected; a policy about other evidence does not hide that the command line is wrong."""
    base = ["--trust-simulated", "--offline", "--no-cache", "--json"]
    broken = where / "broken.bin"
    data = bytearray(inputs["snp"].read_bytes())
    data[0x90] ^= 1
    broken.write_bytes(data)
    for option in (["--allow-tcb-status", "OutOfDate"], ["--mrtd", hexa(48)], ["--compare-tcb-profiles"]):
        report = json.loads(run(VERIFY, *base, *option, broken).out)
        check.that(outcome(report)[:2] == (2, "fail"), f"{option} on rejected evidence: {outcome(report)}")
    other = where / "other.json"
    other.write_text(json.dumps({"schema": "atls-policy/1", "alternatives": [{"evidence": ["tdx"], "tdx": {"mr_td": hexa(48)}}]}))
    report = json.loads(run(VERIFY, *base, "--policy", other, inputs["snp"]).out)
    check.that(outcome(report)[:2] == (5, "fail"), f"a policy about other evidence: {outcome(report)}")
    report = json.loads(run(VERIFY, *base, "--policy", other, "--allow-tcb-status", "OutOfDate", inputs["snp"]).out)
    check.that(outcome(report)[:2] == (1, "fail"), f"a policy and an option about other evidence: {outcome(report)}")


def connections(server, value_files):
    """The same table judges a live peer, and a client."""
    for option, code in ((["--allow-tcb-status", "OutOfDate"], 1), (["--event-log", value_files["LOG"]], 1), (["--mrtd", hexa(48)], 1), (["--allow-migration"], 0), (["--allow-rtmr-partial"], 1)):
        consent = [] if "--mrtd" in option else ["--any-measurement"]
        result = run(CONNECT, "--trust-simulated", "--offline", "--no-cache", "--json", *consent, *option, server)
        check.code(result, code, f"atls-connect {option}")
    for option, code in ((["--tcb-profile", "qvl-2024"], 3), (["--allow-debug"], 0)):
        with Serve(SERVE, "--attester", "none", "--verify-client", "--any-measurement", "--trust-simulated", "--offline", "--no-cache", *option) as judging:
            result = run(CONNECT, "--attest-as", "sim-snp", "--allow-unattested-server", "--any-measurement", "--binding-min", "none", "--json", judging.address)
            check.code(result, code, f"atls-serve --verify-client {option}")
            client = judging.log(1)[0]["client_report"]
            check.that(client["verdict"]["exit_code"] == (1 if code else 0), f"the client is judged with {option}: {client['verdict']}")


def nonces(where, server):
    """A nonce is as long as its profile says, for a certificate, in a line of a stream, and before any file is looked at."""
    certificate = where / "leaf.pem"
    report = json.loads(run(CONNECT, "--trust-simulated", "--any-measurement", "--offline", "--no-cache", "--json", "--save-cert", certificate, server).out)
    nonce = report["freshness"]["nonce"]
    base = ["--trust-simulated", "--any-measurement", "--offline", "--no-cache"]
    check.code(run(VERIFY, *base, "--nonce", nonce, certificate), 0, "the nonce")
    for wrong in (nonce[2:], nonce + "00", "00"):
        result = run(VERIFY, *base, "--nonce", wrong, certificate)
        check.code(result, 1, "a nonce of another length")
        check.that("constellation has 32" in " ".join(result.out.split()), f"says how long a nonce is: {result.out}")
        line = json.dumps({"data": base64.b64encode(certificate.read_bytes()).decode(), "nonce": wrong}).encode()
        check.code(run(VERIFY, *base, "--stdin-jsonl", "--jsonl", stdin=line), 1, "a nonce of another length in a line")
    check.code(run(VERIFY, *base, "--nonce", "00" * 32, certificate), 2, "another nonce of that length")
    check.code(run(VERIFY, *base, "--nonce", "00", where / "missing"), 1, "wrong whatever the file")


def main():
    with folder() as name:
        where = pathlib.Path(name)
        for kind in ("snp", "tdx:version=5", "sgx"):
            run(SERVE, "--attester", f"sim-{kind}", "--export-platform", where / kind[:3], "--quiet")
        inputs = {"snp": where / "snp/extended.bin", "tdx": where / "tdx/quote.bin", "sgx": where / "sgx/quote.bin", "dummy": where / "dummy.bundle"}
        with Serve(SERVE, "--attester", "fake") as fake:
            run(CONNECT, "--trust-simulated", "--any-measurement", "--binding-min", "none", "--quiet", "--save-bundle", inputs["dummy"], fake.address)
        override = where / "override.json"
        override.write_text(json.dumps({"schema": "atls-tcb-override/1", "overrides": [{"fmspc": "90C06F000000", "components": "sgx", "index": 7, "cap": 3, "reason": "a test"}]}))
        log = where / "log.json"
        log.write_text(json.dumps([{"imr": 3, "event_type": 134217729, "digest": "00" * 48, "event": "a", "event_payload": "00"}]))
        value_files = {"OVERRIDE": override, "LOG": log}

        told = options_of_help(VERIFY)
        check.that(told - {"--policy"} == set(TABLE), f"options without a row here, or rows without an option: {sorted((told - {'--policy'}) ^ set(TABLE))}")
        check.that(options_of_help(CONNECT) - {"--policy"} == set(TABLE), "atls-connect has the same options about evidence")
        walk(inputs, value_files)
        dated_and_rejected(inputs, where)
        with Serve(SERVE, "--attester", "sim-snp") as server:
            connections(server.address, value_files)
            nonces(where, server.address)
        gone = run(VERIFY, "--rtmr-partial", inputs["tdx"])
        check.code(gone, 1, "the old name of --allow-rtmr-partial")
    return check.finish(f"{len(TABLE)} options over {len(KINDS)} kinds of evidence")


if __name__ == "__main__":
    sys.exit(main())
