#!/usr/bin/env python3
"""Interoperability with foreign peers. See scripts/interop.

Each peer judges our simulated evidence and its faulty forms, and the real evidence of the corpus; both say the same or the
difference is a row of disagreements.md with its reason, and a row that no longer happens fails. Then Constellation's protocol: a Go
client and a Go server against our tools.
"""
import argparse
import pathlib
import sys
import tempfile

import constellation
import intel
import snp
from harness import COUNTS, HERE, Rows, Tools, note


def parts_of(tools, temp, corpus, rows):
    """(name, what it needs, function)"""
    return [("SNP: simulated evidence", "go", lambda: snp.simulated(tools, temp, rows)),
            ("SNP: faults", "go", lambda: snp.faults(tools, temp, rows)),
            ("SNP: corpus", "go", lambda: snp.corpus(tools, corpus, rows)),
            ("Intel: simulated quotes", "any", lambda: intel.simulated(tools, temp, rows)),
            ("Intel: faults", "any", lambda: intel.faults(tools, temp, rows)),
            ("Intel: corpus", "any", lambda: intel.corpus(tools, temp, corpus, rows)),
            ("Intel: decoded fields", "any", lambda: intel.fields(tools, temp, corpus)),
            *((f"Constellation's protocol: {e}", "go", lambda e=e: constellation.protocol(tools, temp, e)) for e in constellation.VARIANTS)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--peer", help="the Go program; its parts are skipped without it")
    parser.add_argument("--dcap-qvl", help="the Rust program; its parts are skipped without it")
    parser.add_argument("--dcap-qvl-next", help="the same over the current dcap-qvl")
    parser.add_argument("--corpus", default=str(HERE.parent.parent.parent / "shared" / "corpus"), type=pathlib.Path)
    parser.add_argument("--only", help="run only the parts whose name contains this text")
    options = parser.parse_args()
    tools = Tools(options.build, options.peer, options.dcap_qvl, options.dcap_qvl_next)
    rows = Rows(HERE / "disagreements.md")
    whole = options.only is None and (options.corpus / "manifest.json").exists()
    with tempfile.TemporaryDirectory() as temp:
        for name, needs, part in parts_of(tools, pathlib.Path(temp), options.corpus, rows):
            if options.only and options.only not in name:
                continue
            if needs != "any" and not getattr(tools, needs):
                note("skipped", name, f"no {needs} peer")
                continue
            before = dict(COUNTS)
            try:
                part()
            except Exception as e:  # noqa: BLE001: one part must not hide the others
                note("failed", name, f"{type(e).__name__}: {e}")
                whole = False
            print(f"FIGURE: {name}: " + ", ".join(f"{COUNTS[k] - before[k]} {k}" for k in COUNTS), flush=True)
    if whole:
        for peer, case in rows.stale([p for p in tools.commands if tools.has(p)]):
            note("failed", "disagreements.md", f"{case} ({peer}) is listed but did not happen")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
