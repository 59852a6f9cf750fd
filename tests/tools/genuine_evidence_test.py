#!/usr/bin/env python3
"""Genuine evidence is not called forged: a certificate of another report is none of this one's, a line end behind it is the transport's,
and bytes that a program took for text are a broken file. What was altered stays rejected.

Usage: genuine_evidence_test.py ATLS-SERVE ATLS-VERIFY ATLS-DUMP CORPUS
"""

import base64
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import uuid

from fault_support import CollateralServer
from serve_support import Tally, outcomes, run, run_json

SERVE, VERIFY, DUMP, CORPUS = map(pathlib.Path, sys.argv[1:5])
tally = Tally()
TRUST = ["--trust-simulated", "--no-cache"]
OFFLINE = [*TRUST, "--offline"]
VCEK, VLEK = "63da758d-e664-4564-adc5-f4b93be8accd", "a8074bc2-a25a-483e-aae6-39c045a0b8a1"
SIZE = 1184


def export(folder, *options):
    status, out, err = run(SERVE, "--export-platform", folder, *options)
    tally.check(status == 0, f"export {options}: {status} {out}{err}")
    return folder


def der(path):
    return base64.b64decode("".join(line for line in path.read_text().splitlines() if not line.startswith("-")))


def table(*entries):
    at, head, blobs = 24 * (len(entries) + 1), b"", b""
    for guid, blob in entries:
        head += uuid.UUID(guid).bytes + struct.pack("<II", at + len(blobs), len(blob))
        blobs += blob
    return head + bytes(24) + blobs


def detail(report, check):
    return next((c["detail"] for c in report["checks"] if c["id"] == check), "")


def expect(what, got, code, reason):
    status, report = got
    tally.check(status == code, f"{what}: exit {status}, expected {code}, reason {report['verdict']['reason']}")
    tally.check(report["verdict"]["reason"] == reason, f"{what}: reason {report['verdict']['reason']}, expected {reason}")
    return report


# ------------------------------------------------------------------------------------------------- certificates of other reports

