"""The signature of a case: what the machines of the failed jobs logged, in order, without names and times.

Two nights in which the same thing went wrong leave the same signature, on whatever machines and whenever. A signature
knows which logs it was made from, because what nobody exported is no difference.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from diagnostics.answer.wording import event_name
from diagnostics.case.episodes import current
from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.topology import Role, short_name
from diagnostics.event import Event, Kind
from diagnostics.reading import Reading
from diagnostics.rules.rule import Polarity, Rule
from diagnostics.understanding import Case
from engine.pipeline import STAGES, Scope, Stage
from engine.sentence import Sentence

_TELLING = {Polarity.FAULT: 0, Polarity.SYMPTOM: 1, Polarity.PROGRESS: 2}
"""The rules whose hits belong to a signature, the most telling first; noise and mere context do not."""
_BEFORE = 3_600_000_000
"""Microseconds before the first failed job began: what brought it about was often logged then."""
_AFTER = 900_000_000
"""Microseconds after the last failed job ended: alerts and retries are late."""
_JOBS = {Kind.JOB, Kind.ALERT}


class Log(NamedTuple):
    """A kind of log, on machines of one role."""

    role: Scope
    kind: Kind
    channel: str = ""
    """Of an event log; empty where records name none, as in copied text: then it may be any."""

    def may_be(self, other: "Log") -> bool:
        """Whether what the one holds could stand in the other."""
        unnamed = not self.channel or not other.channel
        return self[:2] == other[:2] and (unnamed or self.channel == other.channel)


class Token(msgspec.Struct, frozen=True):
    """Something that was logged: which event, by a machine of which role, with which codes."""

    what: str
    """`VSS/8229`; for what has no event id, whose it is and the rule that knows it."""
    role: Scope
    codes: tuple[str, ...]
    rule: str
    """The most telling rule that knows it: it looks at the data, and tells one service from another."""
    stage: Stage | None
    log: Log


class Signature(msgspec.Struct, frozen=True):
    """What was logged, each thing once, in order; and the logs that were there to hold it."""

    tokens: tuple[Token, ...]
    logs: frozenset[Log]

    def without(self, usual: "Signature") -> "Signature":
        """Less what a good run logs as well."""
        known = {_identity(token) for token in usual.tokens}
        kept = tuple(token for token in self.tokens if _identity(token) not in known)
        return msgspec.structs.replace(self, tokens=kept)

    def complete(self) -> "Signature":
        """Made from every log that there is: what is not among its tokens was not logged. So it is in the lab."""
        return msgspec.structs.replace(self, logs=frozenset(Log(role, kind) for role in Scope for kind in Kind))

    def held_by(self, logs: frozenset[Log]) -> "Signature":
        """As far as these logs would hold it."""
        kept = tuple(token for token in self.tokens if any(token.log.may_be(log) for log in logs))
        return msgspec.structs.replace(self, tokens=kept)


def _identity(token: Token) -> tuple[str, Scope, tuple[str, ...], str]:
    return token.what, token.role, token.codes, token.rule


def signature_of(case: Case) -> Signature:
    """The signature of the latest failures of a case; of all that it holds, where no job failed."""
    failed = [job for job in current(case.jobs) if job.outcome is Outcome.FAILED]
    near = _Nearby(case, failed)
    found = [*_logged(case, near), *(_of_job(job) for job in failed)]
    found.sort(key=lambda item: (item[0] is None, item[0] or 0, _place(item[1]), _identity(item[1])))
    tokens: dict[object, Token] = {}
    for _, token in found:
        tokens.setdefault(_identity(token), token)
    return Signature(tuple(tokens.values()), frozenset(_logs(case.reading, near)))


_Timed = tuple[int | None, Token]


class _Nearby:
    """Which machines and times belong to the failed jobs: their virtual machines, these' hosts, and the site's."""

    def __init__(self, case: Case, failed: list[Job]) -> None:
        self._topology = case.topology
        vms = {job.vm for job in failed if job.vm}
        hosts = {job.host or case.topology.host(job.vm) for job in failed}
        self._machines = vms | hosts
        begun = [job.started if job.started is not None else job.ended for job in failed]
        times = [time for time in begun if time is not None]
        ended = [job.ended for job in failed if job.ended is not None]
        self._since = min(times) - _BEFORE if times and len(times) == len(begun) else None
        self._until = max(ended) + _AFTER if ended and len(ended) == len(failed) else None

    def role(self, machine: str) -> Scope | None:
        """The role of a machine; None for one that the failed jobs have nothing to do with."""
        name = short_name(machine)
        if not self._machines or name in self._machines:
            return self._topology.plate_of(name)[0]
        serves_all = self._topology.role(name) in {Role.DPM_SERVER, Role.DOMAIN_CONTROLLER}
        return Scope.SITE if serves_all else None

    def then(self, time: int | None) -> bool:
        """Whether it was around the failed jobs; what has no time may have been."""
        if time is None:
            return True
        return (self._since is None or self._since <= time) and (self._until is None or time <= self._until)


def _logged(case: Case, near: _Nearby) -> Iterator[_Timed]:
    """What rules know, each event once: the most telling rule gives its stage."""
    known: dict[tuple[str, int], tuple[Event, Rule]] = {}
    telling = [sighting for sighting in case.sightings if sighting.rule.polarity in _TELLING]
    for sighting in sorted(telling, key=lambda one: (_TELLING[one.rule.polarity], one.rule.stage is None, one.key)):
        for event in sighting.events:
            known.setdefault((event.source, event.record), (event, sighting.rule))
    for event, rule in known.values():
        role = near.role(event.machine)
        if role is not None and event.kind not in _JOBS and near.then(event.time):
            codes = tuple(sorted(event.codes))
            yield event.time, Token(_what(event, rule), role, codes, rule.name, rule.stage, _log(event, role))


def _what(event: Event, rule: Rule) -> str:
    return event_name(event) if event.event_id else f"{event_name(event)} ({rule.name})"


def _log(event: Event, role: Scope) -> Log:
    return Log(role, event.kind, _channel(event.channel) if event.kind is Kind.RECORD else "")


def _channel(name: str) -> str:
    return name.casefold().replace("/", "-")


def _of_job(job: Job) -> _Timed:
    """How a job ended, as the DPM server says it."""
    codes = tuple(sorted({code for report in job.reports for code in report.codes}))
    stage = job.failed[0] if job.failed and job.failed[0] is job.failed[1] else None
    return job.ended, Token(Sentence("job failed"), Scope.SITE, codes, "", stage, Log(Scope.SITE, Kind.JOB))


def _place(token: Token) -> int:
    return STAGES.index(token.stage) if token.stage else len(STAGES)


def _logs(reading: Reading, near: _Nearby) -> Iterator[Log]:
    """The logs that were read, of the machines nearby, whether or not they held anything."""
    yield Log(Scope.SITE, Kind.JOB)
    for source in reading.sources:
        role, tally = near.role(source.machine), reading.tallies.get(source.path)
        if role is not None and tally is not None:
            yield from (Log(role, Kind.RECORD, _channel(name)) for name in tally.channels if name)
    for event in reading.events:
        role = near.role(event.machine)
        if role is not None and event.kind not in _JOBS:
            yield _log(event, role)
