#!/usr/bin/env python3
"""One client address cannot lock the server out: --max-per-address, and the oldest idle handshake gives way.
Usage: address_limit_test.py ATLS-SERVE ATLS-CONNECT
"""

import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from serve_support import Serve, Tally

SERVE, CONNECT = map(pathlib.Path, sys.argv[1:3])
tally = Tally()


def silent(server, source, count):
    """Connections that say nothing."""
    peers = [socket.create_connection(("127.0.0.1", server.port), source_address=(source, 0)) for _ in range(count)]
    time.sleep(0.3)   # accepted by now
    return peers


def established(server, source):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=5, source_address=(source, 0))
    return context.wrap_socket(raw, server_hostname="A" * 43 + "=")


def echoes(tls):
    tls.settimeout(5)
    tls.sendall(b"x")
    return tls.recv(1) == b"x"


def close(peers):
    for peer in peers:
        peer.close()


class Honest:
    """atls-connect, whose address is 127.0.0.1."""

    def __init__(self, policy):
        self.judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache", "--quiet"]

    def __call__(self, server, limit):
        start = time.monotonic()
        done = subprocess.run([str(a) for a in (CONNECT, *self.judge, "--timeout", limit, server.address)], capture_output=True, timeout=60)
        return done.returncode, time.monotonic() - start


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        subprocess.run([SERVE, "--export-platform", folder, "--quiet"], check=True)
        honest = Honest(folder / "policy.json")

        with Serve(SERVE, "--max-connections", 8) as server:   # 2 of one address by default
            peers = silent(server, "127.0.0.2", 40)
            status, seconds = honest(server, 5)
            tally.check(status == 0 and seconds < 3, f"40 silent connections of another address: exit {status} after {seconds:.1f} s")
            close(peers)

        with Serve(SERVE, "--max-connections", 8) as server:   # those that wait are not lost
            peers = silent(server, "127.0.0.1", 12)
            close(peers)
            status, seconds = honest(server, 5)
            tally.check(status == 0, f"after 12 silent connections of its own address: exit {status}")

        with Serve(SERVE, "--max-connections", 8) as server:
            peers = silent(server, "127.0.0.1", 2)
            status, seconds = honest(server, 10)
            tally.check(status == 0 and seconds < 8, f"behind 2 silent connections of its own address: exit {status} after {seconds:.1f} s")
            records = server.log(2)
            gave_way = [r for r in records if r["failure"] and "needed the place" in r["failure"]]
            tally.check([r["connection"] for r in gave_way] == [1], f"the oldest gives way, and no other: {records}")
            close(peers)

        with Serve(SERVE, "--max-connections", 8) as server:
            peers = [established(server, "127.0.0.1") for _ in range(2)]
            tally.check(all(echoes(peer) for peer in peers), "two of one address are served")
            status, seconds = honest(server, 5)
            tally.check(status == 3, f"established connections do not give way: exit {status} after {seconds:.1f} s")
            tally.check(all(echoes(peer) for peer in peers), "established connections are left alone")
            other = established(server, "127.0.0.3")
            tally.check(echoes(other), "another address has its own share")
            close(peers[:1])
            status, seconds = honest(server, 5)
            tally.check(status == 0, f"a place became free: exit {status} after {seconds:.1f} s")
            close([*peers, other])

        with Serve(SERVE, "--max-connections", 4, "--max-per-address", 1) as server:
            peers = [peer for i in range(2, 12) for peer in silent(server, f"127.0.0.{i}", 1)]
            status, seconds = honest(server, 14)
            tally.check(status == 0, f"a full server of silent connections from ten addresses: exit {status} after {seconds:.1f} s")
            close(peers)

        for value in ("0", "-1", "x", "20001"):
            done = subprocess.run([str(SERVE), "--max-per-address", value], capture_output=True, timeout=20)
            tally.check(done.returncode == 1 and b"--max-per-address" in done.stderr, f"--max-per-address {value}: exit {done.returncode}")
    return tally.finish("shares of addresses")


sys.exit(main())
