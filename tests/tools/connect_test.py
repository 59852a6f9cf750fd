#!/usr/bin/python3
"""atls-connect against atls-serve: verdict before application bytes, pipe, HTTP, forwarder, saving, repetition, proxy, mutual.

connect_test.py ATLS_CONNECT ATLS_SERVE ATLS_VERIFY REPORT_SCHEMA
"""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from foreign import Proxy  # noqa: E402
from schema import Schema  # noqa: E402
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

CONNECT, SERVE, VERIFY, SCHEMA = *sys.argv[1:4], Schema(sys.argv[4])
check = Checks()
VERSIONS = ("--tls1.2", "--tls1.3")


def client(*arguments, **more):
    return run(CONNECT, *TRUST, *arguments, **more)


def client_json(*arguments, code=0, what=""):
    result = client("--json", *arguments)
    check.code(result, code, what or str(arguments))
    return SCHEMA.parse(result.out)


def verdicts_and_saving(where):
    bundle, cert, evidence = where / "b", where / "c.pem", where / "e"
    with Serve(SERVE) as server:
        for version in VERSIONS:
            report = client_json(version, "--save-bundle", bundle, "--save-cert", cert, "--save-evidence", evidence, server.address)
            check.that(report["subject"]["target"] == server.address and report["profile"] == "constellation", "subject and profile")
            check.that(report["tls"]["version"] == "TLSv" + version[-3:] and report["tls"]["alpn"] == "http/1.1", f"tls {report['tls']}")
            check.that(report["freshness"]["proven"] and report["binding"]["level"] == "key", "fresh, bound to the key")
            check.that({"dns", "tcp", "tls", "evidence", "collateral", "verify"} <= report["timing_ms"].keys(), "timing")
            saved = json.loads(bundle.read_text())
            check.that(saved["schema"] == "atls-bundle/1" and saved["nonce"] == report["freshness"]["nonce"] and saved["role"] == "server", "bundle")
            check.that(evidence.stat().st_size == 1184, "the evidence is the report as signed")
            offline = run(VERIFY, *POLICY, "--trust-simulated", "--offline", bundle)
            check.code(offline, 0, "the bundle verifies offline")
            offline = run(VERIFY, *POLICY, "--trust-simulated", "--offline", "--nonce", saved["nonce"], cert)
            check.code(offline, 0, "the certificate verifies with the nonce")
            offline = run(VERIFY, *POLICY, "--trust-simulated", "--offline", "--nonce", "00" * 32, cert)
            check.code(offline, 2, "the certificate does not verify with another nonce")
        fixed = client_json("--nonce", "07" * 32, server.address, code=6)
        check.that(fixed["verdict"]["reason"] == "atls-nonce-fresh", f"a fixed nonce is not fresh: {fixed['verdict']}")
        client_json("--nonce", "07" * 32, "--allow-not-fresh", server.address)
        check.code(run(CONNECT, "--trust-simulated", "--offline", server.address), 6, "nothing pinned")
        check.code(run(CONNECT, *POLICY, "--offline", server.address), 2, "the simulated root is not trusted by accident")
        alpn = client_json("--alpn", "h2", server.address)
        check.that(alpn["tls"]["alpn"] == "h2", "--alpn")
        check.that(client_json("--alpn", "none", server.address)["tls"]["alpn"] in ("", None), "--alpn none")
        cipher = client_json("--ciphers", "TLS_CHACHA20_POLY1305_SHA256", "--groups", "P-256", server.address)
        check.that(cipher["tls"]["cipher"] == "TLS_CHACHA20_POLY1305_SHA256", "--ciphers")
        keys = where / "keys"
        client("--keylog", keys, server.address)
        check.that("CLIENT_TRAFFIC_SECRET_0" in keys.read_text() and keys.stat().st_mode & 0o077 == 0, "--keylog is private")
        quiet = client("--quiet", server.address)
        check.that(quiet.raw_out == b"" and quiet.err == "", f"--quiet\n{quiet}")
        lines = client("--jsonl", "--repeat", "3", server.address)
        check.code(lines, 0, "--repeat")
        reports = SCHEMA.parse_lines(lines.out)
        check.that(len(reports) == 3 and len({r["freshness"]["nonce"] for r in reports}) == 3, "a fresh nonce each time")
        check.that("p90" in lines.err and "leaf key    the same in all 3" in lines.err and "evidence    different in each of 3" in lines.err, f"statistics\n{lines}")
        unsaved = client("--save-bundle", "/nonexistent/folder/x", server.address)
        check.code(unsaved, 1, "a bundle that cannot be written")


