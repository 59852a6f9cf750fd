#!/usr/bin/python3
"""atls-dump end to end: kinds and encodings, damage, extraction, hex, JSON against the schema, usage errors, hostile text.

dump_test.py ATLS_DUMP REPORT_SCHEMA
"""
import base64
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from schema import Schema, printable  # noqa: E402
from tools import Checks, folder, run, snp_report  # noqa: E402

DUMP, SCHEMA = sys.argv[1], Schema(sys.argv[2])
check = Checks()
REPORT = snp_report()


def claims_of(report):
    """Every claim of a JSON report by its path."""
    found = {}

    def walk(claim, path):
        for child in claim.get("children", []):
            name = f"{path}.{child['name']}" if path else child["name"]
            found.setdefault(name, child)
            walk(child, name)
    for evidence in report["evidence"]:
        walk(evidence["claims"], "")
    return found


def dump_json(*args, code=0, **how):
    result = run(DUMP, "--json", *args, **how)
    check.code(result, code, "JSON dump")
    report = SCHEMA.parse(result.out)
    check.that(report["verdict"] is None and report["checks"] == [] if isinstance(report, dict) else True, "a dump has no verdict")
    return report


def encodings(where):
    table = {"raw": REPORT, "hex": REPORT.hex().encode(), "HEX": REPORT.hex().upper().encode(), "base64": base64.b64encode(REPORT),
             "wrapped base64": base64.encodebytes(REPORT), "base64 of hex": base64.b64encode(REPORT.hex().encode())}
    for name, content in table.items():
        path = where / name.replace(" ", "-")
        path.write_bytes(content)
        report = dump_json(path)
        claims = claims_of(report)
        check.that(claims["report.measurement"]["value"] == "11" * 48, f"{name}: measurement")
        check.that(claims["report.report_data"]["offset"] == 0x50 and claims["report.report_data"]["size"] == 64, f"{name}: place of report_data")
        extracted = run(DUMP, "--extract", "report.chip_id", path)
        check.that(extracted.code == 0 and extracted.raw_out == b"\x33" * 64, f"{name}: --extract\n{extracted}")
        standard = run(DUMP, "--json", "-", stdin=content)
        check.that(standard.code == 0 and claims_of(SCHEMA.parse(standard.out)).keys() == claims.keys(), f"{name}: standard input")


def text_output(where):
    path = where / "raw"
    text = run(DUMP, path)
    check.code(text, 0, "text")
    check.that("Nothing was verified" in text.out and "atls-verify" in text.out, "the text says that nothing was verified and what does")
    for word in ("reported_tcb", "bootloader 4", "0x090", "11" * 16):
        check.that(word in text.out, f"text shows {word}")
    check.that("\x1b" not in text.out, "no colour without a terminal")
    check.that("\x1b[" in run(DUMP, "--color", "always", path).out, "--color always")
    check.that("\x1b" not in run(DUMP, "--color", "never", path).out, "--color never")
    brief, verbose = run(DUMP, "--brief", path), run(DUMP, "--verbose", path)
    check.that(len(brief.out.splitlines()) < len(text.out.splitlines()) and "11" * 16 in brief.out, "--brief is shorter and keeps the measurement")
    check.that("sha256" in verbose.out, "--verbose has the digest")
    rows = run(DUMP, "--hex", "--verbose", path).out
    digits = "".join(line[8:56].replace(" ", "") for line in rows.splitlines() if len(line) > 8 and line[:6].isalnum() and line[6:8] == "  " and not line.startswith("0x"))
    check.that(digits == REPORT.hex(), "--hex --verbose shows every byte once, in order")
    check.that("report.measurement" in rows, "--hex names the fields")
    wide, narrow = run(DUMP, path, env={"COLUMNS": "160"}), run(DUMP, path, env={"COLUMNS": "70"})
    check.that(max(map(len, narrow.out.splitlines()[1:-1])) <= 70, "lines fit a narrow terminal")
    check.that(len(wide.out.splitlines()) <= len(narrow.out.splitlines()), "a wide terminal needs no more lines")


