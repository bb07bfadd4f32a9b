"""What a redaction did, in lines for a person: every name of the case in them is the customer's, so for them alone."""

import re
from collections import Counter
from collections.abc import Iterator

from diagnostics.language import say
from diagnostics.redaction.copying import Redaction
from diagnostics.redaction.folding import fold
from diagnostics.redaction.kinds import Kind
from diagnostics.redaction.known import known
from engine.sentence import Sentence

_SHOWN = 3
_TITLES = {
    Kind.MACHINE: Sentence("machines"),
    Kind.DOMAIN: Sentence("domains"),
    Kind.USER: Sentence("users"),
    Kind.ORGANIZATION: Sentence("organizations"),
    Kind.GROUP: Sentence("protection groups"),
    Kind.SHARE: Sentence("shares"),
    Kind.VOLUME: Sentence("volumes"),
    Kind.DISK: Sentence("disk files"),
    Kind.FOLDER: Sentence("folders"),
    Kind.SERIAL: Sentence("serial numbers"),
    Kind.NAME: Sentence("names given with --also"),
    Kind.MAIL: Sentence("mail addresses"),
    Kind.ADDRESS: Sentence("IP addresses"),
    Kind.HARDWARE_ADDRESS: Sentence("hardware addresses"),
    Kind.SID: Sentence("SIDs"),
    Kind.GUID: Sentence("GUIDs"),
    Kind.LICENCE: Sentence("product ids and keys"),
    Kind.THUMBPRINT: Sentence("thumbprints and hashes"),
    Kind.BYTES: Sentence("binary data with names in it"),
}
_TOKEN = re.compile(r"[-_.:@#$+~]+")
_LIKE_A_NAME = re.compile(r"(?=[^\W\d_])(?:[^\W_]*\d[^\W_]*|[^\W\d_a-z][^\W_]{2,}|[^\x00-\x7f]{2,}.*)$")
_NUMBER = re.compile(r"(?:0x)?[0-9a-fA-F]+|[vVnprt]?\d[\d.]*[a-zA-Z]{0,2}|KB\d+|[A-Z]:")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*|[^\x00-\x7f]+")
"""Words of `VirtualMachineBase`, as programs call things."""
_LONGEST = 40


def rows(redaction: Redaction) -> list[tuple[str, str, str, str]]:
    """Kind, how many different, in how many places, and examples of names and what stands for them."""
    found: list[tuple[str, str, str, str]] = []
    counts = Counter(name.kind for name in redaction.names)
    for kind, title in _TITLES.items():
        different = counts[kind] or len(redaction.shapes.get(kind, ()))
        if not different and not redaction.places[kind]:
            continue
        examples = [f"{name.name} = {name.stands}" for name in redaction.names if name.kind is kind][:_SHOWN]
        found.append((say(title), f"{different:,}", f"{redaction.places[kind]:,}", ", ".join(examples)))
    return found


def review(redaction: Redaction) -> Iterator[str]:
    """What is still in the copy and looks like a name: no word of logs, catalogs and rules, no number, no code."""
    names = {fold(name.name) for name in redaction.names if len(name.name) > 3}
    lengths = sorted({len(name) for name in names})
    candidates = {
        token
        for part in redaction.untouched
        for token in _TOKEN.split(part)
        if 2 < len(token) <= _LONGEST and _may_be_a_name(token)
    }
    inside = {token for token in candidates if _holds_any(fold(token), names, lengths)}
    yield from sorted(inside)
    yield from sorted(candidates - inside)


def _may_be_a_name(token: str) -> bool:
    if not _LIKE_A_NAME.match(token) or _NUMBER.fullmatch(token):
        return False
    words = _HUMP.findall(token)
    return not (words and all(len(word) == 1 or known().is_common(fold(word)) for word in words))


def _holds_any(token: str, names: set[str], lengths: list[int]) -> bool:
    """Whether a name is a part of a longer word: it was not replaced there."""
    return any(token[at : at + length] in names for length in lengths for at in range(len(token) - length + 1))
