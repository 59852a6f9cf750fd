"""google/go-sev-guest on our simulated evidence, on the faulty forms, and on the real evidence of the corpus."""
import json
import pathlib

from harness import compare, note, word

PEER = "go-sev-guest"


def question(name, folder, product, vlek=False, **more):
    certs = folder / "certs"
    ask = certs / ("asvk.pem" if vlek else "ask.pem")
    return {"name": name, "evidence": str(folder / "extended.bin"), "ask": str(ask), "ark": str(certs / "ark.pem"),
            "product": product, **more}


def pins_of(folder):
    policy = json.loads((folder / "policy.json").read_text())
    snp = dict(policy.get("defaults", {}).get("snp", {}), **policy["alternatives"][0]["snp"])

    def value(key):
        v = snp.get(key, "")
        return v if isinstance(v, str) else v.get("equals") or v.get("any_of", [""])[0]
    tcb = snp["tcb"]["reported"]["min"]
    raw = bytes([tcb["bootloader"], tcb["tee"], 0, 0, 0, 0, tcb["snp"], tcb["microcode"]])
    report = (folder / "report.bin").read_bytes()
    return {"measurement": value("measurement"), "host_data": value("host_data"), "chip_id": value("chip_id"),
            "minimum_tcb": raw.hex(), "vmpl": 0, "report_data": report[0x50:0x90].hex()}


def judge(name, good, detail, answer, rows):
    compare(PEER, name, word(good), word(answer["stage"] == "ok"), rows, f"{detail}, {answer['stage']}: {answer.get('error', '')}")


def simulated(tools, temp, rows):
    questions, ours = [], {}
    for product in ("Milan", "Genoa"):
        for vlek in (False, True):
            for version in (2, 3, 4, 5):
                name = f"sim-{product.lower()}-{'vlek' if vlek else 'vcek'}-v{version}"
                folder = tools.export(temp / name, "sim-snp", "--product", product, "--report-version", version, *(["--vlek"] if vlek else []))
                questions.append(question(name, folder, product, vlek, policy=pins_of(folder)))
                ours[name] = tools.verdict("atls-verify", "--offline", "--trust-simulated", "--policy", folder / "policy.json",
                                           folder / "extended.bin")[0]
    answers = tools.ask(PEER, questions)
    for name, code in ours.items():
        judge(name, code == 0, f"exit {code}", answers[name], rows)


def faults(tools, temp, rows):
    clean = tools.export(temp / "snp-clean", "sim-snp")
    pins = pins_of(clean)
    questions, ours = [], {}
    for fault in tools.faults():
        name, layer = fault["name"], fault["layer"]
        if layer not in ("report", "certificate", "table", "crl") or "snp" not in fault.get("platforms", ["snp"]):
            continue
        if fault.get("needs") == "turin":
            continue  # go-sev-guest does not read Turin evidence
        vlek = fault.get("needs") == "vlek"
        folder = tools.export(temp / ("snp-fault-" + name), "sim-snp", "--fault", name, *(["--vlek"] if vlek else []))
        policy = dict(pins, **({"chip_id": ""} if vlek or name == "chip-id-zero" else {}))
        policy["forbid_provisional"] = fault.get("needs") == "policy-provisional-forbid"
        crl = {"crl": str(folder / "crl.der")} if layer == "crl" else {}
        if layer == "certificate" and name in ("self-made-root", "wrong-ark", "wrong-ask"):
            # The verifier is given the genuine simulated CA; the evidence carries the foreign one.
            q = question("fault-" + name, clean, "Milan", policy=policy)
            q["evidence"] = str(folder / "extended.bin")
        else:
            q = question("fault-" + name, folder, "Milan", vlek, policy=policy, **crl)
        questions.append(q)
        if name == "self-made-root":
            questions.append(dict(q, name="fault-self-made-root-default-options", defaults=True))
            ours["fault-self-made-root-default-options"] = (False, "refused under every option")
        ours["fault-" + name] = (fault["expect"] == "accept", f"exit {fault['exit']}")
    answers = tools.ask(PEER, questions)
    for name, (accepted, detail) in ours.items():
        judge(name, accepted, detail, answers[name], rows)


def corpus(tools, folder, rows):
    if not (folder / "manifest.json").exists():
        note("skipped", "SNP corpus", f"{folder} is not there")
        return
    questions, ours = [], {}
    for entry in json.loads((folder / "manifest.json").read_text())["files"]:
        if entry["kind"] not in ("snp-report", "snp-extended") or not entry.get("verification_time"):
            continue
        name = "corpus-" + pathlib.Path(entry["file"]).stem
        needs = [folder / n for n in entry["needs"]]

        def pick(prefix):
            return next((str(n) for n in needs if n.name.startswith(prefix)), "")
        args = ["--at", entry["verification_time"], "--offline", "--no-cache", "--crl", "if-available", "--any-measurement", "--allow-debug"]
        for need in needs:
            args += ["--collateral-dir", need]
        code, report, _ = tools.verdict("atls-verify", *args, folder / entry["file"])
        ours[name] = (code == 0, f"exit {code} {report.get('verdict', {}).get('reason') or ''}")
        vek = pick("vcek-") or pick("vlek-")
        product = entry["product"]
        ask, ark = pick("ask-") or pick("asvk-"), pick("ark-")
        if not ark:   # the evidence's own table has them; go-sev-guest wants them handed in
            base = folder / "amd-cert"
            ask, ark = str(base / f"ask-{product.lower()}.der"), str(base / f"ark-{product.lower()}.der")
        questions.append({"name": name, "evidence": str(folder / entry["file"]), "vek": vek, "ask": ask, "ark": ark, "product": product,
                          "at": entry["verification_time"]})
    answers = tools.ask(PEER, questions)
    agreed = sum((answers[n]["stage"] == "ok") == good for n, (good, _) in ours.items())
    for name, (good, detail) in ours.items():
        judge(name, good, detail, answers[name], rows)
    print(f"FIGURE: corpus cases compared with go-sev-guest: {len(ours)}, agreeing: {agreed}")
