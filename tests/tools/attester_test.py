#!/usr/bin/env python3
"""Where evidence and endorsements come from: a stand-in for configfs-tsm, a saved report, the fake attester, the simulated KDS.

attester_test.py ATLS_SERVE ATLS_CONNECT ATLS_VERIFY SIM_REPORT REPORT_SCHEMA
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from schema import Schema  # noqa: E402
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

SERVE, CONNECT, VERIFY, SIM_REPORT = map(pathlib.Path, sys.argv[1:5])
SCHEMA = Schema(sys.argv[5])
check = Checks()


def report_of(program, *arguments, code=0, reason=None, env=None):
    """The report of a run whose exit status, verdict and reason are as told."""
    result = run(program, "--json", *arguments, env=env)
    check.code(result, code, " ".join(map(str, arguments)))
    report = SCHEMA.parse(result.out)
    check.that(report["verdict"]["exit_code"] == result.code, f"the report agrees with the exit status\n{result}")
    check.that(report["verdict"]["reason"] == reason, f"reason {report['verdict']['reason']}, expected {reason}\n{result}")
    return report


class Tsm:
    """A folder in which a report is made as in configfs-tsm, signed by the simulated platform."""

    def __init__(self, where, *more):
        where.mkdir()
        self.path = where
        self.process = subprocess.Popen([sys.executable, HERE.parents[1] / "support" / "fake_tsm.py", where, *more, "--command", SIM_REPORT],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check.that(self.process.stdout.readline() == b"ready\n", "the stand-in for configfs-tsm is ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=20)


def guest_interface(where):
    """Each connection has a report of its own, over its own nonce and key, with the certificates of auxblob."""
    with Tsm(where / "report") as tsm, Serve(SERVE, "--attester", f"tsm:{tsm.path}") as server:
        nonces = set()
        for version in ("--tls1.2", "--tls1.3"):
            report = report_of(CONNECT, *TRUST, version, server.address)
            nonces.add(report["freshness"]["nonce"])
            check.that(report["binding"]["level"] == "key" and report["freshness"]["proven"], "bound and fresh")
            check.that(any(c["kind"] == "amd-vcek" and c["source"] == "handshake" for c in report["collateral"]), f"endorsement {report['collateral']}")
        check.that(len(nonces) == 2, "two nonces")
        check.that(list(tsm.path.iterdir()) == [], "no entry is left behind")
    with Tsm(where / "as-client") as tsm, Serve(SERVE, "--verify-client", *TRUST) as server:
        report_of(CONNECT, *TRUST, "--attest-as", f"tsm:{tsm.path}", server.address)
        record = server.log(1)[0]
        check.that(record["established"] and record["client_report"]["verdict"]["exit_code"] == 0, f"client: {record}")
    # Somebody else wrote between our request and our reading: such a report is never served.
    with Tsm(where / "disturbed", "--wrong-generation") as tsm, Serve(SERVE, "--attester", f"tsm:{tsm.path}") as server:
        report = report_of(CONNECT, *TRUST, server.address, code=3, reason="tls-handshake")
        check.that(not report["evidence"], "no evidence of a disturbed entry")


def saved_report(platform):
    """A report that was made for something else proves nothing about this connection, whoever serves it."""
    for name in ("extended.bin", "report.bin"):
        with Serve(SERVE, "--attester", f"file:{platform / name}", "--echo") as server:
            report = report_of(CONNECT, *TRUST, server.address, code=2, reason="snp-report-data-binding")
            if name == "extended.bin":   # the other one came without its endorsement
                check.that({"id": "snp-report-signature", "outcome": "pass"}.items() <= next(c for c in report["checks"] if c["id"] == "snp-report-signature").items(),
                           "the report itself is genuine")
            check.that(report["binding"]["level"] == "none", f"{name}: {report['binding']}")
            piped = run(CONNECT, *TRUST, "--pipe", server.address, stdin=b"secret\n")
            check.code(piped, 2, "--pipe to a replayed report")
            check.that(server.log(2)[1]["bytes_in"] == 0 and piped.raw_out == b"", "no application byte for a replayed report")


def no_hardware():
    """The fake attester: each loosening is needed, and the report never says more than there is."""
    loosened = {"--any-measurement": None, "--trust-simulated": None, "--binding-min": "none"}
    reasons = {"--any-measurement": (6, "snp-no-reference"), "--trust-simulated": (2, "atls-hardware-root"), "--binding-min": (6, "atls-binding-level")}
    with Serve(SERVE, "--attester", "fake") as server:
        for missing, (code, reason) in reasons.items():
            options = [word for option, value in loosened.items() if option != missing for word in (option, value) if word]
            report_of(CONNECT, *options, "--offline", server.address, code=code, reason=reason)
        everything = [word for option, value in loosened.items() for word in (option, value) if word]
        report = report_of(CONNECT, *everything, "--offline", server.address)
        check.that(all(e["simulated"] for e in report["evidence"]) and report["evidence"], "simulated is told")
        check.that(not report["freshness"]["proven"] and report["binding"]["level"] == "none", "neither fresh nor bound")
        check.that(any("not signed by hardware" in s for s in report["not_proven"]), f"not proven: {report['not_proven']}")
        result = run(CONNECT, *TRUST, server.address)
        check.that(result.code not in (0, 70), f"a policy with pins does not accept a dummy document\n{result}")


def certificate_without_nonce(where):
    saved = where / "leaf.pem"
    with Serve(SERVE) as server:
        nonce = report_of(CONNECT, *TRUST, "--save-cert", saved, "--save-evidence", where / "evidence.bin", server.address)["freshness"]["nonce"]
    report = report_of(VERIFY, *TRUST, saved, code=4, reason="snp-report-data-binding")
    check.that("--nonce" in next(c["detail"] for c in report["checks"] if c["id"] == "snp-report-data-binding"), "what to do is told")
    report = report_of(VERIFY, *TRUST, "--nonce", nonce, saved)
    check.that(not report["freshness"]["proven"] and report["freshness"]["source"] == "recorded", f"a recording is not fresh: {report['freshness']}")
    report_of(VERIFY, *TRUST, "--require-freshness", "--nonce", nonce, saved, code=6, reason="atls-nonce-fresh")
    check.that((where / "evidence.bin").stat().st_size == 1184, "the evidence that was saved is the report")
    report_of(VERIFY, *TRUST, where / "evidence.bin", code=4, reason="snp-vek-present")   # it came without certificates


def simulated_kds(where, platform):
    """A report without certificates: endorsement, CA certificates and CRL from the service, then from the cache."""
    pinned = ["--policy", platform / "policy.json", "--trust-anchor", platform / "trust-anchor.pem"]
    bare = platform / "report.bin"
    with Serve(SERVE, "--serve-collateral", "127.0.0.1:0") as server:
        url = server.process.stdout.readline().decode().split()[-1]
        cache = ["--cache-dir", where / "cache"]
        report_of(VERIFY, *pinned, "--offline", *cache, bare, code=4, reason="snp-vek-present")
        report = report_of(VERIFY, *pinned, "--kds-url", url, *cache, bare)
        check.that({c["source"] for c in report["collateral"]} == {"network"}, f"from the network: {report['collateral']}")
        check.that({"amd-vcek", "amd-crl"} <= {c["kind"] for c in report["collateral"]}, f"endorsement and CRL: {report['collateral']}")
        check.that({"decode", "verify"} <= report["timing_ms"].keys(), f"timing {report['timing_ms']}")
        env = {"XDG_CACHE_HOME": os.fspath(where / "xdg")}
        report_of(VERIFY, *pinned, "--kds-url", url, bare, env=env)
        check.that((where / "xdg" / "atls").is_dir(), "the default cache is used")
        report_of(VERIFY, *pinned, "--kds-url", url, "--no-cache", bare)
    for more, environment in ((cache, None), ([], env)):
        report = report_of(VERIFY, *pinned, "--offline", *more, bare, env=environment)
        check.that({c["source"] for c in report["collateral"]} == {"cache"}, f"from the cache: {report['collateral']}")
    damaged = [path for path in (where / "cache").rglob("*") if path.is_file()]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-1])
    check.that(damaged, "the cache has files")
    result = run(VERIFY, *pinned, "--offline", *cache, bare)
    check.that(result.code in (2, 4), f"a damaged cache proves nothing\n{result}")


with folder() as name:
    where = pathlib.Path(name)
    platform = where / "platform"
    export = run(SERVE, "--export-platform", platform, "--quiet")
    assert export.code == 0, export
    TRUST = ["--policy", platform / "policy.json", "--trust-simulated", "--offline"]
    guest_interface(where)
    saved_report(platform)
    no_hardware()
    certificate_without_nonce(where)
    simulated_kds(where, platform)
sys.exit(check.finish("attesters and collateral"))
