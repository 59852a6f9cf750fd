"""Starts atls-serve for tests and runs the other tools against it. Loopback only; nothing outside the given folders."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from schema import Schema  # noqa: E402

SCHEMA = Schema(pathlib.Path(__file__).resolve().parent.parent.parent / "schemas" / "report.schema.json")

LIMIT = 60  # seconds; a tool that takes longer hangs


class Serve:
    """A running atls-serve. `lines` are what it logged so far, parsed when it logs JSON."""

    def __init__(self, program, *args, log_json=True):
        command = [str(program), "127.0.0.1:0", *map(str, args)] + (["--log", "json"] if log_json else [])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.address = self._address(command)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.errors = b""

    def _address(self, command):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            self.process.kill()
            raise RuntimeError(f"{' '.join(command)}: {line}{self.process.stderr.read().decode()}")
        return line.split()[-1]

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def log(self, lines, limit=10):
        """The first `lines` lines of the log, as soon as they are there."""
        end = time.monotonic() + limit
        while self.errors.count(b"\n") < lines and time.monotonic() < end:
            select.select([self.process.stderr], [], [], 0.1)
            self.errors += self.process.stderr.read() or b""
        return [json.loads(line) for line in self.errors.splitlines() if line.startswith(b"{")]

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS")

    def stop(self, number=signal.SIGTERM):
        """Ends the server and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        os.set_blocking(self.process.stderr.fileno(), True)
        _, rest = self.process.communicate(timeout=LIMIT)
        self.errors += rest
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def run(*command, stdin=b"", limit=LIMIT, **more):
    """Exit status, stdout, stderr."""
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, timeout=limit, **more)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def run_json(*command, **more):
    """Exit status and the report, which is there on failure, too."""
    status, out, err = run(*command, "--json", **more)
    try:
        report = json.loads(out)
        SCHEMA.check(report)
        return status, report
    except json.JSONDecodeError:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {status}, no JSON: {out}{err}") from None


def outcomes(report):
    return {check["id"]: check["outcome"] for check in report["checks"]}


class Tally:
    """Counts what was tried and prints what was wrong."""

    def __init__(self):
        self.tried = 0
        self.wrong = []

    def check(self, holds, what):
        self.tried += 1
        if not holds:
            self.wrong.append(what)
            print(f"WRONG  {what}", flush=True)
        return holds

    def finish(self, summary):
        print(f"FIGURE: {summary}; {self.tried} comparisons, {len(self.wrong)} wrong")
        return 1 if self.wrong else 0
