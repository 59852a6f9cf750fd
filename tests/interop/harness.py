"""What all parts of the interoperability tests share: counting, our tools, the peers, and the table of known differences."""
import fnmatch
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


def note(kind, name, detail=""):
    COUNTS[kind] += 1
    if kind != "passed" or os.environ.get("VERBOSE"):
        print(f"{kind:7} {name}{': ' + detail if detail else ''}", flush=True)


def check(name, good, detail=""):
    note("passed" if good else "failed", name, "" if good else detail)


class Tools:
    """Our programs, and those of the peers: None when there is no toolchain for one."""

    def __init__(self, build, go=None, rust=None, rust_next=None):
        self.build = pathlib.Path(build).resolve()
        self.go, self.rust, self.rust_next = (str(pathlib.Path(p).resolve()) if p else None for p in (go, rust, rust_next))
        self.commands = {"go-sev-guest": [self.go, "sev-guest"], "go-tdx-guest": [self.go, "tdx-guest"], "dcap-qvl": [self.rust, "verify"],
                         "dcap-qvl-0.7": [self.rust_next, "verify"]}

    def path(self, tool):
        return str(self.build / "tools" / tool / tool)

    def run(self, tool, *args, timeout=120):
        done = subprocess.run([self.path(tool), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def verdict(self, tool, *args, timeout=120):
        code, out, err = self.run(tool, "--json", *args, timeout=timeout)
        try:
            report = json.loads(out)
        except ValueError:
            report = {}
        return code, report, err

    def export(self, directory, attester, *args):
        code, _, err = self.run("atls-serve", "--attester", attester, "--export-platform", directory, "--quiet", *args)
        if code != 0:
            raise RuntimeError(f"export failed ({code}): {err}")
        return pathlib.Path(directory)

    def faults(self):
        return json.loads(self.run("atls-serve", "--list-faults", "--json")[1])

    def has(self, peer):
        return self.commands[peer][0] is not None

    def ask(self, peer, questions):
        """The answers of a peer by name; all questions in one run of its program."""
        text = "".join(json.dumps(q) + "\n" for q in questions)
        done = subprocess.run(self.commands[peer], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=600, check=True)
        lines = [x for x in done.stdout.split("\n") if x.startswith("{")]   # the Go libraries log to standard output, too
        return {a["name"]: a for a in map(json.loads, lines)}


class Rows:
    """The tables of disagreements.md: under the name of each peer, rows of case (a pattern), what we say, what the peer says, why."""

    def __init__(self, path):
        self.rows, self.used, peer = {}, set(), None
        for line in path.read_text().splitlines():
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if not line.startswith("|") or set(cells[0]) <= set("-: "):
                continue
            if len(cells) != 4:
                raise ValueError(f"disagreements.md: expected four cells: {line}")
            if cells[0] == "Case":
                peer = cells[2]
            elif not cells[3]:
                raise ValueError(f"disagreements.md: {cells[0]} has no reason")
            else:
                self.rows[(peer, cells[0])] = (cells[1], cells[2])

    def find(self, peer, name):
        keys = [(peer, name)] if (peer, name) in self.rows else [k for k in self.rows if k[0] == peer and fnmatch.fnmatchcase(name, k[1])]
        return keys[0] if keys else None

    def stale(self, peers):
        return sorted(k for k in set(self.rows) - self.used if k[0] in peers)


def compare(peer, name, mine, theirs, rows, detail=""):
    """Both say the same, or the difference is listed."""
    key = rows.find(peer, name)
    if mine == theirs:
        check(f"{peer}: {name}", key is None, f"listed in disagreements.md, but both say {mine} now")
        return
    if key:
        rows.used.add(key)
    check(f"{peer}: {name}", bool(key) and rows.rows[key] == (mine, theirs), f"the suite: {mine}; {peer}: {theirs}; {detail}; not listed in disagreements.md")


def word(good):
    return "accepts" if good else "refuses"


class Server:
    """A server process that prints `listening on ADDR:PORT`."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.err = [], []
        line = self.process.stdout.readline()
        match = re.match(r"listening on (\S+)", line)
        if not match:
            self.process.kill()
            raise RuntimeError(f"{command[0]}: {line}{self.process.stderr.read()}")
        self.address = match.group(1)
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.err)):
            threading.Thread(target=lines.extend, args=(stream,), daemon=True).start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return -1
