#!/usr/bin/env python3
"""atls-serve from the outside: the line when it is ready, applications, roles, the log, signals, wrong command lines.
Usage: serve_test.py ATLS-SERVE ATLS-CONNECT REPORT-SCHEMA
"""

import json
import pathlib
import re
import signal
import socket
import sys
import tempfile
import threading
import urllib.request

import jsonschema

from serve_support import Serve, Tally, run, run_json

serve, connect, schema_file = map(pathlib.Path, sys.argv[1:4])
tally = Tally()

# Arguments and a word of the message; all are usage errors, exit 1, told before anything listens.
WRONG = [
    (["--attester", "nope"], "unknown attester"),
    (["--attester", "none", "127.0.0.1:0"], "--verify-client"),
    (["--attester", "sim-snp:colour=red"], "unknown parameter"),
    (["--attester", "sim-snp:seed=a", "--seed", "b"], "twice"),
    (["--attester", "sim-snp:version=7"], "2 to 5"),
    (["--attester", "sim-snp:version=23"], "2 to 5"),
    (["--attester", "sim-snp:vlek=no"], "without a value"),
    (["--attester", "sim-snp:seed"], "seed=VALUE"),
    (["--attester", "sim-tdx:product=milan"], "seed, version, mrtd or mr-config-id"),
    (["--attester", "sim-tdx:version=3"], "4 or 5"),
    (["--attester", "sim-tdx:mrtd=00"], "mrtd"),
    (["--attester", "sim-tdx:version=4", "--quote-version", "5"], "twice"),
    (["--attester", "sim-tdx", "--quote-version", "3"], "--quote-version"),
    (["--attester", "sim-tdx", "--vlek"], "--vlek"),
    (["--attester", "sim-tdx", "--product", "genoa"], "--product"),
    (["--attester", "sim-tdx", "--report-version", "4"], "--report-version"),
    (["--attester", "sim-tdx", "--sim-measurement", "00" * 48], "--sim-measurement"),
    (["--quote-version", "5"], "sim-tdx"),
    (["--attester", "sim-sgx", "--quote-version", "5"], "sim-tdx"),
    (["--attester", "sim-sgx", "127.0.0.1:0"], "no profile"),
    (["--attester", "sim-sgx"], "no profile"),
    (["--attester", "sim-tdx", "--fault", "vmpl-1"], "sim-snp"),
    (["--attester", "sim-snp", "--fault", "td-debug"], "sim-tdx"),
    (["--attester", "sim-tdx", "--fault", "relaunch"], "--quote-version 5"),
    (["--attester", "sim-tdx", "--fault", "pck-revoked", "127.0.0.1:0"], "--export-platform"),
    (["--attester", "fake", "--fault", "td-debug"], "sim-tdx"),
    (["--attester", "file:/nonexistent/report.bin"], "/nonexistent/report.bin"),
    (["--attester", "tsm:/nonexistent"], "/nonexistent"),
    (["--attester", "fake", "--vlek"], "--vlek"),
    (["--attester", "fake", "--fault", "debug"], "sim-snp"),
    (["--attester", "fake", "--export-platform", "x"], "simulated platform"),
    (["--product", "rome"], "milan, genoa or turin"),
    (["--report-version", "6"], "--report-version"),
    (["--sim-measurement", "00"], "measurement"),
    (["--fault", "nope"], "--list-faults"),
    (["--fault", "table-oob", "127.0.0.1:0"], "--export-platform"),
    (["--fault", "vcek-hwid-octet", "--vlek"], "--vlek"),
    (["--fault", "no-nonce-request"], "--verify-client"),
    (["--verify-client"], "--any-measurement"),
    (["--verify-client", "--policy", "/nonexistent.json"], "/nonexistent.json"),
    (["--measurement", "00" * 48], "--verify-client"),
    (["--http", "--exec", "cat"], "--exec"),
    (["--tls1.2", "--tls1.3"], "--tls1.3"),
    (["--once", "--count", "2"], "--count"),
    (["--json"], "--log json"),
    (["--forward", "nowhere"], "HOST:PORT"),
    (["--profile", "nope"], "--list-profiles"),
    (["127.0.0.1:65536"], "65535"),
    (["--max-connections", "0"], "--max-connections"),
    (["--no-such-option"], "unknown option"),
]


