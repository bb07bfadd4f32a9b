"""The real cases, as bundles of exported logs, and what the diagnostics make of a bundle."""

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from diagnostics.case.topology import Role
from diagnostics.diagnosis import Knowledge, load_knowledge
from diagnostics.reading import read_case
from diagnostics.request import Request
from diagnostics.understanding import understand
from diagnostics.verdict import VerdictWord
from tests.diagnostics.cases.exporting import export
from tests.shared import shared

Bundle = Mapping[str, bytes]
"""File name -> content."""


class Case(NamedTuple):
    """A failure with a confirmed cause."""

    id: str
    bundle: Bundle
    component: str
    """The root cause."""
    is_noise: bool
    """Looks like a failure, but is known to be harmless."""


@cache
def real_cases() -> tuple[Case, ...]:
    """The shared ones with any evidence, by id."""
    return _cases(shared("knowledge", "cases.yaml"))


@cache
def public_cases(half: str) -> tuple[Case, ...]:
    """The project's own: those that rules may learn from (`seen`), or those that are only scored (`held`)."""
    return _cases(Path(__file__).parent / "public" / f"{half}.yml")


def _cases(path: Path) -> tuple[Case, ...]:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
    return tuple(
        Case(case["id"], export(case), case["root_cause"]["component"], "benign" in str(case.get("note", "")))
        for case in sorted(told, key=lambda case: str(case["id"]))
        if any(line.get("text") or line.get("event_id") or line.get("codes") for line in case["evidence"])
    )


@cache
def _knowledge() -> Knowledge:
    return load_knowledge()


class Answer(NamedTuple):
    """What counts of an understanding; whole, those of all cases would fill the memory."""

    word: VerdictWord
    ranking: tuple[tuple[str, float], ...]
    """(component, probability) of the candidates, the likeliest first."""
    was_read: bool
    """Whether any file held a record."""
    machines: frozenset[str]
    rules: frozenset[str]
    """The names of those that some event met."""


def answer_to(bundle: Bundle, beside: tuple[Path, ...] = ()) -> Answer:
    """Write the bundle, and judge it together with the logs that lie beside it.

    This is the road of `diagnose` up to the judgement; to weigh evidence and compose a verdict adds nothing to score.
    """
    rules, catalog, _ = _knowledge()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in bundle.items():
            Path(folder, name).write_bytes(content)
        request = Request(paths=(folder, *map(str, beside)))
        reading = read_case(request.paths, rules.interest, relevant=rules.relevance)
    case = understand(reading.events, reading, rules, catalog, request, most_explained=0)
    return Answer(
        case.judgement.verdict,
        tuple((candidate.component, candidate.probability) for candidate in case.judgement.candidates),
        any(source.records for source in reading.sources),
        frozenset((*case.topology.hosts, *case.topology.vms, *case.topology.with_role(*Role))),
        frozenset(sighting.rule.name for sighting in case.sightings),
    )
