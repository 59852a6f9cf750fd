#!/usr/bin/env python3
"""Every Intel file and event log of the evidence corpus: decoded by atls-dump, judged by atls-verify.

intel_verify_corpus_test.py BUILD CORPUS. Exit 77 with a SKIP line when the corpus is not there. Each file is judged at the manifest's
time with the files it needs as the only other input. Decodability, signatures and chain must come out as the manifest says, every fact
must be what the claims or the checks say, a file whose signature or chain is not good never exits 0, and with default options no file
does. Prints counts and every disagreement.
"""
import collections
import concurrent.futures
import json
import pathlib
import sys

import intel_facts
from corpus_test import Tree, tool
from intel_facts import CORPUS, QUOTES

OPTIONS = ["--offline", "--no-cache", "--crl", "if-available", "--allow-missing-collateral", "--any-measurement", "--allow-debug", "--json"]
PRODUCTION_ROOT = "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"   # SHA-256 of its public key
SIGNATURES = ("quote-signature", "qe-report-signature", "qe-report-data-binding")
KINDS = {*QUOTES, "tdx-report", "intel-cert", "intel-crl", "intel-collateral", "event-log"}
# What the manifest says and the public rules do not: told, counted, and held to what is here instead.
MANIFEST = {
    ("intel-cert/intel-test-sgx-root.pem", "chain"): ("fail", "needs nothing and is a root of its own: Intel's root does not vouch for it"),
    ("intel-cert/intel-sgx-root-ca-old-2033.der", "chain"): ("ok", "an earlier certificate of the pinned key; a root is pinned by its key"),
}

# Files that `needs` leaves out although the facts were made with them.
MORE_NEEDS = {"sgx-quote/intel-test-root-sgx-v3-sample.bin": ["intel-cert/intel-test-sgx-tcb-chain.pem"]}

# A time at which the certificates inside are valid, and what must pass beside the signatures.
REPLAYED = [f"rtmr-replay-{n}" for n in range(4)]
CONTAINERS = {
    "azure-evidence/az-tdx-vtpm-v0-coco.json": ("2025-10-01", *SIGNATURES, "hcl-binding"),
    "azure-evidence/az-tdx-vtpm-v1-coco.json": ("2025-10-01", *SIGNATURES, "hcl-binding"),
    "bundle/dstack-quote-report.json": ("2025-10-01", *SIGNATURES, "event-log-parse", "event-log-digest", *REPLAYED),
}


def checks_of(report):
    return {c["id"]: c for c in report.get("checks", [])}


def together(outcomes):
    """ok, fail or unknown of several outcomes."""
    if "fail" in outcomes:
        return "fail"
    return "ok" if outcomes and all(o in ("pass", "warn") for o in outcomes) else "unknown"


class Verdict:
    """The report of atls-verify in the manifest's words."""

    def __init__(self, entry, code, report):
        self.entry, self.code, self.report, self.checks = entry, code, report, checks_of(report)

    def outcome(self, name):
        return self.checks[name]["outcome"] if name in self.checks else None

    def outcomes(self, *names):
        return [self.outcome(n) for n in names]

    def holds(self, *names):
        """True when all pass, False when one fails, None otherwise."""
        return {"ok": True, "fail": False}.get(together(self.outcomes(*names)))

    def document(self):
        return "qe-identity" if "enclave identity" in self.entry["format"] else "tcb-info"

    def parts(self):
        """The documents of a collateral file."""
        return ("tcb-info", "qe-identity") if self.entry["format"].startswith("aggregated") else (self.document(),)

    def signature(self):
        kind = self.entry["kind"]
        if kind in QUOTES:
            return together(self.outcomes(*SIGNATURES))
        if kind == "intel-cert":
            return together([o for o in self.outcomes("pck-chain-signatures", "tcb-info-signer-chain") if o not in (None, "skip", "error")])
        if kind == "intel-crl":
            return together([o for n in ("root-crl", "pck-crl") for o in self.outcomes(n + "-issuer", n + "-signature") if o not in (None, "skip", "error")])
        if kind == "intel-collateral":
            return together(self.outcomes(*(p + "-signature" for p in self.parts())))
        return "unknown"

    def chain(self):
        kind = self.entry["kind"]
        if kind in QUOTES:
            outcomes = [c["outcome"] for i, c in self.checks.items() if i.startswith("pck-") and not i.startswith(("pck-crl-", "pck-leaf-revoked", "pck-ca-revoked")) and c["outcome"] != "skip"]
            return together(outcomes)
        if kind == "intel-cert":
            return together([c["outcome"] for i, c in self.checks.items()
                             if (i.startswith("pck-") or i == "tcb-info-signer-chain") and not i.endswith("-revoked") and c["outcome"] not in ("skip", "error")])
        if kind == "intel-collateral":
            return together(self.outcomes(*(p + "-signer-chain" for p in self.parts())))
        return "unknown"


