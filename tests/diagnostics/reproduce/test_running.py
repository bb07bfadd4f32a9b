"""From a verdict to its proof, with real runs of the lab."""

import msgspec
import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.parsing import Unwatched
from diagnostics.reproduce import Bounds, reproduce
from diagnostics.reproduce.laboratory import stand_in
from diagnostics.request import Request
from diagnostics.verdict import ReproductionWord
from engine.lab import parse_fault, read_scenario
from tests.bundled import SAMPLES, diagnosis_of
from tests.diagnostics.reproduce.labs import diagnosed, knowledge
from tests.test_samples import SAMPLES as LAB_SAMPLES

FEW = Bounds(most=2)


@pytest.fixture(scope="module")
def stopped_writer(tmp_path_factory):
    """A guest whose SQL writer dies in the middle of the backup."""
    return diagnosed(tmp_path_factory.mktemp("night"), "writer-failed@vm:SQL01")


def test_a_cause_that_logs_what_the_case_logged_is_reproduced(stopped_writer):
    told = reproduce(stopped_writer, knowledge(), bounds=FEW)
    assert told.outcome is ReproductionWord.REPRODUCED
    best = told.runs[0]
    assert (best.cause, best.fault) == ("writer-failed", "writer-failed@vm:SQL01")
    assert best.likeness is not None
    assert best.likeness > 0.8
    assert "VSS/8229" in {line.event for line in best.both}


def test_the_same_seed_gives_the_same_answer(stopped_writer):
    one, other = (reproduce(stopped_writer, knowledge(), bounds=FEW) for _ in range(2))
    assert one == other


class _Impatient(Unwatched):
    """Cancels after so many runs."""

    def __init__(self, runs: int) -> None:
        self.left = runs
        self.total = 0

    def started(self, total_bytes: int) -> None:
        self.total = total_bytes

    def advanced(self, read_bytes: int) -> None:
        self.left -= read_bytes

    def cancelled(self) -> bool:
        return self.left <= 0


def test_what_was_run_before_it_was_cancelled_is_told_and_the_rest_is_named(stopped_writer):
    watcher = _Impatient(runs=1)
    told = reproduce(stopped_writer, knowledge(), watcher, FEW)
    assert watcher.total >= 2
    assert all(run.likeness is None for run in told.runs)
    assert any("interrupted" in line for line in told.lab)


def test_no_more_time_is_taken_than_was_given(stopped_writer):
    ticks = iter(range(10_000))
    told = reproduce(stopped_writer, knowledge(), bounds=Bounds(most=2, seconds=0.5, clock=lambda: next(ticks)))
    assert [run.likeness for run in told.runs] == [None, None]
    assert any("the time was up" in line for line in told.lab)


def test_a_healthy_case_has_nothing_to_reproduce():
    told = reproduce(diagnosis_of("healthy-online"), knowledge())
    assert (told.outcome, told.runs) == (ReproductionWord.NOT_REPRODUCED, [])


def test_where_nothing_was_weighed_nothing_is_run_in_the_lab(tmp_path):
    (tmp_path / "groceries.txt").write_text("milk, bread\n")
    told = reproduce(diagnose(Request(paths=(str(tmp_path),))), knowledge())
    assert (told.runs, told.summary) == ([], "These logs tell of no failure: there is nothing to reproduce.")


@pytest.mark.parametrize("sample", ["guest-sql-writer", "host-hyperv-writer", "healthy-online"])
def test_the_lab_of_a_case_can_be_written_down_and_read_again(sample, tmp_path):
    stand = stand_in(diagnosis_of(sample).case)
    file = tmp_path / "scenario.yml"
    file.write_bytes(msgspec.yaml.encode(stand.scenario))
    assert read_scenario(file) == stand.scenario


def test_the_lab_is_shrunk_to_what_matters_and_says_so():
    case = diagnosis_of("host-hyperv-writer").case
    stand = stand_in(case, ["host:HV02"])
    assert [host.name for host in stand.scenario.hosts] == ["HV02", "HV01"]
    assert all(len(host.virtual_machines) <= 2 for host in stand.scenario.hosts)
    assert "other virtual machines: 3" in stand.notes[1]


def test_a_plate_that_the_logs_leave_unnamed_has_a_stand_in():
    logs = SAMPLES / "host-hyperv-writer" / "logs" / "HV02" / "Application.xml"
    case = diagnose(Request(paths=(str(logs),)), knowledge=knowledge()).case
    unnamed = next(plate for plate in case.graph if plate.startswith("vm:?"))
    fault = parse_fault("writer-failed")
    stand = stand_in(case, [unnamed])
    assert [str(one) for one in stand.placed([fault], unnamed)] == ["writer-failed@vm:VM01"]
    assert stand.placed([fault], "site") == ()


@pytest.mark.parametrize(
    "sample", ["condition-a-integration-off", "condition-b-dynamic-disk", "condition-e-shadow-storage"]
)
def test_a_group_that_forbids_offline_backups_forbids_them_in_the_lab_as_well(sample):
    told = reproduce(diagnose(Request(paths=(str(LAB_SAMPLES / sample / "logs"),))), knowledge())
    assert told.outcome is ReproductionWord.REPRODUCED, told.summary


def test_of_two_faults_the_first_is_tried_with_the_other_present():
    told = reproduce(
        diagnose(Request(paths=(str(LAB_SAMPLES / "two-faults" / "logs"),))), knowledge(), bounds=Bounds(most=3)
    )
    assert told.outcome is ReproductionWord.REPRODUCED, told.summary
    assert told.runs[0].cause == "vss-services-unusable"
    assert any("writer-failed@vm:WEB01" in line for line in told.lab)


@pytest.mark.parametrize("sample", ["transient", "freeze-timeout"])
def test_a_failure_is_reproduced_whether_it_passed_or_stayed(sample):
    told = reproduce(diagnose(Request(paths=(str(LAB_SAMPLES / sample / "logs"),))), knowledge(), bounds=Bounds(most=4))
    best = told.runs[0]
    assert (told.outcome, best.cause) == (ReproductionWord.REPRODUCED, "freeze-window-exceeded")
    assert (best.likeness or 0.0) > 0.9, "the writers that other suspicions need are not in its lab"
    assert best.fault.endswith(":passes=1") is (sample == "transient")
