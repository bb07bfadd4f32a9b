"""Looking into a case: what it says of one component, and of one job stage by stage."""

import pytest

from diagnostics.inspection.course import course_of
from diagnostics.inspection.dossier import dossier_of
from diagnostics.report.strip import FAILED, PASSED, UNREACHED
from engine.pipeline import STAGES, Stage
from tests.bundled import NAMES, diagnosis_of

SQL = diagnosis_of("guest-sql-writer")


def course(vm):
    (job,) = [job for job in SQL.verdict.jobs if job.vm == vm]
    return course_of(SQL.case, job)


def dossier(node):
    return dossier_of(SQL.case, SQL.verdict, node)


def test_a_job_has_every_stage_in_order_and_fails_where_the_report_says():
    stages = course("SQL01")
    assert tuple(step.stage for step in stages) == STAGES
    fared = {step.stage: step.fared for step in stages}
    assert (fared[Stage.GUEST_PREPARE], fared[Stage.GUEST_FREEZE]) == (PASSED, FAILED)
    assert fared[Stage.SEND_BLOCKS] == UNREACHED


def test_a_stage_shows_what_was_logged_of_it_on_the_machines_of_the_job():
    (prepare,) = [step for step in course("SQL01") if step.stage is Stage.GUEST_PREPARE]
    assert {line.machine for line in prepare.lines} >= {"SQL01"}
    assert "SQLVDI/1" in {line.event for line in prepare.lines}
    assert [line.time for line in prepare.lines if line.time] == sorted(
        line.time for line in prepare.lines if line.time
    )


def test_an_event_that_several_rules_read_is_one_line():
    for step in course("SQL01"):
        places = [(line.source, line.record, line.event) for line in step.lines]
        assert len(places) == len(set(places))


def test_what_was_logged_while_another_job_ran_is_not_shown():
    assert all(not line.time or line.time >= "2026-11-20T01:10" for step in course("WEB01") for line in step.lines)


def test_the_stage_in_which_a_job_failed_last_quotes_its_report():
    assert "job of SQL01" in {line.event for step in course("SQL01") if step.fared == FAILED for line in step.lines}


def test_the_parts_of_a_stage_stand_on_the_machine_of_the_job_and_around_it():
    (freeze,) = [step for step in course("SQL01") if step.stage is Stage.GUEST_FREEZE]
    assert freeze.parts == {"vm:SQL01/guest_writer", "vm:SQL01/guest_vss", "vm:SQL01/freeze_timeout"}


def test_a_component_that_the_verdict_names_brings_its_lines():
    found = dossier("vm:SQL01/guest_writer")
    fault = SQL.verdict.faults[0]
    assert (found.fault, found.probability, found.instance) == (fault, fault.probability, fault.instance)
    assert list(found.evidence) == fault.evidence
    assert found.causes[0].id == "sql-writer-failed"
    assert [job.vm for job in found.jobs] == ["SQL01"]


def test_a_component_that_lost_says_why():
    assert "behind the first" in dossier("vm:SQL01/guest_vss").why_not


def test_a_component_that_no_verdict_names_says_what_was_logged_about_it():
    parts = [node for node, about in SQL.case.graph.nodes(data=True) if about["kind"] == "component"]
    quiet = [found for found in map(dossier, parts) if found.fault is None]
    assert [line.event for found in quiet for line in found.logged]
    assert all(not found.evidence for found in quiet)


def test_the_jobs_through_a_component_are_those_of_its_machine_or_of_all_machines_in_it():
    assert [job.vm for job in dossier("host:HV01/hyperv_writer").jobs] == ["SQL01", "WEB01", "FILE01"]


@pytest.mark.parametrize("sample", NAMES)
def test_every_component_of_a_case_has_a_dossier_whose_shares_add_up(sample):
    diagnosis = diagnosis_of(sample)
    for node, about in diagnosis.case.graph.nodes(data=True):
        if about["kind"] == "component":
            found = dossier_of(diagnosis.case, diagnosis.verdict, node)
            assert 0.0 <= found.probability <= 1.0
            assert sum(cause.share for cause in found.causes) <= 1.000001
