"""What happens in the engine, told to whoever watches.

The engine prints and logs nothing. Each step announces an occurrence; what Windows would have written about it, or what
a lesson shows of it, is made of occurrences by others.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from engine.clock import Clock
from engine.hresult import HResult
from engine.pipeline import Scope, Stage


class Happening:
    """What happened; a kind of it is a frozen dataclass with all that a record of it needs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened, where, when and in which step of the pipeline."""

    time: datetime
    """UTC."""
    machine: str
    scope: Scope
    """Whether the machine is a host, a guest, or serves the site."""
    stage: Stage
    happening: Happening
    hresult: HResult = HResult.S_OK


class Observer(Protocol):
    """Watches the engine."""

    def occurred(self, occurrence: Occurrence) -> None:
        """Something happened. Called in order, on the thread where it happened; must not raise."""
        ...


class Unobserved:
    """Watches nothing."""

    def occurred(self, occurrence: Occurrence) -> None:
        """Let it pass."""


@dataclass(frozen=True)
class Machine:
    """Where things happen: a computer with its name, its clock, and who watches it."""

    name: str
    scope: Scope
    clock: Clock
    observer: Observer = field(default_factory=Unobserved)
    new_id: Callable[[], UUID] = uuid4
    """Makes identifiers of sets and shadow copies; a seeded one makes runs repeatable."""

    def announce(self, stage: Stage, happening: Happening, hresult: HResult = HResult.S_OK) -> None:
        """Tell who watches."""
        self.observer.occurred(Occurrence(self.clock.now(), self.name, self.scope, stage, happening, hresult))
