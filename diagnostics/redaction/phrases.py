"""Names of several words: as phrases of the parts that a text is cut into."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape

from diagnostics.redaction.folding import fold, is_edge
from diagnostics.redaction.pseudonyms import Pseudonym

CUT = re.compile(
    r"((?:[\s<>\"'()\[\]{},;=|/*?!^`“”„‘’«»「」『』：、。…]+|\\(?:u[0-9a-fA-F]{4})?|%(?:[0-9a-fA-F]{2})?"
    r"|&(?:(?:amp|lt|gt|quot|apos|\#\d{1,5}|\#x[0-9a-fA-F]{1,5});)?)+)"
)
"""What stands between the parts: blanks, quotes, brackets, slashes, and what JSON, XML and addresses escape."""
_STANDS_BEHIND = re.compile(r"(?:[\"'>\\/|“„‘«「『(\[;\t\r\n]|[:=：]\s?)$|^$")
_STANDS_BEFORE = re.compile(r"[\"'<\\/|”’»」』)\];\t\r\n]|$")
_QUOTES: tuple[dict[str, str], ...] = ({}, {"'": "&apos;", '"': "&quot;"}, {"'": "&#39;", '"': "&#34;"})

Phrase = tuple[list[str], Pseudonym]


def openers(names: Mapping[str, Pseudonym], common: frozenset[str]) -> dict[str, list[Phrase]]:
    """Names that no part alone tells, as printed, and as JSON, XML and addresses escape them; by their first part."""
    found: dict[str, list[Phrase]] = defaultdict(list)
    for name, stands in names.items():
        in_json = json.dumps(name)[1:-1]
        spellings = {
            *(escape(name, quotes) for quotes in _QUOTES),
            *(name, in_json, re.sub(r"[&'<>]", lambda match: f"\\u{ord(match[0]):04x}", in_json), quote(name)),
        }  # fmt: skip
        for spelling in sorted(spellings):
            phrase = CUT.split(fold(spelling))
            if len(phrase) > 1 or name in common:
                found[phrase[0]].append((phrase, stands))
    for phrases in found.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return found


def behind(parts: list[str], phrase: list[str]) -> str | None:
    """What follows a phrase within its last part; None where these parts do not hold it. The first part is known to."""
    if len(parts) < len(phrase) or any(
        fold(part) != wanted for part, wanted in zip(parts[1:-1], phrase[1:-1], strict=True)
    ):
        return None
    last, wanted = parts[-1], phrase[-1]
    if len(phrase) == 1:
        return ""
    return last[len(wanted) :] if fold(last).startswith(wanted) and is_edge(last, len(wanted)) else None


def stands_alone(parts: list[str], at: int, length: int) -> bool:
    before = parts[at - 1] if at else ""
    after = parts[at + length] if at + length < len(parts) else ""
    return bool(_STANDS_BEHIND.search(before) and _STANDS_BEFORE.match(after))
