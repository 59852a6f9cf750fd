#!/usr/bin/python3
"""The JSON Schema of policies agrees with the loader: an independent validator accepts and refuses the same documents.

Usage: schema_test.py SCHEMA CASES. load_test.cpp holds the loader to the same CASES. A case marked "schema": "accepts" is refused
by the loader for a reason that a schema cannot express.
"""
import json
import sys

import jsonschema


def described(schema, path, missing):
    """Every key has a description."""
    for key, member in schema.get("properties", {}).items():
        if not member.get("description"):
            missing.append(f"{path}/{key}")
        described(member, f"{path}/{key}", missing)
    for part in [schema.get("items")] + schema.get("oneOf", []):
        if isinstance(part, dict):
            described(part, path, missing)


def closed(schema, path, open_objects):
    """No object takes unknown keys."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            open_objects.append(path)
        for key, member in schema.items():
            closed(member, f"{path}/{key}", open_objects)
    elif isinstance(schema, list):
        for index, member in enumerate(schema):
            closed(member, f"{path}/{index}", open_objects)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        cases = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = []
    for case in cases:
        expected = case["ok"] or case.get("schema") == "accepts"
        error = next(validator.iter_errors(case["policy"]), None)
        if (error is None) != expected:
            wrong.append(f"{case['name']}: expected {'valid' if expected else 'invalid'}, {error.message if error else 'no error'}")
    missing, open_objects = [], []
    described(schema, "#", missing)
    closed(schema, "#", open_objects)
    wrong += [f"no description: {p}" for p in missing] + [f"additionalProperties: {p}" for p in open_objects]
    print(f"FIGURE: {len(cases)} policies, {len(wrong)} disagreements between schema and loader")
    for line in wrong:
        print(" ", line)
    return 1 if wrong or len(cases) < 200 else 0


if __name__ == "__main__":
    sys.exit(main())
