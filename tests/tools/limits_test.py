#!/usr/bin/env python3
"""Inputs that are small and cost much: folders with loops, pipes, sockets and devices, files that grow, choices that multiply, long numbers.

Each ends within seconds and a bounded memory, with a documented exit status.
limits_test.py ATLS_VERIFY ATLS_SERVE ATLS_DUMP
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, DUMP = (pathlib.Path(name).resolve() for name in sys.argv[1:4])
check = Checks()
TRUST = ["--trust-simulated", "--offline", "--no-cache", "--any-measurement"]
SECONDS, MEBIBYTES = 10, 300
SANITIZED = b"__asan_" in VERIFY.read_bytes()   # their memory and time are not ours to bound


def bounded(what, code, *command, seconds=SECONDS, says=""):
    """Runs a program that must end by itself; compares exit status, time and memory."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        timer = threading.Timer(60, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        elapsed, memory = time.monotonic() - start, usage.ru_maxrss / 1024
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    codes = code if isinstance(code, tuple) else (code,)
    check.that(process.returncode in codes, f"{what}: exit {process.returncode}, expected {code}: {text[:1500]}")
    check.that(says in text, f"{what}: does not say {says!r}: {text[:1500]}")
    if not SANITIZED:
        check.that(usage.ru_utime + usage.ru_stime < seconds, f"{what}: {usage.ru_utime + usage.ru_stime:.1f} s of CPU, {elapsed:.1f} s")
        check.that(memory < MEBIBYTES, f"{what}: {memory:.0f} MiB")
    print(f"FIGURE: {what}: exit {process.returncode}, {usage.ru_utime + usage.ru_stime:.2f} s, {memory:.0f} MiB")


def pem(label, data):
    body = base64.b64encode(data).decode()
    return "\n".join([f"-----BEGIN {label}-----", *[body[i:i + 64] for i in range(0, len(body), 64)], f"-----END {label}-----", ""])


def der_of(text):
    return [base64.b64decode(block) for block in re.findall(r"-----BEGIN [^-]+-----(.*?)-----END", text, re.S)]


def folders(snp, tdx):
    report, table = (snp / "report.bin").read_bytes(), (snp / "tsm" / "auxblob").read_bytes()
    loops = pathlib.Path("loops")
    (loops / "a" / "b").mkdir(parents=True)
    (loops / "x.bin").write_bytes((snp / "extended.bin").read_bytes())
    for place in (loops, loops / "a" / "b"):
        (place / "y.bin").write_bytes((snp / "extended.bin").read_bytes())
    for n in range(4):
        for where in (loops, loops / "a", loops / "a" / "b"):
            (where / f"loop{n}").symlink_to(loops.resolve())
    bounded("links to directories in a folder of inputs", 0, VERIFY, *TRUST, "--brief", loops)
    bounded("links to directories as collateral", 0, VERIFY, *TRUST, "--collateral-dir", loops, loops / "x.bin")

    special = pathlib.Path("special")
    special.mkdir()
    (special / "outblob").write_bytes(report)
    os.mkfifo(special / "auxblob")
    os.mkfifo(special / "provider")
    bounded("pipes in a configfs folder", 7, VERIFY, *TRUST, special, says="regular file")
    guest = pathlib.Path("guest")
    guest.mkdir()
    (guest / "report.bin").write_bytes(report)
    for name in ("vcek", "ask", "ark"):
        (guest / f"{name}.pem").write_bytes((snp / "certs" / f"{name}.pem").read_bytes())
    os.mkfifo(guest / "crl.pem")
    os.mkfifo(guest / "pipe.json")
    (guest / "zero.der").symlink_to("/dev/zero")
    (guest / "crl.der").symlink_to("/dev/zero")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(guest / "socket.pem"))
    bounded("pipes, sockets and devices beside a report", 0, VERIFY, *TRUST, guest)
    bounded("the same as collateral", 0, VERIFY, *TRUST, "--collateral-dir", guest, snp / "extended.bin")
    bounded("and shown", 0, DUMP, guest)
    several = pathlib.Path("several")
    several.mkdir()
    for name in ("a.bin", "b.bin"):
        (several / name).write_bytes((snp / "extended.bin").read_bytes())
    os.mkfifo(several / "pipe")
    (several / "zero").symlink_to("/dev/zero")
    bounded("pipes and devices in a folder of inputs", 0, VERIFY, *TRUST, "--brief", several)
    listener.close()

    growing = pathlib.Path("growing")
    growing.mkdir()
    (growing / "outblob").write_bytes(report)
    (growing / "auxblob").write_bytes(table)
    stop = threading.Event()

    def grow():
        with open(growing / "log.json", "ab", buffering=0) as file, open(growing / "auxblob", "ab", buffering=0) as blob:
            while not stop.is_set() and file.tell() < 256 << 20:
                file.write(b"[" + b" " * 65536)
                blob.write(bytes(65536))
    thread = threading.Thread(target=grow)
    thread.start()
    try:
        time.sleep(0.2)
        bounded("files that grow", (0, 7), VERIFY, *TRUST, growing)
        bounded("files that grow as collateral", 0, VERIFY, *TRUST, "--collateral-dir", growing, snp / "extended.bin")
    finally:
        stop.set()
        thread.join()


