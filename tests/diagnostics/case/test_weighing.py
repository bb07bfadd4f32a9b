"""What a sighting weighs: how unlikely it is by chance, and what a lower layer that failed before may have brought."""

import pytest

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


def sighting(rule, minute, kind=Kind.RECORD, plate=HOST, records=(1,)):
    events = [Event(kind=kind, source="s", record=record, machine="HV01", time=minute * MINUTE) for record in records]
    return Sighting(key=f"{rule.name}@{plate.name}", rule=rule, plate=plate, events=events)


def observed(*sightings):
    nights = Nights([JOB], {JOB.id: "vm:SQL01"}, AROUND)
    context = Context(Places(read_topology([], ["HV01"], {})), load_catalog(), nights, {}, AROUND)
    return observe(sightings, context)


def spurious(rule, minute, kind=Kind.RECORD):
    (one,) = observed(sighting(rule, minute, kind))
    return one.spurious


def gains(observation):
    """How much likelier than chance each cause makes it."""
    return {(link.scope, link.cause): link.sensitivity / observation.spurious for link in observation.links}


def test_an_event_while_a_job_fails_is_less_likely_there_by_chance():
    assert spurious(FAULT, 65) < spurious(FAULT, 300)


def test_a_symptom_while_a_job_fails_may_be_of_whatever_failed_it():
    drop_of_fault = spurious(FAULT, 65) / spurious(FAULT, 300)
    assert spurious(SYMPTOM, 65) / spurious(SYMPTOM, 300) > 2 * drop_of_fault


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


def test_a_record_that_several_rules_read_is_one_observation():
    named, any_writer = (
        sighting(RULES["named-writer-timed-out"], 65),
        sighting(RULES["vss-writer-rejected-unnamed"], 65),
    )
    (both,) = observed(named, any_writer)
    (alone,), (vaguer,) = observed(named), observed(any_writer)
    assert both.key == named.key
    expected = {**gains(vaguer), **gains(alone)}
    expected |= {place: max(gain, gains(vaguer).get(place, 0.0)) for place, gain in gains(alone).items()}
    assert gains(both) == pytest.approx(expected)


def test_a_rule_that_also_read_something_else_is_an_observation_of_its_own():
    named = sighting(RULES["named-writer-timed-out"], 65)
    further = sighting(RULES["vss-writer-rejected-unnamed"], 65, records=(1, 2))
    assert [one.key for one in observed(named, further)] == [named.key, further.key]
    assert observed(named, further)[0] == observed(named)[0]


def test_a_rule_about_records_that_others_read_one_by_one_adds_nothing_of_its_own():
    first, second = sighting(RULES["named-writer-timed-out"], 65), sighting(LOWER, 65, records=(2,))
    both = sighting(RULES["writer-retryable-code"], 65, records=(1, 2))
    assert {one.key for one in observed(first, second, both)} == {first.key, second.key}
