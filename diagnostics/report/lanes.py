"""The time line as a picture: a lane for each failed job and each machine, marks where something was logged."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rich.cells import set_cell_size

from diagnostics.language import say
from diagnostics.verdict import JobReport, Moment, Verdict

WIDTH = 1080
_LEFT = 170
_LANE = 26
_TOP = 34
_MOST_JOBS = 10
_MOST_MACHINES = 10
_MARKS = {"evidence": "◆", "trouble": "▲", "progress": "●", "context": "■"}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_TICKS = 7
_BEFORE = timedelta(hours=1)
"""Evidence that is no older than this when a job fails is in the picture."""


class Lane(NamedTuple):
    """A horizontal band with its name."""

    title: str
    y: float


class Span(NamedTuple):
    """A job from its start to its end."""

    x: float
    y: float
    width: float
    outcome: str
    tip: str


class Mark(NamedTuple):
    """Something that was logged."""

    x: float
    y: float
    glyph: str
    kind: str
    tip: str


class Tick(NamedTuple):
    """A moment on the axis."""

    x: float
    text: str


class Lanes(NamedTuple):
    """The picture; `left_out` moments lie outside the time that it shows."""

    height: float
    lanes: tuple[Lane, ...]
    spans: tuple[Span, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    caption: str
    left_out: int


class _Scale(NamedTuple):
    first: datetime
    last: datetime

    def x(self, time: datetime) -> float:
        share = (time - self.first) / (self.last - self.first)
        return round(_LEFT + share * (WIDTH - _LEFT - 16), 1)

    def holds(self, time: datetime) -> bool:
        return self.first <= time <= self.last


def lanes(verdict: Verdict) -> Lanes | None:
    """Draw the time around the failed jobs, or around all moments where none failed; None where nothing has a time."""
    moments = verdict.timeline.moments
    scale = _scale(verdict.jobs, moments)
    if scale is None:
        return None
    jobs = [job for job in verdict.jobs if job.ended and scale.holds(_time(job.ended))]
    jobs.sort(key=lambda job: (job.outcome != "failed", job.ended or "", job.id))
    shown = sorted(jobs[:_MOST_JOBS], key=lambda job: (job.started or job.ended or "", job.id))
    logged = [one for one in moments if not one.job and scale.holds(_time(one.time))]
    machines = _machines(logged)
    titles = [
        *(say("job of {vm}", vm=job.vm) if job.vm else say("a job") for job in shown),
        *(machine or say("not named") for machine in machines),
    ]
    rows = [Lane(set_cell_size(title, 22).rstrip(), _TOP + number * _LANE) for number, title in enumerate(titles)]
    places = {machine: rows[len(shown) + number].y for number, machine in enumerate(machines)}
    return Lanes(
        height=_TOP + len(rows) * _LANE + 8,
        lanes=tuple(rows),
        spans=tuple(_span(job, row.y, scale) for job, row in zip(shown, rows, strict=False)),
        marks=tuple(_mark(one, places[one.machine], scale) for one in logged if one.machine in places),
        ticks=tuple(_ticks(scale)),
        caption=say("{first:%Y-%m-%d %H:%M:%S}Z to {last:%Y-%m-%d %H:%M:%S}Z", first=scale.first, last=scale.last),
        left_out=sum(not one.job for one in moments) - len(logged),
    )


def _scale(jobs: Iterable[JobReport], moments: Sequence[Moment]) -> _Scale | None:
    ends = [(job.started or job.ended, job.ended) for job in jobs if job.outcome == "failed" and job.ended]
    telling = [time for span in ends for time in span if time] or [one.time for one in moments]
    if not telling:
        return None
    failures = [_time(ended) for _, ended in ends if ended]
    leading = [one.time for one in moments if one.kind == "evidence" and _leads_to(_time(one.time), failures)]
    first, last = _time(min([*telling, *leading])), _time(max(telling))
    margin = max((last - first) / 12, timedelta(seconds=5))
    try:
        return _Scale(first - margin, last + margin)
    except OverflowError:  # a broken clock may stand at either end of the calendar
        return _Scale(first, last) if first < last else None


def _leads_to(time: datetime, failures: Iterable[datetime]) -> bool:
    """Whether something was logged shortly before a job failed, though its report may tell no start, or a late one."""
    return any(timedelta(0) <= failure - time <= _BEFORE for failure in failures)


def _machines(moments: Iterable[Moment]) -> list[str]:
    """The machines with the most telling moments, sorted."""
    counts: dict[str, tuple[int, int]] = {}
    for one in moments:
        evidence, number = counts.get(one.machine, (0, 0))
        counts[one.machine] = (evidence + (one.kind == "evidence"), number + 1)
    ranked = sorted(counts, key=lambda machine: (-counts[machine][0], -counts[machine][1], machine))
    return sorted(ranked[:_MOST_MACHINES])


def _span(job: JobReport, y: float, scale: _Scale) -> Span:
    ended = _time(job.ended or "")
    started = max(_time(job.started), scale.first) if job.started else ended
    x = scale.x(started)
    tip = say(
        "job of {vm}: {outcome}, ended {time}",
        vm=job.vm or say("a machine"), outcome=say(job.outcome), time=job.ended,
    )  # fmt: skip
    return Span(x, y + 6, max(round(scale.x(ended) - x, 1), 4.0), job.outcome, tip)


def _mark(one: Moment, y: float, scale: _Scale) -> Mark:
    tip = f"{one.time} {one.machine} {one.event}: {one.text}"
    return Mark(scale.x(_time(one.time)), y + 18, _MARKS.get(one.kind, "·"), one.kind, tip)


def _ticks(scale: _Scale) -> Iterator[Tick]:
    """Round moments, a few of them."""
    span = scale.last - scale.first
    wanted = (timedelta(seconds=seconds) for seconds in _STEPS)
    step = next((step for step in wanted if span / step <= _TICKS), timedelta(days=span.days // _TICKS + 1))
    form = "%H:%M:%S" if step < timedelta(minutes=1) else "%H:%M" if step < timedelta(days=1) else "%m-%d"
    midnight = scale.first.replace(hour=0, minute=0, second=0, microsecond=0)
    after = step - (scale.first - midnight) % step
    while after <= span:
        yield Tick(scale.x(scale.first + after), f"{scale.first + after:{form}}")
        after += step


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
