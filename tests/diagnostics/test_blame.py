"""Nights of the lab in which the blame once fell on somebody else.

`tests.bench.closed_loop` asks whom every fault is blamed on; here stands what was wrong once.
"""

from pathlib import Path

import pytest

from diagnostics.diagnosis import read_and_understand
from diagnostics.request import Request
from engine.lab import Lab, Scenario, parse_fault
from engine.lab.scenario import Host, VirtualMachine
from tests.diagnostics.reproduce.labs import knowledge

MACHINES = (VirtualMachine(name="SQL01"), VirtualMachine(name="WEB01"))
SCENARIO = Scenario(title="a night", hosts=(Host(name="HV01", virtual_machines=MACHINES),))


def first_of(folder: Path, fault: str) -> tuple[str, str | None]:
    """The component that is named first, on its plate, and its cause."""
    with Lab(SCENARIO, folder / "lab", faults=[parse_fault(fault)]) as lab:
        lab.run()
        lab.write_logs(folder / "logs")
    case = read_and_understand(Request(paths=(str(folder / "logs"),)), knowledge(), most_explained=0)
    first = case.judgement.candidates[0]
    return f"{first.plate}/{first.component}", first.cause


@pytest.mark.parametrize(
    ("fault", "component"),
    [
        ("vm-config-invalid@vm:SQL01", "vm:SQL01/vm_config_storage"),
        ("vm-account-rights-missing@vm:SQL01", "vm:SQL01/vm_config_storage"),
        ("too-many-shadow-copies@vm:SQL01", "vm:SQL01/volsnap_diffarea"),
        ("machine-overloaded@vm:SQL01", "vm:SQL01/resource_exhaustion"),
        ("storage-slow@vm:SQL01", "vm:SQL01/disk_io"),
        ("storage-slow@host:HV01", "host:HV01/disk_io"),
    ],
)
def test_what_failed_is_named_first(tmp_path, fault, component):
    assert first_of(tmp_path, fault)[0] == component


@pytest.mark.parametrize(
    ("fault", "component"),
    [
        ("recovery-checkpoint-left@vm:SQL01", "vm:SQL01/vm_config_storage"),
        ("disk-merge-failed@vm:SQL01", "vm:SQL01/vm_config_storage"),
        ("checkpoint-cannot-be-created@vm:SQL01", "vm:SQL01/vm_config_storage"),
        ("guest-scoped-snapshots@vm:SQL01", "vm:SQL01/online_eligibility"),
        ("offline-backup-forbidden@vm:SQL01", "vm:SQL01/online_eligibility"),
        ("small-partition-in-set@vm:SQL01", "vm:SQL01/volsnap_diffarea"),
        ("transaction-freeze-timeout@host:HV01", "host:HV01/freeze_timeout"),
        ("requestor-trips-on-registry@host:HV01", "host:HV01/host_vss"),
        ("provider-lun-dismount@host:HV01", "host:HV01/hardware_provider"),
        ("csv-snapshots-pile-up@host:HV01", "host:HV01/csv_cluster"),
        ("requestor-not-csv-aware@host:HV01", "host:HV01/csv_cluster"),
        ("hyperv-writer-overlap@host:HV01", "host:HV01/hyperv_writer"),
        ("backup-limit-exceeded@site", "site/resource_exhaustion"),
    ],
)
def test_a_cause_that_an_export_or_a_record_of_its_own_tells_is_named_first(tmp_path, fault, component):
    assert first_of(tmp_path, fault) == (component, fault.partition("@")[0])


def test_writers_that_all_ran_out_of_time_are_not_at_fault_themselves():
    logs = Path(__file__).parents[2] / "samples" / "freeze-timeout" / "logs"
    case = read_and_understand(Request(paths=(str(logs),)), knowledge(), most_explained=0)
    said = {f"{one.plate}/{one.component}": one.probability for one in case.judgement.candidates}
    assert said["vm:SQL01/freeze_timeout"] > 0.6
    assert said.get("vm:SQL01/guest_writer", 0.0) < 0.3
