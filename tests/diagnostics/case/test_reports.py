"""What the report of a failed job tells of why it failed."""

import msgspec
import pytest

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import Sighting
from diagnostics.case.pipeline import PlateId
from diagnostics.case.reports import Reports, apart
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.localize.inference import infer
from diagnostics.localize.problem import CauseNode, EventObservation, JobObservation, Link, Plate, Problem
from diagnostics.rules.packs import load_rules
from engine.pipeline import STAGES, Mode, Scope

RULES = {rule.name: rule for rule in load_rules().rules}
CATALOG = load_catalog()
MACHINE = PlateId("vm:SQL01", Scope.VM, "host:HV01")
VAGUE, TELLING = RULES["writer-retryable-code"], RULES["named-writer-timed-out"]


def report(record, *codes):
    return Event(kind=Kind.JOB, source="jobs", record=record, codes=codes)


def job(number, *reports):
    return Job(
        id=f"job {number}", vm="SQL01", host="HV01", mode=Mode.ONLINE, outcome=Outcome.FAILED,
        failed=(STAGES[0], STAGES[-1]), started=None, ended=None, bytes_sent=None, reports=reports,
    )  # fmt: skip


def reading(rule, *links, spurious=0.01):
    observed = EventObservation(rule.name, MACHINE.name, True, tuple(links), spurious, "writers")  # noqa: FBT003 - seen
    return rule, observed


def said(told, cause):
    """P(it says this | the cause, wherever it sits, failed the job)."""
    return dict(told.causes).get(cause, told.otherwise)


def of_link(told, cause):
    return next(link.sensitivity for link in told.links if link.cause == cause)


def read(*readings, reports=()):
    return reader().read(job(1, *(reports or [report(1)])), MACHINE.name, readings)


def reader():
    around = {MACHINE.name: "host:HV01", "vm:APP01": "host:HV01", "vm:WEB01": "host:HV02"}
    return Reports(RULES.values(), CATALOG, around)


def test_what_a_report_says_is_told_from_what_is_logged_job_by_job():
    first, second, logged = report(1), report(2), Event(kind=Kind.RECORD, source="System.evtx", record=1)
    sighting = Sighting(key="rule@vm:SQL01", rule=VAGUE, plate=MACHINE, events=[first, logged, second])
    left, reported = apart([sighting], [job(1, first), job(2, second)])
    assert [(one.key, one.events) for one in left] == [(sighting.key, [logged])]
    assert {of: [event for one in told for event in one.events] for of, told in reported.items()} == {
        "job 1": [first],
        "job 2": [second],
    }


def test_the_report_of_a_job_that_is_not_asked_about_stays_an_event():
    sighting = Sighting(key="rule@vm:SQL01", rule=VAGUE, plate=MACHINE, events=[report(9)])
    left, reported = apart([sighting], [job(1, report(1))])
    assert [one.events for one in left] == [[report(9)]]
    assert not reported


def test_two_rules_of_one_family_that_read_one_report_say_no_more_than_the_stronger():
    link = Link(Scope.VM, "vhd-chain-broken", 0.6)
    vaguer = reading(VAGUE, link._replace(sensitivity=0.2), spurious=0.1)
    telling = reading(TELLING, link)
    assert read(telling, vaguer) == read(telling)


def test_an_id_and_the_code_within_it_are_two_statements():
    link = Link(Scope.VM, "vhd-chain-broken", 0.5)
    of_id = reading(TELLING, link)
    code = (VAGUE, of_id[1]._replace(key="code", family="code"))
    gains = [of_link(told, link.cause) / told.otherwise for told in (read(of_id), read(code), read(of_id, code))]
    assert gains[2] == pytest.approx(gains[0] * gains[1])


def test_the_same_error_on_the_next_machine_tells_of_the_host_and_not_once_more_of_what():
    told = reading(VAGUE, Link(Scope.HOST, "vmms-down", 0.3), Link(Scope.VM, "vhd-chain-broken", 0.3))
    reports = reader()
    first, beside, elsewhere = (
        reports.read(job(number, report(number)), plate, [told])
        for number, plate in enumerate((MACHINE.name, "vm:APP01", "vm:WEB01"))
    )
    assert of_link(first, "vmms-down") == of_link(elsewhere, "vmms-down") < 0.5 < of_link(beside, "vmms-down")
    assert of_link(first, "vhd-chain-broken") == of_link(beside, "vhd-chain-broken")


def test_a_cause_whose_reports_are_known_hardly_ends_with_one_that_no_rule_knows():
    unknown = read()
    assert said(unknown, "hyperv-writer-stuck") < said(unknown, "other")


def test_a_code_that_no_rule_reads_speaks_for_its_component_and_those_below_it():
    code = "0xC03A001E"
    assert CATALOG.codes[code].component == "vm_config_storage"
    told, without_code = read(reports=[report(1, code)]), read()
    for its_own_or_below in ("vhd-chain-broken", "vmms-down"):
        assert said(told, its_own_or_below) == said(without_code, its_own_or_below)
    assert said(told, "sql-writer-failed") < said(without_code, "sql-writer-failed") / 5


def test_a_job_that_failed_by_one_fault_tells_nothing_of_another():
    """As an event beside the failure, the report would be explained by any present cause that it speaks of."""
    stages = dict.fromkeys(STAGES, 0.1)
    causes = tuple(CauseNode(name, name, 0.01, stages) for name in ("spoken-of", "silent"))
    told = read(reading(VAGUE, Link(Scope.VM, "spoken-of", 0.6), spurious=0.001))
    told = msgspec.structs.replace(told, causes=())
    plate = Plate(MACHINE.name, Scope.VM, None, causes)
    failure = JobObservation("job", plate.name, Mode.ONLINE, succeeded=False, failed=(STAGES[0], STAGES[-1]))
    bare = infer(Problem((plate,), (failure,), ())).plates[plate.name].causes
    after = infer(Problem((plate,), (failure._replace(report=told),), ())).plates[plate.name].causes
    assert after["spoken-of"] > 0.95 > bare["spoken-of"]
    assert after["silent"] < 0.02 < bare["silent"]
