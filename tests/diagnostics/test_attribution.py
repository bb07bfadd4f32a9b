"""When one call to a file fails, the logs say whose fault it was; `tests.bench.bench_attribution` tries all calls."""

import errno
from pathlib import Path

import pytest

from diagnostics.diagnosis import Knowledge, load_knowledge
from tests.diagnostics.failing_calls import Call, attribution, calls_of_a_job


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    return calls_of_a_job(tmp_path_factory.mktemp("whole") / "lab")


@pytest.mark.parametrize(
    ("place", "writes", "error"),
    [
        ("source", False, errno.EIO),
        ("replica", True, errno.EIO),
        ("replica", True, errno.ENOSPC),
        ("point", True, errno.ENOSPC),
    ],
)
def test_the_component_whose_file_failed_is_named_from_the_logs_alone(
    tmp_path: Path, knowledge: Knowledge, calls: list[Call], place, writes, error
):
    these = [call for call in calls if (call.place, call.writes) == (place, writes)]
    told = attribution(tmp_path, these[len(these) // 2], error, knowledge)
    assert told.failed
    assert told.right, told.named
