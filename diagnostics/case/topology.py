"""Site ⊃ hosts ⊃ virtual machines: who is who, read from what the machines logged, and open to correction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec
import re2

from diagnostics.event import Event, Kind
from diagnostics.evidence.machines import first_label
from diagnostics.sanitize import one_line
from engine.pipeline import Scope
from engine.sentence import Sentence

SITE = "site"
UNKNOWN = "?"
"""Stands for a host or a virtual machine that the logs speak of without naming it."""


class Role(StrEnum):
    """What a machine is in the pipeline."""

    DPM_SERVER = "dpm-server"
    HOST = "host"
    GUEST = "guest"
    DOMAIN_CONTROLLER = "domain-controller"
    UNKNOWN = "unknown"


ALONE = frozenset({Role.DOMAIN_CONTROLLER, Role.UNKNOWN})
"""Machines of these roles are their own host and their own guest. A domain controller serves the site, and rules about
that say so; what it logs of its own disks, writers and shadow copies is its own, like any machine's.
"""


class Machine(msgspec.Struct, frozen=True):
    """A machine of the case, its role, and how that is known."""

    name: str
    role: Role
    basis: str


class _Clues(msgspec.Struct, forbid_unknown_fields=True):
    """What points to one role; see `roles.yml`."""

    providers: list[str] = []
    binaries: list[str] = []
    kinds: list[str] = []
    writers: list[str] = []
    providers_installed: list[str] = []


class _RoleTable(msgspec.Struct, forbid_unknown_fields=True):
    strong: dict[Role, _Clues]
    weak: dict[Role, str]


@cache
def _role_table() -> _RoleTable:
    return msgspec.yaml.decode(files(__package__).joinpath("roles.yml").read_bytes(), type=_RoleTable)


def host_writers() -> frozenset[str]:
    """VSS writers that only hosts have."""
    return frozenset(_role_table().strong[Role.HOST].writers)


def short_name(machine: str) -> str:
    """`hv01.contoso.com` and `HV01` are one machine: the first label, or the whole address, in upper case."""
    return first_label(machine).upper()


def named(event: Event, *fields: str) -> str:
    """The machine that the first of these fields names, upper case; placeholders such as `<ServerName>` name none."""
    for field in fields:
        value = event.fields.get(field, "").strip()
        if value and not value.startswith("<"):
            return value.upper() if field == "VmName" else short_name(value)
    return ""


class Topology(msgspec.Struct, kw_only=True):
    """The machines and who runs on whom. Names are short and upper case."""

    machines: dict[str, Machine]
    host_of: dict[str, str]
    """Virtual machine -> host, where known."""

    def with_role(self, *roles: Role) -> list[str]:
        """The machines with one of these roles, sorted."""
        return sorted(machine.name for machine in self.machines.values() if machine.role in roles)

    @property
    def hosts(self) -> list[str]:
        """The machines that have a host plate: hosts, and machines that stand alone."""
        return sorted({*self.with_role(Role.HOST, *ALONE), *self.host_of.values()})

    @property
    def vms(self) -> list[str]:
        """The machines that have a virtual machine's plate."""
        return sorted({*self.with_role(Role.GUEST, *ALONE), *self.host_of})

    def role(self, machine: str) -> Role:
        """The role of a machine, unknown where nothing tells."""
        known = self.machines.get(short_name(machine))
        return known.role if known else Role.UNKNOWN

    def host(self, vm: str) -> str:
        """The host of a virtual machine: as known; itself for a machine that stands alone; the only host, if one is."""
        if vm in self.host_of:
            return self.host_of[vm]
        if vm in self.machines and self.machines[vm].role in ALONE:
            return vm
        hosts = self.with_role(Role.HOST)
        return hosts[0] if len(hosts) == 1 else UNKNOWN

    def plate_of(self, machine: str) -> tuple[Scope, str]:
        """The plate of what a machine itself logs: (scope, plate name)."""
        name = short_name(machine) or UNKNOWN
        match self.role(name):
            case Role.DPM_SERVER:
                return Scope.SITE, SITE
            case Role.GUEST:
                return Scope.VM, vm_plate(name)
            case _:
                return Scope.HOST, host_plate(name)


