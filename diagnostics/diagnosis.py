"""The whole road, from what a person handed in to a verdict."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.answer import Case, compose
from diagnostics.case.base_rates import healthy_plates, learned_rates
from diagnostics.case.coverage import absences
from diagnostics.case.episodes import Nights, current
from diagnostics.case.jobs import Interval, Job, having_passed, read_jobs
from diagnostics.case.model import build_problem, observe_job
from diagnostics.case.observations import Sighting, gather
from diagnostics.case.pipeline import build_pipeline, plates_of
from diagnostics.case.places import Places
from diagnostics.case.sharing import shared_plates
from diagnostics.case.skew import corrected, estimate
from diagnostics.case.topology import Topology, read_topology
from diagnostics.case.weighing import Context, observe
from diagnostics.datafiles.documents import Problem
from diagnostics.event import Event
from diagnostics.knowledge.catalog import Catalog, load_catalog
from diagnostics.localize.inference import infer
from diagnostics.localize.judge import MOST_EXPLAINED, judge
from diagnostics.reading import Progress, Reading, read_case
from diagnostics.request import Request
from diagnostics.rules.cache import cache_folder
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import load_rules
from diagnostics.rules.rule import Polarity
from diagnostics.verdict import Verdict
from engine.pipeline import Scope

_WEIGHED = {Polarity.FAULT, Polarity.SYMPTOM}


class Knowledge(NamedTuple):
    """What is known before any log is read; load it once where many cases are diagnosed."""

    rules: RuleSet
    catalog: Catalog
    problems: tuple[Problem, ...]
    """What was wrong with rules and catalogs; the parts concerned were left out."""


def load_knowledge(own_rules: Sequence[Path] = ()) -> Knowledge:
    """The shipped rules and catalogs, and the rules of a user."""
    pack = load_rules(own_rules, cache_folder())
    catalog = load_catalog()
    return Knowledge(RuleSet(pack.rules), catalog, (*pack.problems, *catalog.problems))


class Diagnosis(msgspec.Struct, kw_only=True):
    """A verdict, and the case that it rests on."""

    verdict: Verdict
    case: Case
    problems: tuple[Problem, ...]
    """What was wrong with rules and catalogs; the parts concerned were left out."""


def diagnose(request: Request, progress: Progress | None = None, knowledge: Knowledge | None = None) -> Diagnosis:
    """Read the logs and localize the fault; `knowledge` is loaded as the request says where it is not given.

    Raises:
        UnreadableInput: a path does not exist or cannot be opened.
        UnknownZoneError: a time zone that nobody knows.
    """
    rules, catalog, problems = knowledge or load_knowledge(request.rules)
    reading = read_case(
        request.paths,
        rules.interest,
        relevant=lambda event: bool(rules.match(event)),
        zones=request.zones,
        progress=progress,
    )
    case = understand(_wanted(reading.events, request), reading, rules, catalog, request)
    return Diagnosis(verdict=compose(case), case=case, problems=problems)


def understand(
    events: Sequence[Event],
    reading: Reading,
    rules: RuleSet,
    catalog: Catalog,
    request: Request,
    most_explained: int = MOST_EXPLAINED,
) -> Case:
    """From events to the model's judgement; for how many faults the evidence is weighed: see `judge`."""
    topology = read_topology(events, {source.machine for source in reading.sources}, request.roles)
    topology.host_of.update(request.host_of)
    told = _jobs(events, topology, catalog, request)
    shared = shared_plates(events, topology, told, request.shared)
    places = Places(topology, told, shared)
    hits = [(event, rule) for event in events for rule in rules.match(event)]
    skews = estimate(hits, told, topology)
    sightings = gather(corrected(hits, skews), places, catalog)
    jobs = [_advanced(job, places, sightings) for job in told]
    recent = current(jobs)
    weighed = [sighting for sighting in sightings if sighting.rule.polarity in _WEIGHED]
    plate_of = {job.id: places.find(job.reports[0], Scope.VM) for job in jobs}
    spoken_of = {*plate_of.values(), *(sighting.plate for sighting in weighed)}
    graph = build_pipeline(plates_of(topology, spoken_of), shared)
    around = {plate: about["parent"] for plate, about in graph.nodes(data=True) if about["kind"] == "plate"}
    ran_on = {job: plate.name for job, plate in plate_of.items()}
    healthy = healthy_plates(recent, ran_on, around)
    context = Context(
        places,
        catalog,
        Nights(recent, ran_on, around),
        learned_rates(weighed, healthy & _heard(reading, topology)),
        around,
    )
    absent = absences(reading, recent, sightings, rules.rules, places, catalog)
    problem = build_problem(
        graph,
        catalog,
        [observe_job(job, plate_of[job.id].name) for job in recent],
        [*observe(weighed, context), *(absence.observation for absence in absent)],
    )
    posterior = infer(problem)
    return Case(
        reading=reading,
        topology=topology,
        skews=skews,
        jobs=jobs,
        sightings=sightings,
        absences=absent,
        catalog=catalog,
        graph=graph,
        problem=problem,
        posterior=posterior,
        judgement=judge(problem, posterior, most_explained),
    )


def _heard(reading: Reading, topology: Topology) -> set[str]:
    """The plates of machines of which some log was read."""
    return {topology.plate_of(source.machine)[1] for source in reading.sources if source.records and source.machine}


def _wanted(events: Iterable[Event], request: Request) -> list[Event]:
    """The events within the bounds that a person set; those without a time stay."""
    since = request.since if request.since is not None else -math.inf
    until = request.until if request.until is not None else math.inf
    return [event for event in events if event.time is None or since <= event.time <= until]


def _jobs(events: Sequence[Event], topology: Topology, catalog: Catalog, request: Request) -> list[Job]:
    def stages_of_code(code: str) -> Interval | None:
        info = catalog.codes.get(code)
        return (info.first_stage, info.last_stage) if info and info.first_stage and info.last_stage else None

    given = {job.vm for job in request.jobs}
    told = [job for job in read_jobs(events, topology, stages_of_code) if job.vm not in given]
    return [job for job in (*told, *request.jobs) if not request.vm or job.vm == request.vm]


def _advanced(job: Job, places: Places, sightings: Iterable[Sighting]) -> Job:
    """The job, with the stages that traces of its time show as passed: those of its host and of its virtual machine."""
    if job.started is None or job.ended is None or job.started == job.ended:
        return job
    own = {places.find(job.reports[0], scope) for scope in (Scope.HOST, Scope.VM)}
    for sighting in sightings:
        if sighting.rule.polarity is Polarity.PROGRESS and sighting.rule.stage and sighting.plate in own:
            of_it = [event.time for event in sighting.events if places.is_sure(event, sighting.plate)]
            if any(time is not None and job.started <= time <= job.ended for time in of_it):
                job = having_passed(job, sighting.rule.stage)
    return job
