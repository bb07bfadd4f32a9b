"""Which machine and which listing a file is of, by what people call it; and which names mean the same machine."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}(\.[A-Za-z0-9-]{1,63})*")
_NETBIOS_LENGTH = 15
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_TOKEN = re.compile(r"[^-_ .%()\[\]+,]+")
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
"""Of a virtual machine, as its configuration file is called: no computer has such a name."""
_CHANNEL = re.compile(r"(?i)(^|[-_ .])microsoft-windows-.*")

_LISTING = re.compile(r"(writers|providers|shadowstorage|shadows|volumes)[^\\/]*$", re.IGNORECASE)
"""What vssadmin lists."""


class _Words(msgspec.Struct, frozen=True):
    generic: str
    translated: str
    roles: str
    endings: frozenset[str]


@cache
def _words() -> _Words:
    return msgspec.yaml.decode(Path(__file__).with_name("machine_words.yml").read_bytes(), type=_Words)


def machine_words() -> list[str]:
    """Words in the names of files and folders that name no machine."""
    return [*_generic(), *_words().roles.split()]


@cache
def _generic() -> frozenset[str]:
    return frozenset(f"{_words().generic} {_words().translated}".split())


@cache
def _is_generic(token: str) -> bool:
    word = token.lower()
    numbered = word.rstrip("0123456789").removesuffix("curr")  # the newest of a series: DPMRACurr.errlog
    return not numbered or word in _words().roles.split() or numbered in _generic()


def machine_in(name: str) -> str:
    """The machine that a document's name suggests, empty where it does not.

    The innermost hint counts: `bundle.zip/HV01/SQL01_System.evtx` is of SQL01. A part of which something generic was
    cut off (`HV01-vssadmin`) needs no digit to be taken for a machine's name; a bare word does.
    """
    for part in reversed(name.split("/")):
        machine = _machine_in_part(part)
        if machine:
            return machine
    return ""


def _machine_in_part(part: str) -> str:
    whole = _GUID.sub("", _without_endings(part))
    stem = _CHANNEL.sub("", whole)
    tokens = list(_TOKEN.finditer(stem))
    while tokens and _is_generic(tokens[-1].group()):
        tokens.pop()
    while tokens and _is_generic(tokens[0].group()):
        tokens.pop(0)
    if not tokens:
        return ""
    candidate = stem[tokens[0].start() : tokens[-1].end()]
    return candidate if _could_be_machine(candidate, qualified=candidate != whole) else ""


def _without_endings(part: str) -> str:
    stem, dot, ending = part.rpartition(".")
    return _without_endings(stem) if dot and ending.lower() in _words().endings else part


def _could_be_machine(candidate: str, *, qualified: bool) -> bool:
    label = candidate.partition(".")[0]
    if not _HOST_NAME.fullmatch(candidate) or len(label) > _NETBIOS_LENGTH or not re.search("[A-Za-z]", label):
        return False
    return qualified or bool(re.search("[0-9]", label))


def listing_in(name: str) -> str:
    """Which listing of vssadmin a document's name suggests, empty where none."""
    match = _LISTING.search(name)
    return match[1].lower() if match else ""


def first_label(name: str) -> str:
    """A host name without its domain; an IP address, of version 4 or 6, stays whole."""
    return name if _ADDRESS.fullmatch(name) else name.partition(".")[0]


def by_label(names: Iterable[str]) -> dict[str, list[str]]:
    """Machine names by their first label, case-folded."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(first_label(name).casefold(), []).append(name)
    return found


def known_machine_in(name: str, known: Mapping[str, Sequence[str]]) -> str:
    """The one of the known machines, by label, that a document's name contains as a whole word; empty without any.

    The innermost part of the name counts, and in it the longest machine name.
    """
    for part in reversed(name.casefold().split("/")):
        near = [label for label in known if label and label in part]  # many files, many machines: most are not near
        fitting = [machine for label in near if _stands_in(part, label) for machine in known[label]]
        if fitting:
            return max(fitting, key=lambda machine: (len(machine), machine))
    return ""


def _stands_in(part: str, label: str) -> bool:
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(label)}(?![a-z0-9])", part))


def unify(names: Iterable[str]) -> dict[str, str]:
    """Printed machine names -> the name that the case uses: the first label, upper case (`hv01.contoso.com` is `HV01`).

    Two domains that both have an `HV01` keep theirs apart by their full names; addresses stay as they are.
    """
    printed = {name for name in names if name}
    domains: dict[str, set[str]] = {}
    for name in printed:
        label, _, domain = name.upper().rstrip(".").partition(".")
        if domain and not _ADDRESS.fullmatch(name):
            domains.setdefault(label, set()).add(domain)
    return {name: _case_name(name, domains) for name in sorted(printed)}


def _case_name(name: str, domains: dict[str, set[str]]) -> str:
    if _ADDRESS.fullmatch(name):
        return name
    upper = name.upper().rstrip(".")
    label, _, domain = upper.partition(".")
    return upper if domain and len(domains[label]) > 1 else label