def part(v, name):
    return next((p for p in (v.report.get("tcb") or {}).get("parts", []) if p["name"] == name), {})


def level(status):
    return status or "NoMatchingLevel"


def issue_date(v):
    return next((c.get("this_update") for c in v.report.get("collateral", []) if c["kind"] == "intel-tcb-info"), None)


def signed_by(v, fact):
    """The manifest names the signer by the year of its certificate; both certificates have one key, so only dates tell them apart."""
    signer = next((c for c in v.report.get("collateral", []) if c["kind"] == "intel-tcb-signer"), {})
    return f"Intel SGX TCB Signing {signer.get('this_update', '')[:4]}"


def merged(v):
    if v.outcome("platform-tcb-level") == "fail" or v.outcome("qe-tcb-level") == "fail":
        return "NoMatchingLevel"
    return v.checks.get("tcb-status", {}).get("actual")


TCB = {
    "fmspc_match": lambda v: v.holds("tcb-info-fmspc"), "merged_status": merged,
    "platform_tcb_status": lambda v: level(part(v, "platform").get("status")), "platform_tcb_date": lambda v: part(v, "platform").get("date"),
    "advisories": lambda v: sorted(part(v, "platform").get("advisories", [])),
    "module_status": lambda v: part(v, "tdx-module").get("status"), "module_id": lambda v: part(v, "tdx-module").get("id"),
    "module_mrsigner_ok": lambda v: v.holds("tdx-module-mrsigner"),
    "qe_identity_match": lambda v: v.holds("qe-miscselect", "qe-attributes", "qe-mrsigner", "qe-isvprodid"), "qe_status": lambda v: part(v, "qe").get("status"),
    "tcb_issue_date": issue_date,
}
CHECKS = {"att_sig": "quote-signature", "qe_hash": "qe-report-data-binding", "qe_report_sig": "qe-report-signature"}
DOCUMENTS = {"tcb_info": "tcb-info-signature", "tcbInfo": "tcb-info-signature", "qe_identity": "qe-identity-signature", "enclaveIdentity": "qe-identity-signature"}


def crls(v, fact):
    out = []
    for row in fact:
        which, revoked = ("root-crl", "pck-ca-revoked") if row["issuer"] == "Intel SGX Root CA" else ("pck-crl", "pck-leaf-revoked")
        out.append({"issuer": row["issuer"], "signature_ok": v.holds(which + "-issuer", which + "-signature"), "revoked_here": {"fail": True, "pass": False}.get(v.outcome(revoked))})
    return out


def crl_signatures(v, fact):
    return [v.holds(n + "-issuer", n + "-signature") for n in ("root-crl", "pck-crl")][:len(fact)]


# Facts that the checks decide: fact -> (verdict, fact) -> the same notation. Those of tcb_eval are compared one by one.
FACTS = {
    "checks": lambda v, f: {k: v.holds(CHECKS[k]) for k in f},
    "crl_checks": crls, "crl_signatures_ok": crl_signatures, "signed_by": signed_by,
    "signatures_ok": lambda v, f: {k: v.holds(DOCUMENTS[k]) for k in f},
    "ccel_replay_matches": lambda v, f: {k: v.holds(f"rtmr-replay-{k[-1]}") for k in f},
}


def tcb_facts(v, fact):
    for name, want in fact.items():
        if name == "collateral_signatures_ok":
            yield name, want, {k: v.holds(DOCUMENTS[k]) for k in want}
        elif name == "advisories":
            yield name, sorted(want), TCB[name](v)
        else:
            yield name, want, TCB[name](v) if name in TCB else "no rule for this fact"


def is_foreign_root(need):
    facts = BY_FILE[need]["facts"]
    return need.startswith("intel-cert/") and facts.get("subject") is not None and facts["subject"] == facts["issuer"] and facts["spki_sha256"] != PRODUCTION_ROOT