# NIST P-256, FIPS 186-4 D.1.2.3: only to make many valid public keys quickly.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296, 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def points(count):
    def add(a, b):
        slope = ((3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)) % P
        x = (slope * slope - a[0] - b[0]) % P
        return x, (slope * (a[0] - x) - a[1]) % P
    at = G
    for _ in range(count):
        yield at[0].to_bytes(32, "big") + at[1].to_bytes(32, "big")
        at = add(at, G)


def choices(tdx):
    app = tdx / "attestation-app"
    signer, root = der_of((app / "tcbSignChain.pem").read_text())
    key = signer.index(bytes.fromhex("034200 04")) + 4
    signers = [signer[:key] + point + signer[key + 64:] for point in points(130)]
    info = (app / "tcbInfo.json").read_text()
    signature = re.search(r'"signature"\s*:\s*"([0-9a-f]+)"', info).group(1)
    infos = [info.replace(signature, f"{n:04x}" + signature[4:]).encode() for n in range(126)]
    items = [("intel-tcb-signer", x) for x in signers] + [("intel-tcb-info", x) for x in infos]
    leaf, quote = (tdx / "pck-chain.pem").read_text(), (tdx / "quote.bin").read_bytes()
    flood = pathlib.Path("flood")
    flood.mkdir()
    for n, (kind, data) in enumerate(items):
        (flood / f"{n}.{'der' if kind == 'intel-tcb-signer' else 'json'}").write_bytes(data)
    bounded("130 signers and 126 TCB infos in a folder", 0, VERIFY, *TRUST, "--collateral-dir", flood, tdx / "quote.bin")
    stamp = "2026-06-01T00:00:00Z"
    entry = [{"kind": kind, "time": stamp, "data": base64.b64encode(data).decode(), "sha256": hashlib.sha256(data).hexdigest()} for kind, data in items]
    bounded("the same without anybody who is trusted", (2, 4), VERIFY, "--offline", "--no-cache", "--any-measurement", "--collateral-dir", flood, tdx / "quote.bin")
    check.that(len(leaf) > 0 and len(quote) > 0 and len(entry) == 256, "a flood")


def tlv(tag, content):
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x80 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + content


def read_tlv(data, at=0):
    size, begin = data[at + 1], at + 2
    if size >= 128:
        begin += size - 128
        size = int.from_bytes(data[at + 2:begin], "big")
    return data[at], data[begin:begin + size], begin + size


