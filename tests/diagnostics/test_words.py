"""Words that few nights end with, from the logs of the lab's machines."""

import pickle
import shutil

import msgspec

from diagnostics.diagnosis import Knowledge, diagnose, load_knowledge
from diagnostics.request import Request
from diagnostics.rules.index import RuleSet
from diagnostics.verdict import VerdictWord
from engine.pipeline import Stage
from tests.diagnostics.test_diagnosis import job, verdict_on
from tests.test_samples import SAMPLES


def knowing_nothing_of(stage: Stage) -> Knowledge:
    """The knowledge as if nobody had thought of causes that fail a job in this stage."""
    known = load_knowledge()
    causes = {name: cause for name, cause in known.catalog.causes.items() if stage not in cause.stages}
    kept = [
        msgspec.structs.replace(rule, causes=links)
        for rule in known.rules.rules
        if (links := tuple(link for link in rule.causes if link.id in causes)) or not rule.causes
    ]
    return Knowledge(RuleSet.compile(kept), known.catalog._replace(causes=causes), known.problems)


FLUSHING = "The shadow copy provider timed out while flushing data to the volume (0x80042313)"


def test_where_a_few_components_may_have_failed_a_job_they_are_named_with_what_would_tell_them_apart(tmp_path):
    passed = (job(f"B{number}", "HV02", sent="100", minute=number) for number in range(1, 4))
    verdict = verdict_on(tmp_path, job("A0", "HV01", failed=FLUSHING), *passed)
    assert verdict.verdict is VerdictWord.AMBIGUOUS
    assert 2 <= len(verdict.faults) <= 4
    best = verdict.told_apart_by[0]
    assert best.gain_bits > 0
    assert verdict.summary.startswith("These logs do not tell these apart")
    assert verdict.summary.endswith(f"This would: {best.collect} ({best.machine}).")


def test_without_the_guest_s_logs_too_many_are_left_and_what_to_collect_is_told():
    logs = SAMPLES / "guest-sql-writer" / "logs"
    read = (logs / "DPM01" / "job.txt", logs / "HV01" / "Application.evtx")
    verdict = diagnose(Request(paths=tuple(map(str, read)))).verdict
    assert verdict.verdict is VerdictWord.INSUFFICIENT
    assert verdict.faults == []
    assert verdict.next_evidence[0].gain_bits > 0
    assert verdict.summary.startswith("The logs do not suffice; first suspects: ")
    first = verdict.candidates[0]
    assert (first.cause, first.title) == (
        "checkpoint-cannot-be-created",
        "Virtual machine's configuration and disks: The backup checkpoint cannot be created for this machine",
    )


def test_a_suspect_that_nothing_speaks_for_is_not_named_beside_one_that_something_does():
    alone = SAMPLES / "loud-noise" / "logs" / "FILE01" / "Application.evtx"
    verdict = diagnose(Request(paths=(str(alone),))).verdict
    assert verdict.verdict is VerdictWord.INSUFFICIENT
    assert [one.instance for one in verdict.candidates[:2]] == ["host:FILE01/host_vss", "site/volsnap_diffarea"]
    assert "(host:FILE01)" in verdict.summary
    assert "(site)" not in verdict.summary


def test_what_fails_where_no_known_cause_can_fail_it_is_unexplained_and_pinned_on_nobody():
    logs = str(SAMPLES / "several-hosts" / "logs")
    verdict = diagnose(Request(paths=(logs,)), knowledge=knowing_nothing_of(Stage.CONTACT_AGENT)).verdict
    assert verdict.verdict is VerdictWord.UNEXPLAINED
    assert all(fault.probability < 0.5 for fault in verdict.faults)
    assert verdict.summary.startswith("A cause that Shindan does not know")
    assert diagnose(Request(paths=(logs,))).verdict.verdict is VerdictWord.ASSERTED


def test_of_what_promises_next_to_nothing_a_settled_verdict_says_nothing():
    verdict = diagnose(Request(paths=(str(SAMPLES / "guest-sql-writer" / "logs"),))).verdict
    assert verdict.verdict is VerdictWord.ASSERTED
    assert verdict.next_evidence == []


def test_what_is_worth_collecting_is_worth_the_way():
    logs = SAMPLES / "freeze-timeout" / "logs"
    told = diagnose(Request(paths=(str(logs),))).verdict.next_evidence
    assert told
    assert all(wanted.gain_bits >= 0.05 for wanted in told)


def test_a_diagnosis_goes_to_another_process_without_what_python_will_not_pickle_for_long():
    diagnosis = diagnose(Request(paths=(str(SAMPLES / "guest-sql-writer" / "logs"),)))
    assert b"itertools" not in pickle.dumps(diagnosis)


def test_no_record_is_listed_for_and_against_the_same_fault():
    logs = SAMPLES / "guest-sql-writer" / "logs" / "SQL01" / "Application.evtx"
    (fault,) = diagnose(Request(paths=(str(logs),))).verdict.faults
    told = {(line.source, line.record) for line in fault.evidence}
    assert told
    assert told & {(line.source, line.record) for line in fault.counter_evidence} == set()


OF_YEARS_AGO = """TimeCreated,ProviderName,Id,LevelDisplayName,MachineName,LogName,Message
2019-03-04T01:01:00Z,VSS,8229,Warning,OLD01,Application,"A VSS writer has rejected an event with error 0x800423f3."
2019-03-04T01:02:00Z,VSS,12289,Error,OLD01,Application,"Unexpected error DeviceIoControl. hr = 0x80070015"
"""


def test_what_weighs_nothing_is_not_listed_as_evidence_but_what_alone_carries_the_fault_is(tmp_path):
    shutil.copytree(SAMPLES / "recovery-point-volume-full" / "logs", tmp_path, dirs_exist_ok=True)
    (tmp_path / "OLD01").mkdir()
    (tmp_path / "OLD01" / "Application.csv").write_text(OF_YEARS_AGO)
    verdict = diagnose(Request(paths=(str(tmp_path),))).verdict
    (fault,) = verdict.faults
    assert fault.minimal_evidence
    listed = [line for at, line in enumerate(fault.evidence) if at not in fault.minimal_evidence]
    assert all(round(line.weight_db, 1) >= 0.1 for line in listed)
    assert all(round(line.weight_db, 1) <= -0.1 for line in fault.counter_evidence)
    assert not any(line.machine == "OLD01" for line in (*fault.evidence, *fault.counter_evidence))
    assert not any(one.kind == "evidence" for one in verdict.timeline.moments if one.machine == "OLD01")
