"""A rule, typed. `reader` makes it from a document."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec

from diagnostics.event import Kind
from diagnostics.rules.conditions import Node
from diagnostics.rules.logsource import RECORDS
from engine.datafiles.documents import Problem
from engine.pipeline import COMPONENTS, Component, Scope, Stage

Text = Annotated[str, msgspec.Meta(min_length=1)]
Probability = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Polarity(StrEnum):
    """What a hit tells about its component."""

    FAULT = "fault"
    SYMPTOM = "symptom"
    PROGRESS = "progress"
    CONTEXT = "context"
    COVERAGE = "coverage"
    NOISE = "noise"


class Plate(StrEnum):
    """Where the component of a hit sits, as far as a rule can know it."""

    SITE = "site"
    HOST = "host"
    VM = "vm"
    MACHINE = "machine"  # the plate of the machine that logged the event


class Status(StrEnum):
    """How far a rule is proven; `stable` has at least one field or lab sample."""

    EXPERIMENTAL = "experimental"
    TEST = "test"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class Basis(StrEnum):
    """Where a likelihood comes from."""

    AUTHOR = "author"
    LAB = "lab"
    FIELD = "field"


class CauseLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cause that makes the event likely."""

    id: Text
    sensitivity: Probability
    """P(event | cause)."""
    spurious: Probability
    """P(event | none of the rule's causes)."""
    basis: Basis


class Logsource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sigma's word for the kind of event; `definition` is free text."""

    product: str = ""
    category: str = ""
    service: str = ""
    definition: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What an event of some shape says about a component of the pipeline."""

    name: str
    id: str
    title: str
    status: Status
    description: str
    references: tuple[str, ...]
    level: str
    logsource: Logsource
    kinds: frozenset[Kind]
    """The kinds of event that the logsource selects."""
    condition: Node
    plate: Plate
    component: Component
    stage: Stage | None
    polarity: Polarity
    why: str
    family: str
    causes: tuple[CauseLink, ...]
    file: str
    line: int

    @property
    def spurious(self) -> float:
        """P(event | none of its causes), as its author thinks."""
        return max((link.spurious for link in self.causes), default=0.01)

    @property
    def home(self) -> Kind | None:
        """The kind of event that it is about, wherever it may be pasted; None if it is about what any of them says."""
        kinds = frozenset({Kind.RECORD}) if self.kinds == RECORDS else self.kinds
        return next(iter(kinds)) if len(kinds) == 1 else None


class Pack(NamedTuple):
    """The rules that could be read, and what was wrong with the others."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def sits_on(component: Component, plate: Plate) -> bool:
    """Can a component of the pipeline be found on such a plate?"""
    return plate is Plate.MACHINE or Scope(plate) in COMPONENTS[component].scopes
