"""Pairs of a real Intel quote and collateral that fits it, assembled from the corpus for the peers.

Every TCB info of the corpus is combined with an enclave identity and CRLs of its time, and offered to every quote of its platform
family (FMSPC). Signed bytes are never re-serialised.
"""
import base64
import datetime
import json
import pathlib
import re
import urllib.parse


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def pem(der):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN CERTIFICATE-----\n" + "\n".join(lines) + "\n-----END CERTIFICATE-----\n"


def certificates(path):
    """The certificates of a file, PEM or DER, as one PEM text each."""
    data = path.read_bytes()
    if b"-----BEGIN" not in data:
        return [pem(data)]
    return [m.decode() + "\n" for m in re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", data, re.S)]


def value_at(text, start):
    """The exact text of the JSON value that begins at `start`."""
    depth, quoted, i = 0, False, start
    while True:
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "{[":
            depth += 1
        elif c in "}]":
            depth -= 1
            if depth == 0:
                return text[start:i + 1]
        i += 1


def signed_part(text, member):
    """The signed bytes of a PCS answer, and its signature in hex."""
    start = re.search(r'"%s"\s*:\s*(?=\{)' % member, text).end()
    return value_at(text, start), json.loads(text)["signature"]


def yaml_members(text):
    """The members of a flat YAML document: literal, folded and double-quoted strings."""
    out, key, style = {}, None, ""
    for line in text.splitlines():
        head = re.match(r'([a-z_]+): (\||>-|".*")$', line)
        if head:
            key, style = head.group(1), head.group(2)
            out[key] = json.loads(style) if style.startswith('"') else ""
        elif key and line.startswith("  "):
            out[key] += line.strip() + ("\n" if style == "|" else "")
    return out


class Item:
    """One signed thing with the time it is good for. `chain`: its issuers, PEM texts, nearest first."""

    def __init__(self, name, start, end, **parts):
        self.name, self.start, self.end = name, moment(start), moment(end)
        self.__dict__.update(parts)


class Shelf:
    """What the corpus has: TCB infos, enclave identities and CRLs."""

    def __init__(self, folder):
        self.folder = folder
        self.entries = {e["file"]: e for e in json.loads((folder / "manifest.json").read_text())["files"]}
        self.tcb, self.identity, self.crl = [], [], []
        for entry in self.entries.values():
            if entry["kind"] == "intel-collateral":
                self._collateral(entry)
            elif entry["kind"] == "intel-crl":
                facts = entry["facts"]
                root = any("test" in n for n in entry["needs"])
                self._crl(entry["file"], facts["issuer"].split("CN=")[-1], facts, (folder / entry["file"]).read_bytes(), "test" if root else "intel")

    def _crl(self, name, issuer, facts, der, root):
        self.crl.append(Item(name, facts["this_update"], facts["next_update"], issuer=issuer, der=der, root=root))

    def _signed(self, name, member, text, signature, chain, root):
        parsed = json.loads(text)
        shelf = self.tcb if member == "tcbInfo" else self.identity
        tee = parsed.get("id") or "SGX"
        shelf.append(Item(name, parsed["issueDate"], parsed["nextUpdate"], tee={"TD_QE": "TDX", "QE": "SGX"}.get(tee, tee), text=text,
                          signature=signature, chain=chain, root=root, fmspc=parsed.get("fmspc", "").lower()))

    def _collateral(self, entry):
        path, name = self.folder / entry["file"], pathlib.Path(entry["file"]).stem
        if path.suffix == ".bin":
            return
        text = path.read_text()
        if entry["facts"].get("keys"):
            agg = yaml_members(text) if path.suffix == ".yaml" else json.loads(text)
            for member, key in (("tcbInfo", "tcb_info"), ("enclaveIdentity", "qe_identity")):
                chain = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", agg[key + "_issuer_chain"], re.S)
                self._signed(name, member, agg[key], agg[key + "_signature"], [c.rstrip() + "\n" for c in chain], "intel")
            for facts, key in zip(entry["facts"]["crls"], ("root_ca_crl", "pck_crl")):
                self._crl(name, facts["issuer"].split("CN=")[-1], facts, bytes.fromhex(agg[key]), "intel")
            return
        for member in ("tcbInfo", "enclaveIdentity"):
            if f'"{member}"' in text:
                signed, signature = signed_part(text, member)
                chain = [c for n in entry["needs"] for c in certificates(self.folder / n)]
                unique = list(dict.fromkeys(chain))
                self._signed(name, member, signed, signature, unique, "test" if "test" in name else "intel")

    def root(self, which):
        return self.folder / "intel-cert" / ("intel-test-sgx-root.pem" if which == "test" else "intel-sgx-root-ca.der")

    def issuer_of_pck(self, ca, which):
        if which == "test":
            return certificates(self.folder / "intel-cert" / "intel-test-sgx-pck-chain.pem")
        name = "intel-processor-ca.der" if "Processor" in ca else "intel-platform-ca.der"
        return certificates(self.folder / "intel-cert" / name) + certificates(self.root(which))


class Pair:
    """A quote, collateral for it and a time at which all of it holds. Members that the corpus lacks are None."""

    def __init__(self, shelf, entry, tcb, identity, pck_crl, root_crl, at, named):
        self.shelf, self.entry, self.at, self.named = shelf, entry, at, named
        self.tcb, self.identity, self.pck_crl, self.root_crl = tcb, identity, pck_crl, root_crl
        self.quote = shelf.folder / entry["file"]
        self.tee = "TDX" if entry["kind"] == "tdx-quote" else "SGX"
        self.name = f"{pathlib.Path(entry['file']).stem} @ {tcb.name}"
        self.root = shelf.root(tcb.root)

    def complete(self):
        return all((self.identity, self.pck_crl, self.root_crl))

    def _pck_chain(self):
        """The PCK chain when the quote has none: from the files that the manifest names."""
        files = [n for n in self.entry["needs"] if "pck" in n and n.startswith("intel-cert/")]
        return [c for n in files for c in certificates(self.shelf.folder / n)]

    def dcap_json(self):
        ca = self.entry["facts"]["pck"]["ca"]
        out = {"pck_crl_issuer_chain": "".join(self.shelf.issuer_of_pck(ca, self.tcb.root)), "root_ca_crl": self.root_crl.der.hex(),
               "pck_crl": self.pck_crl.der.hex()}
        for key, item in (("tcb_info", self.tcb), ("qe_identity", self.identity)):
            out.update({key + "_issuer_chain": "".join(item.chain), key: item.text, key + "_signature": item.signature})
        if self._pck_chain():
            out["pck_certificate_chain"] = "".join(self._pck_chain())
        return out

    def getter(self):
        """What go-tdx-guest asks the PCS for."""
        base = "https://api.trustedservices.intel.com"

        def answer(body, header=None, chain=()):
            headers = {header: [urllib.parse.quote("".join(chain), safe="")]} if header else {}
            return {"headers": headers, "body_base64": base64.b64encode(body).decode()}

        def signed(member, item):
            return f'{{"{member}":{item.text},"signature":"{item.signature}"}}'.encode()
        ca = self.entry["facts"]["pck"]["ca"]
        which = "processor" if "Processor" in ca else "platform"
        return {
            f"{base}/tdx/certification/v4/tcb?fmspc={self.entry['facts']['pck']['fmspc'].lower()}":
                answer(signed("tcbInfo", self.tcb), "Tcb-Info-Issuer-Chain", self.tcb.chain),
            f"{base}/tdx/certification/v4/qe/identity":
                answer(signed("enclaveIdentity", self.identity), "Sgx-Enclave-Identity-Issuer-Chain", self.identity.chain),
            f"{base}/sgx/certification/v4/pckcrl?ca={which}&encoding=der":
                answer(self.pck_crl.der, "Sgx-Pck-Crl-Issuer-Chain", self.shelf.issuer_of_pck(ca, self.tcb.root)),
            "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der": answer(self.root_crl.der),
        }


def pairs(folder):
    """All pairs that the corpus yields; those whose collateral the manifest names come with the manifest's time."""
    shelf = Shelf(folder)
    for entry in shelf.entries.values():
        pck = (entry.get("facts") or {}).get("pck")
        if entry["kind"] not in ("tdx-quote", "sgx-quote") or not pck:
            continue
        which = "test" if any("test" in n for n in entry["needs"]) else "intel"
        tee = "TDX" if entry["kind"] == "tdx-quote" else "SGX"
        named = {pathlib.Path(n).stem for n in entry["needs"] if n.startswith("intel-collateral/")}
        for tcb in shelf.tcb:
            if tcb.tee == tee and tcb.fmspc == pck["fmspc"].lower() and tcb.root == which:
                yield combine(shelf, entry, pck, tcb, tcb.name in named)


def combine(shelf, entry, pck, tcb, named):
    """The identity and CRLs with the longest time in common with the TCB info; the manifest's time where that is possible."""
    start, end = max(tcb.start, moment(pck["not_before"])), min(tcb.end, moment(pck["not_after"]))
    wanted = moment(entry["verification_time"]) if named else None
    chosen = []
    for shelf_items, fits in ((shelf.identity, lambda i: i.tee == tcb.tee), (shelf.crl, lambda i: i.issuer.endswith(pck["ca"])),
                              (shelf.crl, lambda i: i.issuer.endswith("Root CA"))):
        best = None
        for item in shelf_items:
            if item.root != tcb.root or not fits(item):
                continue
            if wanted and not item.start <= wanted <= item.end:
                continue
            common = min(end, item.end) - max(start, item.start)
            if common > datetime.timedelta(0) and (best is None or (item.name == tcb.name, common) > best[0]):
                best = ((item.name == tcb.name, common), item)
        item = best[1] if best else None
        if item:
            start, end = max(start, item.start), min(end, item.end)
        chosen.append(item)
    if start >= end:
        return None
    return Pair(shelf, entry, tcb, *chosen, stamp(wanted or start + (end - start) / 2), named)
