"""The names that header files give to error codes, for lines that print a name without its number."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parents[1] / "knowledge" / "codes.csv"
"""Where people keep what codes mean; a name is written there once."""


@cache
def symbols() -> Mapping[str, str]:
    """Name, in lower case -> code (`vss_e_provider_veto` -> `0x80042306`), without those that several codes share."""
    named: dict[str, list[str]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            named.setdefault(row["symbol"].lower(), []).append(row["code"])
    return {name: codes[0] for name, codes in named.items() if len(codes) == 1}
