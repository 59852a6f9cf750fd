#!/usr/bin/env python3
"""Advisory classes of evidence, policies and collateral, each from outside.

advisory_evidence_test.py ATLS_CONNECT ATLS_SERVE ATLS_VERIFY SIM_REPORT REPORT_SCHEMA. tests/advisories.md says which class is which function.
"""
import base64
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "support"), str(HERE.parent)]
from schema import Schema  # noqa: E402
from tools import EXIT_CODES, Checks, folder, run  # noqa: E402

CONNECT, SERVE, VERIFY, SIM_REPORT, SCHEMA = *sys.argv[1:5], Schema(sys.argv[5])
check = Checks()
TEES = {"sim-snp": ("snp", "extended.bin", "snp-policy-report-data"), "sim-tdx": ("tdx", "quote.bin", "policy-report-data"),
        "sim-sgx": ("sgx", "quote.bin", "policy-report-data")}
OFFSETS = {"policy": 0x008, "platform_info": 0x040, "reported_tcb": 0x180, "report_data": 0x050, "launch_mit_vector": 0x1F8, "current_mit_vector": 0x200}
OPEN = ["--trust-simulated", "--offline", "--no-cache"]


def judged(*arguments, code, reason=None, what=""):
    """The report of a run with this exit status and reason."""
    result = run(VERIFY, "--json", *arguments)
    check.code(result, code, what or " ".join(map(str, arguments)))
    report = SCHEMA.parse(result.out) if result.raw_out else {"checks": [], "not_proven": [], "verdict": {"reason": None}}
    check.that(reason is None or report["verdict"]["reason"] == reason, f"{what}: reason {report['verdict']}, expected {reason}")
    return report


def failed(report):
    return sorted(c["id"] for c in report["checks"] if c["outcome"] == "fail")


def many(inputs, *options):
    """Verdicts of many inputs in one run."""
    lines = "".join(json.dumps({"name": name, "data": base64.b64encode(data).decode()}) + "\n" for name, data in inputs)
    result = run(VERIFY, "--stdin-jsonl", "--jsonl", *options, stdin=lines.encode())
    reports = [json.loads(line) for line in result.out.splitlines()]
    check.that(len(reports) == len(inputs), f"{len(reports)} reports for {len(inputs)} inputs\n{result}")
    return [(name, report["verdict"]) for (name, _), report in zip(inputs, reports)]


def platform(attester, *more):
    path = WHERE / "-".join([attester, *[m.strip("-").replace("/", "_") for m in more]])
    if not path.exists():
        export = run(SERVE, "--export-platform", path, "--attester", attester, "--quiet", *more)
        assert export.code == 0, export
    return path


def signed_report(**fields):
    """A report of the simulated machine with these numbers or bytes in its fields, signed, with its certificates."""
    where = WHERE / f"report-{random.randrange(1 << 60):x}"
    where.mkdir()
    values = {k: v if isinstance(v, bytes) else v.to_bytes(8, "little") for k, v in fields.items()}
    made = run(SIM_REPORT, where, (b"\x22" * 64).hex(), *(f"{OFFSETS[k]}={v.hex()}" for k, v in values.items()))
    assert made.code == 0, made
    out = where / "extended.bin"
    out.write_bytes((where / "outblob").read_bytes() + (where / "auxblob").read_bytes())
    return out


def policy(name, **snp):
    path = WHERE / f"{name}.json"
    path.write_text(json.dumps({"schema": "atls-policy/1", "alternatives": [{"evidence": ["snp"], "snp": {"measurement": MEASUREMENT, **snp}}]}))
    return path


# ------------------------------------------------------------------------------------------------------- hardware findings