def other_certificates(root):
    own, other = export(root / "own"), export(root / "other", "--seed", "another chip")
    report = (own / "report.bin").read_bytes()
    own_vcek, other_vcek = der(own / "certs" / "vcek.pem"), der(other / "certs" / "vcek.pem")
    with_policy = ["--policy", own / "policy.json"]
    chip = report[0x1A0:0x1A8].hex()

    def look(data, *options, offline=True):
        file = root / "input.bin"
        file.write_bytes(data)
        return run_json(VERIFY, *(OFFLINE if offline else TRUST), *with_policy, *options, file)

    def folder(name, *files):
        out = root / name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        for number, data in enumerate(files):
            (out / f"{number}.der").write_bytes(data)
        return out

    foreign = folder("foreign", other_vcek)
    # From a directory, in the table, both; the chip is named, and how many were looked at.
    for what, data, options, count in (("directory", report, ["--collateral-dir", foreign], 1), ("table", report + table((VCEK, other_vcek)), [], 1),
                                       ("table and directory", report + table((VCEK, other_vcek)), ["--collateral-dir", foreign], 2)):
        got = expect(f"VCEK of another chip, {what}", look(data, *options), 4, "snp-vek-present")
        said = detail(got, "snp-vek-present")
        tally.check(f"{count} certificate" in said and f"none is of chip {chip}..., TCB bootloader" in said, f"{what}: {said}")
        tally.check(outcomes(got)["snp-report-signature"] == "error", f"{what}: signature {outcomes(got)['snp-report-signature']}")
        status, out, _ = run(VERIFY, *OFFLINE, *with_policy, *options, root / "input.bin")
        tally.check("do not trust" not in out, f"{what}: {out}")
    # The search goes on, whichever source the first one came from.
    right = folder("right", own_vcek)
    expect("table wrong, directory right", look(report + table((VCEK, other_vcek)), "--collateral-dir", right), 0, None)
    expect("directory wrong, another right", look(report, "--collateral-dir", foreign, "--collateral-dir", right), 0, None)
    with CollateralServer(SERVE) as service:
        expect("table wrong, service right", look(report + table((VCEK, other_vcek)), "--kds-url", service.url, offline=False), 0, None)
        expect("directory wrong, service right", look(report, "--collateral-dir", foreign, "--kds-url", service.url, offline=False), 0, None)
    with CollateralServer(SERVE, "--seed", "another chip") as service:
        expect("table wrong, service has no such chip", look(report + table((VCEK, other_vcek)), "--kds-url", service.url, offline=False), 4, "snp-vek-present")
    if (CORPUS / "amd-cert").is_dir():
        got = expect("a directory of real certificates", look(report, "--collateral-dir", CORPUS / "amd-cert"), 4, "snp-vek-present")
        said = re.search(r"(\d+) certificates looked at", detail(got, "snp-vek-present"))
        tally.check(said is not None and int(said.group(1)) > 16, f"all that were looked at are counted: {detail(got, 'snp-vek-present')}")

    # What was altered stays rejected where the certificate fits, and is never verified where the change makes it another's.
    for what, at in (("measurement", 0x90), ("report data", 0x50), ("current TCB", 0x3F), ("signature", 0x2A1)):
        altered = bytearray(report)
        altered[at] ^= 1
        expect(f"{what} altered, table", look(bytes(altered) + table((VCEK, own_vcek))), 2, "snp-report-signature")
        expect(f"{what} altered, directory", look(bytes(altered), "--collateral-dir", right), 2, "snp-report-signature")
    for what, at in (("chip id", 0x1A0), ("reported TCB", 0x187)):
        altered = bytearray(report)
        altered[at] -= 1   # not above CURRENT_TCB, which would be a rejection of its own
        expect(f"{what} altered", look(bytes(altered) + table((VCEK, own_vcek))), 4, "snp-vek-present")

    # A program that wrote the TCB in the order of the other layout.
    for product in ("milan", "turin"):
        rewritten = export(root / f"rewritten-{product}", "--product", product, "--fault", "tcb-layout-rewritten")
        got = expect(f"TCB rewritten, {product}", run_json(VERIFY, *OFFLINE, "--policy", rewritten / "policy.json", rewritten / "extended.bin"), 2, "snp-report-signature")
        tally.check("a program took the report apart" in detail(got, "snp-report-signature"), f"TCB rewritten: {detail(got, 'snp-report-signature')}")

    # Nothing ties a VLEK to a chip: one from a directory that did not sign is another region's, one that came along is what the sender says.
    own_vlek, other_vlek = export(root / "vlek", "--vlek"), export(root / "other-vlek", "--vlek", "--seed", "another region")
    report = (own_vlek / "report.bin").read_bytes()
    with_policy = ["--policy", own_vlek / "policy.json"]
    foreign, right = folder("foreign", der(other_vlek / "certs" / "vlek.pem")), folder("right", der(own_vlek / "certs" / "vlek.pem"))
    expect("VLEK of another region, directory", look(report, "--collateral-dir", foreign), 4, "snp-vek-present")
    expect("VLEK of another region beside the right one", look(report, "--collateral-dir", foreign, "--collateral-dir", right), 0, None)
    expect("VLEK of another region, table", look(report + table((VLEK, der(other_vlek / "certs" / "vlek.pem")))), 2, "snp-report-signature")


# ------------------------------------------------------------------------------------------------------------- what transports do

