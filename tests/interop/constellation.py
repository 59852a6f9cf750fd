"""Constellation's protocol: a Go client and a Go server against our tools, three modes, both TLS versions, three kinds of evidence."""
import json
import pathlib
import subprocess
import time

from harness import Server, check

VARIANTS = {"snp": "gcp-sev-snp", "tdx": "qemu-tdx", "dummy": "dummy"}
ATTESTERS = {"snp": "sim-snp", "tdx": "sim-tdx", "dummy": "fake"}


def peer_json(server):
    for _ in range(100):
        found = [json.loads(x) for x in server.lines if x.startswith("{")]
        if found:
            return found[0]
        time.sleep(0.1)
    return {}


class Case:
    def __init__(self, tools, temp, evidence, mode, tls, roots):
        self.tools, self.evidence, self.mode = tools, evidence, mode
        self.name = f"{evidence}-{mode}-tls{tls}"
        self.temp = temp
        self.flags = ["-mode", mode, "-evidence", evidence, *roots, *(["-tls12"] if tls == "1.2" else [])]
        self.tls = ["--tls" + tls]

    def our_verifier(self, own):
        """The options with which our tools judge evidence that the peer's platform in `own` makes."""
        if self.evidence == "dummy":
            return ["--trust-simulated", "--any-measurement", "--binding-min", "none"]
        root = own / ("ark.pem" if self.evidence == "snp" else "root.pem")
        return ["--trust-anchor", root, "--collateral-dir", own / "collateral", "--offline", "--any-measurement", "--crl", "require"]

    def go_client(self):
        own, ready = self.temp / ("go-client-" + self.name), self.temp / ("ready-" + self.name)
        attests = self.mode != "server"
        command = [self.tools.go, "client", "-dir", own, *self.flags]
        serve = [self.tools.path("atls-serve"), "--attester", ATTESTERS[self.evidence] if self.mode != "client" else "none", *self.tls, "--quiet"]
        if attests:
            serve += ["--verify-client", *self.our_verifier(own)]
        told, code, server = run_client(command, serve, ready, wait=attests and self.evidence != "dummy")
        check(f"go client to atls-serve, {self.name}", told.get("ok") and told.get("echo") == "hello from go\n" and code == 0,
              f"{told}, server exit {code}: {''.join(server.err)[-800:]}")

    def go_server(self):
        own = self.temp / ("go-server-" + self.name)
        server = Server([self.tools.go, "server", "-dir", own, *self.flags])
        connect = [*self.tls, "--pipe"] + ([] if self.mode == "server" else ["--attest-as", ATTESTERS[self.evidence]])
        if self.mode == "client":
            connect += ["--allow-unattested-server", "--any-measurement", "--binding-min", "none"]
        else:
            connect += self.our_verifier(own)
        done = subprocess.run([self.tools.path("atls-connect"), *map(str, connect), server.address], input=b"hello from atls\n",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        told = peer_json(server)
        server.process.kill()
        check(f"atls-connect to go server, {self.name}", done.returncode == 0 and done.stdout == b"hello from atls\n" and told.get("ok"),
              f"exit {done.returncode}, echo {done.stdout!r}, go says {told}, {done.stderr.decode(errors='replace')[-600:]}")
        if self.mode != "server":
            check(f"go server verified our client, {self.name}", told.get("variant") == VARIANTS[self.evidence], str(told))


def run_client(command, serve, ready, wait):
    ready.unlink(missing_ok=True)
    args = [str(c) for c in command]
    if wait:   # the client makes its platform, then waits until our server has been started with its root
        pending = subprocess.Popen([*args, "-wait", str(ready), "-addr-file", str(ready) + ".addr"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(600):
            if ready.exists():
                break
            time.sleep(0.1)
        server = Server(serve)
        pathlib.Path(str(ready) + ".addr").write_text(server.address)
        ready.unlink()
        out, err = pending.communicate(timeout=60)
    else:
        server = Server(serve)
        done = subprocess.run([*args, "-addr", server.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        out, err = done.stdout, done.stderr
    told = json.loads(out) if out.strip() else {"error": err}
    return told, server.stop(), server


def roots_of(tools, temp, evidence):
    """How the peer is told of our platform."""
    if evidence == "dummy":
        return []
    platform = tools.export(temp / ("platform-" + evidence), ATTESTERS[evidence])
    if evidence == "snp":
        return ["-ask", platform / "certs" / "ask.pem", "-ark", platform / "certs" / "ark.pem"]
    return ["-root", platform / "trust-anchor.pem", "-getter", platform / "pcs.json"]


def protocol(tools, temp, evidence):
    roots = roots_of(tools, temp, evidence)
    for tls in ("1.2", "1.3"):
        for mode in ("server", "client", "mutual"):
            case = Case(tools, temp, evidence, mode, tls, roots)
            case.go_client()
            case.go_server()
