"""google/go-tdx-guest and dcap-qvl on our simulated quotes, on the faulty forms, and on the real quotes of the corpus.

dcap-qvl comes in two releases: 0.5, which the suite has an evaluation profile of, and the current one, which follows Intel's library.
"""
import base64
import json
import re
import time

import intel_corpus
from harness import check, compare, note, word

GO, RUST, NEXT = "go-tdx-guest", "dcap-qvl", "dcap-qvl-0.7"
PROFILES = {GO: "go-tdx-guest", RUST: "dcap-qvl", NEXT: "qvl-2026"}

# What a peer gets to see: not the service that brings collateral, nor event logs, nor handshakes.
LAYERS = ("quote", "pck", "crl", "collateral", "certificate")


def der_of(path):
    data = path.read_bytes()
    return base64.b64decode(re.sub(rb"-----[^-]*-----|\s", b"", data)) if data.startswith(b"-----") else data


# ----------------------------------------------------------------------------------------------------------- simulated quotes

class Quote:
    """An export of a simulated platform, and the trust anchor and reference values of the clean one."""

    def __init__(self, tools, folder, attester, version, *flags, clean=None):
        shape = ["--quote-version", version] if version == 5 else []
        self.folder = tools.export(folder, attester, *shape, *flags)
        self.anchor = clean.folder if clean else self.folder
        self.version = int.from_bytes((self.folder / "quote.bin").read_bytes()[:2], "little")

    def go(self, name, pins=None):
        return {"name": name, "quote": str(self.folder / "quote.bin"), "root": str(self.anchor / "trust-anchor.pem"),
                "getter": str(self.folder / "pcs.json"), "policy": pins}

    def rust(self, name):
        return {"name": name, "quote": str(self.folder / "quote.bin"), "collateral": str(self.folder / "collateral.json"),
                "root": str(self.anchor / "trust-anchor.der"), "at": int(time.time())}


def pins_of(folder):
    """Reference values for go-tdx-guest: those of our own policy file."""
    policy = json.loads((folder / "policy.json").read_text())
    tdx = dict(policy.get("defaults", {}).get("tdx", {}), **policy["alternatives"][0].get("tdx", {}))

    def value(key):
        v = tdx.get(key, "")
        return v if isinstance(v, str) else v.get("equals") or v.get("any_of", [""])[0]
    return {key: value(key) for key in ("mr_td", "mr_config_id", "mr_owner", "mr_owner_config", "mr_seam")}


def upright(answer):
    """Whether a peer takes the quote for good: dcap-qvl leaves the status to its caller, who by default accepts UpToDate only."""
    return answer["stage"] == "ok" and answer.get("status") in ("UpToDate", None, "")


def told(answer):
    return f"{answer['stage']} {answer.get('status') or ''} {answer.get('error', '')}"


SHAPES = (("sim-tdx-v4", "sim-tdx", 4), ("sim-tdx-v5", "sim-tdx", 5), ("sim-sgx-v3", "sim-sgx", 3))


def ask_all(tools, go, rust):
    """The answers of every peer that there is, by peer and name."""
    return {peer: tools.ask(peer, questions) for peer, questions in ((GO, go), (RUST, rust), (NEXT, rust)) if tools.has(peer)}


def simulated(tools, temp, rows):
    go, rust, ours = [], [], {}
    for name, attester, version in SHAPES:
        for seed in ("atls", "another machine"):
            case = f"{name}-{seed.split()[0]}"
            quote = Quote(tools, temp / case, attester, version, "--seed", seed)
            check(f"{case}: version of the exported quote", quote.version == version, f"version {quote.version}")
            code, _, err = tools.verdict("atls-verify", "--offline", "--no-cache", "--trust-anchor", quote.folder / "trust-anchor.pem", "--collateral-dir",
                                         quote.folder / "collateral.json", "--policy", quote.folder / "policy.json", quote.folder / "quote.bin")
            check(f"{case}: atls-verify accepts", code == 0, f"exit {code}: {err[-400:]}")
            ours[case] = code
            if version != 3:
                go.append(quote.go(case, pins_of(quote.folder) if version == 4 else None))
            rust.append(quote.rust(case))
    for peer, answers in ask_all(tools, go, rust).items():
        for case, answer in answers.items():
            compare(peer, case, word(ours[case] == 0), word(upright(answer)), rows, told(answer))


