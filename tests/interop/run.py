#!/usr/bin/env python3
"""Interoperability with foreign peers. See scripts/interop.

Part 1  go-sev-guest verifies our simulated evidence and refuses the faulty forms.
Part 2  on every corpus case that both can read, our verdict on genuineness and go-sev-guest's agree, or the difference is a
        row of disagreements.md with its reason; a row that no longer happens fails.
Part 3  Constellation's protocol: a Go client and a Go server against our tools, three modes, both TLS versions.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


def note(kind, name, detail=""):
    COUNTS[kind] += 1
    if kind != "passed" or os.environ.get("VERBOSE"):
        print(f"{kind:7} {name}{': ' + detail if detail else ''}", flush=True)


def check(name, good, detail=""):
    note("passed" if good else "failed", name, "" if good else detail)


class Tools:
    def __init__(self, build, peer):
        self.build, self.peer = pathlib.Path(build).resolve(), str(pathlib.Path(peer).resolve())

    def path(self, tool):
        return str(self.build / "tools" / tool / tool)

    def run(self, tool, *args, timeout=120):
        done = subprocess.run([self.path(tool), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def verdict(self, tool, *args, timeout=120):
        code, out, err = self.run(tool, "--json", *args, timeout=timeout)
        try:
            report = json.loads(out)
        except ValueError:
            report = {}
        return code, report, err

    def ask(self, questions):
        text = "".join(json.dumps(q) + "\n" for q in questions)
        done = subprocess.run([self.peer, "sev-guest"], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=600, check=True)
        return {a["name"]: a for a in map(json.loads, done.stdout.splitlines())}


# ---------------------------------------------------------------------------------------------------------------- part 1

def export(tools, directory, *args):
    code, _, err = tools.run("atls-serve", "--attester", "sim-snp", "--export-platform", directory, "--quiet", *args)
    if code != 0:
        raise RuntimeError(f"export failed ({code}): {err}")
    return pathlib.Path(directory)


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


def simulated(tools, temp, rows):
    questions, ours = [], {}
    for product in ("Milan", "Genoa"):
        for vlek in (False, True):
            for version in (2, 3, 4, 5):
                name = f"sim-{product.lower()}-{'vlek' if vlek else 'vcek'}-v{version}"
                folder = export(tools, temp / name, "--product", product, "--report-version", version, *(["--vlek"] if vlek else []))
                questions.append(question(name, folder, product, vlek, policy=pins_of(folder)))
                ours[name] = tools.verdict("atls-verify", "--offline", "--trust-simulated", "--policy", folder / "policy.json",
                                           folder / "extended.bin")[0]
    answers = tools.ask(questions)
    for q in questions:
        name = q["name"]
        compare(name, ours[name] == 0, f"exit {ours[name]}", answers[name], rows)


def faults(tools, temp, rows):
    clean = export(tools, temp / "clean")
    pins = pins_of(clean)
    listing = json.loads(tools.run("atls-serve", "--list-faults", "--json")[1])
    questions, ours = [], {}
    for fault in listing:
        name, layer = fault["name"], fault["layer"]
        if layer not in ("report", "certificate", "table", "crl"):
            continue
        extra = ["--product", "Turin"] if fault.get("needs") == "turin" else ["--vlek"] if fault.get("needs") == "vlek" else []
        if extra[:1] == ["--product"]:
            continue  # go-sev-guest does not read Turin evidence
        folder = export(tools, temp / ("fault-" + name), "--fault", name, *extra)
        vlek = bool(extra)
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
    answers = tools.ask(questions)
    for name, (accepted, word) in ours.items():
        compare(name, accepted, word, answers[name], rows)


# ---------------------------------------------------------------------------------------------------------------- part 2

def corpus_cases(corpus):
    manifest = json.loads((corpus / "manifest.json").read_text())["files"]
    for entry in manifest:
        if entry["kind"] in ("snp-report", "snp-extended") and entry.get("verification_time"):
            yield entry


def corpus(tools, folder, rows):
    if not (folder / "manifest.json").exists():
        note("skipped", "corpus", f"{folder} is not there")
        return
    questions, ours = [], {}
    for entry in corpus_cases(folder):
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
    answers = tools.ask(questions)
    agreed = sum((answers[n]["stage"] == "ok") == good for n, (good, _) in ours.items())
    for name, (good, word) in ours.items():
        compare(name, good, word, answers[name], rows)
    print(f"FIGURE: corpus cases compared with go-sev-guest: {len(ours)}, agreeing: {agreed}")


# ------------------------------------------------------------------------------------------------------------ bookkeeping

class Rows(dict):
    """Rows of disagreements.md: case -> (ours, theirs); `used` are those that happened."""

    def __init__(self, path):
        super().__init__()
        self.used = set()
        for line in path.read_text().splitlines():
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if line.startswith("|") and len(cells) == 4 and cells[0] not in ("Case", "---") and not set(cells[0]) <= {"-"}:
                if not cells[3]:
                    raise ValueError(f"disagreements.md: {cells[0]} has no reason")
                self[cells[0]] = (cells[1], cells[2])


def compare(name, good, word, answer, rows):
    theirs = "accepts" if answer["stage"] == "ok" else "refuses"
    mine = "accepts" if good else "refuses"
    if mine == theirs:
        check(name, name not in rows, "listed in disagreements.md, but both agree now")
        return
    rows.used.add(name)
    check(name, rows.get(name) == (mine, theirs),
          f"we {mine[:-1]} ({word}), go-sev-guest {theirs[:-1]}s at {answer['stage']}: {answer.get('error', '')}; not listed in disagreements.md")


# ---------------------------------------------------------------------------------------------------------------- part 3

class Server:
    """A server process that prints `listening on ADDR:PORT`."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        line = self.process.stdout.readline()
        match = re.match(r"listening on (\S+)", line)
        if not match:
            self.process.kill()
            raise RuntimeError(f"{command[0]}: {line}{self.process.stderr.read()}")
        self.address = match.group(1)
        threading.Thread(target=self._read, daemon=True).start()
        self.err = []
        threading.Thread(target=self._read_err, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def _read_err(self):
        for line in self.process.stderr:
            self.err.append(line)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return -1


def peer_json(server):
    for _ in range(100):
        found = [json.loads(x) for x in server.lines if x.startswith("{")]
        if found:
            return found[0]
        time.sleep(0.1)
    return {}


def protocol(tools, temp):
    platform = export(tools, temp / "platform")
    go_roots = ["-ask", platform / "certs" / "ask.pem", "-ark", platform / "certs" / "ark.pem"]
    our_policy = ["--policy", platform / "policy.json", "--trust-simulated"]
    for evidence in ("snp", "dummy"):
        for tls in ("1.2", "1.3"):
            for mode in ("server", "client", "mutual"):
                name = f"{evidence}-{mode}-tls{tls}"
                go_tls = ["-tls12"] if tls == "1.2" else []
                we_tls = ["--tls" + tls]
                attester = "sim-snp" if evidence == "snp" else "fake"
                go_loose = ["--any-measurement", "--crl", "require"]
                dummy = ["--trust-simulated", "--any-measurement", "--binding-min", "none"]

                # Go client against atls-serve.
                own = temp / ("go-client-" + name)
                ready = temp / ("ready-" + name)
                attests_self = mode != "server"
                command = [tools.peer, "client", "-mode", mode, "-evidence", evidence, "-dir", own, *go_roots, *go_tls]
                serve = [tools.path("atls-serve"), "--attester", attester if mode != "client" else "none", *we_tls, "--quiet"]
                if attests_self:
                    serve += ["--verify-client"]
                    serve += dummy if evidence == "dummy" else ["--trust-anchor", own / "ark.pem", "--collateral-dir", own / "collateral", "--offline", *go_loose]
                go_client(name, command, serve, ready, own, wait=attests_self and evidence == "snp")

                # atls-connect against a Go server.
                own = temp / ("go-server-" + name)
                server = Server([tools.peer, "server", "-mode", mode, "-evidence", evidence, "-dir", own, *go_roots, *go_tls])
                connect = [*we_tls, "--pipe"] + ([] if mode == "server" else ["--attest-as", attester])
                if mode == "client":
                    connect += ["--allow-unattested-server", "--any-measurement", "--binding-min", "none"]
                elif evidence == "dummy":
                    connect += dummy
                else:
                    connect += ["--trust-anchor", own / "ark.pem", "--collateral-dir", own / "collateral", "--offline", *go_loose]
                done = subprocess.run([tools.path("atls-connect"), *map(str, connect), server.address], input=b"hello from atls\n",
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
                told = peer_json(server)
                server.process.kill()
                check(f"atls-connect to go server, {name}",
                      done.returncode == 0 and done.stdout == b"hello from atls\n" and told.get("ok"),
                      f"exit {done.returncode}, echo {done.stdout!r}, go says {told}, {done.stderr.decode(errors='replace')[-600:]}")
                expected = {"snp": "gcp-sev-snp", "dummy": "dummy"}[evidence]
                if mode != "server":
                    check(f"go server verified our client, {name}", told.get("variant") == expected, str(told))


def go_client(name, command, serve, ready, own, wait):
    ready.unlink(missing_ok=True)
    args = [str(c) for c in command]
    if wait:   # the client makes its platform, then waits until our server has been started with its root
        pending = subprocess.Popen([*args, "-wait", str(ready), "-addr-file", str(ready) + ".addr"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(600):
            if ready.exists():
                break
            time.sleep(0.1)
        server = Server(serve)
        pathlib.Path(str(ready) + ".addr").write_text(server.address)
        ready.unlink()
        out, err = pending.communicate(timeout=60)
    else:
        server = Server(serve)
        done = subprocess.run([*args, "-addr", server.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        out, err = done.stdout, done.stderr
    told = json.loads(out) if out.strip() else {"error": err}
    code = server.stop()
    check(f"go client to atls-serve, {name}", told.get("ok") and told.get("echo") == "hello from go\n" and code == 0,
          f"{told}, server exit {code}: {''.join(server.err)[-800:]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--corpus", default=str(ROOT.parent / "shared" / "corpus"))
    options = parser.parse_args()
    tools = Tools(options.build, options.peer)
    rows = Rows(HERE / "disagreements.md")
    with tempfile.TemporaryDirectory() as temp:
        temp = pathlib.Path(temp)
        parts = [("simulated evidence", lambda: simulated(tools, temp, rows)), ("faults", lambda: faults(tools, temp, rows)),
                 ("corpus", lambda: corpus(tools, pathlib.Path(options.corpus), rows)), ("protocol", lambda: protocol(tools, temp))]
        ran = set()
        for name, part in parts:
            before = dict(COUNTS)
            try:
                part()
                ran.add(name)
            except Exception as e:  # noqa: BLE001: one part must not hide the others
                note("failed", name, f"{type(e).__name__}: {e}")
            print(f"FIGURE: {name}: " + ", ".join(f"{COUNTS[k] - before[k]} {k}" for k in COUNTS), flush=True)
    if "corpus" in ran and (pathlib.Path(options.corpus) / "manifest.json").exists() and {"faults", "simulated evidence"} <= ran:
        for stale in sorted(set(rows) - rows.used):
            note("failed", "disagreements.md", f"{stale} is listed but did not happen")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
