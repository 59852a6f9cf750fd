#!/usr/bin/env python3
"""Collateral, revocation lists and signers belong to the root that the evidence ends in. A second trusted root, simulated or given by
the user, judges nothing of it, and changes nothing of its verdict.

Usage: cross_root_test.py ATLS-SERVE ATLS-VERIFY ATLS-CONNECT CORPUS
"""

import base64
import json
import pathlib
import shutil
import struct
import sys
import tempfile
import uuid

from serve_support import Serve, Tally, outcomes, run, run_json

SERVE, VERIFY, CONNECT, CORPUS = map(pathlib.Path, sys.argv[1:5])
tally = Tally()
COMMON = ["--offline", "--no-cache"]
LOOSE = ["--any-measurement", "--allow-debug"]
SIMULATED = "--trust-simulated"

# The other root's: what an extra root must not bring in is left out one kind at a time.
QUOTES = ["sgx-quote/mobilecoin-sgx-v3-hw.bin", "sgx-quote/teepot-sgx-v3-2025.bin", "tdx-quote/gcp-tdx-v4-teepot-padded-8000.bin",
          "tdx-quote/oasis-tdx-v4-c0806f.bin", "tdx-quote/tinfoil-tdx-v4-2025.bin", "tdx-quote/tinfoil-tdx-v4-2026-06.bin"]
REPORTS = ["snp-report/gcp-milan-v2-automata.bin", "snp-report/azure-cc-genoa-v3-tav.bin", "snp-report/azure-cc-turin-v5-tav.bin",
           "snp-extended/aws-milan-v5-vlek-table-4096.bin"]
KINDS = {"all": (), "no TCB info": ("tcb-",), "no QE identity": ("qe-identity",), "no lists": ("intel-crl/", "amd-crl/"), "nothing": ("intel-", "amd-crl/")}


def detail(report, check):
    return next((c["detail"] for c in report["checks"] if c["id"] == check), "")


def export(folder, *options):
    status, out, err = run(SERVE, "--export-platform", folder, *options)
    tally.check(status == 0, f"export {options}: {status} {out}{err}")
    return folder


def judged(report):
    """What must not depend on another root; the flag itself is told in policy-loosened."""
    return {id_: outcome for id_, outcome in outcomes(report).items() if id_ != "policy-loosened"}


# ------------------------------------------------------------------------------------- genuine evidence beside the simulated root

def genuine_evidence():
    if not (CORPUS / "manifest.json").exists():
        print(f"SKIP: no evidence corpus at {CORPUS}")
        return
    entries = {e["file"]: e for e in json.loads((CORPUS / "manifest.json").read_text())["files"]}
    for file in QUOTES + REPORTS:
        entry = entries[file]
        for name, left_out in KINDS.items():
            needs = [n for n in entry["needs"] if not any(part in n and not n.startswith("intel-cert") for part in left_out)]
            options = [*COMMON, *LOOSE, "--at", entry["verification_time"], *(x for n in needs for x in ("--collateral-dir", CORPUS / n))]
            # What is missing is tolerated, so that an object of the other root has a chance to make a difference.
            for crl in ([["--crl", "if-available"], []] if name == "all" else [["--crl", "if-available", *(["--allow-missing-collateral"] if file in QUOTES else [])]]):
                plain, without = run_json(VERIFY, *options, *crl, CORPUS / file)
                extra, beside = run_json(VERIFY, *options, *crl, SIMULATED, CORPUS / file)
                where = f"{file}, {name} {crl}"
                tally.check(plain == extra, f"{where}: exit {plain} alone, {extra} beside the simulated root, {beside['verdict']['reason']}")
                same, other = judged(without), judged(beside)
                tally.check(same == other, f"{where}: outcomes {sorted(set(same.items()) ^ set(other.items()))}")
                tally.check(not beside["evidence"][0]["simulated"], f"{where}: called simulated")
                tally.check(all(c["source"] != "builtin" for c in beside["collateral"]), f"{where}: simulated collateral was used")


# ---------------------------------------------------------------------------------------------- Intel: two roots of the user's

