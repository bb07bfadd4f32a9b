"""What can be run in the lab: samples with a scenario, a small site, and a site like the open case."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from diagnostics.reproduce.laboratory import stand_in, writers_needed
from diagnostics.reproduce.suspicion import suspicions
from diagnostics.samples import sample_jobs
from diagnostics.understanding import Case
from engine.lab import Fault, Scenario, parse_fault, read_scenario
from engine.lab.reading import FILE

SMALL_SITE = "small-site"


class Choice(NamedTuple):
    """Something that can be run."""

    name: str
    """Empty for a site like the case."""
    scenario: Path | None = None
    title: str = ""
    """The first line of its story."""


class Setup(NamedTuple):
    """A lab to be built, and how it came about, in sentences."""

    scenario: Scenario
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def choices(*, case: bool) -> Iterator[Choice]:
    """All of them; a site like the case where one is open."""
    if case:
        yield Choice("")
    for sample in sample_jobs():
        if (sample.folder / FILE).is_file():
            yield Choice(sample.name, sample.folder / FILE, sample.title)
    yield Choice(SMALL_SITE, Path(__file__).with_name(f"{SMALL_SITE}.yml"))


def set_up(choice: Choice, case: Case | None) -> Setup:
    """Raises ScenarioError where a file cannot be used."""
    if choice.scenario is not None:
        return Setup(read_scenario(choice.scenario))
    if case is None:
        raise ValueError("a site like the case needs a case")
    return like_case(case)


def like_case(case: Case) -> Setup:
    """A site like the case, with the fault that brings about what is suspected first, as far as the lab knows one."""
    suspected = suspicions(case)
    injected = [(one, [parse_fault(text) for text in one.cause.inject]) for one in suspected]
    needed = writers_needed(fault for _, faults in injected for fault in faults)
    stand = stand_in(case, [one.plate for one in suspected], needed)
    for one, faults in injected:
        placed = stand.placed(faults, one.plate)
        if placed:
            return Setup(stand.scenario, placed[:1], stand.notes)
    return Setup(stand.scenario, (), stand.notes)
