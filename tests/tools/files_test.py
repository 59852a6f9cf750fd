#!/usr/bin/env python3
"""What the tools write: modes, links, replacement, the cache, and that nothing secret or unescaped reaches standard error.

files_test.py ATLS_VERIFY ATLS_SERVE ATLS_CONNECT ATLS_DUMP
"""
import os
import pathlib
import socket
import stat
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from serve_support import Serve  # noqa: E402
from tools import Checks, folder, run  # noqa: E402

VERIFY, SERVE, CONNECT, DUMP = (pathlib.Path(name).resolve() for name in sys.argv[1:5])
check = Checks()
TRUST = ["--trust-simulated", "--offline", "--no-cache", "--any-measurement"]


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def saved_files(snp):
    os.umask(0)
    with Serve(SERVE) as server:
        for option, name, wanted in (("--save-bundle", "bundle", 0o644), ("--save-cert", "cert", 0o644), ("--save-evidence", "evidence", 0o644), ("--report", "report", 0o644), ("--keylog", "keys", 0o600)):
            check.code(run(CONNECT, *TRUST, option, name, server.address), 0, option)
            check.that(mode(name) == wanted, f"{option}: mode {mode(name):o}, expected {wanted:o}")
            before = pathlib.Path(name).read_bytes()
            pathlib.Path("target").write_text("kept")
            link = pathlib.Path(f"link-{name}")
            link.symlink_to("target")
            refused = run(CONNECT, *TRUST, option, link, server.address)
            check.that(refused.code != 0 and "symbolic link" in refused.err, f"{option} through a link\n{refused}")
            check.that(pathlib.Path("target").read_bytes() == b"kept" and link.is_symlink(), f"{option} followed a link")
            dangling = pathlib.Path(f"dangling-{name}")
            dangling.symlink_to("made-by-a-link")
            run(CONNECT, *TRUST, option, dangling, server.address)
            check.that(not pathlib.Path("made-by-a-link").exists(), f"{option} made what a link names")
            number = os.lstat(name).st_ino
            check.code(run(CONNECT, *TRUST, option, name, server.address), 0, f"{option} once more")
            appended = option == "--keylog"
            check.that((os.lstat(name).st_ino == number) == appended, f"{option}: {'appended to' if appended else 'replaced as a whole'}")
            check.that(not appended or pathlib.Path(name).read_bytes().startswith(before), f"{option} keeps what was there")
        if os.geteuid() == 0:
            pathlib.Path("foreign").write_text("")
            os.chown("foreign", 12345, 12345)
            refused = run(CONNECT, *TRUST, "--keylog", "foreign", server.address)
            check.that(refused.code != 0 and "another user" in refused.err and pathlib.Path("foreign").read_text() == "", f"another user's key log\n{refused}")
        null = run(CONNECT, *TRUST, "--keylog", "/dev/null", "--save-bundle", "/dev/null", server.address)
        check.code(null, 0, "/dev/null")
        heard = run(CONNECT, *TRUST, "--quiet", "--keylog", "/dev/stderr", server.address)
        check.that(heard.code == 0 and "CLIENT_TRAFFIC_SECRET_0" in heard.err, f"/dev/stderr\n{heard}")
    os.umask(0o022)
    check.that(sorted(p.name for p in pathlib.Path(".").glob("*.??????") if not p.name.endswith(".json")) == [], "a temporary file was left")
    extract = ["--extract", "report.chip_id", "--output"]
    for place in ("/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"):
        got = run(DUMP, *extract, place, snp / "report.bin")
        check.that(got.code == 0 and len(got.raw_out) == 64, f"{place} as a pipe\n{got}")
        with open("appended", "wb") as file:
            file.write(b"before")
        with open("appended", "ab") as file:
            done = subprocess.run([DUMP, *extract, place, snp / "report.bin"], stdout=file, timeout=60)
        content = pathlib.Path("appended").read_bytes()
        check.that(done.returncode == 0 and content[:6] == b"before" and len(content) == 70, f"{place} as a file that is appended to: {content[:20]!r}, {len(content)} bytes")
    made = run(SERVE, "--export-platform", "platform", "--quiet")
    check.code(made, 0, "export")
    pathlib.Path("target").write_text("kept")
    os.unlink("platform/report.bin")
    os.symlink(os.path.abspath("target"), "platform/report.bin")
    run(SERVE, "--export-platform", "platform", "--quiet")
    check.that(pathlib.Path("target").read_bytes() == b"kept" and not os.path.islink("platform/report.bin"), "an export followed a link")
    check.that(mode("platform/report.bin") == 0o644, "mode of exported files")


