"""The verdict as JSON, and the schema of it."""

import msgspec

from diagnostics.verdict import Verdict


def to_json(verdict: Verdict) -> bytes:
    """The contract's JSON: keys in the contract's order, so that the same verdict gives the same bytes; in English."""
    return msgspec.json.format(msgspec.json.encode(verdict, enc_hook=str), indent=2) + b"\n"


def json_schema() -> bytes:
    """The JSON schema of a verdict (draft 2020-12)."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Verdict)), indent=2) + b"\n"
