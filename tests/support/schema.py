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


def _items_once(seen):
    """The keyword "items", which looks at equal elements under one schema only once: reports of a test repeat each other."""
    def items(validator, schema, instance, parent):
        if validator.is_type(instance, "array") and "prefixItems" not in parent:
            rule = json.dumps(schema)
            for index, item in enumerate(instance):
                key = rule, json.dumps(item)
                if key not in seen:
                    errors = list(validator.descend(item, schema, path=index))
                    yield from errors
                    if not errors:
                        seen.add(key)
        else:
            yield from jsonschema.Draft202012Validator.VALIDATORS["items"](validator, schema, instance, parent)
    return items


class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.document = json.load(f)
        jsonschema.Draft202012Validator.check_schema(self.document)
        validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"items": _items_once(set())})
        self.validator = validator(self.document)

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