def wrong_command_lines():
    for arguments, word in WRONG:
        status, out, err = run(serve, *arguments)
        tally.check(status == 1 and word in err and err.startswith("atls-serve: error: ") and not out, f"{arguments}: exit {status}, {out}{err}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, err = run(serve, f"127.0.0.1:{taken.getsockname()[1]}")
        tally.check(status == 1 and "in use" in err, f"port in use: exit {status} {err}")


def lists():
    for option in ["--list-faults", "--list-profiles", "--list-checks", "--help", "--version"]:
        status, out, err = run(serve, option)
        tally.check(status == 0 and out and not err, f"{option}: exit {status} {err}")
    status, out, _ = run(serve, "--list-profiles", "--json")
    tally.check(status == 0 and any(p["id"] == "constellation" and p["serve"] for p in json.loads(out)), "--list-profiles --json")


def signals(client):
    for number, expected in [(signal.SIGTERM, 0), (signal.SIGINT, 130)]:
        with Serve(serve) as server:
            tally.check(re.fullmatch(r"127\.0\.0\.1:[1-9][0-9]*", server.address), f"address {server.address}")
            with socket.create_connection(("127.0.0.1", server.port)):   # an open connection does not hold it up
                status = server.stop(number)
            tally.check(status == expected, f"signal {number}: exit {status}, expected {expected}")
    with Serve(serve, "--once") as server:
        run(connect, *client, server.address)
        tally.check(server.process.wait(20) == 0, "--once does not end with 0 after a good client")
    with Serve(serve, "--once") as server:
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
            tally.check(server.process.wait(20) == 3, "--once does not end with 3 after a client that speaks no TLS")


def applications(client):
    with Serve(serve, "--echo") as server:
        status, out, err = run(connect, *client, "--pipe", server.address, stdin=b"hello\n")
        tally.check(status == 0 and out == "hello\n", f"--echo: exit {status} {out}{err}")
        record = server.log(1)[0]
        tally.check(record["established"] and record["bytes_in"] == record["bytes_out"] == 6, f"--echo: log {record}")
    with Serve(serve, "--exec", "tr a-z A-Z; echo $ATLS_CLIENT $ATLS_TLS >&2; exit 4") as server:
        status, out, err = run(connect, *client, "--tls1.3", "--pipe", server.address, stdin=b"hello\n")
        tally.check(status == 0 and out == "HELLO\n", f"--exec: exit {status} {out}{err}")
        record = server.log(2)[0]
        tally.check("status 4" in record["failure"], f"--exec: log {record}")
        tally.check(b"not-asked TLSv1.3" in server.errors, f"--exec: environment {server.errors}")
    with Serve(serve, "--http") as server:
        status, out, err = run(connect, *client, "--http-get", "/", server.address)
        page = json.loads(out) if status == 0 else {}
        tally.check(page.get("client", 0) is None and page["server"]["attester"] == "sim-snp" and len(page["connection"]["client_nonce"]) == 64,
                    f"--http: exit {status} {out}{err}")
        status, out, err = run(connect, *client, "--http-fail", "--http-get", "/other", server.address)
        tally.check(status == 9, f"--http: page that is not there: exit {status} {out}{err}")
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        def answer():
            peer, _ = upstream.accept()
            with peer:
                data = b""
                while block := peer.recv(1000):   # ends when the client has ended
                    data += block
                peer.sendall(b"got " + data)
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with Serve(serve, "--forward", f"127.0.0.1:{upstream.getsockname()[1]}") as server:
            status, out, err = run(connect, *client, "--pipe", server.address, stdin=b"x" * 100000)
            tally.check(status == 0 and out == "got " + "x" * 100000, f"--forward: exit {status} {len(out)} bytes {err}")
        thread.join(10)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with Serve(serve, "--forward", f"127.0.0.1:{nobody}") as server:
        run(connect, *client, "--pipe", server.address, stdin=b"x")
        tally.check("refused" in (server.log(1)[0]["failure"] or ""), "--forward: a target that is down is not in the log")


def roles(client, policy):
    schema = json.loads(schema_file.read_text())
    judge = ["--verify-client", "--policy", policy, "--trust-simulated", "--offline"]
    with Serve(serve, "--http", *judge) as server:
        status, out, err = run(connect, *client, "--attest-as", "sim-snp", "--http-get", "/", server.address)
        page = json.loads(out) if status == 0 else {}
        tally.check(page and page["client"]["verified"] and page["client"]["simulated"] and page["client"]["verdict"]["exit_code"] == 0, f"mutual: exit {status} {err}")
    for attester in [[], ["--attester", "none"]]:   # mutual, and the client alone
        with Serve(serve, *attester, *judge, "--count", "3") as server:
            run(connect, *client, "--attest-as", "sim-snp", server.address)
            run(connect, *client, "--attest-as", "sim-snp:seed=another", server.address)
            run(connect, *client, "--tls1.3", server.address)
            records = sorted(server.log(3), key=lambda record: record["connection"])   # read first: a full pipe holds the server up
            status = server.process.wait(20)
            verdicts = [record["client_report"]["verdict"]["exit_code"] if record["client_report"] else None for record in records]
            tally.check(verdicts == [0, 5, 3], f"{attester}: verdicts about clients {verdicts}")
            tally.check([record["established"] for record in records] == [True, False, False], f"{attester}: established")
            tally.check(status == 5, f"{attester}: --count ends with {status}, expected the worst, 5")
            for record in records:
                jsonschema.Draft202012Validator(schema).validate(record["client_report"])
                tally.check(record["client_report"]["subject"]["kind"] == "peer" and record["client_report"]["profile"] == "constellation", "subject of the report")


def collateral(folder):
    with Serve(serve, "--serve-collateral", "127.0.0.1:0") as server:
        line = server.process.stdout.readline().decode().split()
        tally.check(line[:2] == ["collateral", "on"], f"second line {line}")
        crl = urllib.request.urlopen(line[2] + "/vcek/v1/Milan/crl", timeout=10).read()
        tally.check(crl == (folder / "crl.der").read_bytes(), "the simulated KDS serves another CRL than the export has")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        status, out, err = run(serve, "--export-platform", folder)
        tally.check(status == 0 and not out and str(folder) in err, f"--export-platform: exit {status} {out}{err}")
        policy = folder / "policy.json"
        client = ["--policy", policy, "--trust-simulated", "--offline"]
        wrong_command_lines()
        lists()
        signals(client)
        applications(client)
        roles(client, policy)
        collateral(folder)
        # The same seed gives the same platform.
        status, report = None, None
        with Serve(serve, "--seed", "another") as server:
            status, report = run_json(connect, *client, server.address)
        tally.check(status == 5 and report["verdict"]["reason"] == "snp-policy-measurement", f"another seed: exit {status}")
    return tally.finish(f"{len(WRONG)} wrong command lines, 4 applications, 3 roles")


sys.exit(main())
