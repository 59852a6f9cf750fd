"""Evidence taken apart into what its signatures cover and what they do not, and put together again with sizes that agree.

SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT; GHCB specification, SNP Extended Guest Request; Intel TDX DCAP Quoting Library API; the
HCL report as Azure's confidential VM tooling publishes it. Independent of the code under test on purpose: this decides what must
not be accepted.
"""
import base64
import binascii
import json
import re

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)
REPORT, SIGNED_SIZE, SIGNATURE = 1184, 0x2A0, 144      # r and s, 72 bytes each
BODIES = {3: 384, 4: 584}                         # version 5 says its own size
VENDOR = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")


def der_length(data, at):
    """Bytes of the DER value at `at`, None where there is none."""
    if at + 2 > len(data):
        return None
    first, size = data[at + 1], 2
    if first & 0x80:
        size, first = 2 + (first & 0x7F), int.from_bytes(data[at + 2:at + 2 + (first & 0x7F)], "big")
    return size + first if at + size + first <= len(data) else None


def split_der(data):
    out, at = [], 0
    while at < len(data) and data[at] == 0x30:
        size = der_length(data, at)
        if size is None:
            break
        out.append(data[at:at + size])
        at += size
    return out


def certificates_of(text):
    """DER certificates in PEM or one after the other, and what is around them."""
    found = PEM.findall(text)
    if not found:
        certificates = split_der(text)
        return certificates, text[sum(map(len, certificates)):]
    try:
        return [base64.b64decode(b"".join(block.split()), validate=True) for block in found], PEM.sub(b"", text)
    except binascii.Error:
        return [], text


def pem(certificates):
    return b"".join(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(c).replace(b"\n", b"") + b"\n-----END CERTIFICATE-----\n" for c in certificates)


class Piece:
    """One piece of evidence. `fields` are bytes by name; `certificates` a list; what is signed is in SIGNED of the class."""
    family, SIGNED = "", ()

    def __init__(self):
        self.fields, self.certificates, self.original = {}, [], None

    def copy(self):
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, fields=dict(self.fields), certificates=list(self.certificates))
        return other

    def covered(self):
        """The names of what must be as a genuine piece has it."""
        return self.SIGNED


class SnpReport(Piece):
    family, SIGNED = "snp", ("report", "signature")

    @classmethod
    def take(cls, data):
        if len(data) < REPORT or not 1 <= int.from_bytes(data[:4], "little") <= 8:
            return None
        out = cls()
        out.fields = {"report": data[:SIGNED_SIZE], "signature": data[SIGNED_SIZE:SIGNED_SIZE + SIGNATURE], "signature padding": data[SIGNED_SIZE + SIGNATURE:REPORT]}
        out.entries, table = [], data[REPORT:]
        at = 0
        while at + 24 <= len(table) and table[at:at + 24].strip(b"\0"):
            guid, offset, size = table[at:at + 16], int.from_bytes(table[at + 16:at + 20], "little"), int.from_bytes(table[at + 20:at + 24], "little")
            out.entries.append((guid, table[offset:offset + size]))
            at += 24
        out.certificates = [blob for _, blob in out.entries]
        out.fields["table header"] = table[:at + 24]
        used = [(at + 24, 0)] + [(int.from_bytes(table[n + 16:n + 20], "little"), int.from_bytes(table[n + 20:n + 24], "little")) for n in range(0, at, 24)]
        out.fields["table rest"] = bytes(b for n, b in enumerate(table) if n >= at + 24 and not any(o <= n < o + s for o, s in used))
        out.original = (list(out.certificates), table)
        return out

    def compose(self):
        head = self.fields["report"] + self.fields["signature"] + self.fields["signature padding"]
        if self.certificates == self.original[0]:
            return head + self.original[1]
        guids = [guid for guid, _ in self.entries] or [bytes(16)]
        header, blobs, at = b"", b"", 24 * (len(self.certificates) + 1)
        for n, blob in enumerate(self.certificates):
            header += guids[min(n, len(guids) - 1)] + (at + len(blobs)).to_bytes(4, "little") + len(blob).to_bytes(4, "little")
            blobs += blob
        return head + header + bytes(24) + blobs


class Hcl(Piece):
    family, SIGNED = "hcl", ("report", "signature", "claims")
    RUNTIME, CLAIMS = 0x20 + REPORT, 0x20 + REPORT + 20

    @classmethod
    def take(cls, data):
        if data[:4] != b"HCLA" or len(data) < cls.CLAIMS:
            return None
        out, report = cls(), data[0x20:cls.RUNTIME]
        size = int.from_bytes(data[cls.RUNTIME + 16:cls.CLAIMS], "little")
        out.fields = {"hcl header": data[:0x20], "report": report[:SIGNED_SIZE], "signature": report[SIGNED_SIZE:SIGNED_SIZE + SIGNATURE],
                      "signature padding": report[SIGNED_SIZE + SIGNATURE:], "runtime header": data[cls.RUNTIME:cls.CLAIMS],
                      "claims": data[cls.CLAIMS:cls.CLAIMS + size], "behind the claims": data[cls.CLAIMS + size:]}
        return out

    def compose(self):
        return b"".join(self.fields.values())


