"""What could still be collected: which exports a machine of each role has, which were handed in, and which were not."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from diagnostics.case.topology import Role, Topology, short_name
from diagnostics.event import Event, Kind
from diagnostics.knowledge.collection import Export, load_collection
from diagnostics.localize.next_evidence import Retry, Sign, Test

_PLAIN_NAME = re.compile(r"[\w.-]+(?: [\w.-]+)*").fullmatch
_HANDING_OVER = 2.0
"""Minutes to reach a machine and hand over what it gave, whatever it is: three short lists take longer than one log."""


class Option(NamedTuple):
    """Something that a person could collect or try, on one machine."""

    title: str
    machine: str
    command: str


def _safe(machine: str) -> str:
    """A name from a log that is not plainly a name never becomes part of a command."""
    return machine if _PLAIN_NAME(machine) else "MACHINE"


class Missing(NamedTuple):
    """An export that a machine could give, and has not."""

    export: Export
    machine: str
    role: Role

    @property
    def option(self) -> Option:
        """What to do about it."""
        return Option(self.export.title, self.machine, self.export.command(_safe(self.machine)))


def how_to_export(export: str, machine: str) -> Option:
    """How to make an export of a machine, by its id in `knowledge/collect.yml`."""
    known = next(known for known in load_collection().exports if known.id == export)
    return Option(known.title, machine, known.command(_safe(machine)))


def missing(topology: Topology, events: Iterable[Event], channels: Iterable[tuple[str, str]]) -> tuple[Missing, ...]:
    """The exports not handed in, by machine, of those that a verdict weighs.

    `channels` are the (machine, channel) pairs of which some log was read.
    """
    have = _have(events, channels)
    return tuple(
        Missing(export, machine.name, role)
        for machine in topology.machines.values()
        for role in _roles(machine.role)
        for export in load_collection().exports
        if role.value in export.tells and not _given(export, have[machine.name])
    )


def tests(
    lacking: Iterable[Missing], plate_of: Callable[[str], str], signs: Callable[[Missing], tuple[Sign, ...]]
) -> Iterator[tuple[Test, Option]]:
    """Missing exports as tests, with the plate of each machine and the signs that each export may hold."""
    for item in lacking:
        shown = signs(item)
        if shown:
            key = f"{item.export.id}@{item.machine}"
            yield Test(key, plate_of(item.machine), shown, item.export.cost + _HANDING_OVER), item.option


def retries(plate: str, vm: str) -> Iterator[tuple[Retry, Option]]:
    """Running the job of a virtual machine again, as tests."""
    for again in load_collection().retries:
        option = Option(again.title, vm, again.command.replace("{machine}", _safe(vm)))
        yield Retry(f"{again.id}@{vm}", plate, again.mode, again.cost), option


def _roles(role: Role) -> tuple[Role, ...]:
    """A machine of unknown role may be asked for what a host or a guest has; that is the same for most exports."""
    return (Role.GUEST,) if role is Role.UNKNOWN else (role,)


class _Have:
    """What one machine has handed in."""

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.listings: set[str] = set()
        self.kinds: set[Kind] = set()
        self.binaries: set[str] = set()


def _have(events: Iterable[Event], channels: Iterable[tuple[str, str]]) -> defaultdict[str, _Have]:
    have: defaultdict[str, _Have] = defaultdict(_Have)
    for machine, channel in channels:
        have[short_name(machine)].channels.add(channel)
    for event in events:
        given = have[short_name(event.machine)]
        given.kinds.add(event.kind)
        given.channels.add(event.channel)
        given.listings.add(event.fields.get("Listing", ""))
        given.binaries.add(event.fields.get("Binary", "").upper())
    return have


def _given(export: Export, have: _Have) -> bool:
    traits = export.have
    return bool(
        traits.channels & have.channels
        or traits.listings & have.listings
        or traits.kinds & have.kinds
        or traits.binaries & have.binaries
    )