GUEST = {"smt": 16, "migrate_ma": 18, "debug": 19, "single_socket": 20, "cxl": 21, "mem_aes_256_xts": 22, "rapl_dis": 23, "ciphertext_hiding_dram": 24, "page_swap_disable": 25}
PLATFORM = {"smt": 0, "tsme": 1, "ecc": 2, "rapl_dis": 3, "ciphertext_hiding_dram": 4, "alias_check_complete": 5, "tio": 7}
CEILING = {"policy": ("smt", "migrate_ma", "debug", "cxl"), "platform_info": ("smt", "tsme", "tio")}   # may be granted; the others may be demanded
ALLOWED_BY_FLAG = {"debug": ("--allow-debug", "snp-policy-debug"), "migrate_ma": ("--allow-migration", "snp-policy-migration")}


def bits_of_mode():
    """Each bit of GUEST_POLICY and PLATFORM_INFO, set and clear: forbidden and required, by the check of that field alone."""
    for field, bits, base, spec in (("policy", GUEST, 1 << 17, "snp-policy-guest"), ("platform_info", PLATFORM, 0, "snp-policy-platform-info")):
        for name, bit in bits.items():
            with_it, without = signed_report(**{field: base | 1 << bit}), signed_report(**{field: base})
            flag, default = ALLOWED_BY_FLAG.get(name, (None, None)) if field == "policy" else (None, None)
            allow = [flag] if flag else []
            if default:
                check.that(failed(judged(*OPEN, "--measurement", MEASUREMENT, with_it, code=5, reason=default, what=f"{field} {name} by default")) == [default], f"{name} alone")
            forbids = policy(f"{field}-{name}-forbid", **{field: {"forbid": [name]}})
            report = judged(*OPEN, *allow, "--policy", forbids, with_it, code=5, what=f"{field} forbids {name}")
            check.that(spec in failed(report) and set(failed(report)) <= {spec, default}, f"{field} {name}: {failed(report)}")
            judged(*OPEN, "--policy", forbids, without, code=0, what=f"{field} forbids {name}, clear")
            if name in CEILING[field]:
                allows = policy(f"{field}-{name}-allow", **{field: {"allow": [n for n in CEILING[field] if n != name]}})
                check.that(spec in failed(judged(*OPEN, *allow, "--policy", allows, with_it, code=5, what=f"{field} allows all but {name}")), f"{name}: not allowed")
            else:
                demands = policy(f"{field}-{name}-require", **{field: {"require": [name]}})
                check.that(failed(judged(*OPEN, "--policy", demands, without, code=5, reason=spec, what=f"{field} requires {name}")) == [spec], f"{name} alone")
                judged(*OPEN, "--policy", demands, with_it, code=0, what=f"{field} requires {name}, set")
                option = f"--require-{'platform-' if field == 'platform_info' else ''}{name.replace('_', '-')}"
                judged(*OPEN, "--measurement", MEASUREMENT, option, without, code=5, reason=spec, what=option)
                judged(*OPEN, "--measurement", MEASUREMENT, option, with_it, code=0, what=option)


def mitigations():
    """Each bit of the mitigation vectors that is demanded and not there."""
    everything = (1 << 6) - 1
    for field, option, spec in (("launch_mit_vector", "--require-launch-mitigations", "snp-policy-launch-mitigations"),
                                ("current_mit_vector", "--require-current-mitigations", "snp-policy-current-mitigations")):
        for bit in range(6):
            without = signed_report(**{"launch_mit_vector": everything, "current_mit_vector": everything, field: everything & ~(1 << bit)})
            demand = [option, f"{1 << bit:016x}"]
            check.that(failed(judged(*OPEN, "--measurement", MEASUREMENT, *demand, without, code=5, reason=spec, what=f"{option} bit {bit}")) == [spec], f"{field} bit {bit} alone")
            others = [option, f"{everything & ~(1 << bit):016x}"]
            judged(*OPEN, "--measurement", MEASUREMENT, *others, without, code=0, what=f"{option}: the other bits")
    lost = signed_report(launch_mit_vector=everything, current_mit_vector=everything & ~1)
    report = judged(*OPEN, "--measurement", MEASUREMENT, lost, code=0, what="a mitigation that was there at launch")
    check.that({"id": "snp-mit-vector-subset", "outcome": "warn"}.items() <= next(c for c in report["checks"] if c["id"] == "snp-mit-vector-subset").items(), "a lost mitigation is told")
    judged(*OPEN, "--measurement", MEASUREMENT, "--fail-on-warn", lost, code=5, what="... and refused where warnings are")


