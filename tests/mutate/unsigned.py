"""What nothing signs: the only places where a change may leave exit status 0. Each says why, and which check must tell it.

A place that is not here and is accepted is a failure of scripts/mutate. The certificates are a case of their own: each is signed by
itself, so one may come from elsewhere or be left out, but one that is altered or there twice must be told.
"""
import collections

Place = collections.namedtuple("Place", "why told_by")

PLACES = {
    "signature padding": Place("SEV-SNP ABI (AMD 56860), signature format: the bytes behind r and s are reserved, and the signature covers 00h to 29Fh", ("snp-signature-padding",)),
    "table header": Place("the host writes the certificate table beside the report; what its GUIDs name must fit by itself", ()),
    "table rest": Place("bytes of the table that no entry claims", ()),
    "hcl header": Place("the header of the HCL report carries no statement that is used; magic, type and sizes must be right", ()),
    "td report": Place("only its own machine can check the MAC of a TDREPORT; what counts is the quote, whose REPORTDATA names the claims", ()),
    "runtime header": Place("sizes and kinds of the runtime claims; what they name must have the hash in REPORT_DATA", ()),
    "behind the claims": Place("the area of the vTPM is larger than its content", ()),
    "trailing": Place("buffers of quoting services are larger than the quote; Intel's library ignores the rest, too", ("quote-trailing-bytes",)),
    "chain text": Place("RFC 7468: text around PEM blocks is no part of them; a NUL that the size counts", ()),
    "other members": Place("members of an agent's JSON beside quote, event log and HCL report are not signed and not used", ()),
    "event_log": Place("an event log is vouched for by its replay; what events say beside their digests nothing signs", ()),
}
PLATFORM_INFO_SIZE = 8
# Certificates come and go; each one that is used is judged by its own signature.
LEFT_OUT = "endorsement left out"
FROM_ELSEWHERE = "endorsement of another piece"
SET_ASIDE = "endorsement altered or doubled, and told"
PLATFORM_INFO = "platform information"
UNTOLD, UNTOLD_IS_WRONG = "endorsement altered or doubled, and NOT told", True
ENDORSEMENTS = {
    LEFT_OUT: Place("which endorsements travel with evidence is nobody's statement; a missing one is taken from elsewhere and judged there", ()),
    FROM_ELSEWHERE: Place("a genuine certificate that is not needed, or that is needed and fits", ()),
    SET_ASIDE: Place("a certificate that does not verify or stands there twice was not used, and the report names it",
                     ("input-part-unused", "snp-cert-table-duplicate", "snp-cert-table-overlap", "pck-chain-length")),
}
OTHER_ENTRIES = {UNTOLD: Place("a certificate that does not verify or stands there twice was not used; the report has to name it", ()), PLATFORM_INFO: Place("GHCB specification: an entry of eight bytes that the host fills with CPUID values; nothing is judged by it alone", ())}
COLLATERAL = {
    "genuine collateral": Place("what was used is genuine and of the root of the evidence: the altered object was set aside, or another genuine one fits", ()),
    "collateral text": Place("what stands around the signed objects in a file: white space, PEM labels, members without a signature", ()),
}
EVERY_PLACE = {**PLACES, **ENDORSEMENTS, **OTHER_ENTRIES, **COLLATERAL}


def told(report, place):
    """Whether one of the checks of `place` warns; zeros behind a quote are told in the detail of a check that passes."""
    checks = {c["id"]: c for c in report.get("checks", [])}
    return not place.told_by or any(checks[name]["outcome"] == "warn" or (place is PLACES["trailing"] and checks[name]["outcome"] == "pass")
                                    for name in place.told_by if name in checks)


def explain(mutant, genuine, certificates, report):
    """The places in which `mutant`, a piece with the signed bytes of `genuine`, differs; and what of it nothing excuses."""
    found, wrong = [], []
    mine, theirs = mutant.fields, genuine.fields
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name) == theirs.get(name):
            continue
        place = PLACES.get(name)
        if place is None or not told(report, place):
            wrong.append(f"{name} differs" + ("" if place is None else f", and no check of {place.told_by} tells it"))
        else:
            found.append(name)
    extra = collections.Counter(mutant.certificates) - collections.Counter(genuine.certificates)
    if collections.Counter(genuine.certificates) - collections.Counter(mutant.certificates):
        found.append(LEFT_OUT)
    for certificate in extra:
        doubled = mutant.certificates.count(certificate) > 1
        if len(certificate) == PLATFORM_INFO_SIZE:
            found.append(PLATFORM_INFO)
        elif certificate in certificates and not doubled:
            found.append(FROM_ELSEWHERE)
        elif told(report, ENDORSEMENTS[SET_ASIDE]):
            found.append(SET_ASIDE)
        elif not UNTOLD_IS_WRONG:
            found.append(UNTOLD)
        else:
            wrong.append("a certificate is " + ("there twice" if doubled else "altered") + ", and no check tells it")
    return found, wrong
