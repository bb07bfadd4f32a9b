"""Where in a rule's file something stands that is wrong with it: an editor jumps there."""

import re
from typing import NamedTuple

from diagnostics.rules.packs import rule_path
from diagnostics.rules.rule import Rule


class Spot(NamedTuple):
    """A place in a file, both 1-based; no column where the line as a whole is meant."""

    line: int
    column: int = 0


def spot(rule: Rule, section: str, value: str, key: str = "") -> Spot:
    """Where a rule names a value first, in a section of its document and after a key; the rule's own line if nowhere.

    Values are compared without regard to case, as codes are.
    """
    try:
        text = rule_path(rule).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):  # it was there when it was read
        return Spot(rule.line)
    begin = re.search(rf"^{section}:", text, re.MULTILINE)
    before = rf"\b{key}: *['\"]?" if key else r"(?<![\w-])"
    named = re.compile(rf"{before}({re.escape(value)})(?![\w-])", re.IGNORECASE)
    found = named.search(text, begin.end() if begin else 0)
    if found is None:
        return Spot(rule.line)
    at = found.start(1)
    return Spot(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