def damage(where):
    for size in (0, 1, 3, 4, 79, 80, 81, 143, 600, 671, 672, 1100, 1183):
        path = where / f"cut-{size}"
        path.write_bytes(REPORT[:size])
        result = run(DUMP, "--as", "snp-report", "--json", path)
        check.code(result, 7, f"report cut at {size}")
        report = SCHEMA.parse(result.out)
        check.that(any(s.startswith("decoding stopped: ") for s in report["not_proven"]), f"cut at {size}: the JSON says that decoding stopped")
        check.that("atls-dump: error: " in result.err and "\natls-dump: hint: " in result.err, f"cut at {size}: error and hint on stderr")
        claims = claims_of(report)
        check.that(("report.report_data" in claims and claims["report.report_data"].get("value") == "22" * 64) == (size >= 0x90), f"cut at {size}: what stands before the damage is decoded")
        hexes = run(DUMP, "--as", "snp-report", "--hex", path)
        check.code(hexes, 7, f"hex view of a report cut at {size}")
    noise = where / "noise"
    noise.write_bytes(bytes(range(256)) * 5)
    check.code(run(DUMP, noise), 7, "bytes of no known kind")
    check.code(run(DUMP, where / "missing"), 3, "a missing file")
    check.that("missing" in run(DUMP, where / "missing").err, "a missing file is named")
    absent = dump_json(where / "missing", code=3)
    check.that(absent["evidence"] == [], "a missing file has no evidence")
    check.code(run(DUMP, where / "raw", where / "missing"), 3, "the worst of several: missing")
    check.code(run(DUMP, where / "raw", where / "missing", where / "noise"), 7, "the worst of several: malformed before missing")
    several = SCHEMA.parse(run(DUMP, "--json", where / "raw", where / "missing").out)
    check.that(isinstance(several, list) and len(several) == 2, "several inputs are an array in order")


def intel(where):
    seeds = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "seeds"
    table = [("quote/tdx-v4.bin", "tdx-quote", "quote.body.mr_td", 184, 48), ("quote/tdx-v5.bin", "tdx-quote", "quote.body.mr_servicetd", 654, 48), ("quote/sgx-v3.bin", "sgx-quote", "quote.qe_report", 564, 384),
             ("quote/tdreport.bin", "td-report", "td_report.rtmr3", 864, 48), ("eventlog/ccel.bin", "event-log", "event_log.event[0].data", 131, 4), ("eventlog/ccel-table.bin", "ccel-table", "ccel_table.lasa", 48, 8)]
    for name, kind, path, offset, size in table:
        file = seeds / name
        raw = file.read_bytes()
        text, report = run(DUMP, file), dump_json(file)
        check.that(f"{name}: {kind}" in text.out, f"{name} is recognised as {kind}")
        check.that(report["evidence"][0]["format"] == kind, f"{name}: JSON names the kind")
        check.that(run(DUMP, "--extract", path, file).raw_out == raw[offset:offset + size], f"{name}: --extract {path}")
        rows = run(DUMP, "--hex", file)
        check.code(rows, 0, f"{name}: --hex")
        check.that(path.split(".")[-1] in rows.out, f"{name}: --hex names the fields")
        (where / "text").write_text(raw.hex())
        check.that(run(DUMP, "--json", where / "text").code == 0, f"{name}: as hexadecimal text")
    for name, kind, member in (("tcb_info/tcb-tdx.json", "tcb-info", "tcbInfo"), ("qe_identity/td-qe.json", "qe-identity", "enclaveIdentity")):
        file = seeds / name
        signed = run(DUMP, "--extract", member.join(("tcb_info_response." if kind == "tcb-info" else "qe_identity_response.", "")), file)
        check.that(signed.raw_out == file.read_bytes()[len(member) + 4:].split(b',"signature"')[0], f"{name}: --extract gives the signed bytes")
        check.that(f"{name}: {kind}" in run(DUMP, file).out, f"{name} is recognised as {kind}")
    quote = (seeds / "quote/tdx-v4.bin").read_bytes()
    for size in (48, 200, 631, 640, 1000, len(quote) - 1):
        path = where / "cut-quote"
        path.write_bytes(quote[:size])
        result = run(DUMP, "--hex", path)
        check.code(result, 7, f"quote cut at {size}")
        check.that("tdx-quote" in result.out and "input ends" in result.err, f"quote cut at {size}: recognised, and the place is named")


