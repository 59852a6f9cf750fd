#!/usr/bin/python3
"""atls-connect: wrong command lines, peers that give no evidence, and what is never sent.

connect_usage_test.py ATLS_CONNECT REPORT_SCHEMA
"""
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from foreign import PlainTls, RawServer  # noqa: E402
from schema import Schema  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

CONNECT, SCHEMA = sys.argv[1], Schema(sys.argv[2])
check = Checks()
TARGET = "127.0.0.1:1"


def usage():
    """Arguments and words that the message must contain. Nothing is connected to: the port has no server, which would be 3."""
    rows = [
        ([], ["target"]),
        (["host"], ["HOST:PORT"]),
        (["host:0"], ["65535"]),
        (["::1:443"], ["brackets"]),
        ([TARGET, "127.0.0.1:2"], ["127.0.0.1:2"]),
        ([TARGET, "--no-such"], ["--no-such"]),
        ([TARGET, "-4", "-6"], ["-4", "-6"]),
        ([TARGET, "--tls1.2", "--tls1.3"], ["--tls1.2", "--tls1.3"]),
        ([TARGET, "--pipe", "--http-get", "/"], ["--pipe", "--http-get"]),
        ([TARGET, "--pipe", "--listen", ":0"], ["--pipe", "--listen"]),
        ([TARGET, "--listen", "127.0.0.1:0", "--json"], ["--listen", "--json"]),
        ([TARGET, "--listen", "127.0.0.1:0", "--save-bundle", "x"], ["--listen", "--save-bundle"]),
        ([TARGET, "--listen", "nonsense:x:y"], ["--listen"]),
        ([TARGET, "--repeat", "2", "--pipe"], ["--repeat", "--pipe"]),
        ([TARGET, "--repeat", "0"], ["--repeat"]),
        ([TARGET, "-o", "x"], ["--http-get"]),
        ([TARGET, "--http-fail"], ["--http-get"]),
        ([TARGET, "--http-get", "no-slash"], ["--http-get"]),
        ([TARGET, "--http-get", "/a b"], ["space"]),
        ([TARGET, "--http-get", "/a\r\nX: y"], ["--http-get"]),
        ([TARGET, "--http-get", ""], ["--http-get"]),
        ([TARGET, "--servername", "example.org"], ["--servername", "nonce"]),
        ([TARGET, "--cafile", "x.pem"], ["--cafile", "self-signed"]),
        ([TARGET, "--capath", "x"], ["--capath", "self-signed"]),
        ([TARGET, "--cert", "x.pem"], ["--cert", "--attest-as"]),
        ([TARGET, "--key", "x.pem"], ["--key", "--attest-as"]),
        ([TARGET, "--profile", "contrast"], ["contrast", "--list-profiles"]),
        ([TARGET, "--nonce", "00"], ["--nonce"]),
        ([TARGET, "--nonce", ""], ["--nonce"]),
        ([TARGET, "--nonce", "zz" * 32], ["--nonce"]),
        ([TARGET, "--nonce", "00" * 33], ["--nonce"]),
        ([TARGET, "--ciphers", "NO-SUCH"], ["--ciphers", "NO-SUCH"]),
        ([TARGET, "--ciphers", "TLS_AES_128_GCM_SHA256", "--tls1.2"], ["--ciphers"]),
        ([TARGET, "--groups", "no-such"], ["--groups", "no-such"]),
        ([TARGET, "--alpn", "a,,b"], ["--alpn"]),
        ([TARGET, "--keylog", "/nonexistent/folder/x"], ["--keylog"]),
        ([TARGET, "--proxy", "socks5://127.0.0.1:1"], ["--proxy", "http://"]),
        ([TARGET, "--connect-timeout", "0"], ["--connect-timeout"]),
        ([TARGET, "--fault", "stale-nonce"], ["--fault", "--attest-as"]),
        ([TARGET, "--attest-as", "none", "--fault", "stale-nonce"], ["--fault", "--attest-as"]),
        ([TARGET, "--attest-as", "sim-snp", "--fault", "no-such"], ["no-such"]),
        ([TARGET, "--attest-as", "sim-snp", "--fault", "tickets"], ["tickets", "client"]),
        ([TARGET, "--attest-as", "sim-snp", "--fault", "crl-expired"], ["crl-expired"]),
        ([TARGET, "--attest-as", "sim-tdx", "--fault", "pck-revoked"], ["pck-revoked"]),
        ([TARGET, "--attest-as", "sim-tdx", "--fault", "debug"], ["sim-snp"]),
        ([TARGET, "--attest-as", "sim-sgx"], ["--attest-as", "no profile"]),
        ([TARGET, "--attest-as", "sim-tdx:version=6"], ["4 or 5"]),
        ([TARGET, "--attest-as", "no-such"], ["--attest-as", "no-such"]),
        ([TARGET, "--attest-as", "file:/nonexistent"], ["--attest-as", "/nonexistent"]),
        ([TARGET, "--policy", "/nonexistent"], ["--policy", "/nonexistent"]),
        ([TARGET, "--measurement", "00"], ["--measurement"]),
    ]
    for arguments, words in rows:
        result = run(CONNECT, *arguments)
        check.code(result, 1, f"usage {arguments}")
        check.that(result.raw_out == b"", f"usage errors leave standard output empty\n{result}")
        check.that(all(word in result.err for word in words), f"the message names {words}\n{result}")


