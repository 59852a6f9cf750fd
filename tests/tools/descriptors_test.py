#!/usr/bin/env python3
"""Every tool with each of its standard descriptors closed: nothing of a report reaches the peer or a file, and no success is claimed
whose result was lost.
Usage: descriptors_test.py ATLS-SERVE ATLS-CONNECT ATLS-VERIFY ATLS-DUMP
"""

import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

from serve_support import Serve, Tally

SERVE, CONNECT, VERIFY, DUMP = map(pathlib.Path, sys.argv[1:5])
tally = Tally()
NAMES = {0: "standard input", 1: "standard output", 2: "standard error"}
RECORDS = {20, 21, 22, 23}   # RFC 8446 section 5.1


def closed(fds, *command, stdin=b"", limit=30):
    """Runs a command with these descriptors closed. Exit status, stdout, stderr."""
    script = 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in fds)
    done = subprocess.run(["sh", "-c", script, "sh", *map(str, command)], input=stdin, capture_output=True, timeout=limit)
    return done.returncode, done.stdout, done.stderr


def only_records(data):
    """Whole TLS records and nothing else."""
    while data:
        if len(data) < 5 or data[0] not in RECORDS or data[1] != 3 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
            return False
        data = data[5 + int.from_bytes(data[3:5], "big"):]
    return True


class Tap:
    """A TCP forwarder that keeps what passes: `up` from the client, `down` from the server."""

    def __init__(self, port):
        self.port, self.up, self.down = port, b"", b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        back = threading.Thread(target=self._copy, args=(server, client, "down"), daemon=True)
        back.start()
        self._copy(client, server, "up")
        back.join(20)

    def _copy(self, source, sink, name):
        try:
            while block := source.recv(65536):
                setattr(self, name, getattr(self, name) + block)
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def finish(self):
        self.thread.join(20)
        self.listener.close()


def of_connect(policy):
    judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache"]
    cases = [([], b""), (["--http-get", "/"], b""), (["--pipe"], b"hello"), (["--json"], b"")]
    with Serve(SERVE, "--echo", "--idle-timeout", "3") as server, Serve(SERVE, "--http") as http:
        for fds in [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]]:
            for options, text in cases:
                tap = Tap((http if "--http-get" in options else server).port)
                status, out, err = closed(fds, CONNECT, *judge, *options, tap.address, stdin=text)
                tap.finish()
                what = f"atls-connect {options} without {fds}: exit {status}, {out[:100]} {err[:200]}"
                tally.check(only_records(tap.up), f"{what}: the server got what is no TLS record: {tap.up[-300:]}")
                exchange = options and options[0] in ("--http-get", "--pipe")   # the report is on standard error then
                lost = (2 if exchange else 1) in fds
                tally.check(status == (1 if lost else 9 if exchange and 1 in fds else 0), what)
            # A refusal stays one.
            tap = Tap(server.port)
            status, _, _ = closed(fds, CONNECT, "--policy", policy, "--offline", "--no-cache", tap.address)
            tap.finish()
            tally.check(status == (1 if 1 in fds else 2), f"atls-connect without {fds}: an untrusted root: exit {status}")
            tally.check(only_records(tap.up), f"atls-connect without {fds}: a refused server got {tap.up[-300:]}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def of_serve(policy):
    """The server's report lines and its log must not reach the client."""
    for fds in [[0], [1], [2], [1, 2], [0, 1, 2]]:
        for log in ("text", "json"):
            port = free_port()
            script = 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in fds)
            server = subprocess.Popen(["sh", "-c", script, "sh", str(SERVE), "--count", "2", "--log", log, f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                for _ in range(100):
                    with socket.socket() as probe:
                        probe.settimeout(1)
                        if probe.connect_ex(("127.0.0.1", port)) == 0:   # the first of the two: refused and logged
                            probe.sendall(b"GET / HTTP/1.1\r\n\r\n")
                            seen = b""
                            try:
                                while block := probe.recv(4096):
                                    seen += block
                            except OSError:
                                pass
                            break
                    time.sleep(0.1)
                tally.check(only_records(seen), f"atls-serve without {fds}: a client got {seen[:300]}")
                tap = Tap(port)
                status, _, err = closed([], CONNECT, "--policy", policy, "--trust-simulated", "--offline", "--no-cache", "--quiet", tap.address)
                tap.finish()
                tally.check(status == 0, f"atls-serve without {fds}: an honest client: exit {status} {err}")
                tally.check(only_records(tap.down), f"atls-serve without {fds}: a client got {tap.down[-300:]}")
                status = server.wait(20)
                tally.check(status == 3, f"atls-serve without {fds}: exit {status}, expected 3 (of the client that spoke no TLS)")
            finally:
                server.kill()
                server.communicate()


def of_files(folder, policy):
    """A file that is read or saved never has the number of a standard stream."""
    quote = folder / "extended.bin"
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    judge = [VERIFY, "--policy", policy, "--trust-simulated", "--offline", "--no-cache"]
    for fds in [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]]:
        status, _, err = closed(fds, *judge, quote)
        tally.check(status == (70 if 1 in fds else 0), f"atls-verify without {fds}: exit {status} {err}")
        status, _, err = closed(fds, *judge, "--json", quote)
        tally.check(status != 0 if 1 in fds else status == 0, f"atls-verify --json without {fds}: exit {status} {err}")
        saved = folder / "saved"
        status, _, err = closed(fds, *judge, "--report", saved, "--json", quote)
        tally.check(status == 0 or 1 in fds and status == 70, f"atls-verify --report without {fds}: exit {status} {err}")
        text = saved.read_text()
        tally.check(text.startswith("{") and text.rstrip().endswith("}") and text.count('"schema"') == 1, f"atls-verify --report without {fds}: the file holds {text[:60]}")
        saved.unlink()
        status, _, err = closed(fds, DUMP, quote)
        tally.check(status == (70 if 1 in fds else 0), f"atls-dump without {fds}: exit {status} {err}")
        status, _, err = closed(fds, DUMP, "-")
        tally.check(status != 0, f"atls-dump - without {fds}: exit {status}: nothing was given")
        status, _, err = closed(fds, DUMP, "/nonexistent")
        tally.check(status not in (0, 70), f"atls-dump of nothing without {fds}: exit {status} {err}")
        for tool in (SERVE, CONNECT, VERIFY, DUMP):
            status, _, err = closed(fds, tool, "--version")
            tally.check(status == (70 if 1 in fds else 0), f"{tool.name} --version without {fds}: exit {status} {err}")
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    tally.check(before == after, "an input file was written to")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        subprocess.run([SERVE, "--export-platform", folder, "--quiet"], check=True)
        of_connect(folder / "policy.json")
        of_serve(folder / "policy.json")
        of_files(folder, folder / "policy.json")
    return tally.finish("four tools without " + ", ".join(NAMES.values()))


sys.exit(main())
