"""From events to the model's judgement: who is who, which jobs failed, what was seen where, and what it means."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches

import msgspec
import networkx as nx

from diagnostics.case.base_rates import healthy_plates, learned_rates
from diagnostics.case.coverage import Absence, absences
from diagnostics.case.episodes import Nights, current
from diagnostics.case.jobs import Interval, Job, Outcome, having_passed, read_jobs
from diagnostics.case.listings import unlisted
from diagnostics.case.model import build_problem, observe_job
from diagnostics.case.observations import Sighting, gather
from diagnostics.case.pipeline import PlateId, build_pipeline, plates_of
from diagnostics.case.places import Places
from diagnostics.case.reports import Reports, apart
from diagnostics.case.settings import joined
from diagnostics.case.sharing import shared_plates
from diagnostics.case.skew import Skew, corrected, estimate
from diagnostics.case.topology import Topology, read_topology
from diagnostics.case.weighing import Context, observe, observe_said
from diagnostics.event import Event
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.inference import Posterior, infer
from diagnostics.localize.judge import MOST_EXPLAINED, Judgement, judge
from diagnostics.localize.problem import EventObservation, Problem, Report
from diagnostics.reading import Reading
from diagnostics.request import Request, UsageError
from diagnostics.rules.index import RuleSet
from diagnostics.rules.rule import Polarity, Rule
from engine.pipeline import Scope
from engine.sentence import Sentence

_WEIGHED = {Polarity.FAULT, Polarity.SYMPTOM}


class Case(msgspec.Struct, kw_only=True):
    """Everything that a verdict is composed of."""

    reading: Reading
    request: Request
    topology: Topology
    skews: Sequence[Skew]
    jobs: Sequence[Job]
    sightings: Sequence[Sighting]
    absences: Sequence[Absence]
    catalog: Catalog
    rules: tuple[Rule, ...]
    places: Places
    graph: "nx.DiGraph[str]"
    problem: Problem
    posterior: Posterior
    judgement: Judgement


def understand(
    events: Sequence[Event],
    reading: Reading,
    rules: RuleSet,
    catalog: Catalog,
    request: Request,
    most_explained: int = MOST_EXPLAINED,
) -> Case:
    """From events to the model's judgement; for how many faults the evidence is weighed: see `judge`.

    Raises:
        UsageError: only the jobs of one virtual machine are wanted, and no log knows it.
    """
    topology = read_topology(events, {source.machine for source in reading.sources if source.is_a_log}, request.roles)
    topology.host_of.update(request.host_of)
    told = _jobs(events, topology, catalog, request)
    shared = shared_plates(events, topology, told, request.shared)
    places = Places(topology, told, shared)
    told_together = joined(events)
    hits = [(event, rule) for event in told_together for rule in rules.match(event)]
    skews = estimate(hits, told, topology)
    sightings = gather(corrected(hits, skews), places, catalog)
    progress = [sighting for sighting in sightings if sighting.rule.polarity is Polarity.PROGRESS]
    jobs = [_advanced(job, places, progress) for job in told]
    recent = current(jobs)
    weighed = [sighting for sighting in sightings if sighting.rule.polarity in _WEIGHED]
    ran_on = {job.id: places.find(job.reports[0], Scope.VM) for job in jobs}
    graph = build_pipeline(plates_of(topology, {*ran_on.values(), *(sighting.plate for sighting in weighed)}), shared)
    context = _context(places, catalog, graph, recent, ran_on, weighed, _heard(reading, topology))
    failed = {ran_on[job.id].name for job in recent if job.outcome is Outcome.FAILED}
    absent = (
        *absences(reading, recent, sightings, rules.rules, places, catalog),
        *unlisted(told_together, failed, sightings, rules.rules, places, catalog),
    )
    failures = [job for job in recent if job.outcome is Outcome.FAILED]
    logged, reported = apart(weighed, failures)
    reports, said = _reports(failures, reported, ran_on, Reports(rules.rules, catalog, context.around), context)
    problem = build_problem(
        graph,
        catalog,
        [observe_job(job, ran_on[job.id].name, reports.get(job.id)) for job in recent],
        [*observe(logged, context), *said, *(absence.observation for absence in absent)],
    )
    posterior = infer(problem)
    return Case(
        reading=reading,
        request=request,
        topology=topology,
        skews=skews,
        jobs=jobs,
        sightings=sightings,
        absences=absent,
        catalog=catalog,
        rules=rules.rules,
        places=places,
        graph=graph,
        problem=problem,
        posterior=posterior,
        judgement=judge(problem, posterior, most_explained),
    )


def _reports(
    failures: Sequence[Job],
    reported: Mapping[str, Sequence[Sighting]],
    ran_on: Mapping[str, PlateId],
    reader: Reports,
    context: Context,
) -> tuple[dict[str, Report], list[EventObservation]]:
    """What the report of each failed job says of why it failed, and what the rules read in them."""
    reports: dict[str, Report] = {}
    said: list[EventObservation] = []
    for job in failures:
        readings = [(sighting.rule, observe_said(job.id, sighting, context)) for sighting in reported.get(job.id, ())]
        reports[job.id] = reader.read(job, ran_on[job.id].name, readings)
        said += [observed for _, observed in readings]
    return reports, said


def _context(
    places: Places,
    catalog: Catalog,
    graph: "nx.DiGraph[str]",
    jobs: Sequence[Job],
    ran_on: Mapping[str, PlateId],
    weighed: Sequence[Sighting],
    heard: Collection[str],
) -> Context:
    """What sightings are weighed by: which jobs failed around them, and how usual they are where none did."""
    around = {plate: about["parent"] for plate, about in graph.nodes(data=True) if about["kind"] == "plate"}
    plate_of = {job: plate.name for job, plate in ran_on.items()}
    healthy = healthy_plates(jobs, plate_of, around).intersection(heard)
    return Context(places, catalog, Nights(jobs, plate_of, around), learned_rates(weighed, healthy), around)


def _heard(reading: Reading, topology: Topology) -> set[str]:
    """The plates of machines of which some log was read."""
    return {topology.plate_of(source.machine)[1] for source in reading.sources if source.records and source.machine}


def _jobs(events: Sequence[Event], topology: Topology, catalog: Catalog, request: Request) -> list[Job]:
    def stages_of_code(code: str) -> Interval | None:
        info = catalog.codes.get(code)
        return (info.first_stage, info.last_stage) if info and info.first_stage and info.last_stage else None

    given = {job.vm for job in request.jobs}
    told = [job for job in read_jobs(events, topology, stages_of_code) if job.vm not in given]
    jobs = [*told, *request.jobs]
    machines = {job.vm for job in jobs if job.vm}
    if request.vm and machines and request.vm not in machines | set(topology.machines):
        known = ", ".join(get_close_matches(request.vm, machines, 3) or sorted(machines)[:8])
        wrong = Sentence(
            "--vm {vm}: no job is of such a machine; there are jobs of {known}", vm=request.vm, known=known
        )
        raise UsageError(wrong)
    return [job for job in jobs if not request.vm or job.vm == request.vm]


def _advanced(job: Job, places: Places, progress: Iterable[Sighting]) -> Job:
    """The job, with the stages that traces of its time show as passed: those of its host and of its virtual machine."""
    if job.started is None or job.ended is None or job.started == job.ended:
        return job
    own = {places.find(job.reports[0], scope) for scope in (Scope.HOST, Scope.VM)}
    for sighting in progress:
        if sighting.rule.stage and sighting.plate in own:
            of_it = [event.time for event in sighting.events if places.is_sure(event, sighting.plate)]
            if any(time is not None and job.started <= time <= job.ended for time in of_it):
                job = having_passed(job, sighting.rule.stage)
    return job
