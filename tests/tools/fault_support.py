"""Runs the faults of a simulated platform against the tools and holds what they say against --list-faults.

A fault that is to be rejected must give the named reason and exit status, and nothing may fail that the table does not list as
a consequence. What is to be accepted must give exit status 0 and the named outcome.
"""

import json
import subprocess

from serve_support import Serve, Tally, outcomes, run, run_json

VERSIONS = ["--tls1.2", "--tls1.3"]


class Platform:
    """One simulated platform: the options of atls-serve that make it, and what an attester of the same kind is called."""

    def __init__(self, name, kind, options, spec):
        self.name, self.kind, self.options, self.spec = name, kind, options, spec


class CollateralServer:
    """atls-serve --serve-collateral."""

    def __init__(self, serve, *options):
        self.process = subprocess.Popen([str(part) for part in (serve, "--serve-collateral", "127.0.0.1:0", "--quiet", *options)], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class FaultRuns:
    def __init__(self, serve, connect, verify):
        self.serve, self.connect, self.verify = serve, connect, verify
        self.tally = Tally()
        self.seen = {"connect": 0, "verify": 0, "client": 0}

    def listed(self, kind):
        status, out, err = run(self.serve, "--list-faults", "--json")
        self.tally.check(status == 0, f"--list-faults --json: exit {status} {err}")
        faults = json.loads(out)
        self.tally.check(len({fault["name"] for fault in faults}) == len(faults), "a name occurs twice in the list")
        return [fault for fault in faults if kind in fault["platforms"]]

    def judge(self, fault, kind, status, report, where):
        verdict, found = report["verdict"], outcomes(report)
        failing = {check for check, outcome in found.items() if outcome == "fail"}
        where, check = f"{where}: {fault['name']}", fault["checks"][kind]
        if fault["expect"] == "accept":
            self.tally.check(status == 0 and verdict["exit_code"] == 0, f"{where}: exit {status}, expected 0, reason {verdict['reason']}")
            if check:
                self.tally.check(found.get(check) == fault["outcome"], f"{where}: {check} is {found.get(check)}, expected {fault['outcome']}")
            self.tally.check(not failing, f"{where}: fails {sorted(failing)}")
            return
        self.tally.check(status == fault["exit"] and status != 0, f"{where}: exit {status}, expected {fault['exit']}, reason {verdict['reason']}")
        self.tally.check(verdict["exit_code"] == status, f"{where}: report says {verdict['exit_code']}, exit is {status}")
        self.tally.check(verdict["reason"] == check, f"{where}: reason {verdict['reason']}, expected {check}")
        unexpected = failing - {check, *fault["consequences"]}
        self.tally.check(not unexpected, f"{where}: also fails {sorted(unexpected)}")

    def export(self, folder, platform, *more):
        status, out, err = run(self.serve, "--export-platform", folder, *platform.options, *more)
        self.tally.check(status == 0, f"export {platform.name} {more}: exit {status} {out}{err}")
        return folder / "policy.json"

    def through_handshake(self, fault, platform, policy, versions):
        server_options = [*platform.options, "--fault", fault["name"]]
        client_options = ["--policy", policy, "--trust-simulated", "--offline"]
        if fault["needs"] == "mutual":
            server_options += ["--verify-client", "--policy", policy, "--trust-simulated", "--offline"]
            client_options += ["--attest-as", platform.spec]
        if fault["needs"].startswith("tls1.2"):
            versions = ["--tls1.2"]
        if fault["needs"] == "tls1.2-p224":
            client_options += ["--groups", "P-256:P-224"]
        with Serve(self.serve, *server_options) as server:
            for version in versions:
                where = f"connect {platform.name} {version}"
                if fault["name"] == "tickets":
                    status, reports = run_json(self.connect, *client_options, version, "--repeat", "2", server.address)
                    for report in reports if isinstance(reports, list) else [reports]:
                        self.judge(fault, platform.kind, status, report, where)
                        self.tally.check(report["tls"]["resumed"] is False, f"{where}: the client resumed a session")
                else:
                    status, report = run_json(self.connect, *client_options, version, server.address)
                    self.judge(fault, platform.kind, status, report, where)
                self.seen["connect"] += 1
            self.tally.check(server.stop() == 0, f"{platform.name}: {fault['name']}: SIGTERM does not end the server with 0")

    def through_export(self, fault, platform, folder, policy):
        options = ["--policy", policy]
        own_collateral = fault["needs"] == "collateral-dir" or fault["layer"] in ("crl", "collateral")
        if fault["needs"] == "pcs":
            with CollateralServer(self.serve, *platform.options, "--fault", fault["name"]) as service:
                options += ["--trust-anchor", folder / "trust-anchor.pem", "--pcs-url", service.url, "--no-cache"]
                status, report = run_json(self.verify, *options, folder / fault["artifact"], limit=200)   # a slow service is waited for
        else:
            # Nothing that is built in may help where the fault is in list or collateral.
            options += ["--trust-anchor", folder / "trust-anchor.pem", "--collateral-dir", folder] if own_collateral else ["--trust-simulated"]
            artifact = fault["artifact"] or "quote.bin"
            if fault["layer"] == "eventlog":
                options, artifact = [*options, "--event-log", folder / "event-log.bin"], "quote.bin"
            status, report = run_json(self.verify, *options, "--offline", folder / artifact)
        self.judge(fault, platform.kind, status, report, f"verify {platform.name}")
        self.seen["verify"] += 1

    def from_client(self, fault, platform, policy):
        trust = ["--policy", policy, "--trust-simulated", "--offline"]
        for version in VERSIONS:
            with Serve(self.serve, *platform.options, "--verify-client", *trust) as server:
                status, report = run_json(self.connect, *trust, version, "--attest-as", platform.spec, "--fault", fault["name"], server.address)
                where = f"client {platform.name} {version}"
                self.tally.check(status == 3, f"{where}: {fault['name']}: exit {status}, expected 3: the server refuses us")
                record = server.log(1)[0]
                self.tally.check(not record["established"] and record["bytes_in"] == 0, f"{where}: {fault['name']}: the server accepted the client")
                code = record["client_report"]["verdict"]["exit_code"]
                self.judge(fault, platform.kind, code, record["client_report"], where)
                self.seen["client"] += 1

    def without_fault(self, platform, folder, policy, artifacts):
        trust = ["--policy", policy, "--trust-simulated", "--offline"]
        for version in VERSIONS:
            where = f"{platform.name} {version}"
            with Serve(self.serve, *platform.options) as server:
                bundle = folder / "bundle.json"
                status, report = run_json(self.connect, *trust, version, "--save-bundle", bundle, server.address)
                self.tally.check(status == 0, f"{where}: without a fault exit {status}, reason {report['verdict']['reason']}")
                status, report = run_json(self.verify, *trust, bundle)
                self.tally.check(status == 0, f"{where}: its bundle: exit {status}, reason {report['verdict']['reason']}")
            with Serve(self.serve, *platform.options, "--verify-client", *trust) as server:
                status, report = run_json(self.connect, *trust, version, "--attest-as", platform.spec, server.address)
                self.tally.check(status == 0, f"{where}: mutual without a fault exit {status}, reason {report['verdict']['reason']}")
                self.tally.check(server.log(1)[0]["established"], f"{where}: the server refused an honest client")
        self.judge_artifacts(platform, folder, policy, artifacts)

    def judge_artifacts(self, platform, folder, policy, artifacts):
        for artifact in artifacts:
            status, report = run_json(self.verify, "--policy", policy, "--trust-simulated", "--offline", folder / artifact)
            self.tally.check(status == 0, f"{platform.name}: {artifact} without a fault exit {status}, reason {report['verdict']['reason']}")

    def finish(self, rows):
        return self.tally.finish(f"{rows} faults; {self.seen['connect']} runs of atls-connect, {self.seen['verify']} of atls-verify, "
                                 f"{self.seen['client']} with a faulty client")
