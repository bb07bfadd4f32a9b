"""What the pictures show: who is at fault, who failed, who passed, and how far each job came."""

import msgspec
import networkx as nx
import pytest

from diagnostics.case.pipeline import PlateId, build_pipeline
from diagnostics.case.sharing import SharedPlate
from diagnostics.report.drawing import draw
from diagnostics.report.lanes import lanes
from diagnostics.report.plates import Status, plates_of_case, tree
from diagnostics.report.strip import ABSENT, FAILED, PASSED, UNKNOWN, UNREACHED, phases, rows
from diagnostics.verdict import Candidate, JobReport, Timeline, VerdictWord
from engine.pipeline import DEPENDS_ON, STAGES, Scope, Stage
from tests.diagnostics.report.verdicts import FULL, GRAPH


def job(vm, outcome="succeeded", *, host="HV01", mode="online", stages=(), ended=None):
    return JobReport(
        id=f"{host}/{vm}@{ended}", vm=vm, host=host, mode=mode, outcome=outcome, stages=list(stages),
        started=None, ended=ended, bytes_sent=None,
    )  # fmt: skip


def site(hosts, vms):
    plates = [PlateId("site", Scope.SITE, None)]
    plates += [PlateId(f"host:HV{host:02}", Scope.HOST, "site") for host in range(hosts)]
    plates += [
        PlateId(f"vm:VM{host}-{vm}", Scope.VM, f"host:HV{host:02}") for host in range(hosts) for vm in range(vms)
    ]
    return build_pipeline(plates)


def changed(**fields):
    return msgspec.structs.replace(FULL, **fields)


def plate(verdict, name, graph=GRAPH):
    def walk(found):
        yield found
        for inner in found.inner:
            yield from walk(inner)

    return next(found for found in walk(plates_of_case(graph, verdict)) if found.name == name)


def weak_suspect():
    return Candidate(
        component="guest_vss", instance="vm:SQL01/guest_vss", cause=None, probability=0.06, title="VSS in the guest"
    )


# --- plates ---


def test_the_named_component_is_at_fault_and_so_is_its_plate():
    sql = plate(FULL, "SQL01")
    assert sql.status is Status.FAULT
    assert {part.title for part in sql.parts if part.status is Status.FAULT} == {"Application writer in the guest"}


@pytest.mark.parametrize("word", [VerdictWord.AMBIGUOUS, VerdictWord.INSUFFICIENT, VerdictWord.TRANSIENT])
def test_what_a_weaker_verdict_names_is_only_suspected(word):
    assert plate(changed(verdict=word), "SQL01").status is Status.SUSPECT


def test_where_nothing_is_named_the_first_candidates_are_suspected():
    weak = [weak_suspect()]
    verdict = changed(verdict=VerdictWord.INSUFFICIENT, faults=[], candidates=weak)
    assert plate(verdict, "SQL01").accused


def test_a_machine_without_a_job_is_suspected_and_has_not_failed():
    weak = [weak_suspect()]
    told = "\n".join(
        tree(plates_of_case(GRAPH, changed(verdict=VerdictWord.INSUFFICIENT, faults=[], candidates=weak, jobs=[])))
    )
    assert "HV01: 1 of 2 machines suspected" in told
    assert "failed" not in told


def test_a_machine_whose_retry_passed_has_passed():
    jobs = [job("WEB01", "failed", stages=["guest-freeze"] * 2), job("WEB01")]
    assert plate(changed(jobs=jobs), "WEB01")[2:4] == (Status.PASSED, "passed after 1 failed")


def test_a_job_that_names_no_machine_counts_for_the_placeholder_of_its_host():
    graph = build_pipeline(
        [
            PlateId("site", Scope.SITE, None),
            PlateId("host:HV01", Scope.HOST, "site"),
            PlateId("vm:?@HV01", Scope.VM, "host:HV01"),
        ]
    )
    verdict = changed(faults=[], candidates=[], jobs=[job("", "failed", stages=["host-freeze", "host-thaw"])])
    found = plate(verdict, "a machine not named (on HV01)", graph)
    assert (found.status, found.note) == (Status.FAILED, "failed between host-freeze and host-thaw")


def test_what_machines_share_shows_how_its_members_fared():
    plates = [PlateId("site", Scope.SITE, None), PlateId("host:HV01", Scope.HOST, "site")]
    plates += [PlateId(f"vm:{vm}", Scope.VM, "host:HV01") for vm in ("SQL01", "WEB01", "FILE01")]
    graph = build_pipeline(plates, [SharedPlate("csv:VOLUME1", frozenset({"vm:SQL01", "vm:WEB01"}))])
    told = "\n".join(tree(plates_of_case(graph, changed(faults=[], candidates=[]))))
    assert "▲ VOLUME1: 1 of 2 sharing machines failed" in told


