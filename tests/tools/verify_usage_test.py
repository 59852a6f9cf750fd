#!/usr/bin/python3
"""atls-verify: every wrong command line is one clear line that leads to the fix, and exit 1. Nothing is judged then.

verify_usage_test.py ATLS_VERIFY
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tools import Checks, folder, run, snp_report  # noqa: E402

VERIFY = pathlib.Path(sys.argv[1]).resolve()   # the test changes its folder
check = Checks()
M = "ab" * 48

# Arguments, and what the error line must contain. R is a readable report, N names nothing.
WRONG = [
    ([], "no input"),
    (["--nonse", "00", "R"], "unknown option --nonse"),
    (["--nonce", "zz", "R"], "--nonce"),
    (["--nonce", "", "R"], "--nonce: the value is empty"),
    (["--nonce", "00" * 1025, "R"], "longer than 1024 bytes"),
    (["R", ""], "empty"),
    (["-", "-"], "more than once"),
    (["--stdin-jsonl", "R"], "--stdin-jsonl excludes FILE"),
    (["--policy", "-", "-"], "--policy -"),
    (["--profile", "tls", "R"], "--profile: tls is not known"),
    (["--as", "snp-reprot", "R"], "is not a kind of input"),
    (["--jobs", "0", "R"], "--jobs"),
    (["--jobs", "many", "R"], "--jobs"),
    (["--json", "--jsonl", "R"], "excludes"),
    (["--at", "yesterday", "R"], "is not a time"),
    (["--at", "2026-02-30", "R"], "is not a time"),
    (["--at", "", "R"], "--at: the value is empty"),
    (["--crl", "maybe", "R"], "--crl"),
    (["--crl", "", "R"], "--crl"),
    (["--offline", "--kds-url", "https://kds.example", "R"], "--kds-url excludes --offline"),
    (["--kds-url", "ftp://kds.example", "R"], "scheme"),
    (["--offline", "--pcs-url", "https://pcs.example", "R"], "--pcs-url excludes --offline"),
    (["--pcs-url", "http://pcs.example", "R"], "https"),
    (["--pcs-url", "https://pcs.example/?x=1", "R"], "--pcs-url"),
    (["--pcs-update", "late", "R"], "--pcs-update"),
    (["--policy", "offline.json", "--pcs-url", "https://pcs.example", "R"], "offline.json demands to stay offline"),
    (["--save-collateral", "x", "R", "R"], "--save-collateral needs exactly one FILE"),
    (["--save-collateral", "x", "--stdin-jsonl"], "--save-collateral needs exactly one FILE"),
    (["--save-collateral", "", "R"], "--save-collateral"),
    (["--save-collateral", "x", "--collateral-format", "pdf", "R"], "--collateral-format"),
    (["--collateral-format", "dcap-qvl", "R"], "--save-collateral"),
    (["--within", "7d", "R"], "--collateral-expiry"),
    (["--collateral-expiry", ""], "--collateral-expiry"),
    (["--collateral-expiry", ".", "R"], "--collateral-expiry excludes FILE"),
    (["--collateral-expiry", ".", "--offline"], "--collateral-expiry excludes --offline"),
    (["--collateral-expiry", ".", "--jsonl"], "--collateral-expiry excludes --jsonl"),
    (["--collateral-expiry", ".", "--within", "7"], "--within"),
    (["--collateral-expiry", ".", "--within", "-1d"], "--within"),
    (["--collateral-expiry", ".", "--within", "1y"], "--within"),
    (["--collateral-expiry", ".", "--at", "soon"], "is not a time"),
    (["--kds-url", "http://kds.example", "R"], "https"),
    (["--cache-dir", "x", "--no-cache", "R"], "excludes"),
    (["--collateral-dir", "N", "R"], "--collateral-dir: N: no such file"),
    (["--trust-anchor", "N", "R"], "--trust-anchor: N: cannot open"),
    (["--trust-anchor", "R", "R"], "--trust-anchor: R"),
    (["--trust-anchor", "", "R"], "--trust-anchor"),
    (["--policy", "N", "R"], "--policy: N: cannot open"),
    (["--policy", "R", "R"], "--policy: R"),
    (["--policy", "", "R"], "--policy: the value is empty"),
    (["--policy", "unknown-key.json", "R"], 'unknown-key.json#/alternatives/0/snp/mesurement: unknown key "mesurement"; did you mean "measurement"?'),
    (["--policy", "twice.json", "R"], "twice.json"),
    (["--policy", "nitro.json", "R"], "not supported by this version"),
    (["--policy", "revoked.json", "R"], 'revoked.json#/alternatives/0/tdx/tcb_status/any_of/0: "Revoked" is never accepted'),
    (["--policy", "foreign.json", "R"], "foreign.json#/alternatives/0/tdx: the alternative is about snp evidence"),
    (["--policy", "forbids.json", "--allow-debug", "R"], "forbids.json forbids debug"),
    (["--mrtd", "00" * 48, "R"], "--mrtd: the value is all zero"),
    (["--mrtd", M, "--any-measurement", "R"], "--any-measurement"),
    (["--rtmr", M, "R"], "is not of the form N=HEX"),
    (["--rtmr", "4=" + M, "R"], "--rtmr: unknown key"),
    (["--rtmr", "0=" + M[2:], "R"], "--rtmr: 48 bytes"),
    (["--td-attributes", "00000010", "R"], "--td-attributes: 8 bytes"),
    (["--xfam", "e702060000000000/", "R"], "--xfam: the value is empty"),
    (["--min-tee-tcb-svn", "05", "R"], "--min-tee-tcb-svn: 16 bytes"),
    (["--min-qe-svn", "65536", "R"], "too large"),
    (["--min-tcb-date", "2024", "R"], "RFC 3339"),
    (["--isv-prod-id", "-1", "R"], "--isv-prod-id"),
    (["--fmspc", "", "R"], "--fmspc: the value is empty"),
    (["--events", "compose-hash", "R"], "is not of the form NAME=HEX"),
    (["--policy", "expired.json", "R"], "expired at 2020-01-01T00:00:00Z"),
    (["--policy", "early.json", "R"], "valid from 2999-01-01T00:00:00Z"),
    (["--policy", "expired.json", "--at", "2018-01-01", "R"], "valid from 2019-01-01T00:00:00Z"),
    (["--policy", "strict.json", "--allow-debug", "R"], "strict.json forbids debug"),
    (["--policy", "strict.json", "--allow-not-fresh", "R"], "strict.json requires freshness"),
    (["--policy", "offline.json", "--kds-url", "https://kds.example", "R"], "offline.json demands to stay offline"),
    (["--measurement", "", "R"], "--measurement: the value is empty"),
    (["--measurement", M[2:], "R"], "--measurement: 48 bytes"),
    (["--measurement", "00" * 48, "R"], "all zero"),
    (["--report-data", "00" * 64, "R"], "all zero"),
    (["--host-data", "xyz", "R"], "--host-data"),
    (["--measurement", M, "--any-measurement", "R"], "--any-measurement"),
    (["--product", "milan", "R"], 'did you mean "Milan"?'),
    (["--signer", "vek", "R"], "--signer"),
    (["--vmpl", "4", "R"], "--vmpl"),
    (["--min-tcb", "snp=8,snp=9", "R"], "twice"),
    (["--min-tcb", "snp", "R"], "NAME=NUMBER"),
    (["--min-tcb", "snp=8", "--min-tcb", "tee=0", "R"], "more than once"),
    (["--min-firmware", "1", "R"], "--min-firmware"),
    (["--min-build", "300", "R"], "too large"),
    (["--require-launch-mitigations", "0", "R"], "demands nothing"),
    (["--require-cert-entry", "vcek", "R"], "not a GUID"),
    (["--binding-min", "high", "R"], "is not a level"),
    (["--binding-min", "key", "--binding-min", "none", "R"], "more than once"),
    (["--allow-not-fresh", "--require-freshness", "R"], "excludes"),
    (["--allow-tcb-status", "Revoked", "R"], '--allow-tcb-status: "Revoked" is never accepted'),
    (["--allow-tcb-status", "NOT_SUPPORTED@2030-01-01:x", "R"], "never accepted"),
    (["--allow-tcb-status", "OutOfdate", "R"], 'did you mean "OutOfDate"?'),
    (["--allow-tcb-status", "", "R"], "--allow-tcb-status"),
    (["--allow-tcb-status", "OutOfDate", "--allow-tcb-status", "OutOfDate@soon", "R"], "is not a time"),
    (["--allow-advisories", "INTEL-SA-00615,", "R"], "--allow-advisories: an advisory id is empty"),
    (["--allow-tcb-override", "N", "R"], "--allow-tcb-override: N: cannot open"),
    (["--allow-tcb-override", "", "R"], "--allow-tcb-override: the value is empty"),
    (["--tcb-profile", "qvl", "R"], "expected qvl-2026, qvl-2024, go-tdx-guest, dcap-qvl"),
    (["--tcb-profile", "qvl-2024", "--tcb-profile", "qvl-2024", "R"], "more than once"),
    (["--report", "no/such/folder/out", "R"], "--report"),
]

ONE = '{"schema":"atls-policy/1",%s"alternatives":[{"evidence":["snp"]%s}]}'
POLICIES = {
    "unknown-key.json": ONE % ("", f',"snp":{{"mesurement":"{M}"}}'),
    "twice.json": ONE % ('"name":"a","name":"b",', ""),
    "nitro.json": '{"schema":"atls-policy/1","alternatives":[{"evidence":["nitro"]}]}',
    "revoked.json": '{"schema":"atls-policy/1","alternatives":[{"evidence":["tdx"],"tdx":{"tcb_status":{"any_of":["Revoked"]}}}]}',
    "foreign.json": ONE % ("", f',"tdx":{{"mr_td":"{M}"}}'),
    "forbids.json": '{"schema":"atls-policy/1","alternatives":[{"evidence":["sgx"],"sgx":{"debug":"forbid"}}]}',
    "expired.json": ONE % ('"not_before":"2019-01-01T00:00:00Z","not_after":"2020-01-01T00:00:00Z",', ""),
    "early.json": ONE % ('"not_before":"2999-01-01T00:00:00Z",', ""),
    "strict.json": ONE % ('"freshness":{"required":true},', ',"snp":{"debug":"forbid"}'),
    "offline.json": ONE % ('"defaults":{"trust":{"offline":true}},', ""),
}


def main():
    import os
    with folder() as name:
        os.chdir(name)
        pathlib.Path("R").write_bytes(snp_report())
        for file, text in POLICIES.items():
            pathlib.Path(file).write_text(text)
        for arguments, says in WRONG:
            result = run(VERIFY, *arguments)
            check.code(result, 1, says)
            lines = result.err.splitlines()
            check.that(lines and lines[0].startswith("atls-verify: error: ") and says in lines[0], f"expected {says!r} in the first line\n{result}")
            check.that(len(lines) <= 2 and all(line.startswith("atls-verify: ") for line in lines), f"more than an error and a hint\n{result}")
            check.that(result.out == "", f"something on standard output\n{result}")
        for arguments, says in [(["--help"], "Example:"), (["--version"], "atls-verify "), (["--list-checks"], "snp-report-signature"),
                                (["--list-checks", "--json"], '"id": "snp-report-signature"'), (["--print-policy-schema"], "atls-policy/1")]:
            result = run(VERIFY, *arguments)
            check.code(result, 0, arguments[0])
            check.that(says in result.out and result.err == "", f"expected {says!r}\n{result}")
        check.that(not pathlib.Path("no").exists(), "a folder was made")
        # Nothing to save says nothing about the evidence: the verdict keeps its exit status, and what happened is told.
        plain, saving = run(VERIFY, "--offline", "--no-cache", "R"), run(VERIFY, "--offline", "--no-cache", "--save-collateral", "saved", "R")
        check.code(saving, plain.code, "--save-collateral of evidence without Intel collateral")
        check.that("--save-collateral: " in saving.err and not pathlib.Path("saved").exists(), f"expected a word about --save-collateral and no file\n{saving}")
    return check.finish("atls-verify usage errors")


if __name__ == "__main__":
    sys.exit(main())
