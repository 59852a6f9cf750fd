#!/usr/bin/env python3
"""What evidence makes the tools ask the network: nothing that its own signatures and chain have settled already; and roll-backs are told.

collateral_questions_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT
"""
import json
import os
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT = (pathlib.Path(name).resolve() for name in sys.argv[1:4])
check = Checks()
ANY = ["--no-cache", "--any-measurement"]


class Service:
    """Counts who asks, and refuses everything at once (404)."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.asked = 0
        threading.Thread(target=self.answer, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def answer(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.asked += 1
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def asked_by(self, what, code, asks, *command, reason=None):
        before, start = self.asked, time.monotonic()
        result = run(*command, "--json")
        check.code(result, code, what)
        check.that((self.asked > before) == asks, f"{what}: {self.asked - before} questions, expected {'some' if asks else 'none'}")
        check.that(time.monotonic() - start < 10, f"{what}: {time.monotonic() - start:.1f} s")
        report = json.loads(result.out)
        check.that(reason is None or report["verdict"]["reason"] == reason, f"{what}: {report['verdict']}")
        return report


def questions(service):
    urls = ["--kds-url", service.url, "--pcs-url", service.url]
    for kind, root, signature, fault in (("snp", "snp-ark-trusted", "snp-report-signature", "body-bitflip"), ("tdx", "pck-root-trusted", "quote-signature", "quote-signature"), ("sgx", "pck-root-trusted", None, None)):
        attester = ["--attester", f"sim-{kind}"]
        check.code(run(SERVE, "--export-platform", kind, "--quiet", *attester), 0, f"export {kind}")
        anchor = ["--trust-anchor", pathlib.Path(kind) / "trust-anchor.pem"]
        evidence = pathlib.Path(kind) / ("extended.bin" if kind == "snp" else "quote.bin")
        service.asked_by(f"{kind}: an untrusted root, from a file", 2, False, VERIFY, *ANY, *urls, evidence)
        service.asked_by(f"{kind}: a trusted root", 4, True, VERIFY, *ANY, *anchor, *urls, evidence)
        data = bytearray(evidence.read_bytes())
        data[0x90 if kind == "snp" else 48 + 136 if kind == "tdx" else 48 + 64] ^= 1
        pathlib.Path("altered").write_bytes(data)
        service.asked_by(f"{kind}: a trusted root, altered evidence", 2, False, VERIFY, *ANY, *anchor, *urls, "altered", reason=signature)
        if kind == "sgx":
            continue
        with Serve(SERVE, *attester) as server:
            report = service.asked_by(f"{kind}: an untrusted root, from a handshake", 2, False, CONNECT, *ANY, *urls, server.address)
            check.that(any(c["id"] == root and c["outcome"] == "fail" for c in report["checks"]), f"{kind}: {root}")
            service.asked_by(f"{kind}: a trusted root, from a handshake", 4, True, CONNECT, *ANY, *anchor, *urls, server.address)


def rollback():
    for name, fault in (("new", "tcb-info-expired"), ("old", "tcb-eval-number-old")):
        check.code(run(SERVE, "--attester", "sim-tdx", "--export-platform", name, "--quiet", "--fault", fault), 0, f"export {name}")
    trust = ["--trust-anchor", "old/trust-anchor.pem", "--offline", *ANY]
    for what, folders, outcome in (("alone", ["old"], "pass"), ("beside an expired one of a higher number", ["old", "new"], "warn"), ("in another order", ["new", "old"], "warn")):
        options = [x for f in folders for x in ("--collateral-dir", f"{f}/attestation-app")]
        result = run(VERIFY, *trust, *options, "--json", "old/quote.bin")
        check.code(result, 0, f"an older evaluation {what}")
        found = [c for c in json.loads(result.out)["checks"] if c["id"] == "collateral-rollback"]
        check.that([c["outcome"] for c in found] == [outcome], f"an older evaluation {what}: {found}")


def main():
    with folder() as where:
        os.chdir(where)
        questions(Service())
        rollback()
    return check.finish("questions to collateral services")


sys.exit(main())
