#!/usr/bin/env python3
"""Thousands of altered pieces of real evidence against atls-verify: what is signed and was changed is never accepted.

mutate.py BUILD CORPUS SEED [COUNT [FOLDER]]. Exit 77 with a SKIP line when the corpus is not there. Each mutant is one change (a bit, a
cut, a doubling, a part of another piece) of a piece of the corpus, of the simulated platforms, or of the collateral it is judged with;
half of them are judged with --trust-simulated. An exit status 0 is right only where unsigned.py names the place and says why nothing
signs it; a crash, a hang and an undocumented status are never right. The same seed draws the same mutants. Those that are wrong are left in
FOLDER (default: BUILD/mutants), each with the command that repeats it.
"""
import base64
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "tools"), str(HERE.parents[1] / "support")]
import layouts  # noqa: E402
import unsigned  # noqa: E402
from intel_facts import forced  # noqa: E402
from intel_verify_corpus_test import BY_FILE, inputs  # noqa: E402
from mutants import draw_mutant  # noqa: E402
from tools import EXIT_CODES  # noqa: E402

BUILD, CORPUS = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
VERIFY, SERVE = (BUILD / "tools" / name / name for name in ("atls-verify", "atls-serve"))
EVIDENCE = {"snp-report", "snp-extended", "azure-hcl", "tdx-quote", "sgx-quote", "azure-evidence", "bundle", "ra-tls-cert", "tdx-report", "snp-certtable"}
WORST_FIRST = [70, 1, 2, 5, 7, 3, 4, 6, 0]
LIMIT = 120               # seconds for one run of atls-verify over the mutants of one piece
MUTANTS_OF_A_PIECE = 25   # so few runs are about few pieces: starting and calibrating is what costs
SAMPLE = 50               # of so many mutants one is judged a second time, alone and from a file


class Base:
    """`simulated`: accepted with --trust-simulated only. `world`: whose roots vouch for it and for its collateral."""

    def __init__(self, name, data, options, needs=(), genuine=True, simulated=False, world="vendors"):
        self.name, self.data, self.options, self.needs, self.genuine, self.simulated, self.world = name, data, options, list(needs), genuine, simulated, world
        self.piece = layouts.take(data)
        self.family = self.piece.family if self.piece else "other"
        self.likely = genuine and self.piece is not None   # accepted as it is, as a rule
        self.accepted, self.digests = {}, set()

    def arguments(self, simulated):
        return self.options + ["--trust-simulated"] * simulated


