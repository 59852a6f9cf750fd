#!/usr/bin/env python3
"""200 concurrent clients against one atls-serve: 160 honest ones, 20 that stall in the handshake, 20 that send garbage.

The honest ones must be done with exit status 0 within 60 s, in three rounds; the memory of the server must not grow; then one
more client must succeed and SIGTERM end the server with 0.
Usage: load_test.py ATLS-SERVE ATLS-CONNECT
"""

import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

from serve_support import Serve, Tally, run

HONEST, STALLING, GARBAGE, ROUNDS = 160, 20, 20, 3
LIMIT, GROWTH = 60, 1.1

serve, connect = map(pathlib.Path, sys.argv[1:3])
tally = Tally()


def client_hello():
    """The first flight of a TLS client, as OpenSSL in Python writes it, with a nonce for a server name of the right length."""
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="A" * 43 + "=")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def stalling(port, hello, index):
    """Connects and stops in the middle: before, within or after its ClientHello."""
    peer = socket.create_connection(("127.0.0.1", port))
    peer.sendall([b"", hello[:7], hello[:-1], hello][index % 4])
    return peer


def garbage(port, dice, index):
    """Sends what no TLS client sends."""
    peer = socket.create_connection(("127.0.0.1", port))
    noise = dice.randbytes(dice.randrange(1, 20000))
    blocks = [noise, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + noise, b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", b"\x00" * 4096]
    try:
        peer.sendall(blocks[index % len(blocks)])
    except OSError:
        pass   # refused while sending: that is the right answer
    return peer


def one_round(server, policy, number):
    dice, hello = random.Random(number), client_hello()
    start = time.monotonic()
    hostile = [stalling(server.port, hello, i) for i in range(STALLING)] + [garbage(server.port, dice, i) for i in range(GARBAGE)]
    command = [connect, "--policy", policy, "--trust-simulated", "--offline", "--quiet", server.address]
    clients = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(HONEST)]
    well = 0
    for client in clients:
        try:
            _, errors = client.communicate(timeout=max(0.1, start + LIMIT - time.monotonic()))
            well += client.returncode == 0
            if client.returncode != 0:
                print(f"client: exit {client.returncode} {errors.decode().strip()}")
        except subprocess.TimeoutExpired:
            client.kill()
            client.communicate()
    elapsed = time.monotonic() - start
    for peer in hostile:
        peer.close()
    time.sleep(1)   # the server notices that they are gone
    resident = server.resident_kib()
    threads = len(os.listdir(f"/proc/{server.process.pid}/task"))
    print(f"FIGURE: round {number}: {well} of {HONEST} honest clients in {elapsed:.1f} s beside {STALLING} stalling and {GARBAGE} sending garbage; "
          f"server {resident} KiB resident, {threads} threads", flush=True)
    tally.check(well == HONEST, f"round {number}: {HONEST - well} honest clients failed")
    tally.check(elapsed <= LIMIT, f"round {number}: took {elapsed:.1f} s")
    return resident


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        status, _, err = run(serve, "--export-platform", folder)
        tally.check(status == 0, f"export: exit {status} {err}")
        policy = folder / "policy.json"
        with Serve(serve, "--quiet", log_json=False) as server:
            resident = [one_round(server, policy, number) for number in range(1, ROUNDS + 1)]
            tally.check(resident[-1] <= GROWTH * resident[0], f"memory grew from {resident[0]} to {resident[-1]} KiB")
            status, _, err = run(connect, "--policy", policy, "--trust-simulated", "--offline", server.address)
            tally.check(status == 0, f"one more client: exit {status} {err}")
            ended = server.stop()
            tally.check(ended == 0, f"SIGTERM: exit {ended}")
            print(f"FIGURE: memory after the last round / after the first: {resident[-1] / resident[0]:.3f} (limit {GROWTH}); one more client: exit {status}; "
                  f"SIGTERM: exit {ended}")
    return tally.finish(f"{ROUNDS * (HONEST + STALLING + GARBAGE)} clients")


sys.exit(main())
