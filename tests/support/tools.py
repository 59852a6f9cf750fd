"""Running the tools in tests: exit status, both streams, and the contracts that hold for every run."""
import os
import re
import subprocess
import tempfile

EXIT_CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 70, 130}


class Run:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.raw_out, self.err = command, code, out, err.decode("utf-8", "replace")

    @property
    def out(self):
        return self.raw_out.decode("utf-8")

    def __str__(self):
        return f"$ {' '.join(map(str, self.command))}\nexit {self.code}\nstdout: {self.raw_out[:2000]!r}\nstderr: {self.err[:2000]}"


def run(*command, stdin=None, env=None, timeout=60):
    """Runs a tool and checks what holds always: a documented exit status, and messages of the agreed form on stderr."""
    command = [os.fspath(c) for c in command]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC", **(env or {})}
    done = subprocess.run(command, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, env=environment, timeout=timeout)
    result = Run(command, done.returncode, done.stdout, done.stderr)
    assert done.returncode in EXIT_CODES, f"undocumented exit status\n{result}"
    name = os.path.basename(command[0])
    for line in result.err.splitlines():
        match = re.match(rf"{name}: (error|hint|warning|note): (.*)$", line)
        if match:
            assert not match.group(2).endswith("."), f"message with a full stop: {line}"
    return result


class Checks:
    """Collects failures, so that one run tells all of them."""

    def __init__(self):
        self.count = 0
        self.failures = []

    def that(self, holds, message):
        self.count += 1
        if not holds:
            self.failures.append(str(message))

    def code(self, result, want, message=""):
        self.that(result.code == want, f"{message}: expected exit {want}\n{result}")

    def finish(self, what):
        for failure in self.failures:
            print("error:", failure)
        print(f"FIGURE: {what}: {self.count} statements, {len(self.failures)} false")
        return 1 if self.failures else 0


def folder():
    return tempfile.TemporaryDirectory(prefix="atls-test-")


def snp_report(version=3, policy=0x30000, measurement=b"\x11" * 48, report_data=b"\x22" * 64, chip_id=b"\x33" * 64):
    """A report with plausible fields and no valid signature. SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT."""
    out = bytearray(1184)

    def put(offset, value):
        out[offset:offset + len(value)] = value
    put(0x000, version.to_bytes(4, "little"))
    put(0x008, policy.to_bytes(8, "little"))
    put(0x034, (1).to_bytes(4, "little"))
    for tcb in (0x038, 0x180, 0x1E0, 0x1F0):
        put(tcb, bytes([4, 0, 0, 0, 0, 0, 22, 213]))
    put(0x050, report_data)
    put(0x090, measurement)
    put(0x160, b"\xff" * 32)
    if version >= 3:
        put(0x188, bytes([0x19, 0x01, 0x01]))
    put(0x1A0, chip_id)
    put(0x2A0, b"\x44" * 48)
    put(0x2E8, b"\x55" * 48)
    return bytes(out)