def extraction(where):
    path, target = where / "raw", where / "out.bin"
    check.code(run(DUMP, "--extract", "report.measurement", "-o", target, path), 0, "-o FILE")
    check.that(target.read_bytes() == b"\x11" * 48, "-o FILE has the bytes")
    check.that(oct(target.stat().st_mode & 0o777) == oct(0o644 & ~umask()), "-o FILE has the usual mode")
    link = where / "link.bin"
    link.symlink_to(target)
    before = target.read_bytes()
    check.that(run(DUMP, "--extract", "report.chip_id", "--output", link, path).code != 0, "-o through a link that somebody made is refused")
    check.that(link.is_symlink() and target.read_bytes() == before, "and nothing is written")
    check.code(run(DUMP, "--extract", "report.chip_id", "-o", "/dev/null", path), 0, "-o to a device")
    whole = run(DUMP, "--extract", "report", path)
    check.that(whole.raw_out == REPORT, "--extract of the whole report")
    check.that(not list(where.glob("*.??????")) or all(p.name == "out.bin" for p in where.glob("out.bin.*")), "no temporary files stay")
    for wrong in ("report.nothing", "nothing", "report.measurement[1]", "", ".", "report..version", "report.product"):
        result = run(DUMP, "--extract", wrong, path)
        if wrong == "":
            check.that(result.code == 0 and result.raw_out == REPORT, "--extract of the empty path is the input")
            continue
        check.code(result, 1, f"--extract {wrong!r}")
        check.that(result.raw_out == b"" and "--extract" in result.err, f"--extract {wrong!r}: nothing written")
    check.code(run(DUMP, "--extract", "report", "-o", where / "no" / "such" / "folder", path), 70, "-o into a folder that does not exist")
    check.code(run(DUMP, "--extract", "report", "-o", where, path), 70, "-o names a folder")
    cut = run(DUMP, "--as", "snp-report", "--extract", "report.report_data", where / "cut-600")
    check.that(cut.code == 7 and cut.raw_out == b"\x22" * 64, f"extraction from damaged input tells both\n{cut}")


def usage(where):
    path = where / "raw"
    table = [(["--hexx", path], "--hexx", "did you mean --hex?"), ([], "FILE", "--help"), (["--json", "--hex", path], "--json", ""), (["--brief", "--verbose", path], "--brief", ""),
             (["-o", "x", path], "--extract", ""), (["--extract", "report", path, path], "--extract", ""), (["--extract", "report", "--json", path], "--json", ""),
             (["--as", "nonsense", path], "nonsense", "--list-kinds"), (["--as", "snp-reprot", path], "snp-reprot", "did you mean snp-report?"),
             (["--color", "sometimes", path], "--color", ""), (["-", "-"], "standard input", ""), (["--diff", path], "--diff", ""), (["--html", "x", path], "--html", "")]
    for args, word, hint in table:
        result = run(DUMP, *args)
        check.code(result, 1, f"usage error {args}")
        check.that(result.out == "" and len([x for x in result.err.splitlines() if ": error: " in x]) == 1, f"{args}: one error line and no output\n{result}")
        check.that(word in result.err and hint in result.err, f"{args}: names {word!r}, hints {hint!r}\n{result}")
    for flag in ("--help", "--version", "--list-kinds", "--list-checks"):
        result = run(DUMP, flag)
        check.that(result.code == 0 and result.out and not result.err, f"{flag}\n{result}")
    help_text = run(DUMP, "--help").out
    check.that(help_text.rstrip().splitlines()[-1].strip().startswith("atls-dump "), "help ends with an example")
    for kind in run(DUMP, "--list-kinds").out.split():
        check.that(run(DUMP, "--as", kind, path).code in (0, 3, 7), f"--as {kind} on another kind")
    with open("/dev/full", "wb") as full:
        import subprocess
        done = subprocess.run([DUMP, os.fspath(path)], stdout=full, stderr=subprocess.PIPE)
        check.that(done.returncode == 70 and b"cannot write" in done.stderr, "a full disk is told and is no success")


def hostile(where):
    name = where / "evil\x1b[2J\nVERIFIED\u202e"
    name.write_bytes(REPORT)
    for args in ([], ["--json"], ["--hex"], ["--brief"], ["--extract", "report\x1b[2J.x"]):
        result = run(DUMP, *args, name)
        check.that(printable(result.out) and printable(result.err), f"{args}: a file name cannot steer the terminal\n{result}")
    deep = where / "deep.json"
    deep.write_bytes(b'{"a":' * 100000 + b"1" + b"}" * 100000)
    check.code(run(DUMP, deep), 7, "JSON nested 100000 deep")
    nested = REPORT
    for _ in range(6):
        nested = base64.b64encode(nested)
    (where / "layers").write_bytes(nested)
    check.code(run(DUMP, where / "layers"), 7, "base64 six times")
    big = where / "big"
    with open(big, "wb") as f:
        f.truncate(64 * 1024 * 1024)
    check.code(run(DUMP, big), 7, "larger than the limit")
    check.code(run(DUMP, "-", stdin=b"A" * (11 * 1024 * 1024)), 7, "standard input larger than the limit")


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def main():
    with folder() as name:
        where = pathlib.Path(name)
        for part in (encodings, text_output, damage, intel, extraction, usage, hostile):
            part(where)
    return check.finish("atls-dump")


if __name__ == "__main__":
    sys.exit(main())
