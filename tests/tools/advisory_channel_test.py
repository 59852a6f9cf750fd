#!/usr/bin/env python3
"""Advisory classes of the channel, each from outside: relay, reflection, second connections, diversion, resumption, forwarded headers, time.

advisory_channel_test.py ATLS_CONNECT ATLS_SERVE ATLS_VERIFY REFLECTOR REPORT_SCHEMA. tests/advisories.md says which class is which function.
"""
import datetime
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from foreign import PlainTls, Proxy, RawServer  # noqa: E402
from schema import Schema  # noqa: E402
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

CONNECT, SERVE, VERIFY, REFLECTOR, SCHEMA = *sys.argv[1:5], Schema(sys.argv[5])
check = Checks()
VERSIONS = ("--tls1.2", "--tls1.3")


class Swapper(RawServer):
    """A man in the middle on the TCP level: the first connection goes to the first target, later ones to the next, the last one stays."""

    def __init__(self, *targets):
        self.targets, self.taken, self.lock, self.hellos = targets, 0, threading.Lock(), []
        super().__init__(self._pass_on)

    def _pass_on(self, connection):
        with self.lock:
            target = self.targets[min(self.taken, len(self.targets) - 1)]
            self.taken += 1
        host, port = target.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=20) as there:
            first = connection.recv(16384)
            self.hellos.append(first)
            there.sendall(first)
            back = threading.Thread(target=Proxy._copy, args=(there, connection), daemon=True)
            back.start()
            Proxy._copy(connection, there)
            back.join(20)


def extensions_of(record):
    """Extension numbers and contents of the ClientHello in a TLS record (RFC 8446 section 4.1.2)."""
    at = 5 + 4 + 2 + 32
    at += 1 + record[at]
    at += 2 + struct.unpack_from(">H", record, at)[0]
    at += 1 + record[at]
    end = at + 2 + struct.unpack_from(">H", record, at)[0]
    out, at = {}, at + 2
    while at < end:
        number, size = struct.unpack_from(">HH", record, at)
        out[number] = record[at + 4:at + 4 + size]
        at += 4 + size
    return out


def client_json(*arguments, code=0, what=""):
    result = run(CONNECT, *TRUST, "--json", *arguments)
    check.code(result, code, what or str(arguments))
    return SCHEMA.parse(result.out)


def outcomes(report):
    return {c["id"]: c["outcome"] for c in report["checks"]}


def failed(report):
    return sorted(i for i, outcome in outcomes(report).items() if outcome == "fail")


def session_relay():
    """Whoever holds the leaf key can relay the session: the level says so, and a demand for more is not met."""
    with Serve(SERVE, "--echo") as server:
        report = client_json(server.address)
        check.that(report["binding"]["level"] == "key", f"level {report['binding']}")
        check.that(any("relay" in s for s in report["not_proven"]), f"what a key does not prove is told: {report['not_proven']}")
        for level in ("handshake", "application"):
            report = client_json("--binding-min", level, server.address, code=6)
            check.that(report["verdict"]["reason"] == "atls-binding-level" and failed(report) == ["atls-binding-level"], f"{level}: {report['verdict']}")
            piped = run(CONNECT, *TRUST, "--binding-min", level, "--pipe", server.address, stdin=b"secret\n")
            check.that(piped.code == 6 and piped.raw_out == b"", f"--pipe at level {level}\n{piped}")
    with Serve(SERVE, "--fault", "user-data-foreign") as server:
        report = client_json(server.address, code=2, what="evidence of another machine behind our key")
        check.that("atls-user-data" in failed(report), f"relayed evidence: {failed(report)}")