class Quote(Piece):
    family, SIGNED = "quote", ("header and body", "signature", "attestation key", "qe report", "qe report signature", "authentication data")

    @classmethod
    def take(cls, data):
        version = int.from_bytes(data[:2], "little")
        if version not in (3, 4, 5) or data[12:28] != VENDOR or len(data) < 1020:
            return None
        size = BODIES[version] + 48 if version in BODIES and data[4] else 432 if version in BODIES else 54 + int.from_bytes(data[50:54], "little")
        out, place = cls(), 0

        def take(count):
            nonlocal place
            place += count
            return data[place - count:place]
        f = out.fields
        f["header and body"] = take(size)
        declared = int.from_bytes(take(4), "little")
        end = place + declared
        f["signature"], f["attestation key"] = take(64), take(64)
        f["outer type"] = take(2) if version > 3 else b""
        f["outer size"] = take(4) if version > 3 else b""
        f["qe report"], f["qe report signature"] = take(384), take(64)
        f["authentication data"] = take(int.from_bytes(take(2), "little"))
        f["certification type"] = take(2)
        count = int.from_bytes(take(4), "little")
        text = take(count)
        if place > min(end, len(data)):
            return None
        f["between"], f["trailing"] = data[place:end], data[end:]
        out.certificates, f["chain text"] = certificates_of(text)
        out.text, out.original = text, list(out.certificates)
        if version > 3:   # derived, but what it says is compared
            f["outer size"] = (int.from_bytes(f["outer size"], "little") - (384 + 64 + 2 + len(f["authentication data"]) + 6 + count)).to_bytes(8, "little", signed=True)
        return out

    def compose(self):
        f = self.fields
        text = self.text if self.certificates == self.original else pem(self.certificates)
        inner = f["qe report"] + f["qe report signature"] + len(f["authentication data"]).to_bytes(2, "little") + f["authentication data"]
        inner += f["certification type"] + len(text).to_bytes(4, "little") + text
        if f["outer type"]:
            inner = f["outer type"] + max(0, len(inner) + int.from_bytes(f["outer size"], "little", signed=True)).to_bytes(4, "little") + inner
        data = f["signature"] + f["attestation key"] + inner + f["between"]
        return f["header and body"] + len(data).to_bytes(4, "little") + data + f["trailing"]


def bytes_of_text(text):
    if isinstance(text, list):
        return bytes(text)
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "==")


class Container(Piece):
    """The JSON of an attestation agent around a quote: only what the quote's hardware signed counts."""
    family = "container"
    QUOTES, BESIDE = ("td_quote", "quote"), ("event_log", "hcl_report")
    RENAMED = {"report": "td report", "signature": "td report", "signature padding": "td report"}   # 1024 bytes and a rest, without a signature

    @classmethod
    def take(cls, data):
        if data.lstrip()[:1] != b"{":
            return None
        members = json.loads(data)
        name = next((n for n in cls.QUOTES if n in members), None)
        quote = name and Quote.take(bytes_of_text(members[name]))
        if not quote:
            return None
        out = cls()
        out.fields, out.certificates, out.text = dict(quote.fields), quote.certificates, data
        if "event_log" in members:
            out.fields["event_log"] = json.dumps(members["event_log"]).encode()
        hcl = Hcl.take(bytes_of_text(members["hcl_report"])) if "hcl_report" in members else None
        for n, value in hcl.fields.items() if hcl else ():
            n = cls.RENAMED.get(n, n)
            out.fields[n] = out.fields.get(n, b"") + value
        out.fields["other members"] = json.dumps({k: v for k, v in members.items() if k not in cls.QUOTES + cls.BESIDE}).encode()
        return out

    def covered(self):
        return (*Quote.SIGNED, "claims")

    def compose(self):   # changed as text only
        return self.text


def take(data):
    """The piece of evidence, None for what is nothing of this."""
    for kind in (Hcl, Quote, Container, SnpReport):
        try:
            piece = kind.take(data)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):   # a mutant may be anything
            continue
        if piece is not None:
            return piece
    return None


def signed_objects(data):
    """Certificates, revocation lists and signed JSON members in a file of collateral, each whole and with its signature."""
    blocks = re.findall(rb"-----BEGIN [A-Z0-9 ]+-----(.*?)-----END [A-Z0-9 ]+-----", data, re.S)
    out = set()
    for block in blocks:
        try:
            out |= set(split_der(base64.b64decode(b"".join(block.split()))))
        except binascii.Error:
            out.add(block)
    if not blocks and data[:1] == b"\x30":
        out |= set(split_der(data))
    for name in (b"tcbInfo", b"enclaveIdentity"):
        found = re.search(rb'"' + name + rb'"\s*:\s*(\{.*\})\s*,\s*"signature"\s*:\s*("[0-9a-fA-F]*")', data, re.S)
        if found:
            out.add(found.group(1) + found.group(2).lower())
    return out or {data}