def minimum_tcb():
    """Each component of the reported TCB below its minimum; the certificate's own rule keeps the host from claiming more."""
    tcb = {"bootloader": 4, "tee": 0, "snp": 27, "microcode": 222}
    honest = signed_report()
    for option, spec in (("--min-tcb", "snp-policy-minimum-tcb"), ("--min-launch-tcb", "snp-policy-minimum-launch-tcb"), ("--min-current-tcb", "snp-policy-tcb-current"),
                         ("--min-committed-tcb", "snp-policy-tcb-committed"), ("--min-cert-tcb", "snp-policy-tcb-cert")):
        for name, value in tcb.items():
            check.that(failed(judged(*OPEN, "--measurement", MEASUREMENT, option, f"{name}={value + 1}", honest, code=5, reason=spec, what=f"{option} {name}")) == [spec], f"{option} {name} alone")
        judged(*OPEN, "--measurement", MEASUREMENT, option, ",".join(f"{k}={v}" for k, v in tcb.items()), honest, code=0, what=option)
    raised = signed_report(reported_tcb=bytes([4, 0, 0, 0, 0, 0, 27, 223]))
    report = judged(*OPEN, "--measurement", MEASUREMENT, "--min-tcb", "microcode=223", raised, code=2, what="a TCB that the certificate does not have")
    check.that("snp-tcb-reported-matches-cert" in failed(report), f"{failed(report)}")


# ------------------------------------------------------------------------------------------------------------- report data

def report_data_per_tee():
    """Of each TEE: another value than the demanded one is refused by its check alone, and the demand is never passed over."""
    for attester, (_, artifact, spec) in TEES.items():
        where = platform(attester)
        evidence = where / artifact
        raw = evidence.read_bytes()
        at = {"sim-snp": 0x050, "sim-tdx": 48 + 520, "sim-sgx": 48 + 320}[attester]
        right = raw[at:at + 64]
        trust = ["--policy", where / "policy.json", *OPEN]
        judged(*trust, "--report-data", right.hex() if any(right) else "00" * 63 + "01", evidence, code=0 if any(right) else 5, what=f"{attester}: its report data")
        for n in range(8):
            wrong = random.Random(n).randbytes(64)
            check.that(failed(judged(*trust, "--report-data", wrong.hex(), evidence, code=5, reason=spec, what=f"{attester}: random report data")) == [spec], f"{attester}: {spec} alone")


def empty_report_data():
    """No expected value is no demand: an empty or all-zero one is a wrong command line, in every tool and in the policy, for every TEE."""
    for attester, (section, artifact, _) in TEES.items():
        where = platform(attester)
        trust = ["--policy", where / "policy.json", *OPEN]
        for value in ("", "00" * 64):
            for command in ([VERIFY, *trust, "--report-data", value, where / artifact], [CONNECT, *trust, "--report-data", value, "127.0.0.1:1"],
                            [SERVE, "--verify-client", *trust, "--report-data", value, "127.0.0.1:0"]):
                result = run(*command)
                check.that(result.code == 1 and "--report-data" in result.err, f"{attester}: an empty expectation {value!r}\n{result}")
            for form in (value, {"any_of": [value]}, {"any_of": []}):
                bad = WHERE / "empty.json"
                bad.write_text(json.dumps({"schema": "atls-policy/1", "alternatives": [{"evidence": [section], section: {"report_data": form}}]}))
                judged("--policy", bad, *OPEN, "--any-measurement", where / artifact, code=1, what=f"{attester}: policy with report_data {form!r}")


def measurement_in_report_data():
    """REPORT_DATA is the guest's to choose: a pinned measurement in it is no measurement."""
    pinned = bytes.fromhex("5A" * 48)
    liar = signed_report(report_data=pinned + b"\0" * 16)
    check.that(failed(judged(*OPEN, "--measurement", pinned.hex(), liar, code=5, reason="snp-policy-measurement")) == ["snp-policy-measurement"], "the measurement alone is wrong")
    judged(*OPEN, "--measurement", MEASUREMENT, "--report-data", (pinned + b"\0" * 16).hex(), liar, code=0, what="the same report under its own measurement")


