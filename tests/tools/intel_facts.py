"""What atls-dump says about Intel evidence and event logs, in the notation of the corpus' manifest: one table of facts per kind."""
import collections
import hashlib
import pathlib
import subprocess
import sys

import corpus_test
from corpus_test import BUILD, Tree, certificate, child, tool, walk
from intel_vectors import VECTORS

CORPUS = pathlib.Path(sys.argv[2])
QUOTES = ("tdx-quote", "sgx-quote")
# Decided by checks: intel_verify_corpus_test.py compares them.
VERIFICATION = {"checks", "tcb_eval", "crl_checks", "signed_by", "ccel_replay_matches", "crl_signatures_ok", "signatures_ok"}
# Replies and endorsements as other programs keep them: the manifest names no fact of their content and leaves signature and chain open.
CONTAINERS = ("binary endorsements", "JSON")


def value(*names):
    return lambda t, f: t.value(*names)


def hexadecimal(*names):
    return lambda t, f: f"0x{t.value(*names):08x}"


def leaf_of(tree):
    return next((c for c in tree.all("certificate") if child(c, "subject_cn") == "Intel SGX PCK Certificate"), None)


def sgx(node):
    """The SGX extension below a certificate in the manifest's notation."""
    x = next(c for c in walk(node) if c["name"] == "sgx_extensions")
    tcb = next(c for c in x["children"] if c["name"] == "tcb")
    return {"fmspc": child(x, "fmspc"), "pceid": child(x, "pce_id"), "ppid": child(x, "ppid"), "cpusvn": child(tcb, "cpu_svn"),
            "comp": [child(tcb, f"comp{n:02}") for n in range(1, 17)], "pcesvn": child(tcb, "pce_svn"), "sgxtype": child(x, "sgx_type"),
            "piid": child(x, "platform_instance_id"), **{k: child(x, k) for k in ("dynamic_platform", "cached_keys", "smt_enabled")}}


def pck(tree, fact):
    leaf = leaf_of(tree)
    mine = dict(sgx(leaf), ca=child(leaf, "issuer_cn"), not_before=child(leaf, "not_before"), not_after=child(leaf, "not_after"),
                serial_hex=child(leaf, "serial"), pem_order=[child(c, "subject_cn") for c in tree.all("certificate")])
    return {k: mine.get(k) for k in fact}


def debug(tree, fact):
    return tree.value("body", "td_attributes" if tree.node("body", "td_attributes") else "attributes", "DEBUG")


def levels(tree):
    return [c for c in tree.node("tcbInfo" if tree.node("tcbInfo") else "enclaveIdentity")["children"] if c["name"] == "tcbLevel"]


def module_ids(tree):
    return [child(c, "id") for c in tree.all("tdxModuleIdentity")]


def events(tree):
    return [c for c in tree.all("event")]


def replay(tree):
    return {bank["name"]: {r["name"]: r["value"] for r in bank.get("children", ())} for bank in tree.node("replay")["children"]}


def collateral(name):
    return lambda t, f: t.value("tcbInfo" if t.node("tcbInfo") else "enclaveIdentity", name)


def same_case(got, fact):
    return got.upper() if isinstance(got, str) and isinstance(fact, str) and fact == fact.upper() else got


