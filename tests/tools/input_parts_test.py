#!/usr/bin/env python3
"""No part of an input is silently unused: it is judged, told as not judged (input-part-unused), or contradicts what is judged.

input_parts_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT
"""
import base64
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT = (pathlib.Path(name).resolve() for name in sys.argv[1:4])
check = Checks()
UNUSED = "input-part-unused"
TRUST = ["--trust-simulated", "--offline", "--no-cache", "--any-measurement"]


def pem(label, data):
    body = base64.b64encode(data).decode()
    lines = [body[i:i + 64] for i in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def der_of(text):
    return [base64.b64decode(block) for block in re.findall(r"-----BEGIN [^-]+-----(.*?)-----END", text, re.S)]


def export(name, *options):
    made = run(SERVE, "--export-platform", name, "--quiet", *options)
    check.code(made, 0, f"export {name}")
    return pathlib.Path(name)


def judged(what, data, code, *expected, options=(), absent=(), file="input"):
    """Judges `data` (bytes, text, or a folder that is there) and compares exit status and outcomes: "id=outcome" or "id=outcome:words"."""
    path = data if isinstance(data, pathlib.Path) else pathlib.Path(file)
    if not isinstance(data, pathlib.Path):
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    result = run(VERIFY, *TRUST, *options, "--json", path)
    check.code(result, code, what)
    report = json.loads(result.out) if result.out.startswith("{") else {"checks": []}
    found = {c["id"]: c for c in report["checks"]}
    for one in expected:
        name, _, wanted = one.partition("=")
        outcome, _, words = wanted.partition(":")
        row = found.get(name, {})
        check.that(row.get("outcome") == outcome and words in row.get("detail", ""), f"{what}: {one}, found {row.get('outcome')}: {row.get('detail')}")
    for name in absent:
        check.that(name not in found, f"{what}: {name} {found.get(name)}")
    return report


def pem_files(snp, tdx, sgx, leaf, nonce):
    report, quote, enclave = (snp / "report.bin").read_bytes(), (tdx / "quote.bin").read_bytes(), (sgx / "quote.bin").read_bytes()
    log, hcl = (tdx / "event-log.bin").read_bytes(), (snp / "hcl.bin").read_bytes()
    vcek, ask, ark = (der_of((snp / "certs" / f"{n}.pem").read_text())[0] for n in ("vcek", "ask", "ark"))
    chain = [pem("CERTIFICATE", x) for x in (vcek, ask, ark)]
    revoked = export("revoked", "--fault", "ask-revoked") / "crl.pem"
    judged("report and its certificates in one file", pem("SNP REPORT", report) + "".join(chain), 0, absent=[UNUSED])
    judged("quote alone", pem("QUOTE", quote), 0, "event-log-parse=skip", absent=[UNUSED])
    judged("quote and its event log", pem("QUOTE", quote) + pem("EVENT LOG", log), 0, "event-log-parse=pass", "rtmr-replay-0=pass", absent=[UNUSED])
    judged("the log first", pem("EVENT LOG", log) + pem("QUOTE", quote), 0, "rtmr-replay-0=pass", absent=[UNUSED])
    foreign = (export("altered-log", "--attester", "sim-tdx", "--fault", "event-log-mismatch") / "event-log.bin").read_bytes()
    check.that(foreign != log, "another event log")
    other = judged("quote and a foreign event log", pem("QUOTE", quote) + pem("EVENT LOG", foreign), 2)
    check.that(any(c["id"].startswith(("rtmr-replay-", "event-log-")) and c["outcome"] == "fail" for c in other["checks"]), "the foreign log is judged")
    judged("two event logs", pem("QUOTE", quote) + pem("EVENT LOG", log) + pem("EVENT LOG", foreign), 7)
    judged("two quotes", pem("QUOTE", quote) + pem("QUOTE", quote), 7)
    judged("a quote and a report", pem("QUOTE", quote) + pem("SNP REPORT", report) + "".join(chain), 7)
    judged("a document behind a report", pem("SNP REPORT", report) + "".join(chain) + pem("DOCUMENT", json.dumps({"RawQuote": base64.b64encode(quote).decode(), "UserData": ""}).encode()), 7)
    judged("an event log beside a report", pem("SNP REPORT", report) + "".join(chain) + pem("EVENT LOG", log), 0, f"{UNUSED}=warn:an event log")
    judged("an event log beside an enclave's quote", pem("QUOTE", enclave) + pem("EVENT LOG", log), 0, f"{UNUSED}=warn:an event log")
    judged("an HCL report beside a report", pem("SNP REPORT", report) + "".join(chain) + pem("HCL", hcl), 7)
    judged("a strange certificate beside a report", pem("SNP REPORT", report) + "".join(chain) + pem("CERTIFICATE", der_of((tdx / "pck-chain.pem").read_text())[0]), 0, f"{UNUSED}=warn:another vendor")
    judged("a leaf beside a report", pem("SNP REPORT", report) + "".join(chain) + leaf, 7)
    judged("the same loosening is refused on demand", pem("SNP REPORT", report) + "".join(chain) + pem("EVENT LOG", log), 5, f"{UNUSED}=fail", options=["--fail-on-warn"])
    judged("a list beside a report", pem("SNP REPORT", report) + "".join(chain) + revoked.read_text(), 2, "snp-ask-not-revoked=fail")
    with_nonce = ["--nonce", nonce]
    judged("a leaf alone", leaf, 0, options=with_nonce, absent=[UNUSED])
    judged("a list beside the leaf", leaf + revoked.read_text(), 2, "snp-ask-not-revoked=fail", options=with_nonce)
    judged("a list before the leaf", revoked.read_text() + leaf, 2, "snp-ask-not-revoked=fail", options=with_nonce)
    judged("a certificate behind the leaf", leaf + chain[1], 0, f"{UNUSED}=warn:certificate 2", options=with_nonce)
    judged("an event log beside the leaf", leaf + pem("EVENT LOG", log), 0, f"{UNUSED}=warn:event log", options=with_nonce)
    judged("an event log before the leaf", pem("EVENT LOG", log) + leaf, 0, f"{UNUSED}=warn:event log", options=with_nonce)


def bundles(bundle, tdx):
    original = json.loads(bundle.read_text())

    def altered(**members):
        return json.dumps({**original, **members})
    judged("a bundle", altered(), 0, absent=[UNUSED])
    copy = original["evidence"][0]
    judged("its copy under another format", altered(evidence=[{**copy, "format": "tdx"}]), 2, "atls-evidence-single=fail:another format")
    judged("its copy twice, once under another format", altered(evidence=[copy, {**copy, "format": "tdx"}]), 2, "atls-evidence-single=fail:another format")
    judged("another copy", altered(evidence=[{**copy, "data": base64.b64encode(base64.b64decode(copy["data"])[:-1] + b"\1").decode()}]), 2, "atls-evidence-single=fail")
    judged("a resumed session", altered(tls={**original["tls"], "resumed": True}), 3, "tls-not-resumed=fail:resumed")
    judged("an exporter value", altered(exporter={"EXPORTER-x": "00"}), 0, f"{UNUSED}=warn:EXPORTER-x")
    judged("a second certificate", altered(chain=[*original["chain"], original["chain"][0]]), 0, f"{UNUSED}=warn:certificate 2")
    revoked = der_of((pathlib.Path("revoked") / "crl.pem").read_text())[0]
    judged("a list in the chain", altered(chain=[*original["chain"], base64.b64encode(revoked).decode()]), 2, "snp-ask-not-revoked=fail")

    def item(kind, data):
        import hashlib
        return {"kind": kind, "time": original["time"], "data": base64.b64encode(data).decode(), "sha256": hashlib.sha256(data).hexdigest()}
    for kind in ("amd-crl", "amd-vcek", "intel-root-crl"):
        judged(f"a list called {kind}", altered(collateral=[*original["collateral"], item(kind, revoked)]), 2, "snp-ask-not-revoked=fail")
    judged("junk called a certificate", altered(collateral=[*original["collateral"], item("amd-ask", b"junk")]), 0, f"{UNUSED}=warn:does not decode")
    tcb_info = (tdx / "attestation-app" / "tcbInfo.json").read_bytes()
    judged("Intel's collateral", altered(collateral=[*original["collateral"], item("intel-tcb-info", tcb_info)]), 0, f"{UNUSED}=warn:AMD")


def put_chain(quote, chain, kind=5):
    """The quote (version 4) with other certification data. Intel TDX DCAP quoting library API, quote signature data structure."""
    at = 48 + 584                                       # header and TD report; the length of the signature data
    inner = at + 4 + 64 + 64 + 6 + 384 + 64             # behind signature, key, outer type and size, QE report and its signature
    auth = int.from_bytes(quote[inner:inner + 2], "little")
    place = inner + 2 + auth                            # inner type and size
    head = bytearray(quote[:place]) + kind.to_bytes(2, "little") + len(chain).to_bytes(4, "little") + chain
    outer = at + 4 + 128
    head[outer + 2:outer + 6] = (len(head) - outer - 6).to_bytes(4, "little")
    head[at:at + 4] = (len(head) - at - 4).to_bytes(4, "little")
    return bytes(head)


def quotes(tdx):
    quote, text = (tdx / "quote.bin").read_bytes(), (tdx / "pck-chain.pem").read_text()
    leaf, ca, root = der_of(text)
    signer = der_of((tdx / "attestation-app" / "tcbSignChain.pem").read_text())[0]
    beside = ["--collateral-dir", tdx / "attestation-app"]

    def chain(*certificates):
        return "".join(pem("CERTIFICATE", x) for x in certificates).encode()
    altered = bytearray(ca)
    altered[len(ca) - 10] ^= 1
    renamed = ca.replace(b"Intel SGX PCK Platform CA", b"Intel SGX TCB Signing    ").replace(b"Intel SGX PCK Processor CA", b"Intel SGX TCB Signing     ")
    check.that(renamed != ca, "another name")
    judged("the chain as it is", put_chain(quote, chain(leaf, ca, root)), 0, absent=[UNUSED], options=beside)
    for what, certificates, failing in [
            ("leaf doubled for the CA", (leaf, leaf, root), "pck-chain-length"), ("root doubled for the CA", (leaf, root, root), "pck-chain-length"),
            ("the CA replaced by the signer", (leaf, signer, root), "pck-chain-length"), ("the CA renamed", (leaf, renamed, root), "pck-chain-signatures"),
            ("the CA altered", (leaf, bytes(altered), root), "pck-chain-signatures"), ("the CA doubled", (leaf, ca, ca, root), "pck-chain-length"),
            ("no CA", (leaf, root), "pck-chain-length")]:
        judged(what, put_chain(quote, chain(*certificates)), 2, f"{failing}=fail", options=beside)
    junk = pem("CERTIFICATE", b"junk").encode()
    judged("junk for the CA", put_chain(quote, chain(leaf) + junk + chain(root)), 2, "pck-chain-parse=fail", options=beside)
    judged("junk behind the root", put_chain(quote, chain(leaf, ca, root) + junk), 2, "pck-chain-parse=fail", options=beside)
    judged("a list in the chain", put_chain(quote, chain(leaf, ca, root) + pem("X509 CRL", (tdx / "attestation-app" / "rootCaCrl.der").read_bytes()).encode()), 2, "pck-chain-parse=fail")
    judged("text in the chain", put_chain(quote, chain(leaf) + b"I am the CA:\n" + chain(ca, root)), 0, f"{UNUSED}=warn:letters", options=beside)
    judged("a leaf as type 4", put_chain(quote, chain(leaf), 4), 0, absent=[UNUSED], options=beside)
    judged("type 4 that holds a chain", put_chain(quote, chain(leaf, ca, root), 4), 2, "pck-chain-parse=fail:type 4", options=beside)
    judged("type 4 that holds the CA", put_chain(quote, chain(ca), 4), 2, "pck-chain-parse=fail:type 4", options=beside)
    other = der_of((export("other-tdx", "--attester", "sim-tdx", "--seed", "other") / "pck-chain.pem").read_text())[0]
    judged("type 4 with the leaf of another platform, and the right one beside it", put_chain(quote, chain(other), 4), 2, "qe-report-signature=fail", options=beside)


def table_of(entries):
    """A certificate table: GUID, offset and length of each, then the blobs. GHCB (AMD 56421), SNP Extended Guest Request."""
    offset, head, blobs = 24 * (len(entries) + 1), b"", b""
    for guid, data in entries:
        head += guid + offset.to_bytes(4, "little") + len(data).to_bytes(4, "little")
        blobs += data
        offset += len(data)
    return head + bytes(24) + blobs


def tables(snp):
    whole = (snp / "extended.bin").read_bytes()
    report, table = whole[:1184], whole[1184:]
    entries = []
    for at in range(0, len(table), 24):
        row = table[at:at + 24]
        if row == bytes(24):
            break
        begin, size = int.from_bytes(row[16:20], "little"), int.from_bytes(row[20:24], "little")
        entries.append((row[:16], table[begin:begin + size]))
    names = {name: der_of((snp / "certs" / f"{name}.pem").read_text())[0] for name in ("vcek", "ask", "ark")}
    which = {name: next(i for i, (_, data) in enumerate(entries) if data == der or der in data) for name, der in names.items()}

    def replaced(name, data):
        return report + table_of([(guid, data if i == which[name] else old) for i, (guid, old) in enumerate(entries)])
    beside = ["--collateral-dir", snp / "certs"]
    judged("the table as it is", report + table_of(entries), 0, absent=[UNUSED])
    judged("junk for the VCEK, and the right one beside it", replaced("vcek", b"junk" * 8), 0, f"{UNUSED}=warn:does not decode", options=beside)
    judged("junk for the ARK", replaced("ark", b"junk" * 8), 0, f"{UNUSED}=warn:does not decode", options=beside)
    revoked = der_of((pathlib.Path("revoked") / "crl.pem").read_text())[0]
    judged("a list for the ARK", replaced("ark", revoked), 2, "snp-ask-not-revoked=fail", options=beside)
    tdx_root = der_of(pathlib.Path("tdx/trust-anchor.pem").read_text())[0]
    judged("Intel's root beside AMD's chain", pem("SNP REPORT", report) + "".join(pem("CERTIFICATE", x) for x in [*names.values(), tdx_root]), 0, f"{UNUSED}=warn:another vendor")


def directories(snp, tdx, sgx):
    def fill(name, **files):
        where = pathlib.Path(name)
        where.mkdir()
        for file, data in files.items():
            (where / file.replace("__", ".")).write_bytes(data)
        return where
    certificates = {f"{n}__pem": (snp / "certs" / f"{n}.pem").read_bytes() for n in ("vcek", "ask", "ark")}
    report, quote = (snp / "report.bin").read_bytes(), (tdx / "quote.bin").read_bytes()
    judged("snpguest's folder", fill("d1", report__bin=report, **certificates), 0, absent=[UNUSED])
    judged("another report beside it", fill("d2", report__bin=report, old__bin=bytes(report[:80]) + b"x" + report[81:], **certificates), 0, f"{UNUSED}=warn:old.bin")
    judged("a list under another name", fill("d3", report__bin=report, list__crl=(pathlib.Path("revoked") / "crl.der").read_bytes(), **certificates), 2, "snp-ask-not-revoked=fail")
    judged("an HCL report beside it", fill("d4", report__bin=report, hcl__bin=(snp / "hcl.bin").read_bytes(), **certificates), 0, f"{UNUSED}=warn:hcl.bin")
    judged("an event log beside a report", fill("d5", report__bin=report, log__bin=(tdx / "event-log.bin").read_bytes(), **certificates), 0, f"{UNUSED}=warn:log.bin")
    judged("a quote and its log", fill("d6", quote__bin=quote, log__bin=(tdx / "event-log.bin").read_bytes()), 0, "rtmr-replay-0=pass", absent=[UNUSED])
    judged("collateral beside a quote", fill("d7", quote__bin=quote, tcb__json=(sgx / "attestation-app" / "tcbInfo.json").read_bytes()), 0, f"{UNUSED}=warn:--collateral-dir")
    judged("a manifest of services", fill("d8", outblob=report, auxblob=(snp / "tsm" / "auxblob").read_bytes(), provider=b"sev_guest\n", manifestblob=b"x"), 0, f"{UNUSED}=warn:manifestblob")
    judged("a table beside a quote", fill("d9", outblob=quote, auxblob=(snp / "tsm" / "auxblob").read_bytes(), provider=b"tdx_guest\n"), 0, f"{UNUSED}=warn:auxblob")


def others(tdx, snp):
    quote, log = (tdx / "quote.bin").read_bytes(), (tdx / "event-log.bin").read_bytes()
    container = {"quote": base64.b64encode(quote).decode(), "cc_eventlog": base64.b64encode(log).decode()}
    judged("a container", json.dumps(container), 0, absent=[UNUSED])
    judged("a member that nothing signs", json.dumps({**container, "aa_eventlog": "x"}), 0, f"{UNUSED}=warn:aa_eventlog")
    judged("another log than the container's", json.dumps(container), 2, f"{UNUSED}=warn:--event-log", options=["--event-log", export("other-log", "--attester", "sim-tdx", "--fault", "event-log-mismatch") / "event-log.bin"])
    td_report = bytearray(1024)
    td_report[0] = 0x81
    judged("an event log with a TDREPORT", bytes(td_report), 4, f"{UNUSED}=warn:event log", options=["--event-log", tdx / "event-log.bin", "--as", "td-report"])


def main():
    with folder() as where:
        os.chdir(where)
        snp, tdx, sgx = export("snp"), export("tdx", "--attester", "sim-tdx"), export("sgx", "--attester", "sim-sgx")
        with Serve(SERVE) as server:
            saved = run(CONNECT, *TRUST, "--save-bundle", "bundle.json", "--save-cert", "leaf.pem", server.address)
            check.code(saved, 0, "a bundle to alter")
        bundle = pathlib.Path("bundle.json")
        pem_files(snp, tdx, sgx, pathlib.Path("leaf.pem").read_text(), json.loads(bundle.read_text())["nonce"])
        bundles(bundle, tdx)
        quotes(tdx)
        tables(snp)
        directories(snp, tdx, sgx)
        others(tdx, snp)
    return check.finish("parts of inputs")


sys.exit(main())