# ------------------------------------------------------------------------------------------------------- what is not built yet

def not_built_yet():
    """What a virtual TPM, an attestation key or a token says is never an answer: no exit status 0, whatever is loosened."""
    hcl = (platform("sim-snp") / "hcl.bin").read_bytes()
    tpm_quote = b"\xffTCG\x80\x18" + bytes(120)
    jwt = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b'{"x-ms-compliance-status":"azure-compliant-cvm"}', b""))
    agent = {"hcl_report": base64.b64encode(hcl).decode(), "quote": {"signature": list(bytes(64)), "message": list(tpm_quote), "pcrs": [list(bytes(32))] * 24}, "vcek": ""}
    inputs = [("TPM quote", tpm_quote), ("TPM 2.0 public area", bytes.fromhex("0001000b00050072") + bytes(300)), ("JWT", jwt.encode()),
              ("Azure agent", json.dumps(agent).encode()), ("Azure agent, bytes", json.dumps({**agent, "hcl_report": list(hcl)}).encode()),
              ("Azure agent in an envelope", json.dumps({"platform": "az-snp-vtpm", "evidence": agent}).encode()), ("COSE", bytes.fromhex("d28443a10126a0") + bytes(200)),
              ("Nitro", bytes.fromhex("8444a1013822a059") + bytes(400)), ("CCA token", bytes.fromhex("d9018fa2") + bytes(300)), ("SPDM", bytes.fromhex("11e00001") + bytes(300))]
    everything = [*OPEN, "--any-measurement", "--allow-debug", "--crl", "off", "--binding-min", "none", "--allow-not-fresh"]
    for name, verdict in many(inputs, *everything):
        check.that(verdict["exit_code"] in EXIT_CODES - {0, 70}, f"{name}: {verdict}")


def attestation_key_not_rooted():
    """The attestation key of a virtual TPM stands in the runtime claims: other claims are another hash, and the quote is told as not judged."""
    where = platform("sim-snp")
    hcl = (where / "hcl.bin").read_bytes()
    trust = ["--policy", where / "policy.json", *OPEN, "--collateral-dir", where]
    report = judged(*trust, where / "hcl.bin", code=0, what="the hardware report of the HCL report")
    check.that(any("vTPM" in s for s in report["not_proven"]), f"the vTPM is told as not judged: {report['not_proven']}")
    claims = hcl[0x4D4:].rstrip(b"\0")
    for change in (claims.replace(b'"n"', b'"m"', 1), claims.replace(b'"e"', b'"f"', 1), claims[:-1] + b" ", claims.swapcase()):
        forged = WHERE / "forged-hcl.bin"
        forged.write_bytes(hcl[:0x4D4] + change + hcl[0x4D4 + len(claims):])
        judged(*trust, forged, code=2, reason="snp-hcl-runtime-hash", what="another attestation key")


def root_of_evidence():
    """No root that came with evidence, or lies beside it, is trusted: not even where everything else is one consistent hierarchy."""
    for attester, (_, artifact, _) in TEES.items():
        foreign = platform(attester, "--fault", "self-made-root")
        reason = "snp-ark-trusted" if attester == "sim-snp" else "pck-root-trusted"
        for trust in (OPEN, ["--offline", "--no-cache"]):
            for more in ([], ["--collateral-dir", foreign]):
                report = judged("--policy", foreign / "policy.json", *trust, *more, foreign / artifact, code=2, what=f"{attester}: a root of its own {trust}{more}")
                check.that(reason in failed(report), f"{attester}: {failed(report)}")
        honest = platform(attester)
        report = judged("--policy", honest / "policy.json", "--offline", "--no-cache", "--collateral-dir", honest, honest / artifact, code=2, what=f"{attester}: simulated, not asked for")
        check.that(reason in failed(report), f"{attester}: {failed(report)}")
    anchor = platform("sim-tdx") / "trust-anchor.pem"   # another root than the one that this machine was set up with
    snp = platform("sim-snp")
    judged("--policy", snp / "policy.json", "--trust-anchor", anchor, "--offline", "--no-cache", snp / "extended.bin", code=2, reason="snp-ark-trusted", what="the root of another vendor")