# One table of names and notations: fact -> (claims of atls-dump, fact) -> the same notation.
QUOTE = {
    "version": value("header", "version"), "att_key_type": value("header", "attestation_key_type"), "tee_type": hexadecimal("header", "tee_type"),
    "body_type": value("body_type"), "qe_vendor_id": value("header", "qe_vendor_id"), "header_user_data": value("header", "user_data"),
    "quote_size": value("quote_size"), "trailing_bytes": value("trailing_bytes"), "signature_data_length": value("signature_data_size"), "debug": debug,
    "report_data": value("body", "report_data"), "certification_data_type": value("certification_data", "type"),
    "outer_certification_data_type": value("outer_certification_data_type"), "qe_auth_data_size": value("qe_auth_data_size"),
    "qe_isvsvn": value("qe_report", "isv_svn"), "qe_mrsigner": value("qe_report", "mr_signer"),
    "header_qe_svn": value("header", "qe_svn"), "header_pce_svn": value("header", "pce_svn"),
    "cpusvn": value("body", "cpu_svn"), "attributes": lambda t, f: t.value("body", "attributes") + t.value("body", "xfrm"),
    "mrenclave": value("body", "mr_enclave"), "mrsigner": value("body", "mr_signer"), "isvprodid": value("body", "isv_prod_id"), "isvsvn": value("body", "isv_svn"),
    "tee_tcb_svn": value("body", "tee_tcb_svn"), "mrseam": value("body", "mr_seam"), "mrsignerseam": value("body", "mrsigner_seam"),
    "tdattributes": value("body", "td_attributes"), "xfam": value("body", "xfam"), "mrtd": value("body", "mr_td"), "mrconfigid": value("body", "mr_config_id"),
    "mrowner": value("body", "mr_owner"), "mrownerconfig": value("body", "mr_owner_config"), **{f"rtmr{n}": value("body", f"rtmr{n}") for n in range(4)},
    "tee_tcb_svn2": value("body", "tee_tcb_svn2"), "mrservicetd": value("body", "mr_servicetd"), "pck": pck,
}
TDREPORT = {
    "report_type": value("report_type"), "cpusvn": value("cpu_svn"), "report_data": value("report_data"), "tee_tcb_svn": value("tee_tcb_svn"), "mrseam": value("mr_seam"),
    "tdattributes": value("td_attributes"), "xfam": value("xfam"), "mrtd": value("mr_td"), **{f"rtmr{n}": value(f"rtmr{n}") for n in range(4)},
    "tee_info_hash_ok": value("tee_info_hash_matches"), "tee_tcb_info_hash_ok": value("tee_tcb_info_hash_matches"),
}
CERTIFICATE = {
    **{name: (lambda n: lambda t, f: certificate(t.node("certificate"))[n])(name)
       for name in ("subject", "issuer", "serial_hex", "not_before", "not_after", "signature_algorithm_oid", "public_key", "spki_sha256")},
    "certificates": lambda t, f: [{k: certificate(c)[k] for k in f[0]} for c in t.all("certificate")],
    "sgx": lambda t, f: {k: sgx(t.node("certificate")).get(k) for k in f},
}
CRL = {
    "issuer": value("crl", "issuer"), "this_update": value("crl", "this_update"), "next_update": value("crl", "next_update"), "entries": value("crl", "entries"),
    "signature_algorithm_oid": value("signature_algorithm_oid"), "revoked_serials": lambda t, f: [c["value"].lstrip("0") for c in walk(t.node("crl")) if c["name"] == "serial"][:len(f)],   # the manifest has the first ones, as numbers
    "crl_number": lambda t, f: int(t.value("crl", "number")),
}
COLLATERAL = {
    "id": collateral("id"), "version": collateral("version"), "issue_date": collateral("issueDate"), "next_update": collateral("nextUpdate"),
    "tcb_evaluation_data_number": collateral("tcbEvaluationDataNumber"), "levels": lambda t, f: len(levels(t)),
    "level_statuses": lambda t, f: [child(c, "tcbStatus") for c in levels(t)], "fmspc": collateral("fmspc"), "pceId": collateral("pceId"), "tcbType": collateral("tcbType"),
    "tdx_module_ids": lambda t, f: module_ids(t), "mrsigner": lambda t, f: same_case(t.value("enclaveIdentity", "mrsigner"), f), "isvprodid": collateral("isvprodid"),
}
def last_cn(name):
    return name.rsplit("CN=", 1)[-1]


def members_of(document, fact):
    names = {"issue_date": "issueDate", "next_update": "nextUpdate", "tcb_evaluation_data_number": "tcbEvaluationDataNumber"}
    return {k: child(document, names.get(k, k)) for k in fact}


