#!/usr/bin/env python3
"""10,000 established idle connections from forty addresses: held within 1 GiB, one more client is served, and the memory goes back.
Usage: idle_test.py ATLS-SERVE ATLS-CONNECT HOSTILE-PEER
"""

import pathlib
import subprocess
import sys
import tempfile

from idle_support import CONNECTIONS, hold, possible
from serve_support import Serve, Tally

SERVE, CONNECT, HOSTILE = map(pathlib.Path, sys.argv[1:4])
tally = Tally()


def main():
    count = possible()
    if count < CONNECTIONS:
        print(f"only {count} connections: the limit of open files (ulimit -Hn) admits no more")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "platform"
        subprocess.run([SERVE, "--export-platform", folder, "--quiet"], check=True)

        def honest():
            command = [CONNECT, "--policy", folder / "policy.json", "--trust-simulated", "--offline", "--no-cache", "--quiet", server.address]
            return subprocess.run([str(a) for a in command], check=False).returncode == 0

        with Serve(SERVE, "--quiet", "--max-connections", 12000, "--idle-timeout", 900, log_json=False) as server:
            tally.check(honest(), "a client before")
            before, with_them, after, rate, served = hold(HOSTILE, server.process.pid, server.address, count, honest)
            print(f"FIGURE: {count} idle connections: {before} KiB resident before, {with_them} with them, {after} after; {rate:.0f} connections per second")
            tally.check(with_them <= 1024 * 1024, f"{with_them} KiB for {count} connections, 1 GiB is the limit")
            tally.check(served, "one more client was not served")
            tally.check(after <= 2 * before, f"{after} KiB afterwards, {before} before")
            tally.check(honest(), "a client after")
            tally.check(server.stop() == 0, "SIGTERM")
    return tally.finish(f"{count} idle connections")


sys.exit(main())