def reflection_to_client():
    """A server without evidence asks us to attest to the nonce of our other connection, and shows us what we said."""
    for version in VERSIONS:
        for attester in ("sim-snp", "sim-tdx"):
            server = subprocess.Popen([REFLECTOR, "server"], stdout=subprocess.PIPE)
            address = server.stdout.readline().decode().split()[-1]
            trust = [*(TRUST if attester == "sim-snp" else TDX_TRUST), "--json", version, "--attest-as", attester, "--timeout", "30", address]
            both = [subprocess.Popen([CONNECT, *trust], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
            reports = [SCHEMA.parse(client.communicate(timeout=60)[0].decode()) for client in both]
            said = server.communicate(timeout=60)[0].decode()
            codes = [client.returncode for client in both]
            check.that(sorted(codes) == [2, 3], f"{version} {attester}: our own evidence as the server's is 2, none is 3: {codes}\n{said}")
            report = min(reports, key=lambda r: r["verdict"]["exit_code"])
            binding = "snp-report-data-binding" if attester == "sim-snp" else "report-data-binding"
            check.that(failed(report) == [binding], f"{version} {attester}: nothing else is wrong with it: {failed(report)}")
            check.that("second connection: handshake finished" in said and "application byte" not in said, f"{version}: the reflector saw {said}")


def reflection_to_server():
    """A client without evidence has the server attest to the nonce that the server demands of its clients."""
    for attester, trust, binding in (("sim-snp", TRUST, "snp-report-data-binding"), ("sim-tdx", TDX_TRUST, "report-data-binding")):
        for version in VERSIONS:
            with Serve(SERVE, "--attester", attester, "--verify-client", *trust, version, "--echo") as server:
                said = subprocess.run([REFLECTOR, "client", server.address], capture_output=True, timeout=60).stdout.decode()
                check.that("certificate shown" in said and "accepted" not in said, f"{version}: the reflector saw {said}")
                judged = [r for r in server.log(2) if r.get("client_report") and "fail" in outcomes(r["client_report"]).values()]
                reports = [r["client_report"] for r in judged if outcomes(r["client_report"]).get(binding)]
                check.that(len(reports) == 1 and failed(reports[0]) == [binding] and reports[0]["verdict"]["exit_code"] == 2,
                           f"{attester} {version}: {[(failed(r), r['verdict']) for r in reports]}\n{said}")
                check.that(all(not r["established"] and r["bytes_in"] == 0 for r in server.log(2)), f"{version}: nobody was let in: {server.log(2)}")


def second_connection():
    """The server is exchanged after the first connection of a command. Each is attested anew, so nothing goes to the second one."""
    swapped = {
        "another image": (("--seed", "another"), 5, "snp-policy-measurement"), "tampered": (("--fault", "body-bitflip"), 2, "snp-report-signature"),
        "another root": (("--fault", "self-made-root"), 2, "snp-ark-trusted"), "an old answer": (("--fault", "stale-nonce"), 2, "snp-report-data-binding"),
    }
    with Serve(SERVE, "--echo") as honest:
        for name, (options, code, reason) in swapped.items():
            with Serve(SERVE, "--echo", *options) as other, Swapper(honest.address, other.address) as between:
                result = run(CONNECT, *TRUST, "--jsonl", "--repeat", "3", between.address)
                check.code(result, code, f"--repeat, then {name}")
                reports = SCHEMA.parse_lines(result.out)
                check.that([r["verdict"]["exit_code"] for r in reports] == [0] + [code] * (len(reports) - 1), f"{name}: {[r['verdict'] for r in reports]}")
                check.that(all(r["verdict"]["reason"] == reason for r in reports[1:]), f"{name}: {[r['verdict'] for r in reports]}")
                check.that(len({r["freshness"]["nonce"] for r in reports}) == len(reports), f"{name}: a nonce of its own for each")
        with Serve(SERVE, "--echo", "--fault", "body-bitflip") as other, Swapper(honest.address, other.address) as between:
            exchanged_behind_listen(between, other)
        with PlainTls() as plain, Swapper(honest.address, plain.address) as between:
            result = run(CONNECT, *TRUST, "--jsonl", "--repeat", "2", between.address)
            check.code(result, 3, "--repeat, then a server without evidence")
        with PlainTls() as plain, Swapper(honest.address, plain.address) as between:
            exchanged_behind_listen(between, None)
            time.sleep(0.2)
            check.that(plain.received == b"", f"nothing went to the server without evidence: {plain.received!r}")


def exchanged_behind_listen(between, other):
    process = subprocess.Popen([CONNECT, *TRUST, "--listen", "127.0.0.1:0", between.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
    got = []
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
            data = b""
            try:
                s.sendall(b"secret\n")
                s.shutdown(socket.SHUT_WR)
                while block := s.recv(4096):
                    data += block
            except ConnectionError:
                pass
            got.append(data)
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=30)[1].decode()
    check.that(got == [b"secret\n", b""], f"--listen: {got}")
    check.that("refused, nothing was sent" in err, f"--listen says why: {err}")
    if other is not None:
        check.that(all(line["bytes_in"] == 0 for line in other.log(1)), f"not a byte to the second server: {other.log(1)}")


def no_redirect():
    """An answer that names another server is shown as it is; nobody goes there."""
    reached = []
    with RawServer(lambda s: reached.append(s.recv(100))) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            head = f"HTTP/1.1 {status} Elsewhere\\r\\nLocation: https://{elsewhere.address}/\\r\\nContent-Length: 4\\r\\n\\r\\nhere"
            with Serve(SERVE, "--exec", f"head -c 20 >/dev/null; printf '{head}'") as server:
                result = run(CONNECT, *TRUST, "--quiet", "--http-get", "/", server.address)
                check.that(result.code == 0 and result.raw_out == b"here", f"status {status}\n{result}")
        with RawServer(lambda s: redirect(s, elsewhere.address)) as service:
            for kind, evidence in (("--kds-url", SNP / "report.bin"), ("--pcs-url", TDX / "quote.bin")):
                result = run(VERIFY, "--policy", evidence.parent / "policy.json", "--trust-anchor", evidence.parent / "trust-anchor.pem", "--no-cache", kind,
                             f"http://{service.address}", evidence)
                check.code(result, 4, f"a redirect of the collateral service, {kind}")
                check.that(service.connections > 0, "the service was asked")
            addresses_in_evidence(elsewhere.address, service)
        check.that(elsewhere.connections == 0 and not reached, f"nobody went elsewhere: {reached}")


def addresses_in_evidence(address, service):
    """An agent's document that names services of its own: the one that the user named is asked, in its fixed forms."""
    url = f"http://{address}/sgx/certification/v4/"
    named = {name: url for name in ("pccs_url", "pcs_url", "collateral_url", "url", "kds_url", "issuer", "jku", "x5u")}
    document = where / "addresses.json"
    quote = (TDX / "quote.bin").read_bytes()
    for log in ({"event_log": ""}, {"cc_eventlog": None}):
        document.write_text(json.dumps({"quote": quote.hex(), **log, **named, "collateral": named}))
        asked = service.connections
        result = run(VERIFY, "--policy", TDX / "policy.json", "--trust-anchor", TDX / "trust-anchor.pem", "--no-cache", "--pcs-url", f"http://{service.address}", document)
        check.code(result, 4, "collateral is asked for where the user said, and not to be had there")
        check.that(service.connections > asked, "the user's service was asked")


def redirect(connection, address):
    head = b""
    while b"\r\n\r\n" not in head:
        block = connection.recv(4096)
        if not block:
            return
        head += block
    path = head.split()[1].decode()
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: http://{address}{path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def diversion():
    """The same image on a machine that the guest was not meant for: genuine in everything, and refused by the pin of the chip."""
    for attester, platform, trust, reason, pins in (
            ("sim-snp", SNP, TRUST, "snp-policy-chip-id", {"--measurement": "measurement", "--chip-id": "chip_id"}),
            ("sim-tdx", TDX, TDX_TRUST, "policy-ppid", {"--mrtd": "mr_td", "--ppid": "ppid"})):
        section = json.loads((platform / "policy.json").read_text())["alternatives"][0][attester[4:]]
        image, chip = [[flag, section[key] if isinstance(section[key], str) else section[key]["any_of"][0]] for flag, key in pins.items()]
        for options, code in (((), 0), (("--fault", "other-chip"), 5)):
            with Serve(SERVE, "--attester", attester, "--echo", *options) as server:
                for more in ([*image, *chip, "--trust-simulated", "--offline"], trust):
                    result = run(CONNECT, "--json", *more, server.address)
                    check.code(result, code, f"{attester} {options}: {chip[0]}")
                    reported = json.loads(result.out)["verdict"]["reason"] if result.raw_out else "no report"
                    check.that(reported == (reason if code else None), f"{attester}: {reported}")
                image_only = run(CONNECT, "--json", *image, "--trust-simulated", "--offline", server.address)
                check.code(image_only, 0, f"{attester} {options}: the image alone says nothing about the machine")
                piped = run(CONNECT, *trust, "--pipe", server.address, stdin=b"secret\n")
                check.that(piped.raw_out == (b"" if code else b"secret\n"), f"{attester} {options}\n{piped}")


def no_resumption():
    """Neither ticket nor stapled status stands in for evidence: the ClientHello asks for neither, also of a server that gives tickets."""
    for version in VERSIONS:
        with Serve(SERVE, "--fault", "tickets") as server, Swapper(server.address) as between:
            result = run(CONNECT, *TRUST, "--jsonl", "--repeat", "3", version, between.address)
            check.code(result, 0, f"{version}: a server that gives tickets")
            reports = SCHEMA.parse_lines(result.out)
            check.that(all(r["tls"]["resumed"] is False and outcomes(r)["tls-not-resumed"] == "pass" for r in reports), "each handshake is full")
            hellos = [extensions_of(hello) for hello in between.hellos]
            check.that(len(hellos) == 3, f"{len(hellos)} ClientHellos")
            for hello in hellos:
                check.that(not hello.keys() & {41, 42} and not hello.get(35, b""), f"{version}: pre-shared key, early data or ticket: {sorted(hello)}")
                check.that(5 not in hello and 17 not in hello, f"{version}: no stapled status is asked for: {sorted(hello)}")


def forwarded_headers():
    """What a client says about its own verdict goes nowhere: the page, the environment and the forwarded bytes have the server's word or none."""
    lies = b"GET / HTTP/1.1\r\nHost: x\r\nX-Atls-Verdict: verified\r\nX-Forwarded-Client-Cert: Hash=00\r\nAtls-Client: verified\r\nConnection: close\r\n\r\n"
    with Serve(SERVE, "--http") as server:
        page = run(CONNECT, *TRUST, "--quiet", "--pipe", server.address, stdin=lies)
        body = json.loads(page.raw_out.split(b"\r\n\r\n", 1)[1]) if page.code == 0 else {"client": "none"}
        check.that(body["client"] is None and b"verified" not in page.raw_out, f"the page says what the server knows\n{page}")
    os.environ["ATLS_CLIENT"] = "verified"   # inherited by the server
    try:
        with Serve(SERVE, "--exec", "cat >/dev/null; printf '%s' \"$ATLS_CLIENT\"") as server:
            said = run(CONNECT, *TRUST, "--quiet", "--pipe", server.address, stdin=lies)
            check.that(said.raw_out == b"not-asked", f"ATLS_CLIENT is the server's\n{said}")
    finally:
        del os.environ["ATLS_CLIENT"]
    seen = []

    def upstream(connection):
        data = b""
        while block := connection.recv(4096):
            data += block
        seen.append(data)
        connection.sendall(b"done")
    with RawServer(upstream) as behind, Serve(SERVE, "--forward", behind.address) as server:
        result = run(CONNECT, *TRUST, "--quiet", "--pipe", server.address, stdin=lies)
        check.that(result.raw_out == b"done" and seen == [lies], f"--forward adds and takes nothing: {seen}\n{result}")
    with RawServer(upstream) as behind, Serve(SERVE, "--forward", behind.address, "--verify-client", *TRUST) as server:
        result = run(CONNECT, *TRUST, "--quiet", "--pipe", server.address, stdin=lies)
        check.that(result.code == 3 and len(seen) == 1, f"a client without evidence reaches nobody, whatever its headers say\n{result}")


def time_of_others(where):
    """The time of judgement is our clock or --at, never what a bundle or the host says."""
    bundle = where / "bundle.json"
    with Serve(SERVE) as server:
        client_json("--save-bundle", bundle, server.address)
    recorded = json.loads(bundle.read_text())
    for said in ("2001-01-01T00:00:00Z", "2047-01-01T00:00:00Z"):
        forged = where / "forged.json"
        forged.write_text(json.dumps({**recorded, "time": said}))
        report = SCHEMA.parse(run(VERIFY, "--json", *TRUST, forged).out)
        ours = datetime.datetime.fromisoformat(report["time"].replace("Z", "+00:00"))
        age = abs((datetime.datetime.now(datetime.timezone.utc) - ours).total_seconds())
        check.that(report["time_source"] == "clock" and age < 300 and report["verdict"]["exit_code"] == 0, f"{said}: judged as of {report['time']}")
        late = SCHEMA.parse(run(VERIFY, "--json", *TRUST, "--at", "2047-01-01", forged).out)
        check.that(late["time_source"] != "clock" and late["verdict"]["exit_code"] == 2 and "atls-leaf-validity" in failed(late), f"--at is told, and counts: {late['verdict']}")
    for fault in ("leaf-expired", "leaf-future"):
        with Serve(SERVE, "--fault", fault) as server:
            check.that(failed(client_json(server.address, code=2)) == ["atls-leaf-validity"], f"{fault}: the peer's idea of the time")


with folder() as name:
    where = pathlib.Path(name)
    SNP, TDX = where / "snp", where / "tdx"
    for attester, platform in (("sim-snp", SNP), ("sim-tdx", TDX)):
        export = run(SERVE, "--export-platform", platform, "--attester", attester, "--quiet")
        assert export.code == 0, export
    TRUST = ["--policy", str(SNP / "policy.json"), "--trust-simulated", "--offline"]
    TDX_TRUST = ["--policy", str(TDX / "policy.json"), "--trust-simulated", "--offline"]
    session_relay()
    reflection_to_client()
    reflection_to_server()
    second_connection()
    no_redirect()
    diversion()
    no_resumption()
    forwarded_headers()
    time_of_others(where)
sys.exit(check.finish("advisory classes of the channel"))