def test_sound_hosts_are_one_counted_line():
    jobs = [job(f"VM{host}-{vm}", host=f"HV{host:02}") for host in range(20) for vm in range(10)]
    healthy = changed(verdict=VerdictWord.HEALTHY, faults=[], candidates=[], jobs=jobs)
    assert list(tree(plates_of_case(site(20, 10), healthy))) == [
        "✔ Site: 200 of 200 machines passed",
        "└ ✔ 20 hosts with 200 virtual machines: passed",
    ]


def test_a_drawing_does_not_grow_with_what_is_sound():
    def boxes(hosts):
        return len(draw(plates_of_case(site(hosts, 10), changed(faults=[], candidates=[], jobs=[]))).boxes)

    assert boxes(3) == boxes(20)


def test_components_stand_to_the_right_of_what_they_stand_on():
    drawing = draw(plates_of_case(GRAPH, FULL))
    place = {box.tip.partition(":")[0]: box.x for box in drawing.boxes if box.kind == "chip"}
    assert place["Application writer in the guest"] > place["VSS in the guest"] > place["Integration components"]
    assert nx.is_directed_acyclic_graph(nx.DiGraph([(one, below) for one in DEPENDS_ON for below in DEPENDS_ON[one]]))


# --- stages ---


def test_the_phases_hold_every_stage_once_and_in_order():
    assert tuple(stage for phase in phases() for stage in phase.stages) == STAGES


def test_a_job_passed_what_lies_before_the_stages_that_it_may_have_failed_in():
    (row,) = rows([job("SQL01", "failed", stages=["guest-prepare", "guest-thaw"])])
    cells = dict(zip(STAGES, row.cells, strict=True))
    assert cells[Stage.CONTACT_GUEST] == PASSED
    assert {cells[stage] for stage in STAGES[STAGES.index(Stage.GUEST_PREPARE) : 9]} == {FAILED}
    assert {cells[stage] for stage in STAGES[9:]} == {UNREACHED}


def test_an_online_job_saves_no_state_and_a_job_of_unknown_mode_may_have():
    online, unknown = (rows([job("A", mode=mode)])[0].cells for mode in ("online", "unknown"))
    place = STAGES.index(Stage.SAVE_STATE)
    assert (online[place], unknown[place]) == (ABSENT, UNKNOWN)


def test_jobs_that_ended_alike_on_one_host_share_a_row():
    failed = [job(f"A{n}", "failed", stages=["host-freeze"] * 2) for n in range(6)]
    elsewhere = [job("B0", "failed", host="HV02", stages=["host-freeze"] * 2)]
    shown = rows([*(job(f"C{n}") for n in range(190)), *elsewhere, *failed])
    assert [row.title for row in shown] == ["6 jobs", "B0", "190 jobs"]
    assert shown[0].note == "A0, A1, A2, A3 and 2 more · on HV01 · online"


# --- time ---


def test_the_lanes_show_the_time_around_the_failed_jobs_and_count_what_lies_outside():
    far = msgspec.structs.replace(FULL.timeline.moments[2], time="2026-11-23T01:00:00.000000Z")
    failed = msgspec.structs.replace(FULL.jobs[0], started="2026-11-22T01:00:00.000000Z")
    drawn = lanes(changed(jobs=[failed], timeline=Timeline(moments=[*FULL.timeline.moments, far])))
    assert drawn is not None
    assert [lane.title for lane in drawn.lanes] == ["job of SQL01", "HV01", "SQL01"]
    assert [mark.kind for mark in drawn.marks] == ["evidence", "context"]
    assert drawn.left_out == 1
    (span,) = drawn.spans
    assert all(span.x < mark.x < span.x + span.width for mark in drawn.marks)


def test_the_lanes_reach_back_to_the_evidence_of_a_job_that_tells_no_start():
    ended = job("SQL01", "failed", ended="2026-11-22T01:20:00.000000Z")
    evidence = msgspec.structs.replace(FULL.timeline.moments[1], time="2026-11-22T01:03:58.000000Z")
    earlier = msgspec.structs.replace(evidence, time="2026-11-21T01:03:58.000000Z")
    drawn = lanes(changed(jobs=[ended], timeline=Timeline(moments=[earlier, evidence])))
    assert drawn is not None
    assert (len(drawn.marks), drawn.left_out) == (1, 1)


def test_without_any_time_there_are_no_lanes():
    assert lanes(changed(jobs=[job("A")], timeline=Timeline())) is None