def refusal_comes_first(where):
    with Serve(SERVE, "--fault", "body-bitflip", "--echo") as server:
        piped = client("--pipe", server.address, stdin=b"secret\n")
        check.code(piped, 2, "--pipe to a tampered server")
        check.that(piped.raw_out == b"" and "snp-report-signature" in piped.err, f"the report is on standard error\n{piped}")
        check.code(client("--http-get", "/secret", server.address), 2, "--http-get from a tampered server")
        bundle = where / "bad"
        client("--save-bundle", bundle, server.address)
        check.code(run(VERIFY, *POLICY, "--trust-simulated", "--offline", bundle), 2, "a refused handshake is saved, too")
        log = server.log(3)
        check.that(len(log) == 3 and all(line.get("bytes_in") == 0 for line in log), f"no application byte arrived: {log}")


def pipe():
    big = bytes(range(256)) * 4096
    with Serve(SERVE, "--echo") as server:
        for version in VERSIONS:
            echoed = client("--pipe", "--brief", version, server.address, stdin=big)
            check.code(echoed, 0, f"--pipe {version}")
            check.that(echoed.raw_out == big, f"--pipe returns {len(echoed.raw_out)} of {len(big)} bytes")
            check.that("VERIFIED" in echoed.err, "the report is on standard error")
        check.that(client("--pipe", server.address, stdin=b"").code == 0, "--pipe without input")
    with Serve(SERVE, "--exec", "cat >/dev/null; printf done") as server:
        result = client("--pipe", "--quiet", server.address, stdin=b"x" * 100000)
        check.that(result.code == 0 and result.raw_out == b"done", f"input ends, output goes on\n{result}")


def http(where):
    with Serve(SERVE, "--http") as server:
        page = client("--http-get", "/", "--brief", server.address)
        check.code(page, 0, "--http-get")
        check.that(isinstance(json.loads(page.out), dict) and "VERIFIED" in page.err, "the body on standard output, the report on standard error")
        body = where / "body"
        both = client("--http-get", "/", "-o", body, server.address)
        check.that(both.code == 0 and "VERIFIED" in both.out and json.loads(body.read_text()), "-o FILE leaves standard output to the report")
        check.code(client("--http-get", "/", "--alpn", "h2", server.address), 3, "the status page speaks HTTP/1.1 only")
    answers = {
        "length": ("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello", 0, b"hello"),
        "length and no close": ("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello'; sleep 6; printf '", 0, b"hello"),
        "until close": ("HTTP/1.0 200 OK\\r\\n\\r\\nhello", 0, b"hello"),
        "chunked": ("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nhel\\r\\n2;x=y\\r\\nlo\\r\\n0\\r\\n\\r\\n", 0, b"hello"),
        "interim": ("HTTP/1.1 103 Early\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok", 0, b"ok"),
        "short": ("HTTP/1.1 200 OK\\r\\nContent-Length: 50\\r\\n\\r\\nhello", 9, b""),
        "chunk cut": ("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nff\\r\\nhel", 9, b""),
        "two lengths": ("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\nhello!", 9, b""),
        "too large": ("HTTP/1.1 200 OK\\r\\nContent-Length: 99999999999\\r\\n\\r\\nx", 9, b""),
        "not HTTP": ("SSH-2.0-x\\r\\n\\r\\n", 9, b""),
        "nothing": ("", 9, b""),
        "404": ("HTTP/1.1 404 Not Found\\r\\nContent-Length: 4\\r\\n\\r\\ngone", 0, b"gone"),
    }
    for name, (answer, code, body) in answers.items():
        with Serve(SERVE, "--exec", f"head -c 20 >/dev/null; printf '{answer}'") as server:
            result = client("--quiet", "--http-get", "/x", server.address)
            check.that(result.code == code and result.raw_out == body, f"HTTP answer {name}: expected {code}, {body}\n{result}")
            check.that(code == 0 or "the server is verified, but" in result.err, f"{name}: the reason is told")
            if name == "404":
                failed = client("--quiet", "--http-get", "/x", "--http-fail", server.address)
                check.that(failed.code == 9 and failed.raw_out == b"" and "404" in failed.err, f"--http-fail\n{failed}")


