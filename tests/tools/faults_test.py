#!/usr/bin/env python3
"""Every fault of --list-faults, against atls-connect where a handshake carries it and atls-verify where only an export does.

A fault that is to be rejected must give the named reason and exit status, and nothing may fail that the table does not list as
a consequence. What is to be accepted must give exit status 0 and the named outcome. Without a fault both tools say 0.
Usage: faults_test.py ATLS-SERVE ATLS-CONNECT ATLS-VERIFY
"""

import json
import pathlib
import sys
import tempfile

from serve_support import Serve, Tally, outcomes, run, run_json

# Written out here and not read from the program, so that a fault that is lost is noticed.
EVIDENCE_FAULTS = """sig-bitflip body-bitflip sig-big-endian sig-zero algo-zero version-1 version-6 reserved-nonzero mitvec-in-v3
 policy-bit17 debug vmpl-1 vmpl-host host-data measurement report-data tcb-rollback tcb-cert-higher tcb-layout-swap
 committed-gt-current provisional chip-id-mismatch chip-id-zero vlek-as-vcek signing-key-none wrong-ask wrong-ark self-made-root
 vcek-expired vcek-future vcek-extra-ext vcek-spl-missing vcek-hwid-octet product-mismatch ask-revoked crl-expired
 crl-wrong-issuer table-no-terminator table-oob table-wrap table-dup table-mixed-endian-guid hcl-hash extra-data""".split()
HANDSHAKE_FAULTS = """no-evidence stale-nonce empty-nonce foreign-key zero-report-data nonce-only-report-data user-data-foreign
 two-evidence wrong-oid document-truncated document-trailing leaf-expired leaf-future leaf-bad-signature leaf-critical
 no-nonce-request two-nonce-requests tickets large-certificate""".split()
CLIENT_FAULTS = ["no-evidence", "stale-nonce", "foreign-key"]
EXPORT_ONLY = ["table-", "ask-revoked", "crl-", "hcl-hash", "extra-data"]

PLATFORMS = {"milan": [], "genoa": ["--product", "genoa"], "turin": ["--product", "turin"], "milan vlek": ["--vlek"]}
VERSIONS = ["--tls1.2", "--tls1.3"]
IMPOSSIBLE = {("turin", "product-mismatch"),   # the other lines have another TCB layout, so more than the product would be wrong
              ("milan vlek", "chip-id-zero")}  # a VLEK platform masks its chip id anyway

serve, connect, verify = map(pathlib.Path, sys.argv[1:4])
tally = Tally()
seen = {"connect": 0, "verify": 0, "client": 0}


def judge(fault, status, report, where):
    verdict, found = report["verdict"], outcomes(report)
    failing = {check for check, outcome in found.items() if outcome == "fail"}
    where = f"{where}: {fault['name']}"
    if fault["expect"] == "accept":
        tally.check(status == 0 and verdict["exit_code"] == 0, f"{where}: exit {status}, expected 0, reason {verdict['reason']}")
        if fault["check"]:
            tally.check(found.get(fault["check"]) == fault["outcome"],
                        f"{where}: {fault['check']} is {found.get(fault['check'])}, expected {fault['outcome']}")
        tally.check(not failing, f"{where}: fails {sorted(failing)}")
        return
    tally.check(status == fault["exit"] and status != 0, f"{where}: exit {status}, expected {fault['exit']}, reason {verdict['reason']}")
    tally.check(verdict["exit_code"] == status, f"{where}: report says {verdict['exit_code']}, exit is {status}")
    tally.check(verdict["reason"] == fault["check"], f"{where}: reason {verdict['reason']}, expected {fault['check']}")
    unexpected = failing - {fault["check"], *fault["consequences"]}
    tally.check(not unexpected, f"{where}: also fails {sorted(unexpected)}")


def export(folder, platform, *more):
    status, out, err = run(serve, "--export-platform", folder, *platform, *more)
    tally.check(status == 0, f"export {platform} {more}: exit {status} {out}{err}")
    return folder / "policy.json"


def possible(fault, name, platform):
    return (name, fault["name"]) not in IMPOSSIBLE and not (fault["needs"] == "vcek" and "--vlek" in platform)


def through_handshake(fault, platform, name, policy, versions):
    server_options = [*platform, "--fault", fault["name"]]
    client_options = ["--policy", policy, "--trust-simulated", "--offline"]
    if fault["needs"] == "mutual":
        server_options += ["--verify-client", "--policy", policy, "--trust-simulated", "--offline"]
        client_options += ["--attest-as", "sim-snp"]
    with Serve(serve, *server_options) as server:
        for version in versions:
            if fault["name"] == "tickets":
                status, reports = run_json(connect, *client_options, version, "--repeat", "2", server.address)
                reports = reports if isinstance(reports, list) else [reports]
                for report in reports:
                    judge(fault, status, report, f"connect {name} {version}")
                    tally.check(report["tls"]["resumed"] is False, f"{name} {version}: the client resumed a session")
            else:
                status, report = run_json(connect, *client_options, version, server.address)
                judge(fault, status, report, f"connect {name} {version}")
            seen["connect"] += 1
        tally.check(server.stop() == 0, f"{name}: {fault['name']}: SIGTERM does not end the server with 0")


