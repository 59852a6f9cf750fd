#!/usr/bin/python3
"""Renderers: golden outputs of a passing and a failing report, JSON against the schema, JUnit as XML, hostile text.

golden_test.py RENDER_EXAMPLE SCHEMA GOLDEN_DIR [--update]
"""
import copy
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from schema import Schema, printable  # noqa: E402

GOLDEN = [("passing", "text", ""), ("passing", "text", "brief"), ("passing", "text", "verbose"), ("passing", "json", ""), ("passing", "junit", ""),
          ("failing", "text", ""), ("failing", "text", "brief"), ("failing", "text", "color"), ("failing", "json", ""), ("failing", "junit", ""),
          ("dump", "json", ""), ("dump", "claims", ""), ("dump", "hex", ""), ("error", "text", ""), ("error", "junit", ""),
          ("intel", "text", ""), ("intel", "text", "color"), ("intel", "json", ""), ("batch", "text", "brief")]
SUFFIX = {"json": "json", "junit": "xml"}


def main():
    example, schema_path, golden = sys.argv[1:4]
    update = "--update" in sys.argv
    schema = Schema(schema_path)
    failures = []

    def render(*args):
        run = subprocess.run([example, *[a for a in args if a]], capture_output=True, check=True)
        return run.stdout.decode("utf-8")

    for name, form, how in GOLDEN:
        out = render(name, form, how)
        path = pathlib.Path(golden) / ("-".join(x for x in (name, form, how) if x) + "." + SUFFIX.get(form, "txt"))
        if update:
            path.write_text(out)
        elif not path.exists() or path.read_text() != out:
            failures.append(f"{path.name}: differs from what is rendered now; look at the difference, then run with --update\n{out}")

    documents = {name: schema.parse(render(name, "json")) for name in ("passing", "failing", "dump", "hostile", "error", "intel")}
    assert len(schema.parse(render("batch", "json"))) == 3
    assert [r["verdict"]["exit_code"] for r in schema.parse_lines(render("batch", "jsonl"))] == [0, 2, 3]

    # The schema is strict: each of these changes must be refused.
    def damaged(name, change):
        value = copy.deepcopy(documents[name])
        change(value)
        return value
    wrong = {
        "unknown key": damaged("passing", lambda r: r.update(extra=1)),
        "missing key": damaged("passing", lambda r: r.pop("not_proven")),
        "unknown schema": damaged("passing", lambda r: r.update(schema="atls-report/2")),
        "verified with a failing check": damaged("passing", lambda r: r["checks"][0].update(outcome="fail")),
        "verified with another exit code": damaged("passing", lambda r: r["verdict"].update(exit_code=2)),
        "verified with a reason": damaged("passing", lambda r: r["verdict"].update(reason="tls-handshake")),
        "verified without checks": damaged("passing", lambda r: r.update(checks=[])),
        "no verdict": damaged("passing", lambda r: r.update(verdict=None)),
        "dump with a verdict": damaged("dump", lambda r: r.update(verdict=documents["passing"]["verdict"])),
        "dump with checks": damaged("dump", lambda r: r.update(checks=documents["passing"]["checks"])),
        "TCB with an unknown status": damaged("intel", lambda r: r["tcb"].update(status="Fine")),
        "TCB with an unknown member": damaged("intel", lambda r: r["tcb"].update(extra=1)),
        "no member tcb": damaged("passing", lambda r: r.pop("tcb")),
        "unknown outcome": damaged("failing", lambda r: r["checks"][0].update(outcome="info")),
        "upper-case hex": damaged("passing", lambda r: r["binding"].update(value="AA")),
        "time without zone": damaged("passing", lambda r: r.update(time="2026-11-24T23:15:00")),
        "both target and file": damaged("passing", lambda r: r["subject"].update(target="x")),
        "unknown claim key": damaged("passing", lambda r: r["evidence"][0]["claims"].update(note="x")),
    }
    for what, value in wrong.items():
        if not schema.problems(value):
            failures.append(f"the schema accepts: {what}")

    for name in ("passing", "failing", "hostile", "error", "batch"):
        root = ET.fromstring(render(name, "junit"))
        reports = documents[name] if name in documents else schema.parse(render(name, "json"))
        for suite, report in zip(root.findall("testsuite"), reports if isinstance(reports, list) else [reports], strict=True):
            bad = len(suite.findall("testcase/failure")) + len(suite.findall("testcase/error"))
            assert (bad == 0) == (report["verdict"]["exit_code"] == 0), f"{name}: JUnit colour and verdict disagree"
            assert int(suite.get("failures")) + int(suite.get("errors")) == bad
            assert len(suite.findall("testcase")) == int(suite.get("tests")) >= len(report["checks"])

    for form in ("text", "json", "jsonl", "junit", "claims"):
        for how in ("", "brief", "verbose"):
            out = render("hostile", form, how)
            if not printable(out):
                failures.append(f"hostile text reaches the terminal: {form} {how}")
            if form == "text":
                lines = out.splitlines()
                if not lines[0].startswith("REJECTED") or any(line.startswith("VERIFIED") for line in lines):
                    failures.append(f"hostile text forges a verdict line: {how}")

    print(f"FIGURE: {len(GOLDEN)} golden outputs, {len(documents) + 3} reports valid, {len(wrong)} damaged reports refused by the schema")
    for failure in failures:
        print("error:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
