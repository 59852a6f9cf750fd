#!/usr/bin/env python3
"""Peers that send for ever what is neither a handshake nor application data, against both roles: each ends within the limit that was
given and one second, during the handshake and after it, as fast as the peer can and drop by drop.
Usage: flood_test.py ATLS-SERVE ATLS-CONNECT HOSTILE-PEER
"""

import concurrent.futures
import json
import pathlib
import queue
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from serve_support import Serve, Tally

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from foreign import RawServer  # noqa: E402

SERVE, CONNECT, HOSTILE = map(pathlib.Path, sys.argv[1:4])
LIMIT, PATIENCE = 1, 1        # seconds: the limit that the tools are given, and what they may take beyond it
GIVE_UP = 25                  # seconds after which a run counts as hanging
tally = Tally()
busy = 0.0

# Plain records, RFC 8446 section 5.1: what a peer can send before there are keys.
HELLO_REQUEST = bytes.fromhex("1603030004" "00000000")
WARNING = bytes.fromhex("1503030002" "015a")          # user_canceled, a warning
EMPTY = bytes.fromhex("1603030000")
CCS = bytes.fromhex("1403030001" "01")
PLAIN = {
    "HelloRequest": HELLO_REQUEST,
    "HelloRequest, many in a record": bytes.fromhex("16030303e8") + bytes(1000),
    "warning alerts": WARNING,
    "empty records": EMPTY,
    "ChangeCipherSpec": CCS,
    "HelloRequest and warning alerts": HELLO_REQUEST + WARNING,
    "KeyUpdate in clear": bytes.fromhex("1603030005" "1800000100"),
    "NewSessionTicket in clear": bytes.fromhex("160303000a" "040000060000000a0000"),
    "a message in pieces of one byte": bytes.fromhex("1603030001" "01"),
}
# Kinds of hostile-peer, by version and side.
AFTER = {
    ("1.2", "serve"): ["hello-request", "warning-alert", "empty-record", "mixed-1.2-server"],
    ("1.3", "serve"): ["key-update", "key-update-requested", "ticket", "warning-alert", "empty-record", "ccs", "mixed-1.3-server"],
    ("1.2", "connect"): ["client-hello", "warning-alert", "empty-record", "mixed-1.2-client"],
    ("1.3", "connect"): ["key-update", "key-update-requested", "warning-alert", "empty-record", "ccs", "mixed-1.3-client"],
}
SLOW = 20  # milliseconds between two records