def intel_two_roots(root):
    for tee in ("sim-tdx", "sim-sgx"):
        own = export(root / tee / "own", "--attester", tee)
        other = export(root / tee / "other", "--attester", tee, "--fault", "self-made-root")
        foreign_root = root / tee / "foreign-root.pem"
        foreign_root.write_text("-----BEGIN CERTIFICATE-----" + (other / "attestation-app" / "pckSignChain.pem").read_text().split("-----BEGIN CERTIFICATE-----")[2])
        policy = json.loads((own / "policy.json").read_text())
        policy.setdefault("defaults", {})["trust"] = {"roots": {"intel": [str(own / "trust-anchor.pem"), str(foreign_root)]}}
        both = root / tee / "both.json"
        both.write_text(json.dumps(policy))

        def look(collateral, *more, policy_file=both):
            folder = root / tee / "collateral"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for number, path in enumerate(collateral):
                shutil.copy(path, folder / f"{number}-{path.name}")
            return run_json(VERIFY, *COMMON, "--policy", policy_file, "--collateral-dir", folder, *more, own / "quote.bin")

        lists = [own / "attestation-app" / f"{n}Crl.der" for n in ("rootCa", "intermediateCa")]
        documents = ["tcbInfo.json", "qeIdentity.json", "tcbSignChain.pem"]
        of_own, of_other = ([folder / "attestation-app" / n for n in documents] for folder in (own, other))

        status, report = look(lists + of_own)
        tally.check(status == 0, f"{tee}: its own collateral under two roots: {status} {report['verdict']['reason']}")
        status, report = look(lists + of_own, "--trust-simulated", policy_file=own / "policy.json")
        tally.check(status == 0, f"{tee}: --trust-simulated: {status} {report['verdict']['reason']}")
        # Both there: the own one is taken, whatever stands first.
        for order in (of_own + of_other, of_other + of_own):
            status, report = look(lists + order)
            tally.check(status == 0, f"{tee}: collateral of both: {status} {report['verdict']['reason']}")
        # Alone, each by its own check; nothing else fails, and the status is not judged by it.
        for what, collateral, check in (("both documents", of_other, "tcb-info-signer-chain"), ("TCB info", [of_other[0], of_other[2], *of_own[1:]], "tcb-info-signer-chain"),
                                        ("QE identity", [*of_own[:1], *of_other[1:], of_own[2]], "qe-identity-signer-chain")):
            status, report = look(lists + collateral)
            found = outcomes(report)
            tally.check(status == 4, f"{tee}: {what} of the other root: exit {status}, expected 4")
            tally.check(report["verdict"]["reason"] == check, f"{tee}: {what} of the other root: {report['verdict']['reason']}")
            tally.check("another root" in detail(report, check), f"{tee}: {what}: {detail(report, check)}")
            failing = {c for c, o in found.items() if o == "fail"}
            tally.check(failing <= {"tcb-info-signer-chain", "qe-identity-signer-chain"}, f"{tee}: {what}: fails {sorted(failing)}")
        # A bundle of another program brings the issuer chains along.
        status, report = look(lists + [other / "collateral.json"])
        tally.check(status == 4 and report["verdict"]["reason"] == "tcb-info-signer-chain", f"{tee}: bundle of the other root: {status} {report['verdict']['reason']}")
        for kind, name in (("root-crl", "rootCa"), ("pck-crl", "intermediateCa")):
            theirs, ours = other / "attestation-app" / f"{name}Crl.der", own / "attestation-app" / f"{name}Crl.der"
            status, report = look(of_own + [theirs if path == ours else path for path in lists])
            tally.check(status == 4 and report["verdict"]["reason"] == f"{kind}-signature", f"{tee}: {kind} of the other root: {status} {report['verdict']['reason']}")
            status, report = look(of_own + lists + [theirs])
            tally.check(status == 0, f"{tee}: {kind} of both roots: {status} {report['verdict']['reason']}")


# -------------------------------------------------------------------------------------------------- AMD: two roots of the user's

VCEK, ARK = "63da758d-e664-4564-adc5-f4b93be8accd", "c0b406a4-a803-4952-9743-3fb6014cd0ae"


def der(path):
    return base64.b64decode("".join(line for line in path.read_text().splitlines() if not line.startswith("-")))


def table(*entries):
    at, head, blobs = 24 * (len(entries) + 1), b"", b""
    for guid, blob in entries:
        head += uuid.UUID(guid).bytes + struct.pack("<II", at + len(blobs), len(blob))   # byte order: as GHCB tables of real hosts
        blobs += blob
    return head + bytes(24) + blobs


