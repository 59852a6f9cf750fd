#!/usr/bin/env python3
"""Channels that can be broken, kind by kind, against both roles. Those that a server can choose by itself are faults of atls-serve
(faults_test.py holds them against the table); what OpenSSL refuses to choose is written into its messages on the way.
Usage: key_strength_test.py ATLS-SERVE ATLS-CONNECT ATLS-VERIFY
"""

import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

from serve_support import Serve, Tally, outcomes, run, run_json

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from foreign import PLAIN_PEM, RawServer  # noqa: E402

SERVE, CONNECT, VERIFY = map(pathlib.Path, sys.argv[1:4])
tally = Tally()

# IANA "TLS Cipher Suites". What it is, and words of the report.
CIPHERS = {
    0x0000: "encrypts nothing", 0x003B: "encrypts nothing", 0xC006: "encrypts nothing", 0xC010: "encrypts nothing",
    0x0034: "authenticates nobody", 0x006C: "authenticates nobody", 0x00A6: "authenticates nobody", 0xC018: "authenticates nobody",
    0x0003: "made weak for export", 0x0014: "made weak for export", 0x0017: "made weak for export", 0x0062: "made weak for export",
}


class Rewriter(RawServer):
    """Stands between client and server and changes the first flights."""

    def __init__(self, port, up=lambda data: data, down=lambda data: data):
        self.port, self.up, self.down = port, up, down
        super().__init__(self._between)

    def _between(self, client):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as server:
            there = threading.Thread(target=self._copy, args=(client, server, self.up), daemon=True)
            there.start()
            self._copy(server, client, self.down)

    @staticmethod
    def _copy(source, sink, change):
        try:
            first = True
            while data := source.recv(65536):
                sink.sendall(change(data) if first else data)
                first = False
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def with_cipher(cipher):
    """ServerHello with another cipher: record header, message header, version, random, session id, cipher."""
    def change(data):
        out = bytearray(data)
        if out[0] == 22 and out[5] == 2:
            at = 5 + 4 + 2 + 32
            at += 1 + out[at]
            out[at:at + 2] = cipher.to_bytes(2, "big")
        return bytes(out)
    return change