def inputs(entry):
    out = []
    if entry["verification_time"]:
        out += ["--at", entry["verification_time"]]
    for need in entry["needs"] + MORE_NEEDS.get(entry["file"], []):
        option = "--event-log" if need.startswith("event-log/") else "--trust-anchor" if is_foreign_root(need) else "--collateral-dir"
        out += [option, CORPUS / need]
        if option == "--trust-anchor":   # a root's revocation list names it, too
            out += ["--collateral-dir", CORPUS / need]
    return out


def compare(entry):
    told = []
    compared, problems = intel_facts.compare(entry)
    path, expect = CORPUS / entry["file"], entry["expect"]

    def same(what, want, got):
        nonlocal compared
        compared += 1
        known = MANIFEST.get((entry["file"], what))
        if known and want != got:
            told.append(f"{entry['file']}: {what}: manifest {want!r}, we {got!r}: {known[1]}")
            want = known[0]
        if want != got:
            problems.append(f"{entry['file']}: {what}: manifest {want!r}, we {got!r}")

    told += [f"{entry['file']}: needs leaves out {need}, which signs its collateral" for need in MORE_NEEDS.get(entry["file"], [])]
    forced = intel_facts.forced(entry)
    code, report = tool("atls-verify", *OPTIONS, *forced, *inputs(entry), path)
    v = Verdict(entry, code, report)
    same("atls-verify prints a report", True, bool(report))
    same("parse of atls-verify", expect["parse"], "error" if code == 7 else "ok")
    if intel_facts.is_judged(entry):
        same("signature", expect["signature"], v.signature())
        if entry["kind"] != "intel-crl":
            same("chain", expect["chain"], v.chain())
        for name, fact in entry["facts"].items():
            if name == "tcb_eval":
                for n, want, got in tcb_facts(v, fact):
                    same(f"tcb_eval {n}", want, got)
            elif name in FACTS:
                same(f"fact {name}", fact, FACTS[name](v, fact))
    if "ok" != expect["signature"] or "ok" != expect["chain"] or entry["kind"] not in QUOTES:
        same("exit status is not 0", True, code != 0)
    default, _ = tool("atls-verify", "--json", "--no-cache", "--offline", *forced, path)
    same("default options do not exit 0", True, default != 0)
    kind = entry["kind"] if entry["kind"] in QUOTES else "other"
    return compared, problems, told, (kind, code)


def container(file):
    """A quote in the JSON of an agent: verified, and so is what stands beside it."""
    problems = []
    code, report = tool("atls-verify", *OPTIONS, "--at", CONTAINERS[file][0], CORPUS / file)
    for check in CONTAINERS[file][1:]:
        outcome = checks_of(report).get(check, {}).get("outcome")
        if outcome != "pass":
            problems.append(f"{file}: {check}: expected pass, we {outcome!r}")
    if code != 0:
        problems.append(f"{file}: expected exit status 0, we {code}: {report.get('verdict')}")
    return len(CONTAINERS[file]), problems, [], ("container", code)


def main():
    manifest = CORPUS / "manifest.json"
    if not manifest.exists():
        print(f"SKIP: no evidence corpus at {CORPUS}")
        return 77
    files = json.loads(manifest.read_text())["files"]
    BY_FILE.update({e["file"]: e for e in files})
    entries = [e for e in files if e["kind"] in KINDS or (e["kind"] == "azure-hcl" and "/tdx-" in e["file"])]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, entries)) + list(pool.map(container, CONTAINERS)) + [r + ([], None) for r in intel_facts.vectors()]
    problems = [p for _, found, _, _ in results for p in found]
    told = [t for _, _, known, _ in results for t in known]
    codes = collections.Counter(c for *_, c in results if c)
    print("\n".join(problems))
    print("\n".join(f"manifest differs: {t}" for t in told))
    print(f"FIGURE: exit status of {', '.join(f'{n} {kind} files {code}' for (kind, code), n in sorted(codes.items()))}")
    print(f"FIGURE: {len(entries)} files, {sum(n for n, *_ in results)} comparisons, {len(problems)} disagreements, {len(told)} known ones of the manifest")
    return 1 if problems or not entries else 0


BY_FILE = {}
if __name__ == "__main__":
    sys.exit(main())