def cache(snp):
    """Fetched from a simulated service: stored, and never where somebody else decides."""
    with Serve(SERVE, "--serve-collateral", "127.0.0.1:0", "--log", "none", log_json=False) as server:
        first = server.address
        service = [line for line in [server.process.stdout.readline().decode()] if line]
        port = service[0].split()[-1] if service else first
        base = ["--trust-anchor", snp / "trust-anchor.pem", "--any-measurement", "--kds-url", port if port.startswith("http") else f"http://{port}"]
        report = snp / "report.bin"

        def judge(name):
            return run(VERIFY, *base, "--cache-dir", name, report)
        good = judge("cache")
        check.code(good, 0, "fetched")
        files = [p for p in pathlib.Path("cache").rglob("*") if p.is_file()]
        check.that(files and all(mode(p) == 0o600 for p in files), f"mode of cached files {files}")
        check.that(all(mode(p) == 0o700 for p in pathlib.Path("cache").rglob("*") if p.is_dir()), "mode of cached folders")
        os.mkdir("elsewhere")
        os.mkdir("linked")
        os.symlink(os.path.abspath("elsewhere"), "linked/amd")
        check.code(judge("linked"), 0, "a cache with a link in it")
        check.that(not any(pathlib.Path("elsewhere").iterdir()), "the cache followed a link")
        if os.geteuid() == 0:
            os.mkdir("theirs")
            os.chown("theirs", 12345, 12345)
            check.code(judge("theirs"), 0, "another user's cache")
            check.that(not any(pathlib.Path("theirs").iterdir()), "stored in a folder of another user")
        lists = [p for p in files if p.name.startswith("crl")]
        check.that(len(lists) == 1, f"one list: {files}")
        genuine = lists[0].read_bytes()
        unsigned = genuine[:-20] + bytes(20)
        later = unsigned.replace(b"\x17\x0d2", b"\x17\x0d4")        # UTCTime of the twenties becomes one of the forties
        for what, planted in (("unsigned", unsigned), ("from the future", later), ("junk", b"junk")):
            lists[0].write_bytes(planted)
            check.code(judge("cache"), 0, f"a planted list, {what}")
            check.that(lists[0].read_bytes() == genuine, f"a planted list, {what}, blocks its replacement")


def standard_error(snp):
    secrets = ["socks5://user:hunter2@127.0.0.1:1", "user:hunter2@127.0.0.1:1", "http://user:hunter2@127.0.0.1", "http://user:hunter2@[::1", "http://user:hunter2@127.0.0.1:99999", "http://user:hunter2#127.0.0.1:80",
               "http://user:hunter2", "HTTP://user:hunter2@127.0.0.1:1", "http://user:hun@ter2@:1", "http://user:hunter2@host name:1"]
    for proxy in secrets:
        said = run(CONNECT, *TRUST, "--proxy", proxy, "127.0.0.1:1")
        check.code(said, 1, f"--proxy {proxy}")
        check.that("unter2" not in said.err + said.out and "ter2" not in said.err + said.out, f"the password of a proxy is printed\n{said}")
    for proxy in ("weird://user:hunter2@127.0.0.1:1", "http://user:hunter2@127.0.0.1:notaport", "socks9://user:hunter2@x"):   # refused at once, without another attempt
        said = run(VERIFY, "--trust-anchor", snp / "trust-anchor.pem", "--any-measurement", "--no-cache", "--collateral-proxy", proxy, "--kds-url", "https://127.0.0.1:1", snp / "report.bin", timeout=120)
        check.that("hunter2" not in said.err + said.out, f"--collateral-proxy: the password is printed\n{said}")

    hostile = "\x1b]0;owned\x07\x1b[31m"

    def plain(what, said):
        check.that("\x1b" not in said.err and "\x07" not in said.err and "owned" in said.err, f"{what}: standard error is not escaped\n{said}")
    plain("a policy's name", run(VERIFY, "--policy", hostile, snp / "report.bin"))
    plain("an anchor's name", run(VERIFY, "--trust-anchor", hostile, snp / "report.bin"))
    plain("an argument", run(VERIFY, "--" + hostile, snp / "report.bin"))
    plain("a value", run(VERIFY, "--measurement", hostile, snp / "report.bin"))
    plain("an output's name", run(VERIFY, *TRUST, "--report", f"/dev/null/{hostile}", snp / "report.bin"))
    plain("a folder's name", run(SERVE, "--export-platform", f"/dev/null/{hostile}"))
    plain("an input of atls-dump", run(DUMP, hostile))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            peer, _ = listener.accept()
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 403 \x1b]0;owned\x07\r\n\r\n")
            peer.close()
        thread = threading.Thread(target=answer)
        thread.start()
        said = run(CONNECT, *TRUST, "--pipe", "--proxy", f"http://127.0.0.1:{listener.getsockname()[1]}", "127.0.0.1:1")
        thread.join()
        check.that("\x1b" not in said.err + said.out and "403" in said.err, f"a proxy's answer\n{said}")


def main():
    with folder() as where:
        os.chdir(where)
        check.code(run(SERVE, "--export-platform", "snp", "--quiet"), 0, "export")
        snp = pathlib.Path("snp")
        saved_files(snp)
        cache(snp)
        standard_error(snp)
    return check.finish("files that the tools write")


sys.exit(main())