def line_ends(root):
    own = root / "own"
    report, extended, quote = (own / "report.bin").read_bytes(), (own / "extended.bin").read_bytes(), (root / "tdx" / "quote.bin").read_bytes()
    options = [*OFFLINE, "--policy", own / "policy.json", "--collateral-dir", own / "certs"]
    file = root / "input.bin"

    def look(data, kind="snp"):
        file.write_bytes(data)
        return run_json(VERIFY, *(options if kind == "snp" else [*OFFLINE, "--policy", root / "tdx" / "policy.json"]), file)

    for end in (b"\n", b"\r\n"):
        got = expect(f"report and {end}", look(report + end), 0, None)
        tally.check(outcomes(got)["snp-report-size"] == "pass" and "line end" in detail(got, "snp-report-size"), f"{end}: {detail(got, 'snp-report-size')}")
        got = expect(f"report, table and {end}", look(extended + end), 0, None)
        tally.check(outcomes(got)["snp-cert-table-overlap"] == "pass" and "line end" in detail(got, "snp-cert-table-overlap"), f"table {end}: {detail(got, 'snp-cert-table-overlap')}")
        got = expect(f"quote and {end}", look(quote + end, "tdx"), 0, None)
        tally.check(outcomes(got)["quote-trailing-bytes"] == "pass" and "line end" in detail(got, "quote-trailing-bytes"), f"quote {end}: {detail(got, 'quote-trailing-bytes')}")
        file.write_bytes(report + end)
        tally.check("left out" in run(VERIFY, *options, file)[1], f"text: a report and {end} is told")
        tally.check(run(DUMP, file)[0] == 0, f"atls-dump of a report and {end}")
    folder = root / "tsm"
    shutil.copytree(own / "tsm", folder)
    (folder / "outblob").write_bytes(report + b"\n")
    expect("tsm: outblob and a line end", run_json(VERIFY, *options, folder), 0, None)
    for end in (b"\n\n", b"\r", b"\n\r", b" ", b"\0", b"\0\n", b"\n "):
        expect(f"report and {end}", look(report + end), 2, "snp-report-size")
        if end.strip(b"\0"):
            got = expect(f"quote and {end}", look(quote + end, "tdx"), 0, None)
            tally.check(outcomes(got)["quote-trailing-bytes"] == "warn", f"quote and {end}: {outcomes(got)['quote-trailing-bytes']}")
    altered = bytearray(report)
    altered[0x90] ^= 1
    status, got = look(bytes(altered) + b"\n")
    tally.check(status == 2 and got["verdict"]["reason"] == "snp-report-signature", f"altered report and a line end: {status} {got['verdict']['reason']}")


def as_text(data):
    """What programs do to bytes that they take for text."""
    return {"UTF-8 with replacement": data.decode("utf-8", "replace").encode(), "Latin-1 to UTF-8": data.decode("latin-1").encode(),
            "ASCII with replacement": data.decode("ascii", "replace").replace("\ufffd", "?").encode(), "seven bits": bytes(b & 0x7F for b in data),
            "LF to CR LF": data.replace(b"\n", b"\r\n")}


def text_damage(root):
    file = root / "input.bin"
    # Line ends can be translated only where there are some.
    for seed in range(40):
        own = export(root / "text", "--seed", f"text {seed}")
        if all(b"\n" in (own / name).read_bytes()[at:at + SIZE] for name, at in (("report.bin", 0), ("hcl.bin", 32))):
            break
    samples = {"report": own / "report.bin", "report and table": own / "extended.bin", "HCL report": own / "hcl.bin", "TDX quote": root / "tdx" / "quote.bin"}
    for what, path in samples.items():
        for how, data in as_text(path.read_bytes()).items():
            for form, content in (("as it is", data), ("base64", base64.b64encode(data)), ("hexadecimal", data.hex().encode())):
                file.write_bytes(content)
                status, out, err = run(VERIFY, *OFFLINE, "--any-measurement", file)
                tally.check(status == 7, f"{what}, {how}, {form}: exit {status}, expected 7")
                tally.check("do not trust" not in out, f"{what}, {how}, {form}: {out}")
                if form == "as it is":
                    tally.check("text" in out and "as binary" in out, f"{what}, {how}: {out}{err}")
            file.write_bytes(data)
            tally.check(run(DUMP, file)[0] == 7, f"atls-dump: {what}, {how}")
    folder = root / "tsm-text"
    shutil.copytree(own / "tsm", folder)
    (folder / "outblob").write_bytes(as_text((own / "report.bin").read_bytes())["LF to CR LF"])
    expect("tsm: outblob with CR LF", run_json(VERIFY, *OFFLINE, folder), 7, "snp-container-decode")
    file.write_bytes(base64.b64encode((own / "report.bin").read_bytes()).decode().encode("utf-16"))
    status, out, _ = run(VERIFY, *OFFLINE, file)
    tally.check(status == 7 and "UTF-16" in out, f"UTF-16: {status} {out}")
    # The real ones are as genuine as before.
    for name in ("report.bin", "extended.bin"):
        status, report = run_json(VERIFY, *OFFLINE, "--policy", own / "policy.json", "--collateral-dir", own / "certs", own / name)
        tally.check(status == 0, f"{name} unharmed: {status} {report['verdict']['reason']}")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        export(root / "tdx", "--attester", "sim-tdx")
        other_certificates(root)
        line_ends(root)
        text_damage(root)
    return tally.finish("genuine evidence is not called forged")


sys.exit(main())
