#!/usr/bin/env python3
"""Trust anchors of the user's are authorities or nothing: each property by itself, for AMD's names and for roots of Intel's kind.

Usage: trust_anchor_test.py ATLS-SERVE ATLS-VERIFY
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from serve_support import Tally, run, run_json

SERVE, VERIFY = map(pathlib.Path, sys.argv[1:3])
tally = Tally()
AMD = "/OU=Engineering/C=US/L=Santa Clara/ST=CA/O=Advanced Micro Devices/CN="
INTEL = "/CN=Intel SGX Root CA/O=Intel Corporation/L=Santa Clara/ST=CA/C=US"
PSS = ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48", "-sigopt", "rsa_mgf1_md:sha384"]
GOOD = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
# What is wrong, the extensions, and a word of the answer.
BAD = [("no CA", ["basicConstraints=critical,CA:FALSE", GOOD[1]], "not a CA"), ("no basic constraints", [GOOD[1]], "not a CA"),
       ("key usage", [GOOD[0], "keyUsage=critical,cRLSign"], "key usage"), ("path length", ["basicConstraints=critical,CA:TRUE,pathlen:0", GOOD[1]], "path length"),
       ("unknown critical extension", [*GOOD, "1.2.3.4=critical,ASN1:NULL"], "critical extension 1.2.3.4"),
       ("name constraints", [*GOOD, "nameConstraints=critical,permitted;DNS:example.com"], "critical extension")]


class Maker:
    def __init__(self, root):
        self.root = root
        (root / "amd.key").write_bytes(self.openssl("genrsa", "2048"))
        (root / "intel.key").write_bytes(self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True).stdout

    def certificate(self, subject, extensions, key="amd", sign=PSS):
        config = self.root / "config"
        config.write_text("[req]\ndistinguished_name=dn\nstring_mask=utf8only\nx509_extensions=e\n[dn]\n[e]\n" + "\n".join(extensions) + "\n")
        out = self.root / "anchor.pem"
        out.write_bytes(self.openssl("req", "-x509", "-new", "-key", self.root / f"{key}.key", "-config", config, "-subj", subject, "-utf8", "-days", "3650", *sign))
        return out


def main():
    if shutil.which("openssl") is None:
        print("SKIP: no openssl program")
        return 77
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        status, out, err = run(SERVE, "--export-platform", root / "snp")
        tally.check(status == 0, f"export: {out}{err}")
        maker = Maker(root)

        def look(anchor):
            return run(VERIFY, "--offline", "--no-cache", "--trust-anchor", anchor, root / "snp" / "extended.bin")

        for vendor, subject, key, sign in (("AMD", AMD + "ARK-Milan", "amd", PSS), ("Intel", INTEL, "intel", ["-sha256"])):
            status, out, err = look(maker.certificate(subject, GOOD, key, sign))
            tally.check(status == 2, f"{vendor}: an authority is accepted as anchor, and the evidence ends elsewhere: {status} {out}{err}")
            for what, extensions, word in BAD:
                status, out, err = look(maker.certificate(subject, extensions, key, sign))
                tally.check(status == 1, f"{vendor}, {what}: exit {status}, expected 1")
                tally.check("--trust-anchor" in err and word in err, f"{vendor}, {what}: {err}")
        # What only AMD's have: names attribute by attribute, the algorithm, the kind of key.
        for what, subject, key, sign in (("name", AMD.replace("Advanced Micro Devices", "AMD") + "ARK-Milan", "amd", PSS), ("CN", AMD + "ARK-Rome", "amd", PSS),
                                         ("algorithm", AMD + "ARK-Milan", "amd", ["-sha384"]), ("kind of key", AMD + "ARK-Milan", "intel", ["-sha384"])):
            status, out, err = look(maker.certificate(subject, GOOD, key, sign))
            tally.check(status == 1 and "--trust-anchor" in err, f"AMD, {what}: exit {status} {err}")
        # A policy file says the same.
        maker.certificate(AMD + "ARK-Milan", BAD[3][1])
        policy = root / "policy.json"
        policy.write_text('{"schema":"atls-policy/1","name":"x","defaults":{"trust":{"roots":{"amd_ark":["anchor.pem"]}}},"alternatives":[{"name":"a","evidence":["snp"]}]}')
        status, out, err = run(VERIFY, "--offline", "--no-cache", "--policy", policy, root / "snp" / "extended.bin")
        tally.check(status == 1 and "path length" in err, f"trust.roots: exit {status} {err}")
        # A simulated root is told, however it became trusted.
        policy.write_text((root / "snp" / "policy.json").read_text().replace("{", '{"defaults":{"trust":{"roots":{"amd_ark":["snp/trust-anchor.pem"]}}},', 1))
        for options in (["--policy", policy], ["--policy", root / "snp" / "policy.json", "--trust-anchor", root / "snp" / "trust-anchor.pem"]):
            status, report = run_json(VERIFY, "--offline", "--no-cache", *options, "--collateral-dir", root / "snp" / "crl.der", root / "snp" / "extended.bin")
            tally.check(status == 0 and report["evidence"][0]["simulated"], f"{options}: {status} {report['verdict']['reason']} {report['evidence'][0]['simulated']}")
            tally.check(any("simulated" in sentence for sentence in report["not_proven"]), f"{options}: {report['not_proven']}")
    return tally.finish("trust anchors are authorities")


sys.exit(main())