def forwarder():
    with Serve(SERVE, "--echo") as server, Serve(SERVE, "--echo", "--fault", "body-bitflip") as tampered:
        for target, code, expected in ((server, signal.SIGTERM, b"through\n"), (tampered, signal.SIGINT, b"")):
            process = subprocess.Popen([CONNECT, *TRUST, "--listen", "127.0.0.1:0", target.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            line = process.stdout.readline().decode()
            check.that(line.startswith("listening on 127.0.0.1:"), f"--listen says where: {line}")
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", int(line.rsplit(":", 1)[1])), timeout=20) as s:
                    s.sendall(b"through\n")
                    s.shutdown(socket.SHUT_WR)
                    got = b""
                    try:
                        while block := s.recv(4096):
                            got += block
                    except ConnectionError:
                        pass
                    check.that(got == expected, f"forwarded: {got!r}")
            process.send_signal(code)
            _, err = process.communicate(timeout=30)
            check.that(process.returncode == (0 if code == signal.SIGTERM else 130), f"--listen ends with {process.returncode}")
            check.that(("snp-report-signature" in err.decode()) == (expected == b""), f"the log names the reason: {err.decode()}")
        log = server.log(2)
        nonces = {line.get("nonce") or line.get("client_nonce") for line in log}
        check.that(len(log) == 2 and len(nonces) == 2, f"each connection has its own handshake: {nonces}")


def proxies():
    with Serve(SERVE) as server, Proxy() as proxy, Proxy(refuse=True) as refusing:
        client_json("--proxy", f"http://user:pass@{proxy.address}", server.address)
        check.that(proxy.requests and proxy.requests[0].startswith(f"CONNECT {server.address} HTTP/1.1\r\n") and "Basic dXNlcjpwYXNz" in proxy.requests[0], "the proxy is asked")
        refused = client_json("--proxy", f"http://{refusing.address}", server.address, code=3)
        check.that("403" in json.dumps(refused["checks"]), "the answer of the proxy is told")


def mutual():
    with Serve(SERVE, "--verify-client", *POLICY, "--trust-simulated", "--offline") as server:
        for version in VERSIONS:
            report = client_json(version, "--attest-as", "sim-snp", server.address)
            check.that({"id": "atls-nonce-request", "outcome": "pass"}.items() <= next(c for c in report["checks"] if c["id"] == "atls-nonce-request").items(), "nonce request")
            for more, word in (([], "--attest-as"), (["--attest-as", "sim-snp", "--fault", "no-evidence"], "alert"),
                               (["--attest-as", "sim-snp", "--fault", "stale-nonce"], "alert"), (["--attest-as", "sim-snp:seed=another"], "alert"),
                               (["--attest-as", "sim-snp", "--fault", "foreign-key"], "alert")):
                refused = client_json(version, *more, server.address, code=3)
                detail = next(c for c in refused["checks"] if c["id"] == "tls-handshake")["detail"]
                check.that(refused["verdict"]["reason"] == "tls-handshake" and word in detail, f"{version} {more}: {detail}")
            echoed = client("--quiet", version, "--attest-as", "sim-snp", "--pipe", server.address, stdin=b"both attested\n")
            check.that(echoed.code == 0 and echoed.raw_out == b"both attested\n", f"mutual exchange\n{echoed}")
    with Serve(SERVE) as server:
        report = client_json("--attest-as", "sim-snp", server.address)
        check.that(any("--attest-as" in s for s in report["not_proven"]), "evidence that nobody asked for is told")


def time_limits():
    with Serve(SERVE, "--exec", "sleep 6") as server:
        start = time.monotonic()
        silent = client("--quiet", "--http-get", "/", "--timeout", "2", server.address)
        check.that(silent.code == 9 and time.monotonic() - start < 15, f"a silent HTTP server\n{silent}")
        process = subprocess.Popen([CONNECT, *TRUST, "--pipe", server.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        check.that(process.returncode == 130, f"SIGINT gives {process.returncode}")


with folder() as name:
    where = pathlib.Path(name)
    export = run(SERVE, "--export-platform", where / "platform", "--quiet")
    assert export.code == 0, export
    POLICY = ["--policy", str(where / "platform" / "policy.json")]
    TRUST = [*POLICY, "--trust-simulated", "--offline"]
    verdicts_and_saving(where)
    refusal_comes_first(where)
    pipe()
    http(where)
    forwarder()
    proxies()
    mutual()
    time_limits()
sys.exit(check.finish("atls-connect against atls-serve"))
