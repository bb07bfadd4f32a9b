"""What exports of settings list completely, and do not show, speaks against its causes."""

from pathlib import Path

import pytest

from diagnostics.diagnosis import Knowledge, load_knowledge, read_and_understand
from diagnostics.request import Request
from engine.lab import Lab, Scenario, parse_fault
from engine.lab.scenario import GuestVolume, Host, Job, VirtualMachine

VOLUMES = (GuestVolume(), GuestVolume(name="E:"))
SCENARIO = Scenario(
    title="no offline backup",
    hosts=(Host(name="HV01", virtual_machines=(VirtualMachine(name="SQL01", volumes=VOLUMES),
                                               VirtualMachine(name="WEB01"))),),
    job=Job(offline_allowed=False),
)  # fmt: skip
OF_VOLUMES = {"guest-volume-too-small", "guest-volume-not-supported"}
OF_SERVICES = {"backup-integration-disabled", "guest-requestor-not-running", "guest-does-not-answer"}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    with Lab(SCENARIO, folder / "lab", faults=[parse_fault("guest-dynamic-disk@vm:SQL01")]) as lab:
        lab.run()
        lab.write_logs(folder / "logs")
    return folder / "logs"


def unlisted(logs: Path, knowledge: Knowledge) -> dict[str, str]:
    """Causes that lists do not show, and the plate on which they are not."""
    case = read_and_understand(Request(paths=(str(logs),)), knowledge)
    return {one.observation.links[0].cause: one.observation.plate for one in case.absences if one.of_list}


def test_lists_of_a_failed_machine_speak_against_what_they_do_not_show(logs, knowledge):
    found = unlisted(logs, knowledge)
    assert found.keys() >= OF_VOLUMES | OF_SERVICES | {"guest-shadow-storage-elsewhere", "checkpoints-on-other-volume"}
    assert "guest-dynamic-disk" not in found
    assert set(found.values()) == {"vm:SQL01"}


def test_a_list_without_free_space_says_nothing_of_it(logs, knowledge, tmp_path):
    for path in logs.rglob("*"):
        if path.is_file() and path.name not in {"volumes.xml", "integration.xml"}:
            place = tmp_path / path.relative_to(logs)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    assert not unlisted(tmp_path, knowledge).keys() & (OF_VOLUMES | OF_SERVICES)
