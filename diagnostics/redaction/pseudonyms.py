"""What stands for each name: `HOST1`, `VM3`, `USER2`, `corp1.example`.

Without a key of the user's, names are numbered in their alphabetical order, each kind by itself. With one, the number
comes from key and name alone, and so does what precedes it: the same name is the same in every redaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from diagnostics.case.topology import Role, Topology, guessed_role
from diagnostics.redaction.kinds import PREFIXES, Kind
from diagnostics.redaction.known import known
from diagnostics.redaction.secret import Secret

_ROLES = {
    Role.HOST: "HOST",
    Role.GUEST: "VM",
    Role.DPM_SERVER: "DPM",
    Role.DOMAIN_CONTROLLER: "DC",
    Role.UNKNOWN: PREFIXES[Kind.MACHINE],
}
"""Names from which the same role is guessed as the machines have."""
_DIGITS = 8
"""Of numbers that come from a key."""


class Pseudonym(msgspec.Struct, frozen=True):
    """A name, and what stands for it."""

    kind: Kind
    name: str
    stands: str


def assign(
    kinds: Mapping[str, Kind], spelled: Mapping[str, str], topology: Topology, secret: Secret | None
) -> dict[str, Pseudonym]:
    """A pseudonym for each name (folded); no pseudonym is itself one of the names.

    Args:
        kinds: folded name -> what it names.
        spelled: folded name -> how it is printed.
        topology: who is who.
        secret: the user's key; names are numbered without.
    """
    families = _families(kinds)
    members: dict[str, set[str]] = defaultdict(set)
    for name, kind in kinds.items():
        members[_prefix(name, kind, topology, by_name=secret is not None)].add(families.get(name, name))
    numbers = {
        (prefix, name): number
        for prefix, names in members.items()
        for name, number in (_coded(names, prefix, secret) if secret else _numbered(names, prefix, kinds)).items()
    }
    made: dict[str, Pseudonym] = {}
    for name in sorted(kinds, key=lambda name: (name.count("."), name)):
        kind = kinds[name]
        prefix = _prefix(name, kind, topology, by_name=secret is not None)
        stands = prefix + numbers[prefix, families.get(name, name)]
        if kind is Kind.DOMAIN and "." in name:
            parent = made.get(name.partition(".")[2])
            stands = f"{stands.lower()}.{parent.stands if parent else 'example'}"
        made[name] = Pseudonym(kind, spelled[name], stands)
    return made


def _prefix(name: str, kind: Kind, topology: Topology, *, by_name: bool) -> str:
    if kind is not Kind.MACHINE:
        return PREFIXES[kind]
    return _ROLES[guessed_role(name) if by_name else topology.role(name)]


def _families(kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Domains in their two spellings are one: `contoso.com` and `CONTOSO`. Of several such, the first in order."""
    families: dict[str, str] = {}
    for name in sorted(name for name, kind in kinds.items() if kind is Kind.DOMAIN and "." in name):
        label = name.partition(".")[0]
        if kinds.get(label) is Kind.DOMAIN and label not in families.values() and label not in known().domains:
            families[name] = label
    return families


def _numbered(names: Iterable[str], prefix: str, taken: Mapping[str, Kind]) -> dict[str, str]:
    ordered = sorted(names)
    free = _free_numbers(prefix, len(ordered), taken)
    width = len(str(free[-1]))
    if any(f"{prefix}{number:0{width}}".casefold() in taken for number in free):
        width += 1
    return {name: f"{number:0{width}}" for name, number in zip(ordered, free, strict=True)}


def _free_numbers(prefix: str, count: int, taken: Mapping[str, Kind]) -> list[int]:
    free: list[int] = []
    number = 0
    while len(free) < count:
        number += 1
        if f"{prefix}{number}".casefold() not in taken:
            free.append(number)
    return free


def _coded(names: Iterable[str], prefix: str, secret: Secret) -> dict[str, str]:
    """Numbers by key; those few that fall together are told apart by their order."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for name in sorted(names):
        digits = _DIGITS
        while (code := str(secret.number(Kind.NAME, f"{prefix}\0{name}", 10**digits)).zfill(digits)) in used:
            digits += 1
        used.add(code)
        found[name] = code
    return found
