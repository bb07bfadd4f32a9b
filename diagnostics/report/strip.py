"""How far each job came, as rows of stages; jobs that ended alike share a row."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from diagnostics.language import say
from diagnostics.report.phrases import and_more, fared_text, moment
from diagnostics.verdict import JobReport
from engine.pipeline import GUEST_STAGES, STAGES, TRANSFER_STAGES, Mode, Stage, stages_of

PASSED, FAILED, UNREACHED, ABSENT, UNKNOWN = "passed", "failed", "not reached", "not in this mode", "not known"
CELL_GLYPHS = {PASSED: "✔", FAILED: "✖", UNREACHED: "·", ABSENT: "–", UNKNOWN: "?"}
MOST_ROWS = 12
_NAMES_SHOWN = 4
_OUTCOMES = ("failed", "unknown", "succeeded")


class Phase(NamedTuple):
    """Neighbouring stages under one heading."""

    title: str
    stages: tuple[Stage, ...]


class Row(NamedTuple):
    """A job, or jobs that ended alike on one host."""

    title: str
    note: str
    told: str
    """The row in words."""
    outcome: str
    cells: tuple[str, ...]
    """One word for each stage of the pipeline."""


def phases() -> tuple[Phase, ...]:
    """The stages of the pipeline, under headings."""
    guest, transfer = STAGES.index(GUEST_STAGES[0]), STAGES.index(TRANSFER_STAGES[0])
    after_guest, after_transfer = guest + len(GUEST_STAGES), transfer + len(TRANSFER_STAGES)
    return (
        Phase(say("Preparation"), STAGES[:guest]),
        Phase(say("In the guest"), STAGES[guest:after_guest]),
        Phase(say("On the host"), STAGES[after_guest:transfer]),
        Phase(say("Transfer"), STAGES[transfer:after_transfer]),
        Phase(say("End"), STAGES[after_transfer:]),
    )


def rows(jobs: Iterable[JobReport]) -> list[Row]:
    """The rows of a strip: failed jobs first, then those of unknown outcome, then what succeeded."""
    alike: defaultdict[tuple[str, str, tuple[str, ...], str], list[JobReport]] = defaultdict(list)
    for job in jobs:
        host = job.host if job.outcome == "failed" else ""
        alike[job.outcome, job.mode, tuple(job.stages), host].append(job)
    groups = sorted(alike.values(), key=lambda group: (_OUTCOMES.index(group[0].outcome), -len(group), group[0].id))
    return [_row(group) for group in groups]


def _row(group: Sequence[JobReport]) -> Row:
    job = group[0]
    where = say("on {host}", host=job.host) if job.host and (len(group) == 1 or job.outcome == "failed") else ""
    ended = moment(job.ended) if job.ended and len(group) == 1 else ""
    names = list(dict.fromkeys(job.vm or say("not named") for job in group))
    title = names[0] if len(group) == 1 else say("{count} jobs", count=len(group))
    listed = "" if len(group) == 1 else and_more(", ".join(names[:_NAMES_SHOWN]), len(names) - _NAMES_SHOWN)
    return Row(
        title=title,
        note=" · ".join(part for part in (listed, where, _mode(job.mode), ended) if part),
        told=fared_text(job),
        outcome=job.outcome,
        cells=cells_of(job),
    )


def _mode(mode: str) -> str:
    return "" if mode == Mode.UNKNOWN else say(mode)


def cells_of(job: JobReport) -> tuple[str, ...]:
    """How a job fared in each stage of the pipeline, in words."""
    mode = Mode(job.mode)
    if mode is Mode.UNKNOWN:
        present = frozenset(stages_of(Mode.ONLINE)) & frozenset(stages_of(Mode.OFFLINE))
    else:
        present = frozenset(stages_of(mode))
    absent = UNKNOWN if mode is Mode.UNKNOWN else ABSENT
    if job.outcome == "succeeded":
        return tuple(PASSED if stage in present else absent for stage in STAGES)
    if not job.stages:
        return (UNKNOWN,) * len(STAGES)
    first, last = (STAGES.index(Stage(stage)) for stage in (job.stages[0], job.stages[-1]))
    cells = []
    for place, stage in enumerate(STAGES):
        if first <= place <= last:
            cells.append(FAILED if stage in present or mode is Mode.UNKNOWN else absent)
        elif place > last:
            cells.append(UNREACHED)
        else:
            cells.append(PASSED if stage in present else absent)
    return tuple(cells)