def faults(tools, temp, rows):
    clean = {name: Quote(tools, temp / ("clean-" + name), attester, version) for name, attester, version in SHAPES}
    go, rust, ours = [], [], {}
    for fault in tools.faults():
        if fault["layer"] not in LAYERS:
            continue
        for name, attester, version in SHAPES:
            if attester[4:] not in fault["platforms"] or (version == 4 and fault["needs"] == "quote-version-5") or \
                    (version == 5 and fault["needs"] != "quote-version-5"):
                continue
            case = f"fault-{attester[4:]}-{fault['name']}"
            quote = Quote(tools, temp / case, attester, version, "--fault", fault["name"], clean=clean[name])
            ours[case] = (fault["expect"] == "accept", f"exit {fault['exit']}")
            if version != 3:
                go.append(quote.go(case, pins_of(clean[name].folder) if version == 4 else None))
            rust.append(quote.rust(case))
    for peer, answers in ask_all(tools, go, rust).items():
        for case, answer in answers.items():
            good, detail = ours[case]
            compare(peer, case, word(good), word(upright(answer)), rows, f"{detail}, {told(answer)}")
        print(f"FIGURE: faults judged by {peer}: {len(answers)}")


# ---------------------------------------------------------------------------------------------------------------- real quotes

def corpus_there(folder, name):
    if (folder / "manifest.json").exists():
        return True
    note("skipped", name, f"{folder} is not there")
    return False


def our_status(tools, pair, collateral, profile):
    """What the suite's evaluation by that profile comes to: a status, or that it refuses."""
    args = ["--at", pair.at, "--offline", "--no-cache", "--crl", "require", "--any-measurement", "--allow-debug", "--tcb-profile", profile,
            "--collateral-dir", collateral]
    if pair.tcb.root == "test":
        args += ["--trust-anchor", pair.root]
    code, report, err = tools.verdict("atls-verify", *args, pair.quote)
    checks = {c["id"]: c for c in report.get("checks", [])}
    failed = [name for name, c in checks.items() if c["outcome"] in ("fail", "error")]
    text = f"exit {code}, failed {failed}, {err[-200:] if not report else ''}"
    return (status_in(checks["tcb-status"]) if code in (0, 5) and "tcb-status" in checks else "refuses"), text


def status_in(entry):
    actual = entry.get("actual") or ""
    return re.match(r"[A-Za-z_]*", actual).group(0) or "UpToDate"


def their_status(peer, answer):
    if answer["stage"] == "ok":
        return answer.get("status") or "UpToDate"
    if peer == GO and answer.get("status") not in (None, "", "UpToDate") and answer.get("qe_status") == "UpToDate":
        return answer["status"]
    return "refuses"


def corpus(tools, temp, folder, rows):
    """Every pair of quote and collateral: the status by the peer's profile is that of the peer."""
    if not corpus_there(folder, "Intel corpus"):
        return
    usable, go, rust = {}, [], []
    late = without = 0
    for pair in intel_corpus.pairs(folder):
        if pair is None:
            late += 1
        elif not pair.complete():
            without += 1
        else:
            base = temp / f"pair-{len(usable)}"
            collateral, getter, root = (base.with_suffix(s) for s in (".json", ".getter", ".der"))
            collateral.write_text(json.dumps(pair.dcap_json()))
            root.write_bytes(der_of(pair.root))
            usable[pair.name] = (pair, collateral)
            rust.append({"name": pair.name, "quote": str(pair.quote), "collateral": str(collateral), "root": str(root),
                         "at": int(intel_corpus.moment(pair.at).timestamp()), "allow_debug": True, "allow_service_td": True})
            if pair.tee == "TDX":
                getter.write_text(json.dumps(pair.getter()))
                go.append({"name": pair.name, "quote": str(pair.quote), "root": str(root), "getter": str(getter), "at": pair.at})
    for peer, answers in ask_all(tools, go, rust).items():
        agreed = 0
        for name, answer in answers.items():
            pair, collateral = usable[name]
            mine, detail = our_status(tools, pair, collateral, PROFILES[peer])
            theirs = their_status(peer, answer)
            agreed += mine == theirs
            compare(peer, name, mine, theirs, rows, f"{detail}; {told(answer)}")
        print(f"FIGURE: real quotes with collateral compared with {peer}: {len(answers)}, same status or refused alike: {agreed}")
    print(f"FIGURE: pairs of real quote and collateral: {len(usable)} usable; without a common time {late}, without identity or CRL of that time {without}")
    named = {name for name, (pair, _) in usable.items() if pair.named}
    print(f"FIGURE: of these, with the collateral and time that the corpus names: {len(named)}")