def with_signature_schemes(scheme):
    """ClientHello that offers one signature scheme only, again and again."""
    def change(data):
        out = bytearray(data)
        at = out.find(b"\x00\x0d", 100)   # signature_algorithms; sizes of the extension and of its list follow
        while at > 0 and int.from_bytes(out[at + 2:at + 4], "big") != int.from_bytes(out[at + 4:at + 6], "big") + 2:
            at = out.find(b"\x00\x0d", at + 1)
        size = int.from_bytes(out[at + 4:at + 6], "big")
        out[at + 6:at + 6 + size] = scheme.to_bytes(2, "big") * (size // 2)
        return bytes(out)
    return change


class OldServer(RawServer):
    """TLS 1.2 of Python's ssl at OpenSSL's security level 0."""

    def __init__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
            pem.write(PLAIN_PEM)
            pem.flush()
            self.context.load_cert_chain(pem.name)
        super().__init__(self._talk)

    def _talk(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(100)


def refused(what, status, report, words, code=2):
    found, detail = outcomes(report), " ".join(c["detail"] or "" for c in report["checks"] if c["id"] == "tls-key-strength")
    tally.check(status == code and found.get("tls-key-strength") == "fail", f"{what}: exit {status}, expected {code}, reason {report['verdict']['reason']}")
    tally.check(all(word in detail for word in words), f"{what}: {words} are not in {detail!r}")
    if code == 2:
        tally.check(report["verdict"]["reason"] == "tls-key-strength" and [c for c, o in found.items() if o == "fail"] == ["tls-key-strength"],
                    f"{what}: by this check alone: {found}")


def chosen_by_the_server(policy):
    judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache"]
    p224 = ["--groups", "P-256:P-224"]
    rows = [("rsa-1024-key", "--tls1.2", [], ["RSA", "1024 bits", "2048"]), ("rsa-1024-key", "--tls1.3", [], ["RSA", "1024 bits", "2048"]),
            ("ec-224-key", "--tls1.2", p224, ["EC", "224 bits", "256"]), ("static-rsa", "--tls1.2", [], ["static RSA", "AES"]),
            ("p224-exchange", "--tls1.2", p224, ["secp224r1", "256 bits"])]
    with tempfile.TemporaryDirectory() as temporary:
        bundle = pathlib.Path(temporary) / "bundle.json"
        for fault, version, more, words in rows:
            with Serve(SERVE, "--fault", fault) as server:
                status, report = run_json(CONNECT, *judge, version, *more, "--save-bundle", bundle, server.address)
                refused(f"--fault {fault} {version}", status, report, words)
                status, report = run_json(VERIFY, *judge, bundle)
                refused(f"the recording of {fault} {version}", status, report, words)
                status, out, _ = run(CONNECT, *judge, version, *more, "--http-get", "/", server.address)
                tally.check(status == 2 and not out, f"--fault {fault}: an exchange: exit {status}")


def written_into_messages(policy):
    judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache"]
    with Serve(SERVE, "--quiet", log_json=False) as server:
        for cipher, words in CIPHERS.items():
            with Rewriter(server.port, down=with_cipher(cipher)) as between:
                status, report = run_json(CONNECT, *judge, "--tls1.2", between.address)
                refused(f"cipher {cipher:#06x}", status, report, [f"0x{cipher:04X}", words])
        with Rewriter(server.port, down=with_cipher(0xC02B)) as between:   # a strong one that was not negotiated: no word about its strength
            status, report = run_json(CONNECT, *judge, "--tls1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", between.address)
            tally.check(status == 3 and "tls-key-strength" not in outcomes(report), f"a strong cipher that was not offered: exit {status}")
    with OldServer() as server:
        with Rewriter(int(server.address.rsplit(":", 1)[1]), up=with_signature_schemes(0x0203)) as between:
            status, report = run_json(CONNECT, *judge, "--tls1.2", between.address)
            refused("ECDSA with SHA-1", status, report, ["SHA-1"])


def of_clients(policy):
    judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache"]
    for version in ("--tls1.2", "--tls1.3"):
        with Serve(SERVE, "--verify-client", *judge) as server:
            status, _ = run_json(CONNECT, *judge, version, "--attest-as", "sim-snp", "--fault", "rsa-1024-key", server.address)
            record = server.log(1)[0]
            tally.check(status == 3 and not record["established"], f"a client with RSA 1024 {version}: exit {status}")
            refused(f"a client with RSA 1024 {version}", record["client_report"]["verdict"]["exit_code"], record["client_report"], ["1024 bits"])
    # What the server does not speak, whatever the client offers.
    with Serve(SERVE) as server:
        for ciphers in ("NULL", "aNULL", "kRSA", "ECDHE-ECDSA-NULL-SHA"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
            refused_by_server = False
            with socket.create_connection(("127.0.0.1", server.port)) as raw:
                try:
                    context.wrap_socket(raw, server_hostname="A" * 43 + "=").close()
                except (ssl.SSLError, ConnectionError):
                    refused_by_server = True
            tally.check(refused_by_server, f"the server speaks {ciphers}")


def wrong_command_lines():
    for ciphers in ("ALL:@SECLEVEL=0", "DEFAULT@SECLEVEL=0", "@STRENGTH", "NULL-SHA256", "eNULL", "aNULL", "AECDH-AES128-SHA", "ECDHE-ECDSA-NULL-SHA"):
        status, _, err = run(CONNECT, "--tls1.2", "--ciphers", ciphers, "127.0.0.1:1")
        tally.check(status == 1 and "--ciphers" in err, f"--ciphers {ciphers}: exit {status} {err}")


def configuration_file(policy):
    """OpenSSL's configuration cannot lower what is demanded."""
    with tempfile.TemporaryDirectory() as temporary:
        low = pathlib.Path(temporary) / "openssl.cnf"
        low.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = ALL:@SECLEVEL=0\n")
        with OldServer() as server, Rewriter(int(server.address.rsplit(":", 1)[1]), up=with_signature_schemes(0x0203)) as between:
            done = subprocess.run([str(CONNECT), "--policy", policy, "--offline", "--no-cache", "--tls1.2", between.address], capture_output=True,
                                  env={"OPENSSL_CONF": str(low), "PATH": "/usr/bin:/bin"}, timeout=60)
            tally.check(done.returncode == 2 and b"SHA-1" in done.stdout, f"OPENSSL_CONF with level 0: exit {done.returncode} {done.stdout[-300:]}")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        subprocess.run([SERVE, "--export-platform", folder, "--quiet"], check=True)
        chosen_by_the_server(folder / "policy.json")
        written_into_messages(folder / "policy.json")
        of_clients(folder / "policy.json")
        wrong_command_lines()
        configuration_file(folder / "policy.json")
    return tally.finish("channels that can be broken")


sys.exit(main())