def with_serial(der, serial):
    _, certificate, _ = read_tlv(der)
    _, tbs, end = read_tlv(certificate)
    _, _, version = read_tlv(tbs)
    _, _, rest = read_tlv(tbs, version)
    return tlv(0x30, tlv(0x30, tbs[:version] + tlv(2, serial) + tbs[rest:]) + certificate[end:])


def with_extensions(der, count):
    _, certificate, _ = read_tlv(der)
    _, tbs, end = read_tlv(certificate)
    at = 0
    while tbs[at] != 0xA3:
        _, _, at = read_tlv(tbs, at)
    many = b"".join(tlv(0x30, tlv(6, b"\x2a\x03" + bytes([n >> 7 | 0x80, n & 0x7F])) + tlv(4, b"")) for n in range(128, 128 + count))
    return tlv(0x30, tlv(0x30, tbs[:at] + tlv(0xA3, tlv(0x30, many))) + certificate[end:])


def numbers(snp, tdx):
    report = pem("SNP REPORT", (snp / "report.bin").read_bytes())
    ask = der_of((snp / "certs" / "ask.pem").read_text())[0]
    check.that(with_serial(ask, read_tlv(ask, 0)[1][:0] + b"\1") != ask, "another serial")
    for size, code in ((20, 0), (64, 0), (65, 7), (900_000, 7)):
        long = with_serial(ask, b"\x01" * size)
        bounded(f"a serial number of {size} bytes, shown", 0 if code == 0 else 7, DUMP, write("serial.pem", pem("CERTIFICATE", long)), says="" if code == 0 else "longer than 64 bytes")
    bounded("beside a report", 7, VERIFY, *TRUST, write("beside.pem", report + pem("CERTIFICATE", with_serial(ask, b"\x01" * 900_000))))
    bounded("thousands of extensions", 7, DUMP, write("many.pem", pem("CERTIFICATE", with_extensions(ask, 10_000))), says="more than 128")
    bounded("30 extensions", 0, DUMP, write("some.pem", pem("CERTIFICATE", with_extensions(ask, 30))))

    for what, first, part, count, last in (
            ("objects", b"[", b"{},", 5_500_000, b"{}]"), ("objects in an object", b'{"schema":"atls-bundle/1","x":[', b"{},", 5_500_000, b"{}]}"), ("objects as they stand", b"", b"{},", 5_500_000, b"{}"),
            ("texts", b"[", b'"",', 5_000_000, b'""]'), ("members", b'{"tcbInfo":{', b'"%d":0,', 900_000, b'"":0},"signature":"00"}'),
            ("numbers", b'{"quote":[', b"1,", 7_000_000, b"1]}"), ("small numbers", b"[", b"0,", 5_000_000, b"0]")):
        file = repeated("many.json", first, part, count, last)
        bounded(f"JSON with millions of {what}", 7, VERIFY, *TRUST, file)
        bounded(f"JSON with millions of {what}, shown", 7, DUMP, "--brief", file)
    bounded("JSON of a million values, shown", (0, 7), DUMP, "--brief", repeated("many.json", b'{"a":[', b"0,", 1_000_000, b"0]}"))


def repeated(name, first, part, count, last):
    """Written piece by piece: what this process once held would count as the memory of the programs that it starts."""
    path = pathlib.Path(name)
    with open(path, "wb") as file:
        file.write(first)
        for begin in range(0, count, 10_000):
            size = min(10_000, count - begin)
            file.write(b"".join(part % n for n in range(begin, begin + size)) if b"%" in part else part * size)
        file.write(last)
    return path


def write(name, data):
    path = pathlib.Path(name)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def main():
    with folder() as where:
        os.chdir(where)
        for name, options in (("snp", []), ("tdx", ["--attester", "sim-tdx"])):
            check.code(run(SERVE, "--export-platform", name, "--quiet", *options), 0, f"export {name}")
        snp, tdx = pathlib.Path("snp"), pathlib.Path("tdx")
        folders(snp, tdx)
        choices(tdx)
        numbers(snp, tdx)
    return check.finish("limits of inputs")


sys.exit(main())
