#!/usr/bin/env python3
"""What lies beside good evidence does not vanish: archives, second leaves, values of unset variables, data that nobody could write.

hidden_evidence_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT
"""
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT = sys.argv[1:4]
check = Checks()
OFFLINE = ["--trust-simulated", "--offline", "--no-cache"]


def archives(where, platform, bad_bundle, bad_leaf):
    """A folder of one report and other evidence is an archive: every file is an input. With report.bin it is that report's, and the rest is told."""
    judge = [VERIFY, "--policy", platform / "policy.json", *OFFLINE]
    for name, file, code in (("a bundle", bad_bundle, 2), ("an attested certificate", bad_leaf, 2), ("a cut bundle", bad_bundle.read_bytes()[:2000], 7),
                             ("a second report", (platform / "report.bin").read_bytes()[:1000], 7)):
        for first in ("a", "z"):
            archive = where / f"{name} {first}".replace(" ", "-")
            archive.mkdir()
            shutil.copy(platform / "extended.bin", archive / "m.bin")
            suffix = file.suffix if isinstance(file, pathlib.Path) else ".bundle" if "bundle" in name else ".bin"
            (archive / (first + suffix)).write_bytes(file.read_bytes() if isinstance(file, pathlib.Path) else file)
            check.code(run(*judge, archive), code, f"a good report and {name} ({first}) in one folder")
            check.code(run(*judge, *sorted(archive.iterdir())), code, f"a good report and {name} ({first}), file by file")
    alone = where / "alone"
    alone.mkdir()
    shutil.copy(platform / "extended.bin", alone / "m.bin")
    (alone / "notes.txt").write_text("a note\n")
    check.code(run(*judge, alone), 0, "a good report and a note")
    named = where / "named"
    named.mkdir()
    shutil.copy(platform / "extended.bin", named / "report.bin")
    shutil.copy(bad_bundle, named / "z.bundle")
    result = run(*judge, "--brief", named)
    check.code(result, 0, "report.bin and a bundle")
    check.that("was not judged" in result.out, f"a part that was not judged is told in the short report, too\n{result}")
    check.code(run(*judge, "--fail-on-warn", named), 5, "report.bin and a bundle, warnings fail")


def second_leaf(where, platform, good_leaf, nonce, bad_leaf):
    judge = [VERIFY, "--policy", platform / "policy.json", *OFFLINE, "--nonce", nonce]
    check.code(run(*judge, good_leaf), 0, "the leaf alone")
    for order in ((good_leaf, bad_leaf), (bad_leaf, good_leaf)):
        both = where / "both.pem"
        both.write_bytes(b"".join(p.read_bytes() for p in order))
        result = run(*judge, "--json", both)
        check.that(result.code in (2, 7), f"two attested certificates in one file: exit {result.code}")


def empty_values(where):
    for option in ("--forward", "--exec", "--export-platform", "--serve-collateral", "--seed", "--product", "--sim-measurement", "--attester", "--log"):
        result = run(SERVE, option, "", "127.0.0.1:0", timeout=10)
        check.code(result, 1, f"atls-serve {option} with an empty value")
    for tool in (VERIFY, CONNECT):
        check.code(run(tool, "--report", "", "x"), 1, f"{tool} --report with an empty value")


def full_disk(platform):
    with Serve(SERVE, "--attester", "sim-snp") as server:
        command = [CONNECT, "--policy", str(platform / "policy.json"), "--trust-simulated", "--quiet", "--pipe", server.address]
        done = subprocess.run(command, input=bytes(200_000), stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE, timeout=60)
        check.that(done.returncode == 9 and done.stderr, f"--pipe into a full disk: exit {done.returncode}, {done.stderr!r}")
        reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        reader.stdin.write(b"x")
        reader.stdin.close()
        check.that(reader.stdout.read() == b"x" and reader.wait(60) == 0, "--pipe to a reader")


def main():
    with folder() as temporary:
        where = pathlib.Path(temporary)
        platform = where / "p"
        check.code(run(SERVE, "--export-platform", platform, "--quiet"), 0, "export")
        saved = {}
        for kind, fault in (("good", []), ("bad", ["--fault", "body-bitflip"])):
            with Serve(SERVE, "--attester", "sim-snp", *fault) as server:
                run(CONNECT, "--policy", platform / "policy.json", "--trust-simulated", "--quiet", "--save-bundle", where / f"{kind}.bundle", "--save-cert", where / f"{kind}.pem", server.address)
            saved[kind] = where / f"{kind}.bundle", where / f"{kind}.pem"
        check.code(run(VERIFY, "--policy", platform / "policy.json", *OFFLINE, saved["bad"][0]), 2, "the bad bundle alone")
        archives(where, platform, *saved["bad"])
        second_leaf(where, platform, saved["good"][1], json.loads(saved["good"][0].read_text())["nonce"], saved["bad"][1])
        empty_values(where)
        full_disk(platform)
    return check.finish("what lies beside good evidence")


sys.exit(main())
