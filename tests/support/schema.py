"""Validates the JSON that the tools print against the installed schemas, with an independent validator."""
import json
import re

import jsonschema


class DuplicateKey(ValueError):
    pass


def _no_duplicates(pairs):
    out = {}
    for key, value in pairs:
        if key in out:
            raise DuplicateKey(key)
        out[key] = value
    return out


def loads(text):
    """JSON as the suite itself reads it: no duplicate keys, no NaN."""
    def refuse(word):
        raise ValueError(f"not JSON: {word}")
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=refuse)


class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.document = json.load(f)
        jsonschema.Draft202012Validator.check_schema(self.document)
        self.validator = jsonschema.Draft202012Validator(self.document)

    def problems(self, value):
        return [f"{'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message}"[:400] for e in self.validator.iter_errors(value)]

    def check(self, value):
        found = self.problems(value)
        if found:
            raise AssertionError("JSON does not follow the schema: " + "; ".join(found[:5]))
        return value

    def parse(self, text):
        """One report or an array, from the output of --json."""
        return self.check(loads(text))

    def parse_lines(self, text):
        """Reports from the output of --jsonl."""
        return [self.check(loads(line)) for line in text.splitlines()]


def printable(text):
    """True when nothing in the text can steer a terminal."""
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
