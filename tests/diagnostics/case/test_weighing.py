"""What a sighting weighs: how unlikely it is by chance, and what a lower layer that failed before may have brought."""

from diagnostics.case.cascades import echo_links
from diagnostics.case.episodes import Nights
from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import Sighting
from diagnostics.case.pipeline import PlateId
from diagnostics.case.places import Places
from diagnostics.case.topology import read_topology
from diagnostics.case.weighing import Context, observe
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.localize.problem import Link
from diagnostics.rules.packs import load_rules
from engine.pipeline import Mode, Scope, Stage

RULES = {rule.name: rule for rule in load_rules().rules}
LOWER, SYMPTOM, FAULT = RULES["volsnap-diff-area-limit"], RULES["agent-reports-error"], RULES["agent-not-ready-id"]
HOST = PlateId("host:HV01", Scope.HOST, "site")
MINUTE = 60_000_000
AROUND = {"vm:SQL01": "host:HV01", "host:HV01": "site", "site": None}
JOB = Job(
    id="SQL01", vm="SQL01", host="HV01", mode=Mode.ONLINE, outcome=Outcome.FAILED,
    failed=(Stage.SCHEDULE, Stage.SCHEDULE), started=60 * MINUTE, ended=70 * MINUTE, bytes_sent=None, reports=(),
)  # fmt: skip


def sighting(rule, minute, kind=Kind.RECORD, plate=HOST):
    event = Event(kind=kind, source="s", record=1, machine="HV01", time=minute * MINUTE)
    return Sighting(key=f"{rule.name}@{plate.name}", rule=rule, plate=plate, events=[event])


def spurious(rule, minute, kind=Kind.RECORD):
    nights = Nights([JOB], {JOB.id: "vm:SQL01"}, AROUND)
    context = Context(Places(read_topology([], ["HV01"], {})), load_catalog(), nights, {}, AROUND)
    (observed,) = observe([sighting(rule, minute, kind)], context)
    return observed.spurious


def test_an_event_while_a_job_fails_is_less_likely_there_by_chance():
    assert spurious(FAULT, 65) < spurious(FAULT, 300)


def test_a_symptom_while_a_job_fails_may_be_of_whatever_failed_it():
    drop_of_fault = spurious(FAULT, 65) / spurious(FAULT, 300)
    assert spurious(SYMPTOM, 65) / spurious(SYMPTOM, 300) > 2 * drop_of_fault


def test_what_a_failed_job_reports_is_hardly_there_by_chance():
    assert spurious(FAULT, 65, Kind.JOB) < spurious(FAULT, 300) / 5


def test_a_checkpoint_of_last_week_says_as_much_as_one_of_tonight():
    rule = RULES["recovery-checkpoint-present"]
    assert spurious(rule, -7 * 24 * 60, Kind.CHECKPOINT) == spurious(rule, 65, Kind.CHECKPOINT)


def test_a_complaint_may_be_the_echo_of_a_lower_fault_but_a_fault_of_its_own_hardly_is():
    lower, *upper = sightings = [sighting(LOWER, 64), sighting(SYMPTOM, 65), sighting(FAULT, 65)]
    links = {one.key: () for one in upper} | {lower.key: (Link(Scope.HOST, "diff-area-limit", 0.8),)}
    echoes = echo_links(sightings, links, AROUND)
    complaint, fault = (echoes[one.key][0].sensitivity for one in upper)
    assert 0.0 < fault < complaint / 5
    assert not echoes[lower.key]