# -------------------------------------------------------------------------------------------------------- documents and their bytes

def duplicates_and_trailing():
    """A key given twice and bytes behind the end: refused where it is read, whatever each of the two says."""
    where = platform("sim-snp")
    good = json.loads((where / "policy.json").read_text())
    text = json.dumps(good)
    bad = WHERE / "twice.json"
    for what, content in (("a key twice", text[:-1] + ', "schema": "atls-policy/1"}'), ("an escaped key twice", text[:-1] + ', "\\u0073chema": "atls-policy/1"}'),
                          ("bytes behind", text + "{}"), ("a letter behind", text + "x"), ("a NUL behind", text + "\0"), ("two documents", text + "\n" + text),
                          ("evidence twice", text.replace('"evidence": ["snp"]', '"evidence": ["snp", "snp"]')),
                          ("measurement twice", text.replace('"measurement":', f'"measurement": "{"00" * 47}01", "measurement":'))):
        bad.write_text(content)
        judged("--policy", bad, *OPEN, where / "extended.bin", code=1, what=f"policy: {what}")
    tdx = platform("sim-tdx")
    for name, spec in (("tcb-info.json", "tcb-info-parse"), ("qe-identity.json", "qe-identity-parse")):
        document = next(p for p in tdx.rglob("*.json") if (b'"tcbInfo"' if spec.startswith("tcb") else b'"enclaveIdentity"') in p.read_bytes()[:40])
        content = document.read_bytes()
        twice = WHERE / name
        twice.write_bytes(content.rstrip()[:-1] + b', "signature": "00"}')
        report = judged("--policy", tdx / "policy.json", "--trust-anchor", tdx / "trust-anchor.pem", "--offline", "--no-cache", "--collateral-dir", twice, tdx / "quote.bin", code=4,
                        what=f"{name}: a key twice")
        check.that(report["verdict"]["reason"] is not None, "the reason is told")
    raw = (where / "report.bin").read_bytes()
    for tail in (b"\0", b"x", raw, bytes(24)):
        (WHERE / "tail.bin").write_bytes(raw + tail)
        result = run(VERIFY, "--json", "--policy", where / "policy.json", *OPEN, "--collateral-dir", where, WHERE / "tail.bin")
        check.that(result.code == 2 or (tail == bytes(24) and result.code == 0), f"{len(tail)} bytes behind a report\n{result}")   # 24 zeros are an empty table
    lines = '{"data": "AA==", "data": "AAAA"}\n{"data": "AA==", "\\u0064ata": "AA=="}\n'
    result = run(VERIFY, "--stdin-jsonl", "--jsonl", *OPEN, "--any-measurement", stdin=lines.encode())
    check.that([json.loads(line)["verdict"]["exit_code"] for line in result.out.splitlines()] == [7, 7], f"lines with a key twice\n{result}")


def odd_certificates():
    """Certificates cut, altered and made of odd values, in the place of the endorsement key: answered, never accepted, never a crash."""
    for attester, (_, artifact, _) in TEES.items():
        where = platform(attester)
        raw = (where / artifact).read_bytes()
        draw = random.Random(33)
        first = raw.find(b"\x30\x82") if attester == "sim-snp" else raw.find(b"-----BEGIN CERTIFICATE-----") + 28
        last = first + (1200 if attester == "sim-snp" else 1500)
        odd = []
        for n in range(150):
            data, at = bytearray(raw), draw.randrange(first, last)
            if n % 3 == 0:
                data[at] = draw.choice((0x00, 0x02, 0x05, 0x30, 0x7F, 0x80, 0x84, 0xFF))   # tags and lengths that DER forbids
            elif n % 3 == 1:
                data[at:at + 16] = draw.randbytes(16)
            else:
                del data[at:at + draw.randrange(1, 64)]
            odd.append((f"{attester} {n}", bytes(data)))
        verdicts = many(odd, "--policy", where / "policy.json", *OPEN)
        wrong = [(name, v) for name, v in verdicts if v["exit_code"] not in EXIT_CODES - {0, 70}]
        same = [name for name, data in odd if data == raw]
        check.that(not [w for w in wrong if w[0] not in same], f"odd certificates: {wrong}")