def amd_two_roots(root):
    own, foreign = export(root / "snp"), export(root / "snp-foreign", "--fault", "self-made-root")
    foreign_list = export(root / "snp-list", "--fault", "crl-wrong-issuer") / "crl.der"   # of the key that is the root of `foreign`
    anchors = ["--trust-anchor", own / "ask_ark.pem", "--trust-anchor", foreign / "certs" / "ark.pem"]
    lists = {"own": own / "crl.der", "foreign": foreign_list}

    def look(ark, crl, *more):
        evidence = root / f"with-{ark}.bin"
        evidence.write_bytes((own / "report.bin").read_bytes()[:1184] + table((VCEK, der(own / "certs" / "vcek.pem")), (ARK, der({"own": own, "foreign": foreign}[ark] / "certs" / "ark.pem"))))
        return run_json(VERIFY, *COMMON, *anchors, "--policy", own / "policy.json", "--collateral-dir", lists[crl], *more, evidence)

    status, report = look("own", "own")
    tally.check(status == 0, f"AMD: its own root and list: {status} {report['verdict']['reason']}")
    # The ASK is known by its key, and its root is a fact: another trusted ARK of the same name is not it, nor is its list.
    for crl in lists:
        status, report = look("foreign", crl)
        tally.check(status == 2 and report["verdict"]["reason"] == "snp-ark-trusted", f"AMD: another trusted ARK, list {crl}: {status} {report['verdict']['reason']}")
    status, report = look("own", "foreign")
    tally.check(status == 4 and report["verdict"]["reason"] == "snp-crl-signature", f"AMD: list of another trusted root: {status} {report['verdict']['reason']}")
    # Without any ARK in the evidence, the anchors in either order.
    evidence = root / "bare.bin"
    evidence.write_bytes((own / "report.bin").read_bytes()[:1184] + table((VCEK, der(own / "certs" / "vcek.pem"))))
    for order in (anchors, [*anchors[2:], *anchors[:2]]):
        for crl, want, reason in (("own", 0, None), ("foreign", 4, "snp-crl-signature")):
            status, report = run_json(VERIFY, *COMMON, *order, "--policy", own / "policy.json", "--collateral-dir", lists[crl], evidence)
            tally.check(status == want and report["verdict"]["reason"] == reason, f"AMD: {crl} list, anchors {order[1].name} first: {status} {report['verdict']['reason']}")


# ------------------------------------------------------------------------------------------- what an untrusted root does not prove

def untrusted_root():
    for attester in ("sim-snp", "sim-tdx"):
        with Serve(SERVE, "--attester", attester, log_json=False) as server:
            for trusted in (False, True):
                status, report = run_json(CONNECT, *COMMON, "--any-measurement", *([SIMULATED] if trusted else []), server.address)
                where = f"{attester}, {'trusted' if trusted else 'untrusted'} root"
                tally.check(status == (0 if trusted else 2), f"{where}: exit {status}, {report['verdict']['reason']}")
                tally.check(report["freshness"]["proven"] == trusted, f"{where}: freshness {report['freshness']}")
                tally.check((report["binding"]["level"] != "none") == trusted, f"{where}: binding {report['binding']['level']}")
                bound = next(c for c in report["checks"] if c["id"] in ("snp-report-data-binding", "report-data-binding") and c["outcome"] == "pass")
                tally.check((bound["signed_by"] not in ("", None)) == trusted, f"{where}: {bound['id']} signed by {bound['signed_by']!r}")
                if not trusted:
                    tally.check("-trusted" in detail(report, "atls-binding-level"), f"{where}: {detail(report, 'atls-binding-level')}")
    # A revoked authority signs nothing either.
    with tempfile.TemporaryDirectory() as temporary:
        folder = export(pathlib.Path(temporary) / "revoked", "--fault", "ask-revoked")
        with Serve(SERVE, "--attester", "sim-snp", log_json=False) as server:
            status, report = run_json(CONNECT, *COMMON, "--any-measurement", "--trust-anchor", folder / "trust-anchor.pem", "--collateral-dir", folder / "crl.der", server.address)
            tally.check(status == 2 and report["verdict"]["reason"] == "snp-ask-not-revoked", f"revoked ASK: {status} {report['verdict']['reason']}")
            tally.check(not report["freshness"]["proven"] and report["binding"]["level"] == "none", f"revoked ASK: {report['freshness']} {report['binding']['level']}")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        intel_two_roots(root)
        amd_two_roots(root)
    untrusted_root()
    genuine_evidence()
    return tally.finish("roots judge only what ends in them")


sys.exit(main())
