"""Many established idle connections against one atls-serve: what it holds before, with them and after. Also for scripts/bench."""

import os
import pathlib
import re
import resource
import subprocess
import time

CONNECTIONS, SOURCES = 10_000, 40
SPARE_FILES = 500
LIMIT = 400  # seconds


def possible():
    """How many connections the limit of open files admits."""
    return min(CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_FILES)


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def hold(hostile_peer, pid, address, connections, honest):
    """Opens the connections and ends them. `honest` connects once meanwhile and says whether that went well.

    Returns KiB before, with them and after, connections per second, and what `honest` said.
    """
    before = resident_kib(pid)
    peer = subprocess.Popen([str(hostile_peer), "hold", address, str(connections), str(SOURCES), "4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        told = peer.stdout.readline()
        found = re.match(r"held (\d+) in ([0-9.]+) seconds", told)
        if not found or int(found.group(1)) != connections:
            raise RuntimeError(f"hostile-peer said: {told}")
        if threads(pid) < connections:
            raise RuntimeError(f"{threads(pid)} threads for {connections} connections: some were not held")
        with_them, served = resident_kib(pid), honest()
    finally:
        peer.stdin.close()
        peer.wait(60)
    end = time.monotonic() + 60
    while threads(pid) > 20 and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(1)
    return before, with_them, resident_kib(pid), connections / float(found.group(2)), served