# -------------------------------------------------------------------------------------------------------------- decoded fields

RENAMED = {"mr_signer_seam": "mrsigner_seam", "mr_service_td": "mr_servicetd", "rt_mr0": "rtmr0", "rt_mr1": "rtmr1", "rt_mr2": "rtmr2", "rt_mr3": "rtmr3"}


def our_fields(tools, path):
    """Every field of a quote by its name; the QE report's names have a prefix."""
    code, out, _ = tools.run("atls-dump", "--json", path)
    fields = {}

    def walk(node, prefix):
        for child in node.get("children", []):
            deeper = "qe_" if child["name"] == "qe_report" else prefix
            if child.get("value") is not None:
                fields.setdefault(prefix + child["name"], child["value"])
            if child["name"] not in ("header", "certification_data"):
                walk(child, deeper)
            elif child["name"] == "certification_data":
                walk(child, prefix)
    for evidence in json.loads(out)["evidence"] if code == 0 else []:
        walk(evidence["claims"], "")
    return fields


def fields_of(peer, answer):
    """What the peer decoded, under our names. Enclave reports: reserved areas that we name more finely are left out."""
    if peer == GO:
        return {{"qe_mrsigner": "qe_mr_signer", "qe_mrenclave": "qe_mr_enclave"}.get(k, k): v for k, v in (answer.get("fields") or {}).items()}
    (kind, body), = (answer.get("report") or {"": {}}).items()
    if kind == "TD15":
        body = dict(body["base"], **{k: v for k, v in body.items() if k != "base"})
    if kind == "SgxEnclave":
        body = {k: v for k, v in body.items() if not k.startswith("reserved") and k != "attributes"}
    return {RENAMED.get(k, k): v for k, v in body.items()}


def fields(tools, temp, folder):
    """Both peers decode the real quotes to the values that atls-dump shows."""
    if not corpus_there(folder, "Intel corpus, fields"):
        return
    entries = [e for e in json.loads((folder / "manifest.json").read_text())["files"] if e["kind"] in ("tdx-quote", "sgx-quote")]
    go = [{"name": e["file"], "quote": str(folder / e["file"])} for e in entries if e["kind"] == "tdx-quote"]
    nothing = temp / "nothing"
    nothing.write_bytes(b"")
    rust = [{"name": e["file"], "quote": str(folder / e["file"]), "collateral": str(nothing), "root": str(nothing), "at": 0} for e in entries]
    ours = {e["file"]: our_fields(tools, folder / e["file"]) for e in entries}
    for peer, answers in ask_all(tools, go, rust).items():
        compared = undecoded = 0
        for name, answer in answers.items():
            theirs = fields_of(peer, answer)
            if not theirs:
                undecoded += 1
                continue
            wrong = [f"{k}: {ours[name].get(k)} / {v}" for k, v in theirs.items() if ours[name].get(k) != v]
            compared += len(theirs)
            check(f"{peer}: fields of {name}", not wrong, "; ".join(wrong)[:400])
        print(f"FIGURE: fields decoded by {peer} and by atls-dump: {compared} in {len(answers) - undecoded} quotes, {undecoded} not decoded by the peer")
