"""What a fault is: declared as a function that injects it, found by its name, and written as text.

    @fault(Component.INTEGRATION_COMPONENTS)
    def guest_requestor_not_running(vm: LabVm) -> Injection:
        \"\"\"The service Hyper-V Volume Shadow Copy Requestor is stopped in the guest.\"\"\"
        return setting(vm.machine.integration, backup_service=BackupService.STOPPED)

The name is that of the function with hyphens; the plates are the types of its first parameter; the parameters are its
keywords, with their defaults; the sentence is its docstring.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from engine.occurrence import Happening, Machine
from engine.pipeline import Component, Scope, Stage
from engine.vss.faults import Fault as Strike

Injection = AbstractContextManager[object]
"""A fault is there for the time of the block."""
Value = str | int | float
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

PASSES = "passes"
"""The parameter that every fault has: it is gone after so many failed jobs; 0 means that it stays."""


class FaultError(ValueError):
    """There is no such fault, or not there, or not with these parameters."""

    def __init__(self, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.expected = expected


@dataclass(frozen=True)
class FaultKind:
    """One thing that can go wrong."""

    name: str
    component: Component
    """Which part of the pipeline is at fault then."""
    plates: tuple[Scope, ...]
    """What it may sit on."""
    parameters: Mapping[str, Value]
    """With their defaults."""
    sentence: str
    inject: Callable[..., Injection]
    """Called with the part of the lab that it sits on, and the parameters."""


@dataclass(frozen=True)
class Fault:
    """A fault on a plate of a lab."""

    kind: FaultKind
    plate: str = ""
    """`site`, `host:HV01` or `vm:SQL01`; empty where it is not chosen yet."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Those that differ from the defaults."""
    passes: int = 0
    """It is gone after so many failed jobs; 0: it stays."""

    def __str__(self) -> str:
        options = [f"{key}={value}" for key, value in self.parameters.items()]
        if self.passes:
            options.append(f"{PASSES}={self.passes}")
        return ":".join([f"{self.kind.name}@{self.plate}" if self.plate else self.kind.name, *options])

    def placed(self, machines: Sequence[str]) -> "Fault":
        """On a plate of a lab with these machines (`host:HV01`): the only one that fits, where none is named.

        Raises FaultError.
        """
        plates = [Scope.SITE.value, *machines]
        fitting = [plate for plate in plates if Scope(plate.partition(":")[0]) in self.kind.plates]
        if not self.plate and len(fitting) == 1:
            return replace(self, plate=fitting[0])
        if not self.plate:
            raise FaultError(f"{self.kind.name} may sit on several plates", f"@ and one of {', '.join(fitting)}")
        if self.plate not in fitting:
            raise FaultError(f"{self.kind.name} cannot sit on {self.plate}", f"one of {', '.join(fitting)}")
        return self


REGISTRY: dict[str, FaultKind] = {}
"""All that are declared, by name; the modules of this package fill it when they are imported."""


def fault(component: Component) -> Callable[[Callable[..., Injection]], Callable[..., Injection]]:
    """Declare a function as a fault of a component."""

    def declare(inject: Callable[..., Injection]) -> Callable[..., Injection]:
        first, *rest = inspect.signature(inject).parameters.values()
        target = get_type_hints(inject)[first.name]
        targets = get_args(target) if isinstance(target, UnionType) else (target,)
        name = inject.__name__.replace("_", "-")
        if name in REGISTRY:
            raise ValueError(f"the fault {name} is declared twice")
        REGISTRY[name] = FaultKind(
            name,
            component,
            tuple(one.plate for one in targets),
            {parameter.name: parameter.default for parameter in rest},
            inspect.getdoc(inject) or "",
            inject,
        )
        return inject

    return declare


def parse_fault(text: str) -> Fault:
    """`NAME[@PLATE][:KEY=VALUE]...`, as in `--fault`; PLATE is `site`, `host:NAME` or `vm:NAME`. Raises FaultError."""
    head, *rest = text.split(":")
    options: list[str] = []
    for part in rest:
        if "=" in part:
            options.append(part)
        elif options:
            options[-1] += f":{part}"  # a drive, as in `volume=D:`
        else:
            head += f":{part}"
    name, _, plate = head.partition("@")
    kind = REGISTRY.get(name)
    if kind is None:
        near = get_close_matches(name, REGISTRY, 1)
        raise FaultError(f"no fault is called {name!r}", near[0] if near else "one of --list-faults")
    if plate.partition(":")[0] not in {"", *Scope}:
        raise FaultError(f"{plate!r} is no plate", "site, host:NAME or vm:NAME")
    given = dict(option.partition("=")[::2] for option in options)
    passes = _number(PASSES, given.pop(PASSES, "0"), int)
    return Fault(kind, plate, {key: _value(kind, key, value) for key, value in given.items()}, int(passes))


def _value(kind: FaultKind, key: str, text: str) -> Value:
    if key not in kind.parameters:
        known = ", ".join([*kind.parameters, PASSES])
        raise FaultError(f"{kind.name} has no parameter {key!r}", f"one of {known}")
    wanted = type(kind.parameters[key])
    return text if wanted is str else _number(key, text, wanted)


def _number(key: str, text: str, wanted: type[Any]) -> int | float:
    try:
        number: int | float = wanted(text)
    except ValueError:
        raise FaultError(f"{key} is {text!r}", "a whole number" if wanted is int else "a number") from None
    return number


# --- what injections are made of -------------------------------------------------------------------------------------


@contextmanager
def setting(thing: object, **values: object) -> Iterator[None]:
    """Attributes have other values for the time of the block."""
    before = {name: getattr(thing, name) for name in values}
    for name, value in values.items():
        setattr(thing, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(thing, name, value)


@contextmanager
def entry(mapping: MutableMapping[_Key, _Value], key: _Key, value: _Value) -> Iterator[None]:
    """A mapping has another entry for the time of the block."""
    before = {key: mapping[key]} if key in mapping else {}
    mapping[key] = value
    try:
        yield
    finally:
        mapping.pop(key, None)
        mapping.update(before)


@contextmanager
def among(items: MutableSequence[_Value], item: _Value) -> Iterator[None]:
    """Something is in a list for the time of the block."""
    items.append(item)
    try:
        yield
    finally:
        items.remove(item)


@contextmanager
def together(*injections: Injection) -> Iterator[None]:
    """Several, as one."""
    with ExitStack() as stack:
        for one in injections:
            stack.enter_context(one)
        yield


def noticing(machine: Machine, stage: Stage, happening: Happening, then: Strike) -> Strike:
    """The machine notices something when a fault strikes."""

    async def strike() -> None:
        machine.announce(stage, happening)
        await then()

    return strike
