"""How the answer to a night moves when the night changes: what must not matter does not, what must help does.

A success, a healthy host or a vaguer error may well turn a suspicion into an assertion elsewhere: clearing one suspect
speaks for the others. So the tests hold what is true of sums (`docs/localization.md`, "Under change").
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.localize.inference import Posterior, infer
from diagnostics.localize.judge import SURE, Judgement
from diagnostics.localize.problem import JobObservation, Problem
from diagnostics.reading import Reading
from diagnostics.understanding import Case
from diagnostics.verdict import VerdictWord
from engine.pipeline import STAGES, Mode, Scope
from tests.bench.localization.faults import MINUTE
from tests.bench.localization.handed import Source, with_source
from tests.bench.localization.logbook import DAY, EVENING
from tests.bench.localization.night import InvisibleFaultError, Night, make_night
from tests.bench.localization.setting import Setting
from tests.bench.localization.suites import shipped
from tests.bench.localization.trial import understood
from tests.diagnostics.localize.problems import passed

EXACT = 1e-9
SMALL = Setting(hosts=(2, 2), machines=(1, 3))
PRINTED = "%m/%d/%Y %I:%M:%S %p"
few = settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def nights(draw: Any, fewest: int = 0) -> Night:
    """A small night with at most two faults, any of the catalog."""
    any_cause = st.sampled_from(sorted(cause for cause, signals in shipped().of_cause.items() if signals))
    causes = draw(st.lists(any_cause, min_size=fewest, max_size=2, unique=True))
    try:
        return make_night(causes, draw(st.integers(0, 999_999)), SMALL, shipped())
    except InvisibleFaultError:
        assume(False)  # noqa: FBT003 - hypothesis' way
        raise


def understand(reading: Reading) -> Case:
    return understood(reading, shipped().knowledge)


def same(name: str) -> str:
    return name


def answer(case: Case, called: Callable[[str], str] = same, *, above: float = -1.0) -> object:
    """All that the judgement says, to six digits, with the plates as they are `called`, of candidates `above` this."""
    said = case.judgement
    faults = ((called(f.plate), f.component, f.cause or "", round(f.probability, 6)) for f in said.faults)
    told = (candidate for candidate in said.candidates if candidate.probability > above)
    candidates = ((called(c.plate), c.component, round(c.probability, 6)) for c in told)
    return said.verdict, sorted(faults), sorted(candidates)


def asserted(said: Judgement) -> set[tuple[str, str]]:
    if said.verdict is not VerdictWord.ASSERTED:
        return set()
    return {(fault.plate, fault.component) for fault in said.faults if fault.probability >= SURE}


def changed(
    reading: Reading,
    of_event: Callable[[Event], Event],
    of_source: Callable[[Any], Any],
    name: Callable[[str], str] = same,
) -> Reading:
    """The reading with other events and sources, in true order again."""
    events = sorted(map(of_event, reading.events), key=lambda e: (e.time is None, e.time or 0, e.source, e.record))
    sources = sorted(map(of_source, reading.sources), key=lambda source: source.path)
    tallies = {name(path): tally for path, tally in reading.tallies.items()}
    machines = {source.machine: source.machine for source in sources}
    return msgspec.structs.replace(reading, events=events, sources=sources, tallies=tallies, machines=machines)


# --- what does not matter ---


@few
@given(nights(), st.randoms(use_true_random=False))
def test_calling_the_machines_otherwise_permutes_the_answer(night, chance):
    case = understand(night.reading)
    known = set(night.reading.machines)
    # A machine that only a text of the logs names may run on either of two hosts that speak of it: ties go by name.
    assume(all(machine.name.upper() in known for machine in case.topology.machines.values()))
    name = other_names(case, night.reading, chance)
    # Of the least likely candidates, those that are left out are chosen by name.
    least = min((candidate.probability for candidate in case.judgement.candidates), default=0.0)
    renamed = understand(called_otherwise(night.reading, name))
    assert answer(renamed, above=least) == answer(case, name, above=least)


def other_names(case: Case, reading: Reading, chance: Any) -> Callable[[str], str]:
    """Hosts called as other hosts are, and guests as other guests."""
    hosts = sorted(name for name in reading.machines if name.startswith("HV"))
    guests = sorted(vm for vm in case.topology.vms)
    new: dict[str, str] = {}
    for group in (hosts, guests):
        new |= dict(zip(group, chance.sample(group, len(group)), strict=True))
    return renaming(new)


def called_otherwise(reading: Reading, name: Callable[[str], str]) -> Reading:
    def of_event(event: Event) -> Event:
        fields = {key: name(value) for key, value in event.fields.items()}
        return msgspec.structs.replace(
            event, machine=name(event.machine), source=name(event.source), text=name(event.text), fields=fields
        )

    def of_source(source: Any) -> Any:
        return msgspec.structs.replace(source, path=name(source.path), machine=name(source.machine))

    return changed(reading, of_event, of_source, name)


def renaming(new: Mapping[str, str]) -> Callable[[str], str]:
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, new)) or '(?!)'})\b")
    return lambda text: pattern.sub(lambda found: new[found[0]], text)


@few
@given(nights(), st.data())
def test_a_log_that_is_handed_in_once_more_changes_nothing(night, data):
    source = data.draw(st.sampled_from(night.reading.sources))
    again = f"{source.path} (copy)"
    copies = [
        msgspec.structs.replace(event, source=again) for event in night.reading.events if event.source == source.path
    ]
    reading = msgspec.structs.replace(
        night.reading,
        events=[*night.reading.events, *copies],
        sources=[*night.reading.sources, msgspec.structs.replace(source, path=again)],
        tallies=night.reading.tallies | {again: night.reading.tallies[source.path]},
    )
    assert answer(understand(changed(reading, lambda event: event, lambda s: s))) == answer(understand(night.reading))


@few
@given(nights(), st.data())
def test_a_source_that_holds_nothing_may_as_well_be_missing(night, data):
    machine = data.draw(st.sampled_from(sorted(night.reading.machines)))
    more = with_source(night.reading, Source((machine, "notes"), ()))
    assert answer(understand(more)) == answer(understand(night.reading))


@few
@given(nights(), st.integers(-1000, 1000), st.integers(0, 1439))
def test_other_clocks_change_nothing_but_times(night, days, minutes):
    later = at_another_time(night.reading, days * DAY + minutes * MINUTE)
    assert answer(understand(later)) == answer(understand(night.reading))


def at_another_time(reading: Reading, by: int) -> Reading:
    """All of it so many microseconds later."""

    def of_event(event: Event) -> Event:
        fields = dict(event.fields)
        for key in ("StartTime", "EndTime"):
            if event.kind is Kind.JOB and key in fields:
                printed = datetime.strptime(fields[key], PRINTED).replace(tzinfo=UTC)
                fields[key] = f"{datetime.fromtimestamp(printed.timestamp() + by // 1_000_000, UTC):{PRINTED}}"
        return msgspec.structs.replace(event, time=None if event.time is None else event.time + by, fields=fields)

    def of_source(source: Any) -> Any:
        first, last = (None if time is None else time + by for time in (source.first, source.last))
        return msgspec.structs.replace(source, first=first, last=last)

    return changed(reading, of_event, of_source)


# --- what helps ---


@few
@given(nights(fewest=1))
def test_a_healthy_host_blames_nobody_new_and_the_site_no_more(night):
    before = understand(night.reading)
    more = with_source(night.reading, Source(("DPM01", "more jobs"), [success("NEW1"), success("NEW2")]))
    after = understand(more)
    assert after.posterior.plates["site"].present <= before.posterior.plates["site"].present + EXACT
    assert not any("NEW" in plate or "HV99" in plate for plate, _ in asserted(after.judgement))
    within = {fault for fault in asserted(before.judgement) if fault[0] != "site"}
    assert within <= asserted(after.judgement)


def success(vm: str) -> Event:
    """The report of a job on a host that nobody has heard of."""
    start, end = (f"{datetime.fromtimestamp((EVENING + m * MINUTE) // 1_000_000, UTC):{PRINTED}}" for m in (120, 130))
    fields = {"Product": "dpm", "Status": "succeeded", "VmName": vm, "Mode": "online", "Server": "HV99.contoso.com"}
    return Event(
        kind=Kind.JOB, source="", record=0, time=EVENING + 130 * MINUTE, machine="DPM01", provider="DPM",
        fields=fields | {"StartTime": start, "EndTime": end},
    )  # fmt: skip


@few
@given(nights(fewest=1), st.data())
def test_a_success_never_raises_the_suspicion_of_all_that_it_needed(night, data):
    case = understand(night.reading)
    vms = sorted(plate.name for plate in case.problem.plates if plate.scope is Scope.VM)
    vm, mode = data.draw(st.sampled_from(vms)), data.draw(st.sampled_from(Mode))
    more = case.problem._replace(jobs=(*case.problem.jobs, passed(vm, "one more", mode)))
    assert innocence(more, infer(more), vm) >= innocence(case.problem, case.posterior, vm) - EXACT


def innocence(problem: Problem, posterior: Posterior, vm: str) -> float:
    """Log P(nothing is wrong on the plates from the site to a machine), by Bayes' rule."""
    path = posterior.network.paths[vm]
    bare = problem._replace(
        plates=tuple(p._replace(causes=()) if p.name in path or p.members else p for p in problem.plates)
    )
    prior = sum(float(catalog.log_prior[0]) for catalog in posterior.network.chains[vm])
    return prior + infer(bare).log_evidence - posterior.log_evidence


@few
@given(nights(fewest=1))
def test_what_was_seen_is_no_less_likely_where_jobs_failed_who_knows_where(night):
    case = understand(night.reading)
    vague = case.problem._replace(jobs=tuple(map(anywhere, case.problem.jobs)))
    assert infer(vague).log_evidence >= case.posterior.log_evidence - EXACT


def anywhere(job: JobObservation) -> JobObservation:
    return job._replace(failed=(STAGES[0], STAGES[-1])) if job.failed else job