AGGREGATED = {   # one file with everything, members named as dcap-qvl does
    "json_keys": lambda t, f: f if "collateral, form" in t.roots[0].get("meaning", "") else None,
    "keys": lambda t, f: f if "form dcap-qvl" in t.roots[0].get("meaning", "") else None,
    "tcb_info": lambda t, f: dict(members_of(t.node("tcbInfo"), f), fmspc=same_case(t.value("tcbInfo", "fmspc"), f["fmspc"])),
    "qe_identity": lambda t, f: members_of(t.node("enclaveIdentity"), f),
    "crls": lambda t, f: [{k: last_cn(child(c, k)) if k == "issuer" else child(c, k) for k in f[0]} for c in t.all("crl")],
}
EVENT_LOG = {
    "algorithms": lambda t, f: {c["name"]: c["value"] for c in t.node("algorithms")["children"]}, "events": value("events"), "end_offset": value("end_offset"),
    "size": lambda t, f: t.roots[0].get("space"), "indices": lambda t, f: sorted({child(e, "index") for e in events(t)}), "replay": lambda t, f: replay(t),
    "replay_sha1": lambda t, f: dict(replay(t)["sha1"], **({"0": f["0"]} if t.value("startup_locality") else {})),   # PCR 0 began at a locality, not at zero
    "event_types": lambda t, f: dict(collections.Counter(hex(child(e, "type")) for e in events(t))), "startup_locality": value("startup_locality"),
}
CCEL = {
    "signature": value("ccel_table", "signature"), "length": value("length"), "revision": value("revision"), "cc_type": value("cc_type"), "cc_subtype": value("cc_subtype"),
    "laml": value("laml"), "lasa": lambda t, f: hex(t.value("lasa")), "checksum_ok": value("checksum_ok"),
}
HCL = {   # of a TDX guest
    **{name: (lambda rule: lambda t, f: rule(t, None, f))(rule) for name, rule in corpus_test.FACTS.items()},
    "report_data": value("td_report", "report_data"), "mrtd": value("td_report", "mr_td"), "inner": lambda t, f: "TDREPORT" if t.value("td_report", "report_type").startswith("81") else None,
    "claims_hash_binds_report_data": lambda t, f: t.value("td_report", "report_data") == t.value("claims_sha256") + 64 * "0",
}
TABLES = {"tdx-quote": QUOTE, "sgx-quote": QUOTE, "tdx-report": TDREPORT, "intel-cert": CERTIFICATE, "intel-crl": CRL, "intel-collateral": COLLATERAL, "azure-hcl": HCL}


def table_of(entry):
    if entry["kind"] == "event-log":
        return CCEL if entry["format"] == "ACPI CCEL table" else EVENT_LOG
    if entry["format"].startswith("aggregated") or not is_judged(entry):
        return AGGREGATED
    return TABLES[entry["kind"]]


def is_judged(entry):
    return not (entry["kind"] in ("intel-cert", "intel-collateral") and entry["format"].startswith(CONTAINERS))


# A TPM 1.2 log without a description of itself, and a TDREPORT with a made-up type, cannot be told from other bytes.
def forced(entry):
    kind = "event-log" if entry["format"].startswith("TCG 1.2") else "td-report" if entry["kind"] == "tdx-report" and not entry["facts"]["report_type"].startswith("81") else ""
    return ["--as", kind] if kind else []


def compare(entry):
    path, facts = CORPUS / entry["file"], entry["facts"]
    problems, compared = [], 0

    def same(what, want, got):
        nonlocal compared
        compared += 1
        if want != got:
            problems.append(f"{entry['file']}: {what}: manifest {want!r}, we {got!r}")

    code, dump = tool("atls-dump", "--json", *forced(entry), path)
    same("parse of atls-dump", entry["expect"]["parse"], "error" if code == 7 else "ok")
    tree = Tree(dump)
    table = table_of(entry)
    for name, fact in facts.items():
        elsewhere = name == "pck" and leaf_of(tree) is None   # the certificate is in another file, or damaged
        if name in VERIFICATION or elsewhere:
            continue
        if name not in table:
            problems.append(f"{entry['file']}: no rule for the fact {name}")
            continue
        try:
            got = table[name](tree, fact)
        except (TypeError, KeyError, StopIteration, IndexError, ValueError) as e:
            got = f"{type(e).__name__}: {e}"
        same(f"fact {name}", fact, got)
    return compared, problems


def vectors():
    """Places and values of real quotes as the public specification works them out."""
    for file, rows in VECTORS.items():
        problems = []
        for path, want in rows.items():
            done = subprocess.run([str(BUILD / "tools/atls-dump/atls-dump"), "--extract", path, CORPUS / file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            data = done.stdout
            got = int.from_bytes(data, "little") if isinstance(want, int) else "sha256:" + hashlib.sha256(data).hexdigest() if want.startswith("sha256:") else data.hex()
            if path.endswith(".serial"):   # DER: a zero byte may stand before it
                got = got.lstrip("0")
            if got != want:
                problems.append(f"{file}: vector {path}: published {want!r}, we {got!r} {done.stderr.decode()}")
        yield len(rows), problems