def host_plate(host: str) -> str:
    """The name of a host's plate."""
    return f"host:{host}"


def vm_plate(vm: str) -> str:
    """The name of a virtual machine's plate."""
    return f"vm:{vm}"


_NAMED_AS_GUEST = Sentence("a host or a job names it as a virtual machine")


def read_topology(events: Iterable[Event], machines: Iterable[str], given: Mapping[str, Role]) -> Topology:
    """Infer the roles of `machines` and of those that the events name; `given` roles (short names) win."""
    clues: dict[str, Counter[tuple[Role, str]]] = defaultdict(Counter)
    host_of: dict[str, str] = {}
    for event in events:
        name = short_name(event.machine)
        if name:
            for role, why in _clues_of(event):
                clues[name][role, why] += 1
        vm = named(event, "VmName")
        if vm:
            clues[vm][Role.GUEST, _NAMED_AS_GUEST] += 1
            node = named(event, "ClusterNode", "Server")
            if node:
                clues[node][Role.HOST, Sentence("a job names it as the host of {vm}", vm=one_line(vm))] += 1
            host = node or (name if any(role is Role.HOST for role, _ in clues[name]) else "")
            if host:
                host_of[vm] = host
    names = {short_name(name) for name in machines} | set(clues) | set(given)
    found = {name: _machine(name, clues.get(name, Counter()), given.get(name)) for name in sorted(names - {""})}
    return Topology(machines=found, host_of={vm: host for vm, host in sorted(host_of.items()) if vm != host})


def _machine(name: str, clues: Counter[tuple[Role, str]], given: Role | None) -> Machine:
    if given:
        return Machine(name, given, Sentence("given"))
    if clues:
        (role, why), _ = min(clues.items(), key=lambda item: (_STRENGTH[item[0][0]], -item[1], item[0]))
        return Machine(name, role, why)
    if (role := guessed_role(name)) is not Role.UNKNOWN:
        return Machine(name, role, Sentence("guessed from its name"))
    return Machine(name, Role.UNKNOWN, Sentence("nothing tells its role"))


def guessed_role(name: str) -> Role:
    """The role that a machine's name alone suggests."""
    return next((role for role, pattern in _role_table().weak.items() if re2.match(pattern, name)), Role.UNKNOWN)


_STRENGTH = {Role.DPM_SERVER: 0, Role.HOST: 1, Role.GUEST: 2, Role.DOMAIN_CONTROLLER: 3, Role.UNKNOWN: 4}
"""A DPM server that is itself a virtual machine is first of all a DPM server."""


def _clues_of(event: Event) -> Iterator[tuple[Role, str]]:
    match event.kind:
        case Kind.RECORD:
            yield from _provider_clues(event.provider)
        case Kind.VSS_WRITER:
            yield from _listed("writers", _HAS, event.fields.get("WriterName", ""))
        case Kind.VSS_PROVIDER:
            yield from _listed("providers_installed", _HAS, event.fields.get("ProviderName", ""))
        case Kind.ERRLOG:
            yield from _listed("binaries", _TRACES, event.fields.get("Binary", "").upper())
        case _:
            yield from _listed("kinds", _LISTS, str(event.kind))


@cache
def _provider_clues(provider: str) -> tuple[tuple[Role, str], ...]:
    """What logging under this event source says; there are few sources, and many records of each."""
    folded = provider.casefold()
    return tuple(
        (role, Sentence("logs as {source}", source=prefix))
        for role, clues in _role_table().strong.items()
        for prefix in clues.providers
        if folded.startswith(prefix.casefold())
    )


_HAS, _TRACES, _LISTS = (
    Sentence("has the {what}"), Sentence("writes traces of {what}"), Sentence("gave a listing of kind {what}")
)  # fmt: skip


def _listed(clue: str, told: Sentence, value: str) -> Iterator[tuple[Role, str]]:
    for role, clues in _role_table().strong.items():
        if value in getattr(clues, clue):
            yield role, Sentence(told.template, what=value)