def unsigned_metadata():
    """What nobody signed is no input of the verdict: what a bundle or an agent says about itself changes nothing."""
    tdx = platform("sim-tdx")
    quote = bytearray((tdx / "quote.bin").read_bytes())
    quote[200] ^= 1
    says = {"verified": True, "status": "UpToDate", "tcb_status": "UpToDate", "exit_code": 0, "simulated": False, "report": {"verdict": {"exit_code": 0}}}
    for name, data in (("dstack", {"quote": quote.hex(), "event_log": "", **says}), ("CoCo", {"quote": base64.b64encode(quote).decode(), "cc_eventlog": None, **says})):
        (WHERE / "agent.json").write_text(json.dumps(data))
        report = judged("--policy", tdx / "policy.json", *OPEN, WHERE / "agent.json", code=2, what=f"{name} says that it is verified")
        check.that("quote-signature" in failed(report), f"{name}: {failed(report)}")
    for attester, (_, artifact, _) in TEES.items():
        where = platform(attester)
        report = judged(*OPEN, "--any-measurement", where / artifact, code=0, what=f"{attester}: nothing pinned, and said so")
        check.that(any("no reference value identifies it" in s for s in report["not_proven"]), f"what is loosened is told: {report['not_proven']}")
        report = judged("--policy", where / "policy.json", *OPEN, "--crl", "off", where / artifact, code=0, what=f"{attester}: --crl off")
        check.that(any("Revocation was not checked" in s for s in report["not_proven"]) and any(c["outcome"] == "warn" for c in report["checks"]), f"--crl off is told: {report['not_proven']}")


def never_by_default():
    """Without trust, pin, list or collateral of the user's there is no 0: nothing is verified because nothing was asked."""
    for attester, (_, artifact, _) in TEES.items():
        where = platform(attester)
        pinned = ["--policy", where / "policy.json", "--trust-anchor", where / "trust-anchor.pem", "--offline", "--no-cache"]
        judged("--offline", "--no-cache", where / artifact, code=2, what=f"{attester}: no options")
        judged(*OPEN, where / artifact, code=6, what=f"{attester}: nothing pinned")
        judged(*pinned, where / artifact, code=4, what=f"{attester}: no revocation list: revocation is on by default")
        judged(*pinned, "--collateral-dir", where, where / artifact, code=0, what=f"{attester}: with list and collateral")
        judged(*pinned, "--collateral-dir", where, "--at", "2099-01-01", where / artifact, code=2, what=f"{attester}: when everything has expired")
        dump = run(pathlib.Path(VERIFY).parents[1] / "atls-dump" / "atls-dump", "--json", where / artifact)
        check.that(dump.code == 0 and json.loads(dump.out)["verdict"] is None and any("nothing was verified" in s for s in json.loads(dump.out)["not_proven"]), "atls-dump says that it verifies nothing")


with folder() as name:
    WHERE = pathlib.Path(name)
    MEASUREMENT = json.loads((platform("sim-snp") / "policy.json").read_text())["alternatives"][0]["snp"]["measurement"]
    bits_of_mode()
    mitigations()
    minimum_tcb()
    report_data_per_tee()
    empty_report_data()
    measurement_in_report_data()
    not_built_yet()
    attestation_key_not_rooted()
    root_of_evidence()
    duplicates_and_trailing()
    odd_certificates()
    unsigned_metadata()
    never_by_default()
sys.exit(check.finish("advisory classes of evidence and collateral"))
