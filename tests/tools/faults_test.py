#!/usr/bin/env python3
"""Every fault of SEV-SNP platforms, against atls-connect where a handshake carries it and atls-verify where only an export does.
Without a fault both tools say 0. What is compared: fault_support.py.
Usage: faults_test.py ATLS-SERVE ATLS-CONNECT ATLS-VERIFY
"""

import pathlib
import sys
import tempfile

from fault_support import VERSIONS, FaultRuns, Platform

# Written out here and not read from the program, so that a fault that is lost is noticed.
EVIDENCE_FAULTS = """sig-bitflip body-bitflip sig-big-endian sig-zero algo-zero version-1 version-6 reserved-nonzero mitvec-in-v3
 policy-bit17 debug vmpl-1 vmpl-host host-data measurement report-data tcb-rollback tcb-cert-higher tcb-layout-swap
 committed-gt-current provisional chip-id-mismatch chip-id-zero other-chip vlek-as-vcek signing-key-none wrong-ask wrong-ark self-made-root
 vcek-expired vcek-future vcek-extra-ext vcek-spl-missing vcek-hwid-octet product-mismatch ask-revoked crl-expired
 tcb-layout-rewritten vcek-of-other-chip vcek-of-other-tcb report-as-text
 crl-wrong-issuer table-no-terminator table-oob table-wrap table-dup table-mixed-endian-guid hcl-hash extra-data""".split()
HANDSHAKE_FAULTS = """no-evidence stale-nonce empty-nonce foreign-key zero-report-data nonce-only-report-data user-data-foreign
 two-evidence wrong-oid document-truncated document-trailing leaf-expired leaf-future leaf-bad-signature leaf-critical
 no-nonce-request two-nonce-requests tickets large-certificate rsa-1024-key ec-224-key static-rsa p224-exchange""".split()
CLIENT_FAULTS = ["no-evidence", "stale-nonce", "foreign-key", "rsa-1024-key"]
EXPORT_ONLY = ["table-", "ask-revoked", "crl-", "hcl-hash", "extra-data", "report-as-text"]

PLATFORMS = [Platform("milan", "snp", [], "sim-snp"), Platform("genoa", "snp", ["--product", "genoa"], "sim-snp:product=genoa"),
             Platform("turin", "snp", ["--product", "turin"], "sim-snp:product=turin"), Platform("milan vlek", "snp", ["--vlek"], "sim-snp:vlek")]
IMPOSSIBLE = {("turin", "product-mismatch"),   # the other lines have another TCB layout, so more than the product would be wrong
              ("milan vlek", "chip-id-zero")}  # a VLEK platform masks its chip id anyway

runs = FaultRuns(*map(pathlib.Path, sys.argv[1:4]))
tally = runs.tally


def possible(fault, platform):
    return (platform.name, fault["name"]) not in IMPOSSIBLE and not (fault["needs"] == "vcek" and "--vlek" in platform.options)


def main():
    faults = runs.listed("snp")
    by_name = {fault["name"]: fault for fault in faults}
    for name in EVIDENCE_FAULTS + HANDSHAKE_FAULTS:
        tally.check(name in by_name, f"{name} is not in the list")
        only_export = any(name.startswith(prefix) for prefix in EXPORT_ONLY)
        tally.check(name in by_name and by_name[name]["in_handshake"] != only_export, f"{name}: in_handshake is wrong")
    tally.check([f["name"] for f in faults if f["client"]] == CLIENT_FAULTS, "the faults of clients are others")

    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        for platform in PLATFORMS:
            first = platform is PLATFORMS[0]
            plain = root / platform.name / "none"
            runs.without_fault(platform, plain, runs.export(plain, platform), ["extended.bin", "tsm"])
            for fault in faults:
                if not possible(fault, platform):
                    continue
                folder = root / platform.name / fault["name"]
                of_platform = fault["layer"] != "handshake"
                policy = runs.export(folder, platform, "--fault", fault["name"]) if of_platform else plain / "policy.json"
                if not fault["in_handshake"]:
                    runs.through_export(fault, platform, folder, policy)
                elif of_platform or first:   # what the handshake layer does has nothing to do with the product
                    runs.through_handshake(fault, platform, policy, VERSIONS if first else VERSIONS[1:])
        for name in CLIENT_FAULTS:
            runs.from_client(by_name[name], PLATFORMS[0], root / "milan" / "none" / "policy.json")
    return runs.finish(len(faults))


sys.exit(main())