def client_hello(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = context.minimum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="A" * 43 + "=").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def pour(peer, record, slow):
    """Sends the record until the other side ends the connection. Seconds that took."""
    start, block = time.monotonic(), record if slow else record * (65536 // len(record))
    peer.settimeout(0.2)
    while time.monotonic() - start < GIVE_UP:
        try:
            peer.sendall(block)
            if slow:
                peer.settimeout(SLOW / 1000)
                if peer.recv(65536) == b"":
                    break
        except socket.timeout:   # full, or nothing to read: is the other side still there?
            peer.setblocking(False)
            try:
                if peer.recv(65536) == b"":
                    break
            except BlockingIOError:
                pass
            peer.settimeout(0.2)
        except OSError:
            break
    return time.monotonic() - start


def client_run(*arguments):
    """Exit status, standard output and error."""
    try:
        done = subprocess.run([str(a) for a in (CONNECT, *arguments)], capture_output=True, stdin=subprocess.DEVNULL, timeout=GIVE_UP)
    except subprocess.TimeoutExpired:
        return None, "", "hangs"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def startup_time():
    """Of atls-connect up to its connection, beside what else runs here."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    times = []
    for _ in range(5):
        start = time.monotonic()
        subprocess.run([str(CONNECT), "--quiet", nobody], capture_output=True, check=False)
        times.append(time.monotonic() - start)
    return statistics.median(times)


def ended(seconds, what):
    """`busy` is what this machine adds to all that it does."""
    tally.check(seconds <= LIMIT + PATIENCE + busy, f"{what}: {seconds:.1f} s, the limit is {LIMIT} s")


def client_in_handshake(name, record, slow):
    lasted = queue.Queue()
    with RawServer(lambda peer: (peer.recv(65536), lasted.put(pour(peer, record, slow)))) as server:
        status, out, err = client_run("--offline", "--json", "--timeout", LIMIT, server.address)
    what = f"server floods the handshake with {name}{', slowly' if slow else ''}"
    ended(lasted.get(timeout=GIVE_UP), what)
    tally.check(status == 3 and json.loads(out)["verdict"]["reason"] == "tls-handshake", f"{what}: exit {status} {err}")


def server_in_handshake(server, name, first, record, slow):
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.sendall(first)
        ended(pour(peer, record, slow), f"client floods {'its handshake' if first else 'before its ClientHello'} with {name}{', slowly' if slow else ''}")


def client_afterwards(policy, version, kind, pace, exchange):
    peer = subprocess.Popen([str(HOSTILE), "serve", kind, version, str(pace)], stdout=subprocess.PIPE)
    try:
        address = peer.stdout.readline().decode().split()[-1]
        judge = ["--policy", policy, "--trust-simulated", "--offline", "--no-cache", "--quiet", "--timeout", LIMIT, "--tls" + version]
        status, _, err = client_run(*judge, *exchange, address)
        what = f"server floods a TLS {version} connection with {kind}, pace {pace}, {exchange}"
        ended(float(peer.stdout.readline() or GIVE_UP) if status is not None else GIVE_UP, what)
        tally.check(status == (9 if exchange else 0), f"{what}: exit {status} {err}")
    finally:
        peer.kill()
        peer.communicate()


def server_afterwards(server, version, kind, pace, application):
    done = subprocess.run([str(HOSTILE), "connect", kind, version, str(pace), server.address], capture_output=True, timeout=100)
    what = f"client floods a TLS {version} connection to {application} with {kind}, pace {pace}"
    tally.check(done.returncode == 0, f"{what}: {done.stderr.decode()}")
    if done.returncode == 0:
        ended(float(done.stdout), what)


def slow_head(server):
    """A request whose head comes byte by byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", server.port)) as raw, context.wrap_socket(raw, server_hostname="A" * 43 + "=") as tls:
        start = time.monotonic()
        try:
            while time.monotonic() - start < GIVE_UP:
                tls.send(b"G")
                tls.settimeout(0.1)
                try:
                    if tls.recv(100) == b"":
                        break
                except socket.timeout:
                    pass
        except OSError:
            pass
        ended(time.monotonic() - start, "a client of --http sends its head byte by byte")


def main():
    global busy
    busy = startup_time()
    print(f"FIGURE: atls-connect needs {busy:.2f} s up to its connection", flush=True)
    # What floods slowly mostly sleeps; what floods fast needs a processor on each side.
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(6) as slow_pool, concurrent.futures.ThreadPoolExecutor(1) as fast_pool:
        folder = pathlib.Path(temporary) / "platform"
        subprocess.run([SERVE, "--export-platform", folder, "--quiet"], check=True)
        policy = folder / "policy.json"
        limits = ["--quiet", "--handshake-timeout", LIMIT, "--idle-timeout", LIMIT]
        servers = {name: Serve(SERVE, *limits, *options, log_json=False)
                   for name, options in {"echo": ["--echo"], "exec": ["--exec", "cat"]}.items()}
        page = Serve(SERVE, "--quiet", "--handshake-timeout", LIMIT, "--http", log_json=False)
        runs = []
        for slow in (False, True):
            pool = slow_pool if slow else fast_pool
            for name, record in PLAIN.items():
                runs.append(pool.submit(client_in_handshake, name, record, slow))
                runs.append(pool.submit(server_in_handshake, servers["echo"], name, b"", record, slow))
            for name in ("warning alerts", "empty records", "ChangeCipherSpec", "HelloRequest"):
                for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    runs.append(pool.submit(server_in_handshake, servers["echo"], name, client_hello(version), PLAIN[name], slow))
        for (version, side), kinds in AFTER.items():
            for kind in kinds:
                for pace in (0, SLOW):
                    pool = slow_pool if pace else fast_pool
                    if side == "serve":
                        runs.append(pool.submit(client_afterwards, policy, version, kind, pace, ["--http-get", "/"]))
                    else:
                        runs.append(pool.submit(server_afterwards, servers["echo" if pace else "exec"], version, kind, pace, "--echo" if pace else "--exec"))
        # Where nothing limits the time (--pipe), and where nothing is exchanged.
        for kind in ("key-update", "mixed-1.3-server"):
            runs.append(fast_pool.submit(client_afterwards, policy, "1.3", kind, 0, ["--pipe"]))
            runs.append(fast_pool.submit(client_afterwards, policy, "1.3", kind, 0, []))
        runs.append(slow_pool.submit(slow_head, page))
        for run in runs:
            run.result()
        for name, server in [*servers.items(), ("http", page)]:
            done = subprocess.run([str(CONNECT), "--policy", policy, "--trust-simulated", "--offline", "--no-cache", "--quiet", server.address], check=False)
            tally.check(done.returncode == 0, f"--{name}: an honest client after the floods: exit {done.returncode}")
            tally.check(server.stop() == 0, f"--{name}: SIGTERM")
    return tally.finish(f"{len(runs)} floods")


sys.exit(main())