def information():
    for option, word in (("--help", "--http-get"), ("--version", "atls-connect "), ("--list-profiles", "constellation"), ("--list-checks", "atls-nonce-fresh")):
        result = run(CONNECT, option)
        check.code(result, 0, option)
        check.that(word in result.out and not result.err, f"{option} shows {word}\n{result}")
    check.that("--servername" not in run(CONNECT, "--help").out, "options that cannot apply are not offered")


def no_evidence(what, *arguments, reason="tls-handshake", words=()):
    result = run(CONNECT, "--json", "--offline", *arguments)
    check.code(result, 3, what)
    report = SCHEMA.parse(result.out)
    check.that(report["verdict"]["result"] == "no-evidence" and report["verdict"]["reason"] == reason, f"{what}: reason {report['verdict']}")
    detail = " ".join(c["detail"] or "" for c in report["checks"] if c["id"] == reason)
    check.that(all(word in detail for word in words), f"{what}: expected {words} in {detail!r}")
    return report


def unreachable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    no_evidence("nobody listens", f"127.0.0.1:{port}", words=[f"127.0.0.1:{port}", "refused"])
    no_evidence("no such name", "no-such-host.invalid:443", "--timeout", "20", words=["no-such-host.invalid"])
    no_evidence("no IPv6 address", f"127.0.0.1:{port}", "-6", words=["IPv6"])
    text = run(CONNECT, f"127.0.0.1:{port}")
    check.code(text, 3, "text report")
    check.that("tls-handshake" in text.out and "refused" in text.out, f"the text report says why\n{text}")


def foreign_servers():
    with PlainTls() as server:
        for version in ("--tls1.2", "--tls1.3"):
            report = no_evidence(f"TLS without evidence {version}", server.address, version, reason="atls-evidence-present")
            check.that(report["tls"]["version"] == "TLSv" + version[-3:], "the TLS version is reported")
            exchange = run(CONNECT, "--offline", version, "--any-measurement", "--pipe", server.address, stdin=b"a secret\n")
            check.code(exchange, 3, "--pipe to a server without evidence")
            check.that(exchange.raw_out == b"" and "atls-evidence-present" in exchange.err, f"the report is on standard error\n{exchange}")
            exchange = run(CONNECT, "--offline", version, "--any-measurement", "--http-get", "/secret", server.address)
            check.code(exchange, 3, "--http-get from a server without evidence")
        time.sleep(0.2)
        check.that(server.received == b"", f"no application byte may leave: {server.received!r}")
        with folder() as where:
            saved = pathlib.Path(where) / "cert.pem"
            result = run(CONNECT, "--offline", "--showcerts", "--save-cert", saved, "--save-evidence", pathlib.Path(where) / "none", server.address)
            check.code(result, 3, "--save-cert")
            check.that(saved.read_text() in result.out and "BEGIN CERTIFICATE" in saved.read_text(), "saved and shown, although the verdict is bad")
            check.that(not (pathlib.Path(where) / "none").exists() and "no evidence" in result.err, f"nothing is invented\n{result}")
    with PlainTls(client_certificates=True) as server:
        for version in ("--tls1.2", "--tls1.3"):
            no_evidence(f"ordinary mutual TLS {version}", server.address, version, reason="atls-nonce-request", words=["CA name"])
    with RawServer(lambda s: s.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        no_evidence("plain HTTP", server.address, words=["TLS"])
    with RawServer(lambda s: s.close()) as server:
        no_evidence("closes at once", server.address, words=["closed"])
    with RawServer(lambda s: time.sleep(20)) as server:
        start = time.monotonic()
        no_evidence("says nothing", server.address, "--timeout", "1", words=["time"])
        check.that(time.monotonic() - start < 10, "the time limit holds")


usage()
information()
unreachable()
foreign_servers()
sys.exit(check.finish("atls-connect, wrong command lines and foreign servers"))
