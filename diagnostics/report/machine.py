"""The verdict as JSON, and the schema of it."""

from inspect import cleandoc

import msgspec

from diagnostics.verdict import Verdict


def to_json(verdict: Verdict) -> bytes:
    """The contract's JSON: keys in the contract's order, so that the same verdict gives the same bytes; in English."""
    return msgspec.json.format(msgspec.json.encode(verdict, enc_hook=str), indent=2) + b"\n"


def json_schema() -> bytes:
    """The JSON schema of a verdict (draft 2020-12)."""
    return msgspec.json.format(msgspec.json.encode(_dedented(msgspec.json.schema(Verdict))), indent=2) + b"\n"


def _dedented(schema: object) -> object:
    """The descriptions are docstrings, which Python 3.13 dedents when it compiles them, and earlier ones do not."""
    match schema:
        case dict():
            return {
                key: cleandoc(value) if key == "description" and isinstance(value, str) else _dedented(value)
                for key, value in schema.items()
            }
        case list():
            return [_dedented(item) for item in schema]
    return schema
