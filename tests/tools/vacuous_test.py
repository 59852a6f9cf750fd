#!/usr/bin/env python3
"""What proves nothing is never a success, and what is wrong for good is never hidden by what is missing.

Servers without evidence, pins that identify nobody, binding levels that a profile does not have, undecided verdicts. Bytes in, exit status and report out.

vacuous_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT REPORT_SCHEMA
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from schema import Schema  # noqa: E402
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT = sys.argv[1:4]
SCHEMA = Schema(sys.argv[4])
check = Checks()
OFFLINE = ["--offline", "--no-cache"]
TRUST = ["--trust-simulated", *OFFLINE]


def detail_of(report, id_):
    return next((c["detail"] for c in report["checks"] if c["id"] == id_), "")


def judged(what, code, reason, command):
    """The report of a run that must end in this way."""
    result = run(*command, "--json")
    check.code(result, code, what)
    report = SCHEMA.parse(result.out)
    check.that((report["verdict"]["reason"] or "") == reason, f"{what}: reason {report['verdict']['reason']}, expected {reason or 'none'}")
    return report


def servers_without_evidence(where, platforms):
    """Where only we attest: consent to no evidence is no consent to leave out what is demanded of it."""
    consents = ["--any-measurement", "--binding-min", "none"]
    log = where / "log.json"
    log.write_text(json.dumps([{"imr": 3, "event_type": 134217729, "event": "a", "event_payload": "00"}]))
    rows = [
        ([], 0, ""), (["--allow-not-fresh", "--nonce", "07" * 32], 0, ""),
        (["--rtmr", "3=" + "ab" * 48], 5, "policy-evidence-kind"), (["--events", "a=00"], 5, "policy-evidence-kind"), (["--host-data", "ab" * 32], 5, "policy-evidence-kind"),
        (["--report-data", "ab" * 64], 5, "policy-evidence-kind"), (["--min-tcb", "snp=1"], 5, "policy-evidence-kind"), (["--min-tcb-eval", "1"], 5, "policy-evidence-kind"),
        (["--require-event-log"], 5, "policy-evidence-kind"), (["--event-log", log], 5, "policy-evidence-kind"), (["--require-sept-ve-disable"], 5, "policy-evidence-kind"),
        (["--require-id-block"], 5, "policy-evidence-kind"), (["--forbid-provisional"], 5, "policy-evidence-kind"), (["--tcb-profile", "qvl-2026"], 5, "policy-evidence-kind"),
        (["--policy", platforms["snp"] / "policy.json"], 5, "policy-evidence-kind"), (["--policy", platforms["tdx"] / "policy.json"], 5, "policy-evidence-kind"),
        (["--require-freshness"], 6, "atls-nonce-fresh"), (["--nonce", "07" * 32], 6, "atls-nonce-fresh"), (["--fail-on-warn"], 5, None),
    ]
    attest = [CONNECT, "--attest-as", "sim-snp", "--allow-unattested-server"]
    with Serve(SERVE, "--attester", "none", "--verify-client", "--any-measurement", *TRUST) as server:
        for more, code, reason in rows:
            result = run(*attest, *consents, *more, "--json", server.address)
            check.code(result, code, f"a server without evidence and {more}")
            report = SCHEMA.parse(result.out)
            check.that(reason is None or (report["verdict"]["reason"] or "") == reason, f"{more}: reason {report['verdict']['reason']}")
            check.that(not report["freshness"]["proven"] and report["binding"]["level"] == "none", f"{more}: nothing is proven")
            if reason == "policy-evidence-kind" and more[0] not in ("--policy", "--require-event-log", "--require-id-block", "--forbid-provisional"):
                check.that(more[0] in detail_of(report, reason), f"{more[0]} is named: {detail_of(report, reason)}")
        piped = run(*attest, *consents, "--rtmr", "3=" + "ab" * 48, "--pipe", server.address, stdin=b"secret\n")
        check.that(piped.code == 5 and piped.raw_out == b"", f"no byte before the verdict\n{piped}")
        judged("a pin instead of a consent", 5, "policy-evidence-kind", [*attest, "--binding-min", "none", "--measurement", "ab" * 48, server.address])
    # Neither side attests anything: whatever was allowed.
    with Serve(SERVE, "--attester", "sim-snp", "--fault", "no-evidence") as server:
        for attester in ("sim-snp", "none"):
            report = judged(f"neither attests, --attest-as {attester}", 3, "atls-evidence-present", [CONNECT, "--attest-as", attester, "--allow-unattested-server", *consents, server.address])
            check.that("nobody attested" in detail_of(report, "atls-evidence-present"), detail_of(report, "atls-evidence-present"))
            piped = run(CONNECT, "--attest-as", attester, "--allow-unattested-server", *consents, "--pipe", server.address, stdin=b"secret\n")
            check.that(piped.code == 3 and piped.raw_out == b"", f"neither attests, --pipe\n{piped}")
    # A document that nothing signs has no freshness to prove.
    with Serve(SERVE, "--attester", "fake") as server:
        judged("a dummy document", 0, "", [CONNECT, *TRUST, *consents, server.address])
        judged("a dummy document and --require-freshness", 6, "atls-nonce-fresh", [CONNECT, *TRUST, *consents, "--require-freshness", server.address])


def policy_of(kind, section):
    return {"schema": "atls-policy/1", "alternatives": [{"evidence": [kind], kind: section}]}


def masked(value, bits):
    """An equality over so many bits at the front."""
    mask = "ff" * (bits // 8)
    return {"equals": value, "mask": mask + "00" * (len(value) // 2 - len(mask) // 2)}


def pins(where, platforms):
    """What identifies nobody gives 6 and says why; what identifies somebody says what it leaves open."""
    own = {kind: json.loads((platforms[kind] / "policy.json").read_text())["alternatives"][0][kind] for kind in platforms}
    snp, tdx, sgx = own["snp"], own["tdx"], own["sgx"]
    claims = {kind: json.loads(run(VERIFY, *TRUST, "--any-measurement", "--json", evidence(platforms, kind)).out)["evidence"][0]["claims"] for kind in platforms}

    def claim(kind, name):
        def search(node):
            return node["value"] if node["name"] == name else next((v for v in map(search, node.get("children", [])) if v is not None), None)
        value = search(claims[kind])
        assert value, f"{kind} has no claim {name}"
        return value

    mr_td, rtmr = tdx["mr_td"], tdx["rtmr"]
    measurement, host_data, config = snp["measurement"], claim("snp", "host_data"), claim("tdx", "mr_config_id")
    enclave, signer, product = claim("sgx", "mr_enclave"), claim("sgx", "mr_signer"), claim("sgx", "isv_prod_id")
    if isinstance(measurement, dict):
        measurement = measurement["equals"]
    registers = ["RTMR0", "RTMR1", "RTMR2", "RTMR3"]
    # kind, section, exit status, words of the check that refuses or of not_proven, words that must not stand there
    rows = [
        ("tdx", {"rtmr": {"1": rtmr["1"]}}, 6, ["RTMR1 alone identifies no TD", "--mrtd"], []),
        ("tdx", {"rtmr": rtmr}, 6, ["RTMR0, RTMR1, RTMR2"], []),
        ("tdx", {"mr_config_id": config}, 6, ["MRCONFIGID alone identifies no image", "the host chooses it"], []),
        ("tdx", {"mr_config_id": config, "rtmr": {"2": rtmr["2"]}}, 6, ["MRCONFIGID alone", "RTMR2 alone"], []),
        ("tdx", {"mr_td": masked(mr_td, 8)}, 6, ["MRTD: 8 of 384 bits"], []),
        ("tdx", {"mr_td": masked(mr_td, 376)}, 6, ["376 of 384"], []),
        ("tdx", {"mr_td": masked(mr_td, 8), "rtmr": rtmr, "mr_config_id": config}, 6, ["8 of 384", "RTMR0", "MRCONFIGID"], []),
        ("tdx", {"mr_td": {"equals": mr_td, "severity": "warn"}, "rtmr": rtmr}, 6, ["RTMR0"], []),
        ("tdx", {"mr_td": masked(mr_td, 384)}, 0, registers, []),
        ("tdx", {"mr_td": mr_td}, 0, registers, []),
        ("tdx", {"mr_td": mr_td, "rtmr": {"0": rtmr["0"], "2": rtmr["2"]}}, 0, ["RTMR1 and RTMR3"], ["RTMR0", "RTMR2"]),
        ("tdx", {"mr_td": mr_td, "rtmr": {**rtmr, "1": masked(rtmr["1"], 16)}}, 0, ["RTMR1", "16 of 384 bits"], ["RTMR0"]),
        ("tdx", {"mr_td": mr_td, "rtmr": rtmr}, 0, [], registers),
        ("tdx", {"mr_td": mr_td, "mr_config_id": config}, 0, registers, ["the host chooses"]),
        ("snp", {"host_data": host_data}, 6, ["HOST_DATA alone identifies no image", "the host chooses it", "--measurement"], []),
        ("snp", {"measurement": masked(measurement, 8)}, 6, ["MEASUREMENT: 8 of 384 bits"], []),
        ("snp", {"measurement": masked(measurement, 376), "host_data": host_data}, 6, ["376 of 384", "HOST_DATA"], []),
        ("snp", {"measurement": masked(measurement, 384)}, 0, ["MEASUREMENT covers"], []),
        ("snp", {"measurement": measurement, "host_data": host_data}, 0, ["MEASUREMENT covers"], ["the host chooses"]),
        ("sgx", {"mr_signer": signer}, 6, ["MRSIGNER alone identifies no enclave"], []),
        ("sgx", {"mr_signer": masked(signer, 8), "isv_prod_id": product}, 6, ["MRSIGNER: 8 of 256", "ISVPRODID alone"], []),
        ("sgx", {"mr_enclave": masked(enclave, 8)}, 6, ["MRENCLAVE: 8 of 256 bits"], []),
        ("sgx", {"mr_signer": signer, "isv_prod_id": product}, 0, ["any of this signer and product id"], []),
        ("sgx", {"mr_enclave": enclave}, 0, [], ["enclave"]),
    ]
    file = where / "pins.json"
    for kind, section, code, words, absent in rows:
        file.write_text(json.dumps(policy_of(kind, section)))
        what = f"{kind} {json.dumps(section)[:120]}"
        report = judged(what, code, "" if code == 0 else f"{kind}-no-reference", [VERIFY, *TRUST, "--policy", file, evidence(platforms, kind)])
        told = detail_of(report, f"{kind}-no-reference") if code == 6 else "\n".join(report["not_proven"])
        for word in words:
            check.that(word in told, f"{what}: {word!r} is not told: {told}")
        for word in absent:
            check.that(word not in told, f"{what}: {word!r} is told: {told}")
        if code == 6:   # the consent is to exactly that
            judged(what + " with --any-measurement", 0, "", [VERIFY, *TRUST, "--policy", file, "--any-measurement", evidence(platforms, kind)])
    # Flags, a live server, and a client.
    for kind, flags in (("tdx", ["--rtmr", "1=" + rtmr["1"]]), ("tdx", ["--mr-config-id", config]), ("snp", ["--host-data", host_data])):
        judged(f"{kind} {flags}", 6, f"{kind}-no-reference", [VERIFY, *TRUST, *flags, evidence(platforms, kind)])
    with Serve(SERVE, "--attester", "sim-snp") as server:
        judged("a live server pinned by host data", 6, "snp-no-reference", [CONNECT, *TRUST, "--host-data", host_data, server.address])
        report = judged("a live server pinned by measurement", 0, "", [CONNECT, *TRUST, "--measurement", measurement, server.address])
        check.that(any("MEASUREMENT covers" in s for s in report["not_proven"]), "what the pin leaves open")
    for flags in (["--host-data", host_data], ["--rtmr", "1=" + rtmr["1"]]):
        try:
            check.code(run(SERVE, "--verify-client", *TRUST, *flags, "--once", "127.0.0.1:0", timeout=20), 1, f"a server that would refuse every client: {flags}")
        except subprocess.TimeoutExpired:
            check.that(False, f"a server that would refuse every client serves: {flags}")


def levels(platforms):
    """A level that the profile does not have is told as such, and blames no signature."""
    with Serve(SERVE, "--attester", "sim-snp") as snp, Serve(SERVE, "--attester", "sim-tdx") as tdx:
        for server in (snp, tdx):
            for level in ("handshake", "application"):
                report = judged(f"--binding-min {level}", 6, "atls-binding-level", [CONNECT, *TRUST, "--any-measurement", "--binding-min", level, server.address])
                told = detail_of(report, "atls-binding-level")
                check.that("binds evidence to no more" in told and "signed" not in told, f"--binding-min {level}: {told}")
                check.that(report["binding"]["level"] == "key", "the level that holds is told")
            judged("--binding-min key", 0, "", [CONNECT, *TRUST, "--any-measurement", "--binding-min", "key", server.address])
    report = judged("raw evidence", 6, "atls-binding-level", [VERIFY, *TRUST, "--any-measurement", "--binding-min", "key", evidence(platforms, "snp")])
    check.that("no channel" in detail_of(report, "atls-binding-level"), detail_of(report, "atls-binding-level"))


def undecided(where, platforms):
    """Collateral is missing, and the guest is wrong all the same."""
    rows = [   # platform, options, the missing input, what fails for good
        ("snp-debug", ["--any-measurement"], "snp-crl-available", ["snp-policy-debug"]),
        ("snp-debug", ["--measurement", "ab" * 48], "snp-crl-available", ["snp-policy-debug", "snp-policy-measurement"]),
        ("snp", [], "snp-crl-available", ["snp-no-reference"]),
        ("snp", ["--any-measurement", "--fail-on-warn"], "snp-crl-available", ["policy-loosened"]),
        ("snp", ["--any-measurement"], "snp-crl-available", []),
        ("tdx-debug", ["--any-measurement"], None, ["td-debug"]),
        ("tdx", ["--mrtd", "ab" * 48], None, ["policy-mr-td"]),
        ("tdx", ["--any-measurement"], None, []),
        ("sgx-debug", ["--any-measurement"], None, ["sgx-debug"]),
    ]
    for kind, fault in (("snp", "debug"), ("tdx", "td-debug"), ("sgx", "sgx-debug")):
        platforms[kind + "-debug"] = where / (kind + "-debug")
        run(SERVE, "--attester", f"sim-{kind}", "--fault", fault, "--export-platform", platforms[kind + "-debug"], "--quiet")
    for platform, options, missing, failed in rows:
        # The root is trusted, and neither revocation lists nor TCB data are at hand.
        base = [VERIFY, *OFFLINE, "--trust-anchor", platforms[platform] / "trust-anchor.pem", *options, evidence(platforms, platform)]
        what = f"{platform} {options}"
        result = run(*base, "--json")
        check.code(result, 4, what)
        report = SCHEMA.parse(result.out)
        reason = report["verdict"]["reason"]
        check.that(missing is None or reason == missing, f"{what}: reason {reason}")
        also = [s for s in report["not_proven"] if s.startswith("not acceptable even when")]
        check.that(bool(also) == bool(failed) and (not also or report["not_proven"][0] == also[0]), f"{what}: {report['not_proven']}")
        if also:
            check.that(set(failed) <= set(also[0].split(": ")[1].split(", ")), f"{what}: {also}")
        for form in ([], ["--brief"]):
            text = run(*base, *form).out
            why = text[text.index("  why "):text.index("  what next ")]
            check.that(reason in why, f"{what} {form}: {why}")
            for id_ in failed:
                check.that("  and " in why and id_ in why, f"{what} {form}: {id_} is not in {why}")
            check.that(bool(failed) == ("  and " in why) == ("that alone will not be enough" in " ".join(text.split())), f"{what} {form}: {text[:900]}")
        if failed:
            check.that(failed[0] in run(*base, "--junit").out and failed[0] in run(*base, "--jsonl").out, f"{what}: the other forms")
    # A rejection has the one reason, as before.
    text = run(VERIFY, *OFFLINE, "--any-measurement", "--brief", evidence(platforms, "snp-debug")).out
    check.that(text.startswith("REJECTED") and "  and " not in text, text)
    # A server tells what it refused a client for.
    anchor = ["--trust-anchor", platforms["snp"] / "trust-anchor.pem"]
    with Serve(SERVE, "--attester", "none", "--verify-client", "--any-measurement", *OFFLINE, *anchor) as server:
        result = run(CONNECT, "--attest-as", "sim-snp", "--fault", "debug", "--allow-unattested-server", "--any-measurement", "--binding-min", "none", server.address)
        check.code(result, 3, "the server refuses us")
        line = server.log(1)[0]
        check.that("undecided" in line["failure"] and "snp-policy-debug" in line["failure"], f"the log of the server: {line['failure']}")


def evidence(platforms, kind):
    return platforms[kind] / ("extended.bin" if kind.startswith("snp") else "quote.bin")


def main():
    with folder() as name:
        where = pathlib.Path(name)
        platforms = {}
        for kind, parameters in (("snp", ""), ("tdx", ":mr-config-id=" + "ac" * 48), ("sgx", "")):
            platforms[kind] = where / kind
            exported = run(SERVE, "--attester", f"sim-{kind}{parameters}", "--export-platform", platforms[kind], "--quiet")
            assert exported.code == 0, exported
        servers_without_evidence(where, dict(platforms))
        pins(where, dict(platforms))
        levels(platforms)
        undecided(where, platforms)
    return check.finish("vacuous proofs, and failures beside what is missing")


if __name__ == "__main__":
    sys.exit(main())
