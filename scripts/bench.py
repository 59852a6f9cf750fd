#!/usr/bin/env python3
"""Measures and prints the figures of scripts/bench. Arguments: the build folder, and the program that asks dcap-qvl, if there is one."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "tools"))
from idle_support import SOURCES, hold, possible  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
RUST_PEER = sys.argv[2] if len(sys.argv) > 2 else None


def tool(name):
    return str(BUILD / "tools" / name / name)


def figures(command):
    out = subprocess.run([str(a) for a in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {k: float(v) for k, v in (line.split() for line in out.splitlines())}


def bench(*args):
    return figures([BUILD / "tests" / "atls-bench", *args])


def line(name, value, goal="", met=None):
    word = "" if met is None else ("  met" if met else "  MISSED")
    print(f"{name:58} {value:>26}  {('goal ' + goal) if goal else '':22}{word}", flush=True)


def one_run(command):
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    return time.perf_counter() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def files(temp):
    folder = temp / "platform"
    subprocess.run([tool("atls-serve"), "--attester", "sim-snp", "--export-platform", str(folder), "--quiet"], check=True)
    verify = [tool("atls-verify"), "--offline", "--no-cache", "--trust-simulated", "--policy", str(folder / "policy.json"), str(folder / "extended.bin")]
    dump = [tool("atls-dump"), str(folder / "extended.bin")]
    for name, command, goal in (("one file, start to verdict (atls-verify)", verify, 30), ("one file, decoded (atls-dump)", dump, 10)):
        runs = [one_run(command) for _ in range(21)]
        assert all(r[2] == 0 for r in runs), f"{command} exited {runs[0][2]}"
        ms, rss = statistics.median(r[0] for r in runs) * 1000, max(r[1] for r in runs)
        line(name + ", median of 21", f"{ms:.1f} ms", f"< {goal} ms", ms < goal)
        line(name + ", resident", f"{rss:.1f} MiB", "< 16 MiB", rss < 16)
    plain = [one_run([sys.executable and "/usr/bin/openssl", "version"]) for _ in range(21)]
    line("  yardstick: openssl version, median of 21", f"{statistics.median(r[0] for r in plain) * 1000:.1f} ms, {max(r[1] for r in plain):.1f} MiB")
    # Two jobs against one over copies of one file.
    many = [str(folder / "extended.bin")] * 600
    base = verify[:-1]
    alone = statistics.median(one_run([*base, "-j", "1", *many])[0] for _ in range(3))
    both = statistics.median(one_run([*base, "-j", "2", *many])[0] for _ in range(3))
    line("batch of 600, two jobs over one", f"{alone / both:.2f} x", ">= 1.9 x", alone / both >= 1.9)


def batch():
    got = bench("verify", 600)
    line("SNP appraisals per second and core", f"{got['snp_appraisals_per_second']:.0f}/s")
    line("  yardstick: raw P-384 verifications", f"{got['raw_p384_verifications_per_second']:.0f}/s")
    line("  ratio, batch over one VCEK", f"{got['ratio']:.3f}", ">= 0.9", got["ratio"] >= 0.9)


def quotes(temp):
    folder = temp / "tdx"
    subprocess.run([tool("atls-serve"), "--attester", "sim-tdx", "--export-platform", str(folder), "--quiet"], check=True)
    ours, theirs = [], []
    for _ in range(3):   # in turn, so that a change of the machine's speed hits both
        ours.append(bench("quotes", 600, folder))
        if RUST_PEER:
            theirs.append(figures([RUST_PEER, "bench", folder / "trust-anchor.der", folder / "collateral.json", folder / "quotes.bin",
                                   int(time.time()), 1])["dcap_qvl_verifications_per_second"])
    got = {key: statistics.median(run[key] for run in ours) for key in ours[0]}
    line("TDX quotes per second and core, collateral in memory", f"{got['tdx_appraisals_per_second']:.0f}/s")
    line("  yardstick: raw P-256 verifications", f"{got['raw_p256_verifications_per_second']:.0f}/s")
    line("  signature verifications, a quote of a known platform", f"{got['verifications_per_quote']:.2f}")
    line("  ratio to these, batch over one platform", f"{got['batch_ratio']:.3f}")
    line("  signature verifications, the first quote", f"{got['verifications_of_one_quote']:.0f}")
    line("  ratio to these, the first quote", f"{got['one_quote_ratio']:.3f}")
    if theirs:
        line("  yardstick: dcap-qvl (Rust) on the same quotes", f"{statistics.median(theirs):.0f}/s")
        line("  ratio to dcap-qvl", f"{got['tdx_appraisals_per_second'] / statistics.median(theirs):.2f}")
    else:
        line("  yardstick: dcap-qvl (Rust)", "skipped, no Rust toolchain")


class Server:
    def __init__(self, command, pattern):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        while True:
            text = self.process.stdout.readline()
            if not text:
                raise RuntimeError("server did not start: " + " ".join(command))
            found = re.search(pattern, text)
            if found:
                self.port = found.group(1)
                break

    def stop(self):
        self.process.terminate()
        self.process.wait()


def handshakes(temp):
    key, cert = temp / "key.pem", temp / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                    "-subj", "/CN=plain", "-days", "2"], check=True, stderr=subprocess.DEVNULL)
    sign = bench("sign", 400)["seconds_per_report"]
    rates = {"plain": [], "atls": []}
    for _ in range(3):
        plain = Server(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(cert), "-key", str(key), "-num_tickets", "0", "-www"],
                       r"ACCEPT .*:(\d+)")
        rates["plain"].append(bench("handshakes", "127.0.0.1", plain.port, 300, 1)["handshakes_per_second"])
        plain.stop()
        ours = Server([tool("atls-serve"), "--attester", "sim-snp", "--quiet", "127.0.0.1:0"], r"listening on .*:(\d+)")
        rates["atls"].append(bench("handshakes", "127.0.0.1", ours.port, 300, 1)["handshakes_per_second"])
        ours.stop()
    plain, atls = statistics.median(rates["plain"]), statistics.median(rates["atls"])
    bound = 1 / (1 / plain + sign)
    line("attested handshakes per second, one client", f"{atls:.0f}/s")
    line("  yardstick: openssl s_server, P-256 key", f"{plain:.0f}/s")
    line("  unavoidable: one P-384 signature of fresh evidence", f"{sign * 1e6:.0f} us")
    line("  ratio to plain handshake plus that signature", f"{atls / bound:.2f}", ">= 0.8", atls / bound >= 0.8)


def idle_connections(temp):
    count = possible()
    serve = subprocess.Popen([tool("atls-serve"), "--quiet", "--max-connections", "12000", "--idle-timeout", "900", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    address = serve.stdout.readline().split()[-1]
    folder = temp / "idle"
    subprocess.run([tool("atls-serve"), "--export-platform", str(folder), "--quiet"], check=True)
    connect = [tool("atls-connect"), "--policy", str(folder / "policy.json"), "--trust-simulated", "--offline", "--no-cache", "--quiet", address]

    def honest():
        return subprocess.run(connect, check=False).returncode == 0

    honest()
    before, with_them, after, rate, served = hold(BUILD / "tests" / "tools" / "hostile-peer", serve.pid, address, count, honest)
    serve.terminate()
    serve.wait()
    line("atls-serve, resident before", f"{before / 1024:.1f} MiB")
    line(f"  with {count} idle connections of {SOURCES} addresses", f"{with_them / 1024:.0f} MiB", "<= 1024 MiB", with_them <= 1024 * 1024)
    line("  of each connection", f"{(with_them - before) / count:.0f} KiB")
    line("  after them", f"{after / 1024:.1f} MiB", "<= twice before", after <= 2 * before)
    line("  established per second, both sides on this machine", f"{rate:.0f}/s")
    line("  one more client meanwhile", "served" if served else "NOT served", "served", served)


def main():
    print(f"{os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory() as temp:
        batch()
        quotes(pathlib.Path(temp))
        files(pathlib.Path(temp))
        handshakes(pathlib.Path(temp))
        idle_connections(pathlib.Path(temp))


if __name__ == "__main__":
    main()
