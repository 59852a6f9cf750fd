#!/usr/bin/env python3
"""Every SEV-SNP file of the evidence corpus against atls-verify and atls-dump.

corpus_test.py BUILD CORPUS. Exit 77 with a SKIP line when the corpus is not there. For each file: decodability, signature and
chain outcomes equal the manifest, every decoded fact equals what atls-dump shows, a file whose signature is not good never exits
0, and with default options no file exits 0. Prints counts.
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from schema import Schema  # noqa: E402

SCHEMA = Schema(pathlib.Path(__file__).resolve().parent.parent.parent / "schemas" / "report.schema.json")
BUILD, CORPUS = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
KINDS = {"snp-report", "snp-extended", "snp-certtable", "amd-cert", "amd-crl", "azure-hcl"}
CORPUS_OPTIONS = ["--offline", "--no-cache", "--crl", "if-available", "--any-measurement", "--allow-debug"]
GOOD, BAD = ("pass", "warn", "skip"), "fail"


def tool(name, *args):
    done = subprocess.run([str(BUILD / "tools" / name / name), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return done.returncode, {}
    SCHEMA.check(report)
    return done.returncode, report


# ------------------------------------------------------------------------------------------------------- claims of atls-dump

def walk(claim):
    yield claim
    for child in claim.get("children", ()):
        yield from walk(child)


class Tree:
    def __init__(self, report):
        self.roots = [e["claims"] for e in report.get("evidence", [])]

    def all(self, name):
        return [c for root in self.roots for c in walk(root) if c["name"] == name]

    def node(self, *names):
        """The first node with names[-1] below the first node with names[0], and so on."""
        places = self.roots
        for name in names:
            found = next((c for place in places for c in walk(place) if c["name"] == name), None)
            if found is None:
                return None
            places = [found]
        return places[0]

    def value(self, *names):
        node = self.node(*names)
        return None if node is None else node.get("value")


def child(node, name):
    return next((c.get("value") for c in node.get("children", ()) if c["name"] == name), None)


def number(text):
    return int(text, 16) if isinstance(text, str) else text


def tcb(tree, name):
    node = tree.node("report", name)
    if node is None:
        return None
    out = {c["name"]: c["value"] for c in node.get("children", ()) if c["name"] in ("fmc", "bootloader", "tee", "snp", "microcode")}
    return dict(out, raw_le=node["value"])


def le64(value):
    return value.to_bytes(8, "little").hex() if isinstance(value, int) else value


def certificate(node):
    return {k: child(node, n) for k, n in (("subject", "subject"), ("issuer", "issuer"), ("serial_hex", "serial"), ("not_before", "not_before"),
            ("not_after", "not_after"), ("signature_algorithm_oid", "signature_algorithm_oid"), ("public_key", "public_key"), ("spki_sha256", "spki_sha256"))}


def table(tree):
    out = []
    for entry in tree.all("entry"):
        row = {"guid_raw": child(entry, "guid").replace("-", ""), "name": child(entry, "name"), "offset": child(entry, "offset"),
               "length": child(entry, "length"), "in_bounds": child(entry, "in_bounds")}
        if child(entry, "subject_cn") is not None:
            row["subject_cn"] = child(entry, "subject_cn")
        row["sha256"] = child(entry, "sha256")
        out.append(row)
    return out


def table_like(tree, fact):
    """Entries with the members that the fact names."""
    return [{k: mine.get(k) for k in theirs} for mine, theirs in zip(table(tree), fact)] if len(table(tree)) == len(fact) else table(tree)


def outcome(report, check):
    return next((c["outcome"] for c in report.get("checks", []) if c["id"] == check), None)


def matches(check):
    return lambda t, r, f: {"pass": True, "fail": False}.get(outcome(r, check))


def amd_extensions(tree):
    node = tree.node("certificate", "amd_extensions")
    return sorted((c["meaning"].split(",")[0].lstrip(".") for c in node.get("children", ())), key=lambda s: [int(x) for x in s.split(".")]) if node else None


def amd(tree, name):
    return tree.value("amd_extensions", name)


def claims_keys(tree):
    node = tree.node("runtime_claims")
    return sorted(c["name"] for c in node.get("children", ())) if node else None


def vm_configuration(tree):
    node = tree.node("runtime_claims", "vm-configuration")
    return {c["name"]: c["value"] for c in node.get("children", ())} if node else None


def inner(tree):
    version = tree.value("report", "version")
    return f"SNP report v{version}"


def plain(*names):
    return lambda t, r, f: t.value(*names)


def report_bit(group, name):
    return lambda t, r, f: t.value("report", group, name)


# One table of names and notations: fact -> (claims of atls-dump, report of atls-verify, fact) -> the same notation.
FACTS = {
    "version": plain("report", "version"), "guest_svn": plain("report", "guest_svn"),
    "policy": lambda t, r, f: f"0x{t.value('report', 'policy'):016x}",
    "policy_abi": lambda t, r, f: f"{t.value('report', 'policy', 'abi_major')}.{t.value('report', 'policy', 'abi_minor')}",
    "policy_smt": report_bit("policy", "smt"), "policy_migrate_ma": report_bit("policy", "migrate_ma"),
    "policy_debug": report_bit("policy", "debug"), "policy_single_socket": report_bit("policy", "single_socket"),
    "policy_bits_21_up": lambda t, r, f: hex(t.value("report", "policy") >> 21),
    "vmpl": plain("report", "vmpl"), "signature_algo": plain("report", "signature_algo"),
    "signing_key": report_bit("signer_info", "signing_key"), "author_key_en": report_bit("signer_info", "author_key_en"),
    "mask_chip_key": report_bit("signer_info", "mask_chip_key"),
    "platform_info": lambda t, r, f: hex(t.value("report", "platform_info")),
    "measurement": plain("report", "measurement"), "report_data": plain("report", "report_data"), "host_data": plain("report", "host_data"),
    "report_id": plain("report", "report_id"), "id_key_digest": plain("report", "id_key_digest"),
    "author_key_digest": plain("report", "author_key_digest"),
    "chip_id_prefix": lambda t, r, f: t.value("report", "chip_id")[:len(f)],
    "reported_tcb": lambda t, r, f: tcb(t, "reported_tcb"), "current_tcb": lambda t, r, f: tcb(t, "current_tcb"),
    "committed_tcb": lambda t, r, f: tcb(t, "committed_tcb"), "launch_tcb": lambda t, r, f: tcb(t, "launch_tcb"),
    "cpuid_fam_mod_step": lambda t, r, f: "".join(f"{t.value('report', n):02x}" for n in ("cpuid_fam_id", "cpuid_mod_id", "cpuid_step")),
    "launch_mit_vector": lambda t, r, f: le64(t.value("report", "launch_mit_vector")),
    "current_mit_vector": lambda t, r, f: le64(t.value("report", "current_mit_vector")),
    "trailing_bytes": plain("report", "trailing_bytes"),
    "report_offset": lambda t, r, f: t.node("report").get("offset", 0),
    "leaf_tcb_matches_reported": matches("snp-tcb-reported-matches-cert"), "leaf_hwid_matches_chip_id": matches("snp-hwid-matches-chip-id"),
    "cert_table": lambda t, r, f: table_like(t, f), "table_bytes": plain("table_bytes"),
    "guid_byte_order": lambda t, r, f: f if all(x["name"] != "unknown" for x in table(t)) else "mixed",
    "leaf": lambda t, r, f: next((certificate(c) for c in t.all("certificate") if child(c, "subject") == f["subject"]), None),
    "subject": lambda t, r, f: certificate(t.node("certificate"))["subject"],
    "issuer": lambda t, r, f: (t.value("certificate", "issuer") or t.value("crl", "issuer")),
    "serial_hex": plain("certificate", "serial"), "not_before": plain("certificate", "not_before"), "not_after": plain("certificate", "not_after"),
    "signature_algorithm_oid": plain("signature_algorithm_oid"), "public_key": plain("certificate", "public_key"),
    "spki_sha256": plain("certificate", "spki_sha256"),
    "certificates": lambda t, r, f: [{k: certificate(c)[k] for k in f[0]} for c in t.all("certificate")],
    "spl": lambda t, r, f: {k: amd(t, k) for k in f},
    "hwid_prefix": lambda t, r, f: (amd(t, "hwID") or "")[:len(f)],
    "hwid_len": lambda t, r, f: (t.node("amd_extensions", "hwID") or {"size": 0})["size"],
    "product_name_ext": lambda t, r, f: amd(t, "productName"), "csp_id": lambda t, r, f: amd(t, "cspID"),
    "amd_extensions": lambda t, r, f: amd_extensions(t),
    "json_keys": lambda t, r, f: sorted(c["name"] for c in t.roots[0]["children"]),
    "vcek": lambda t, r, f: {k: certificate(t.node("vcekCert", "certificate"))[k] for k in f},
    "tcbm": plain("tcbm"),
    "certificate_chain_subjects": lambda t, r, f: [child(c, "subject_cn") for c in walk(t.node("certificateChain")) if c["name"] == "certificate"],
    "revoked_by": lambda t, r, f: f if outcome(r, "snp-ask-not-revoked") == "fail" else [],
    "openssl_crl_check": lambda t, r, f: "revoked" if outcome(r, "snp-ask-not-revoked") == "fail" else "good",
    "revocation_date": lambda t, r, f: f if f in next(c["detail"] for c in r["checks"] if c["id"] == "snp-ask-not-revoked") else None,
    "this_update": plain("crl", "this_update"), "next_update": plain("crl", "next_update"), "entries": plain("crl", "entries"),
    "revoked_serials": lambda t, r, f: [c["value"] for c in walk(t.node("crl")) if c["name"] == "serial"],
    "crl_number": lambda t, r, f: int(t.value("crl", "number")),
    "size": lambda t, r, f: t.roots[0].get("space"),
    "hcl_version": plain("hcl", "version"), "report_size_field": plain("hcl", "report_size"), "request_type": plain("hcl", "request_type"),
    "runtime_data_size": plain("hcl", "runtime_data_size"), "runtime_version": plain("hcl", "runtime_version"),
    "report_type": plain("hcl", "report_type"), "hash_type": plain("hcl", "hash_type"), "claims_size": plain("hcl", "claims_size"),
    "claims_complete": plain("claims_complete"), "claims_sha256": plain("claims_sha256"), "claims_keys": lambda t, r, f: claims_keys(t),
    "jwk_kids": lambda t, r, f: [c["value"] for c in walk(t.node("runtime_claims")) if c["name"] == "kid"],
    "vm_configuration": lambda t, r, f: vm_configuration(t), "user_data": plain("runtime_claims", "user-data"), "inner": lambda t, r, f: inner(t),
    "claims_hash_binds_report_data": matches("snp-hcl-runtime-hash"),
}


# ------------------------------------------------------------------------------------------------------------------ outcomes

def is_certificate_check(check):
    return check.startswith(("snp-vek-", "snp-ask-", "snp-ark-", "snp-crl-", "snp-ca-"))


def chain_of(report):
    outcomes = [c["outcome"] for c in report.get("checks", []) if is_certificate_check(c["id"])]
    if BAD in outcomes:
        return "fail"
    return "unknown" if "error" in outcomes or not outcomes else "ok"


def signature_of(entry, report):
    kind = entry["kind"]
    if kind == "snp-certtable":
        return "unknown"
    if kind == "amd-crl":
        wanted = ["snp-crl-issuer", "snp-crl-signature"]
    elif kind == "amd-cert":
        wanted = [c for c in ("snp-vek-signature", "snp-ask-signature", "snp-ark-self-signature") if outcome(report, c) not in (None, "skip")]
    else:
        wanted = ["snp-report-signature"]
    outcomes = [outcome(report, c) for c in wanted]
    if BAD in outcomes:
        return "fail"
    return "ok" if outcomes and all(o in ("pass", "warn") for o in outcomes) else "unknown"


# The only certificate that is known for this report is of the same chip under another TCB, so it is none of this report's: signature and
# chain are not judged. The manifest's notes allow that answer beside "the key that is at hand did not sign it".
NO_CANDIDATE = {"snp-report/google-genoa-v2-oak-other-tcb.bin"}


def compare(entry):
    path = CORPUS / entry["file"]
    expect, facts = entry["expect"], entry["facts"]
    problems, compared = [], 0

    def same(what, want, got):
        nonlocal compared
        compared += 1
        if want != got:
            problems.append(f"{entry['file']}: {what}: manifest {want!r}, we {got!r}")

    args = list(CORPUS_OPTIONS)
    if entry.get("verification_time"):
        args += ["--at", entry["verification_time"]]
    for need in entry["needs"]:
        args += ["--collateral-dir", CORPUS / need]
    code, report = tool("atls-verify", "--json", *args, path)
    same("verify prints a report", True, bool(report))
    if entry["file"] in NO_CANDIDATE:
        expect = dict(expect, signature="unknown", chain="unknown")
        facts = {name: fact for name, fact in facts.items() if not name.startswith("leaf_")}
        same("exit status", 4, code)
        same("reason", "snp-vek-present", report["verdict"]["reason"])
        same("what was looked at", True, "1 certificate looked at, none is of chip d2421d976f95ce0b" in next(c["detail"] for c in report["checks"] if c["id"] == "snp-vek-present"))
    same("parse", expect["parse"], "error" if code == 7 else "ok")
    same("signature", expect["signature"], signature_of(entry, report))
    if entry["kind"] != "amd-crl":
        same("chain", expect["chain"], "unknown" if code == 7 and chain_of(report) != "fail" else chain_of(report))
    if expect["signature"] != "ok":
        same("exit status is not 0", True, code != 0)
    if entry["file"].endswith("ask-genoa-revoked-131073.der"):
        failed = [c["id"] for c in report["checks"] if c["outcome"] == "fail" and is_certificate_check(c["id"])]
        same("fails by revocation only", ["snp-ask-not-revoked"], failed)
    _, dump = tool("atls-dump", "--json", path)
    tree = Tree(dump)
    for name, fact in facts.items():
        if name not in FACTS:
            problems.append(f"{entry['file']}: no rule for the fact {name}")
            continue
        try:
            got = FACTS[name](tree, report, fact)
        except (TypeError, KeyError, StopIteration, IndexError, ValueError) as e:
            got = f"{type(e).__name__}: {e}"
        same(f"fact {name}", fact, got)
    default, _ = tool("atls-verify", "--json", "--no-cache", "--offline", path)
    same("default options do not exit 0", True, default != 0)
    return compared, problems


def main():
    manifest = CORPUS / "manifest.json"
    if not manifest.exists():
        print(f"SKIP: no evidence corpus at {CORPUS}")
        return 77
    entries = [e for e in json.loads(manifest.read_text())["files"]
               if e["kind"] in KINDS and (e["kind"] != "azure-hcl" or pathlib.Path(e["file"]).name.startswith(("snp-", "neg-snp-")))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, entries))
    problems = [p for _, found in results for p in found]
    print("\n".join(problems))
    print(f"FIGURE: {len(entries)} files, {sum(n for n, _ in results)} comparisons, {len(problems)} disagreements")
    return 1 if problems or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
