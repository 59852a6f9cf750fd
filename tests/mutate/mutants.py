"""Drawing mutants: each from a generator of its own, so that one is the same whatever was drawn before it."""
import base64
import random
import re

import layouts

TRIES = 30
KINDS = [("bit", 30), ("cut", 15), ("double", 15), ("swap", 25), ("collateral bit", 8), ("collateral cut", 2), ("collateral double", 2), ("collateral swap", 3)]


def flip(data, place):
    out = bytearray(data)
    out[place // 8] ^= 1 << (place % 8)
    return bytes(out)


def slice_of(draw, size):
    first = draw.randrange(size)
    return first, min(size, first + draw.choice((1, 1, 4, 16, 48, 64, 384, 1184, 4096)))


def change_raw(draw, kind, data, other):
    """The file as bytes, whatever is in it."""
    first, last = slice_of(draw, len(data))
    if kind == "bit":
        return flip(data, draw.randrange(8 * len(data)))
    if kind == "cut":
        return draw.choice((data[:first], data[first + 1:], data[:first] + data[last:]))
    if kind == "double":
        return draw.choice((data + data, data[:last] + data[first:]))
    return draw.choice((data[:first] + other[first:last] + data[last:], data[:first] + other[first:], data + other, other[:first] + data[first:]))


def change_part(draw, kind, piece, donor):
    """One signed part, or the certificates; what says sizes follows."""
    out = piece.copy()
    chain = list(out.certificates)
    if chain and draw.random() < 0.35:
        n = draw.randrange(len(chain))
        theirs = donor.certificates or [b"\x30\x00"]
        if kind == "bit":
            chain[n] = flip(chain[n], draw.randrange(8 * len(chain[n]))) if chain[n] else b"\x01"
        elif kind == "cut":
            chain = draw.choice((chain[:n] + chain[n + 1:], chain[:n] + [chain[n][:draw.randrange(len(chain[n]) + 1)]] + chain[n + 1:], []))
        elif kind == "double":
            chain.insert(draw.randrange(len(chain) + 1), chain[n])
        else:
            stranger = draw.choice(theirs)
            chain = draw.choice((chain[:n] + [stranger] + chain[n + 1:], list(theirs), chain + [stranger], [stranger] + chain, chain[::-1]))
        out.certificates = chain
        return out.compose()
    name = draw.choice(piece.SIGNED)
    value = out.fields[name]
    if kind == "bit":
        value = flip(value, draw.randrange(8 * len(value))) if value else b"\x01"
    elif kind == "cut":
        first, last = slice_of(draw, max(1, len(value)))
        value = draw.choice((value[:first], value[:first] + value[last:], b"", value[:first] + bytes(last - first) + value[last:]))
    elif kind == "double":
        first, last = slice_of(draw, max(1, len(value)))
        value = draw.choice((value + value, value[:last] + value[first:]))
    else:
        names = draw.sample(piece.SIGNED, draw.randint(1, len(piece.SIGNED) - 1))
        for n in names:
            out.fields[n] = donor.fields.get(n, out.fields[n])
        value = out.fields[name]
    out.fields[name] = value
    return out.compose()


def change_pem(draw, kind, data, other):
    """Collateral: the signed object inside a PEM or JSON text rather than the text, half of the time."""
    found = list(re.finditer(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", data, re.S))
    if not found or draw.random() < 0.3:
        return change_raw(draw, kind, data, other)
    block = draw.choice(found)
    try:
        der = base64.b64decode(b"".join(block.group(2).split()))
    except ValueError:
        return change_raw(draw, kind, data, other)
    der = change_raw(draw, kind, der, der[::-1])
    return data[:block.start(2)] + b"\n" + base64.encodebytes(der) + data[block.end(2):]


class Mutant:
    def __init__(self, number, kind, base, simulated, data, collateral=None):
        self.number, self.kind, self.base, self.simulated, self.data = number, kind, base, simulated, data
        self.collateral = collateral     # (file of the corpus, its changed content)
        self.code = self.report = None


def draw_mutant(seed, number, bases):
    draw = random.Random(f"{seed}/{number}")
    for _ in range(TRIES):
        likely = draw.random() < 0.85
        base = draw.choice([b for b in bases if b.likely == likely] or bases)
        kind = draw.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
        simulated = base.simulated and draw.random() < 0.8 or draw.random() < 0.5
        if kind.startswith("collateral"):
            if not base.needs:
                continue
            need = draw.choice(base.needs)
            data = need.read_bytes()
            anybody = draw.random() < 0.35   # also objects of other kinds, and of other roots
            others = [n for b in bases if b is not base for n in b.needs if n != need and (anybody or n.parent == need.parent)]
            other = draw.choice(others).read_bytes() if others else data[::-1]
            kind_of_change = kind.split()[1]
            changed = other if kind_of_change == "swap" and draw.random() < 0.7 else change_pem(draw, kind_of_change, data, other)
            if changed != data:
                return Mutant(number, kind, base, simulated, base.data, (need, changed))
            continue
        donors = [b for b in bases if b is not base and b.family == base.family] or bases
        donor = draw.choice(donors)
        if base.piece is not None and base.piece.SIGNED and donor.piece is not None and draw.random() < 0.75:
            data = change_part(draw, kind, base.piece, donor.piece)
        else:
            data = change_raw(draw, kind, base.data, donor.data)
        if data != base.data:
            return Mutant(number, kind, base, simulated, data)
    return Mutant(number, "bit", base, simulated, flip(base.data, draw.randrange(8 * len(base.data))))
