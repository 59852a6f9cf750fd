#!/usr/bin/env python3
"""Every fault of simulated Intel platforms: of TDX against atls-connect where a handshake carries it, else, and for SGX always,
as an export against atls-verify; faults of the service through --serve-collateral. Without a fault every tool says 0. What is
compared: fault_support.py.
Usage: intel_faults_test.py ATLS-SERVE ATLS-CONNECT ATLS-VERIFY
"""

import pathlib
import sys
import tempfile

from fault_support import VERSIONS, CollateralServer, FaultRuns, Platform
from serve_support import run, run_json

# Written out here and not read from the program, so that a fault that is lost is noticed.
HANDSHAKE_FAULTS = """no-evidence stale-nonce empty-nonce foreign-key zero-report-data nonce-only-report-data user-data-foreign
 two-evidence wrong-oid document-truncated document-trailing leaf-expired leaf-future leaf-bad-signature leaf-critical
 no-nonce-request two-nonce-requests tickets large-certificate rsa-1024-key ec-224-key static-rsa p224-exchange""".split()
TRAVELLING = """report-data other-chip self-made-root
 quote-signature-bitflip quote-body-bitflip qe-signature-bitflip auth-data-changed attestation-key-replaced qe-padding-nonzero
 qe-vendor-id-other quote-version-6 key-type-3 tee-type-mismatch body-type-mismatch body-size-mismatch truncated-after-header
 truncated-after-body-descriptor truncated-after-body truncated-after-size truncated-after-signature
 truncated-after-attestation-key truncated-after-outer-header truncated-after-qe-report truncated-after-qe-signature
 truncated-after-auth-data truncated-after-inner-header truncated-last-byte trailing-zeros trailing-bytes quote-as-text outer-type-5
 inner-type-1 inner-type-3 inner-type-7
 chain-leaf-last chain-without-root chain-extra-certificate pck-expired pck-future pck-ca-expired pck-ca-future pck-wrong-name
 processor-ca pck-ca-rsa pck-ca-p384 sgx-extension-missing sgx-extension-17-entries cpusvn-mismatch
 relaunch qe-mrsigner-mismatch qe-prodid-mismatch qe-attributes-mismatch qe-miscselect-mismatch qe-debug
 td-debug td-reserved-bit td-migratable td-perfmon td-sept-ve-enabled xfam-bit-3 servicetd-bound seam-signer seam-attributes
 sgx-debug mr-td mr-enclave""".split()
EXPORTED = """pck-revoked pck-ca-revoked tcb-signer-revoked root-crl-expired pck-crl-expired root-crl-wrong-issuer
 pck-crl-wrong-issuer root-crl-bad-signature pck-crl-bad-signature root-crl-absent pck-crl-absent
 tcb-signer-expired tcb-signer-future tcb-signer-wrong-name fmspc-mismatch pceid-mismatch tcb-info-expired tcb-info-future
 tcb-info-bad-signature tcb-info-whitespace tcb-info-reordered tcb-info-wrong-id tcb-info-version-2 tcb-info-no-levels
 tcb-info-unsorted tcb-info-unknown-status tcb-eval-number-old collateral-of-other-root
 platform-sw-hardening-needed platform-configuration-needed platform-configuration-and-sw-hardening-needed
 platform-out-of-date platform-out-of-date-configuration-needed platform-revoked module-out-of-date module-revoked
 qe-out-of-date qe-revoked platform-no-level qe-no-level module-identity-missing module-no-level relaunch-advised
 event-log-mismatch""".split()
SERVICE = """http-404 http-410 http-429 http-500 http-slow http-oversized chain-header-missing chain-header-duplicated
 chain-header-unencoded""".split()
# A file that begins so is not taken for a quote; a document says what it holds.
NO_QUOTE = {("TDX v5", "quote-version-6"), ("SGX", "quote-version-6")}
SGX_ONLY, CLIENT_FAULTS = {"sgx-debug", "mr-enclave"}, ["no-evidence", "stale-nonce", "foreign-key", "rsa-1024-key"]

V4 = Platform("TDX v4", "tdx", ["--attester", "sim-tdx"], "sim-tdx")
V5 = Platform("TDX v5", "tdx", ["--attester", "sim-tdx", "--quote-version", "5"], "sim-tdx:version=5")
SGX = Platform("SGX", "sgx", ["--attester", "sim-sgx"], "sim-sgx")

runs = FaultRuns(*map(pathlib.Path, sys.argv[1:4]))
tally = runs.tally
ASKS_PCS = "--pcs-url" in run(runs.verify, "--help")[1]   # TODO: take out when atls-verify asks Intel's service