def verify(options, inputs_, lines=None):
    command = [str(VERIFY), "--offline", "--no-cache", *map(str, options), *map(str, inputs_)]
    try:
        done = subprocess.run(command, input=lines, capture_output=True, timeout=LIMIT, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return None, b""


def report_of(out):
    """What is looked at; whole reports of ten thousand mutants would not fit."""
    try:
        report = json.loads(out)
    except ValueError:
        return {}
    if report["verdict"]["exit_code"] != 0:
        return {"verdict": report["verdict"]}
    return {**{name: report[name] for name in ("verdict", "checks", "collateral")}, "simulated": any(e["simulated"] for e in report["evidence"])}


# ---------------------------------------------------------------------------------------------------------------- the pieces

def loosenings(intel):
    """What the verdict of a genuine piece may need. Each is taken off again where it does not."""
    return [["--crl", "if-available"], ["--allow-debug"]] + ([["--allow-missing-collateral"], ["--allow-migratable"], ["--allow-service-td"]] if intel else [])


def calibrate(base, path):
    """The fewest loosenings with which the piece is accepted as it is."""
    fixed = base.options + ["--any-measurement"]
    more = [] if base.simulated else loosenings(base.family in ("quote", "container"))
    trust = ["--trust-simulated"] * base.simulated

    def answer(loosened):
        return verify(["--json", *fixed, *trust, *sum(loosened, [])], [path])
    code, out = answer(more)
    if code == 5:
        status = next((c.get("actual") for c in json.loads(out)["checks"] if c["id"] == "tcb-status" and c["outcome"] == "fail"), None)
        more += [["--allow-tcb-status", status]] if status else []
        code, _ = answer(more)
    for option in [] if code else list(more):
        fewer = [o for o in more if o is not option]
        if answer(fewer)[0] == 0:
            more = fewer
    base.options = fixed + sum(more, [])
    for simulated in (False, True):
        base.accepted[simulated], out = verify(["--json", *base.arguments(simulated)], [path])
        base.digests |= {c["sha256"] for c in report_of(out).get("collateral", [])}
    return base


def corpus_bases(files):
    for entry in files:
        if entry["kind"] not in EVIDENCE:
            continue
        options = forced(entry) + list(map(str, inputs(entry)))
        needs = [pathlib.Path(b) for a, b in zip(options, options[1:]) if a == "--collateral-dir"]
        anchors = {b for a, b in zip(options, options[1:]) if a == "--trust-anchor"}   # whom the user trusts is not the peer's to change
        yield Base(entry["file"], (CORPUS / entry["file"]).read_bytes(), options, [n for n in needs if str(n) not in anchors],
                   genuine=entry["expect"]["signature"] == "ok" and entry["expect"]["chain"] != "fail")


def simulated_bases(where):
    for attester, names in (("sim-snp", ("extended.bin", "report.bin")), ("sim-tdx", ("quote.bin",)), ("sim-sgx", ("quote.bin",))):
        folder = where / attester
        subprocess.run([SERVE, "--export-platform", folder, "--attester", attester, "--quiet"], check=True, capture_output=True, timeout=LIMIT)
        for name in names:
            needs = [n for n in sorted(folder.rglob("*")) if n.suffix in (".der", ".pem", ".json") and n.name not in ("policy.json", "trust-anchor.pem", "trust-anchor.der", "evidence.json")]
            options = [word for need in needs for word in ("--collateral-dir", str(need))]
            data, title = (folder / name).read_bytes(), f"{attester}/{name}"
            yield Base(f"simulated/{title}", data, options, needs, simulated=True, world="simulated")
            yield Base(f"anchored/{title}", data, options + ["--trust-anchor", str(folder / "trust-anchor.pem")], needs, world="simulated")


# ----------------------------------------------------------------------------------------------------------------- the judges

class Judges:
    def __init__(self, pieces, files, folder, where):
        self.folder, self.where = folder, where
        self.genuine, self.certificates, self.digests = {}, set(), collections.defaultdict(set)
        for base in pieces:
            if base.genuine and base.piece:
                self.genuine.setdefault(self.key(base.piece), []).append(base.piece)
                self.certificates |= set(base.piece.certificates)
            self.digests[base.world] |= base.digests
            for need in base.needs:
                data = files[need]
                certificates, _ = layouts.certificates_of(data)
                self.certificates |= set(certificates)
                self.digests[base.world] |= {hashlib.sha256(d).hexdigest() for d in [data, *certificates]}
        self.wrong = []

    @staticmethod
    def key(piece):
        return piece.family, *(piece.fields.get(name) for name in piece.covered())

    def options(self, mutant, where):
        out = mutant.base.arguments(mutant.simulated)
        if mutant.collateral:
            need, changed = mutant.collateral
            path = where / need.name
            path.write_bytes(changed)
            out = [str(path) if option == str(need) else option for option in out]
        return out

    def alone(self, mutant):
        """From a file, as a user would: exit status and report."""
        with tempfile.TemporaryDirectory(dir=self.where) as name:
            path = pathlib.Path(name) / "input"
            path.write_bytes(mutant.data)
            code, out = verify(["--json", *self.options(mutant, pathlib.Path(name))], [path])
        return code, report_of(out)

    def group(self, mutants):
        """All mutants of one piece in one run, as JSON lines."""
        if mutants[0].collateral:
            for mutant in mutants:
                mutant.code, mutant.report = self.alone(mutant)
            return
        lines = [{"name": str(m.number), "data": base64.b64encode(m.data).decode()} for m in mutants]
        options = mutants[0].base.arguments(mutants[0].simulated)
        code, out = verify(["--stdin-jsonl", "--jsonl", *options], [], "".join(json.dumps(line) + "\n" for line in lines).encode())
        reports = [report_of(line) for line in out.splitlines()]
        for mutant, report in zip(mutants, reports):
            mutant.code, mutant.report = report["verdict"]["exit_code"], report
        for mutant in mutants[len(reports):]:   # it ended early: who was it?
            mutant.code, mutant.report = self.alone(mutant)
        worst = next((c for c in WORST_FIRST if any(m.code == c for m in mutants)), None)
        if len(reports) == len(mutants) and code != worst:
            self.wrong.append(f"{mutants[0].base.name}: the run over {len(mutants)} mutants ended with {code}, the worst of them is {worst}")

    def excuse(self, mutant):
        """Why exit status 0 is right: places; and what is not."""
        if mutant.collateral:
            used = {c["sha256"] for c in mutant.report.get("collateral", [])} - {None}
            if used <= self.digests[mutant.base.world]:
                return ["genuine collateral"], []
            if self.text_only(mutant):
                return ["collateral text"], []
            return [], ["collateral that is altered, or of another root, was used"]
        piece = layouts.take(mutant.data)
        candidates = self.genuine.get(self.key(piece), []) if piece else []
        if not candidates:
            return [], ["signed bytes differ from those of every genuine piece"]
        answers = [unsigned.explain(piece, g, self.certificates, mutant.report) for g in candidates]
        return min(answers, key=lambda a: len(a[1]))

    @staticmethod
    def text_only(mutant):
        need, changed = mutant.collateral
        return layouts.signed_objects(changed) <= layouts.signed_objects(need.read_bytes())

    def judge(self, mutant, second):
        if mutant.code == 0:
            mutant.places, problems = self.excuse(mutant)
            if mutant.report["simulated"] != (mutant.base.world == "simulated"):
                problems = [*problems, f"simulated is {mutant.report['simulated']}"]
        else:
            mutant.places = []
            problems = [] if mutant.code in EXIT_CODES - {70} else [f"exit status {mutant.code}" if mutant.code is not None else f"no answer in {LIMIT} seconds"]
        if second and not mutant.collateral:
            code, _ = self.alone(mutant)
            if code != mutant.code:
                problems.append(f"exit status {mutant.code} among others, {code} alone")
        if problems:
            self.save(mutant, problems)

    def save(self, mutant, problems):
        where = self.folder / f"{mutant.number}"
        where.mkdir(parents=True, exist_ok=True)
        (where / "input").write_bytes(mutant.data)
        options = self.options(mutant, where)
        command = shlex.join([str(VERIFY), "--offline", "--no-cache", *options, str(where / "input")])
        (where / "command").write_text(command + "\n")
        (where / "report.json").write_bytes(verify(["--json", *options], [where / "input"])[1])
        self.wrong.append(f"{mutant.number}: {mutant.kind} of {mutant.base.name}{', --trust-simulated' * mutant.simulated}: exit {mutant.code}: {'; '.join(problems)}\n  {command}")


def few(draw, bases, wanted):
    return bases if wanted >= len(bases) else draw.sample(bases, wanted)


def main():
    manifest = CORPUS / "manifest.json"
    if not manifest.exists():
        print(f"SKIP: no evidence corpus at {CORPUS}")
        return 77
    seed, count = sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 10000
    folder = pathlib.Path(sys.argv[5] if len(sys.argv) > 5 else BUILD / "mutants") / seed
    start = time.monotonic()
    files = json.loads(manifest.read_text())["files"]
    BY_FILE.update({e["file"]: e for e in files})
    with tempfile.TemporaryDirectory(prefix="atls-mutate-") as name, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        where = pathlib.Path(name)
        everything = list(corpus_bases(files)) + list(simulated_bases(where))
        draw = random.Random(seed)
        wanted = max(10, count // MUTANTS_OF_A_PIECE)
        bases = [b for likely, share in ((True, 4), (False, 1)) for b in few(draw, [b for b in everything if b.likely == likely], wanted * share // 5)]
        for base in bases:
            (where / "bases" / base.name).parent.mkdir(parents=True, exist_ok=True)
            (where / "bases" / base.name).write_bytes(base.data)
        list(pool.map(lambda b: calibrate(b, where / "bases" / b.name), bases))
        judges = Judges(everything, {n: n.read_bytes() for b in everything for n in b.needs}, folder, where)
        for base in bases:
            if base.genuine and base.accepted[False] == 0 != base.accepted[True]:
                judges.wrong.append(f"{base.name}: as it is, exit 0; with --trust-simulated {base.accepted[True]}: another trusted root changes the verdict")
        mutants = [draw_mutant(seed, n, bases) for n in range(count)]
        groups = collections.defaultdict(list)
        for mutant in mutants:
            groups[mutant.base.name, mutant.simulated, mutant.collateral is not None].append(mutant)
        list(pool.map(judges.group, groups.values()))
        for mutant in mutants:
            judges.judge(mutant, mutant.number % SAMPLE == 0)
            mutant.report = None
    kinds, places = collections.defaultdict(collections.Counter), collections.Counter(p for m in mutants for p in m.places)
    for mutant in mutants:
        kinds[mutant.kind + (", --trust-simulated" if mutant.simulated else "")][mutant.code] += 1
    print("\n".join(judges.wrong))
    for kind, codes in sorted(kinds.items()):
        print(f"FIGURE: {kind}: {', '.join(f'{n} x exit {code}' for code, n in sorted(codes.items(), key=str))}")
    for place, n in sorted(places.items()):
        print(f"FIGURE: accepted: {n} x {place}: {unsigned.EVERY_PLACE[place].why}")
    accepted = sum(b.accepted[b.simulated] == 0 for b in bases)
    print(f"FIGURE: seed {seed}: {count} mutants of {len(bases)} pieces, {accepted} of them accepted as they are; {len(judges.wrong)} wrong, {time.monotonic() - start:.0f} s")
    return 1 if judges.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