def through_export(fault, name, folder, policy):
    options = ["--policy", policy, "--offline"]
    if fault["needs"] == "collateral-dir":   # no other CRL may help
        options += ["--trust-anchor", folder / "trust-anchor.pem", "--collateral-dir", folder]
    else:
        options += ["--trust-simulated"]
    status, report = run_json(verify, *options, folder / fault["artifact"])
    judge(fault, status, report, f"verify {name}")
    seen["verify"] += 1


def from_client(fault, policy):
    for version in VERSIONS:
        with Serve(serve, "--verify-client", "--policy", policy, "--trust-simulated", "--offline") as server:
            status, report = run_json(connect, "--policy", policy, "--trust-simulated", "--offline", version, "--attest-as", "sim-snp",
                                      "--fault", fault["name"], server.address)
            where = f"client {version}: {fault['name']}"
            tally.check(status == 3, f"{where}: exit {status}, expected 3: the server refuses us")
            record = server.log(1)[0]
            tally.check(not record["established"] and record["bytes_in"] == 0, f"{where}: the server accepted the client")
            code = record["client_report"]["verdict"]["exit_code"]
            judge(fault, code, record["client_report"], f"client {version}")
            seen["client"] += 1


def without_fault(name, platform, folder, policy):
    for version in VERSIONS:
        with Serve(serve, *platform) as server:
            status, report = run_json(connect, "--policy", policy, "--trust-simulated", "--offline", version, server.address)
            tally.check(status == 0, f"{name} {version}: without a fault exit {status}, reason {report['verdict']['reason']}")
        with Serve(serve, *platform, "--verify-client", "--policy", policy, "--trust-simulated", "--offline") as server:
            spec = {"milan": "sim-snp", "milan vlek": "sim-snp:vlek"}.get(name, f"sim-snp:product={name}")
            status, report = run_json(connect, "--policy", policy, "--trust-simulated", "--offline", version, "--attest-as", spec, server.address)
            tally.check(status == 0, f"{name} {version}: mutual without a fault exit {status}, reason {report['verdict']['reason']}")
            tally.check(server.log(1)[0]["established"], f"{name} {version}: the server refused an honest client")
    for artifact in ["extended.bin", "tsm"]:
        status, report = run_json(verify, "--policy", policy, "--trust-simulated", "--offline", folder / artifact)
        tally.check(status == 0, f"{name}: {artifact} without a fault exit {status}, reason {report['verdict']['reason']}")


def main():
    status, out, err = run(serve, "--list-faults", "--json")
    tally.check(status == 0, f"--list-faults --json: exit {status} {err}")
    faults = [fault for fault in json.loads(out) if "snp" in fault["platforms"]]
    by_name = {fault["name"]: fault for fault in faults}
    for name in EVIDENCE_FAULTS + HANDSHAKE_FAULTS:
        tally.check(name in by_name, f"{name} is not in the list")
        only_export = any(name.startswith(prefix) for prefix in EXPORT_ONLY)
        tally.check(name in by_name and by_name[name]["in_handshake"] != only_export, f"{name}: in_handshake is wrong")
    tally.check(len(by_name) == len(faults), "a name occurs twice in the list")
    tally.check([f["name"] for f in faults if f["client"]] == CLIENT_FAULTS, "the faults of clients are others")

    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        for name, platform in PLATFORMS.items():
            plain = root / name / "none"
            without_fault(name, platform, plain, export(plain, platform))
            for fault in faults:
                if not possible(fault, name, platform):
                    continue
                folder = root / name / fault["name"]
                of_platform = fault["layer"] != "handshake"
                policy = export(folder, platform, "--fault", fault["name"]) if of_platform else plain / "policy.json"
                if not fault["in_handshake"]:
                    through_export(fault, name, folder, policy)
                elif of_platform or name == "milan":   # what the handshake layer does has nothing to do with the product
                    through_handshake(fault, platform, name, policy, VERSIONS if name == "milan" else VERSIONS[1:])
        for name in CLIENT_FAULTS:
            from_client(by_name[name], root / "milan" / "none" / "policy.json")
    return tally.finish(f"{len(faults)} faults; {seen['connect']} runs of atls-connect, {seen['verify']} of atls-verify, "
                        f"{seen['client']} with a faulty client")


sys.exit(main())