def check_table():
    tdx, sgx = ({fault["name"]: fault for fault in runs.listed(kind)} for kind in ("tdx", "sgx"))
    tally.check(sorted(tdx | sgx) == sorted(HANDSHAKE_FAULTS + TRAVELLING + EXPORTED + SERVICE), "the list has other faults")
    for name, fault in (tdx | sgx).items():
        tally.check(fault["in_handshake"] == (name in HANDSHAKE_FAULTS + TRAVELLING), f"{name}: in_handshake is wrong")
        tally.check((fault["needs"] == "pcs") == (name in SERVICE), f"{name}: needs {fault['needs']}")
        tally.check((name in tdx) == (name not in SGX_ONLY), f"{name}: platforms {fault['platforms']}")
    tally.check([name for name, fault in tdx.items() if fault["client"]] == CLIENT_FAULTS, "the faults of clients are others")
    return tdx, sgx


def possible(fault, platform):
    return (fault["needs"] != "quote-version-5" or platform is V5) and (fault["needs"] != "pcs" or (ASKS_PCS and platform is V4))


def without_fault(root):
    """Also with the collateral of the export, and with that of the service, instead of what is built in."""
    for platform in (V4, V5, SGX):
        folder = root / platform.name / "none"
        policy = runs.export(folder, platform)
        if platform is SGX:
            runs.judge_artifacts(platform, folder, policy, ["quote.bin"])
        else:
            runs.without_fault(platform, folder, policy, ["quote.bin", "tsm"])
        pinned = ["--policy", policy, "--trust-anchor", folder / "trust-anchor.pem"]
        status, report = run_json(runs.verify, *pinned, "--collateral-dir", folder, "--offline", folder / "quote.bin")
        tally.check(status == 0, f"{platform.name}: with the collateral of the export exit {status}, reason {report['verdict']['reason']}")
        if ASKS_PCS:
            with CollateralServer(runs.serve, *platform.options) as service:
                status, report = run_json(runs.verify, *pinned, "--pcs-url", service.url, "--no-cache", folder / "quote.bin")
                tally.check(status == 0, f"{platform.name}: with the collateral of the service exit {status}, reason {report['verdict']['reason']}")
        if platform is not SGX:
            status, report = run_json(runs.verify, *pinned, "--collateral-dir", folder, "--offline", "--event-log", folder / "event-log.bin", folder / "quote.bin")
            tally.check(status == 0, f"{platform.name}: with its event log exit {status}, reason {report['verdict']['reason']}")
        status, report = run_json(runs.verify, *pinned, "--offline", "--no-cache", folder / "quote.bin")
        tally.check(status == 4, f"{platform.name}: without collateral exit {status}, reason {report['verdict']['reason']}")
        status, report = run_json(runs.verify, "--policy", policy, "--offline", folder / "quote.bin")
        tally.check((status, report["verdict"]["reason"]) == (2, "pck-root-trusted"), f"{platform.name}: without --trust-simulated exit {status}, reason {report['verdict']['reason']}")


def main():
    tdx, sgx = check_table()
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        without_fault(root)
        for platform, faults in ((V4, tdx), (V5, tdx), (SGX, sgx)):
            for name, fault in faults.items():
                if not possible(fault, platform):
                    continue
                folder = root / platform.name / name
                plain = root / platform.name / "none" / "policy.json"
                policy = plain if fault["layer"] == "handshake" else runs.export(folder, platform, "--fault", name)
                # In a handshake every fault once: of version 4, and of version 5 what only that has.
                once = platform is V4 or (platform is V5 and fault["needs"] == "quote-version-5")
                if fault["in_handshake"] and once:
                    runs.through_handshake(fault, platform, policy, VERSIONS if fault["layer"] == "handshake" else VERSIONS[1:])
                elif (platform.name, name) in NO_QUOTE:
                    status, report = run_json(runs.verify, "--policy", policy, "--trust-simulated", "--offline", folder / "quote.bin")
                    tally.check((status, report["verdict"]["result"]) == (7, "malformed"), f"verify {platform.name}: {name}: exit {status}")
                elif fault["layer"] != "handshake" and name != "report-data":
                    runs.through_export(fault, platform, folder, policy)   # report-data shows in handshakes only
        for name in [*CLIENT_FAULTS, "td-debug"]:
            policy = root / V4.name / (name if name == "td-debug" else "none") / "policy.json"
            runs.from_client(tdx[name], V4, policy)
    if not ASKS_PCS:
        print(f"FIGURE: {len(SERVICE)} faults of the service not run: atls-verify has no --pcs-url", flush=True)
    return runs.finish(len(tdx | sgx))


sys.exit(main())
