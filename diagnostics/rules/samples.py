"""Samples beside a rule: events that it must hit, and near misses that it must not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.codes import find_codes
from diagnostics.rules.conditions import Node
from diagnostics.rules.matching import matches
from diagnostics.rules.packs import SAMPLES_SUFFIX, rule_path
from diagnostics.rules.rule import Rule
from engine.datafiles.documents import Path_, Problem, YamlDocument, read
from engine.datafiles.schema import typed


class Sample(NamedTuple):
    """An event, and where it is written."""

    event: Event
    file: str
    line: int


class Samples(NamedTuple):
    """The samples of one rule."""

    hits: tuple[Sample, ...] = ()
    near_misses: tuple[Sample, ...] = ()


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event as people write it; what they leave out has the defaults of an `Event`."""

    kind: Kind = Kind.RECORD
    source: str = "sample"
    record: int = 1
    time: int | None = None
    local_time: bool = False
    machine: str = ""
    provider: str = ""
    event_id: int = 0
    level: Level = Level.UNKNOWN
    channel: str = ""
    fields: dict[str, str | int | float | bool] = {}
    text: str = ""
    codes: tuple[str, ...] | None = None


class _SampleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hits: tuple[_Written, ...]
    near_misses: tuple[_Written, ...]


def read_samples(rule: Rule) -> tuple[Samples, list[Problem]]:
    """The samples beside a rule; none, without a problem, where the file does not exist."""
    path = samples_path(rule)
    if not path.is_file():
        return Samples(), []
    document, problems = read(path, rule.file.removesuffix(".yml") + SAMPLES_SUFFIX)
    if document is None:
        return Samples(), problems
    written, problems = typed(_SampleFile, document)
    if written is None:
        return Samples(), problems
    hits = _samples(document, ("hits",), written.hits)
    return Samples(hits, _samples(document, ("near_misses",), written.near_misses)), []


def samples_path(rule: Rule) -> Path:
    """Where the samples of a rule belong: beside it."""
    return rule_path(rule).with_name(rule.name + SAMPLES_SUFFIX)


def check(rule: Rule, samples: Samples, matcher: Callable[[Node, Event], bool] = matches) -> list[Problem]:
    """The samples that the rule answers wrongly."""
    missed = [sample for sample in samples.hits if not answers(rule, sample.event, matcher)]
    caught = [sample for sample in samples.near_misses if answers(rule, sample.event, matcher)]
    return [
        *(Problem(sample.file, sample.line, f"{rule.name} does not match this hit") for sample in missed),
        *(Problem(sample.file, sample.line, f"{rule.name} matches this near miss") for sample in caught),
    ]


def answers(rule: Rule, event: Event, matcher: Callable[[Node, Event], bool] = matches) -> bool:
    """Does the rule, by logsource and condition, match the event?"""
    return event.kind in rule.kinds and matcher(rule.condition, event)


def _samples(document: YamlDocument, path: Path_, written: tuple[_Written, ...]) -> tuple[Sample, ...]:
    return tuple(
        Sample(_event(event), document.file, document.line((*path, place))) for place, event in enumerate(written)
    )


def _event(written: _Written) -> Event:
    fields = {name: _as_printed(value) for name, value in written.fields.items()}
    values: dict[str, Any] = msgspec.structs.asdict(written) | {"fields": fields}
    if written.codes is None:
        values["codes"] = find_codes("\n".join((written.text, *fields.values())))
    return Event(**values)


def _as_printed(value: str | float | bool) -> str:  # noqa: FBT001 - a truth value as logs print it
    return str(value).lower() if isinstance(value, bool) else str(value)
