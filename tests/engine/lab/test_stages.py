"""A job fails in the stage that its fault belongs to: what a verdict says of it can be held against that."""

import pytest

from engine.lab import Lab, Scenario, parse_fault
from engine.lab.scenario import Host, Job, VirtualMachine
from engine.pipeline import Stage


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        ("guest-dynamic-disk", Stage.PREPARE_BACKUP),
        ("replica-volume-missing", Stage.READ_REPLICA),
        ("transfer-connection-reset@host:HV01", Stage.SEND_BLOCKS),
        ("antivirus-locks-files@host:HV01", Stage.READ_SOURCE),
        ("antivirus-locks-replicas", Stage.APPLY_BLOCKS),
        ("storage-pool-exhausted", Stage.APPLY_BLOCKS),
        ("pool-disk-failing", Stage.APPLY_BLOCKS),
        ("pool-path-unstable", Stage.APPLY_BLOCKS),
        ("refs-stall", Stage.APPLY_BLOCKS),
        ("backup-limit-exceeded", Stage.RECOVERY_POINT),
        ("recovery-point-volume-full", Stage.RECOVERY_POINT),
    ],
)
def test_a_job_fails_where_its_fault_is(tmp_path, fault, stage):
    machines = (VirtualMachine(name="SQL01"),)
    job = Job(offline_allowed=False, retries=0)
    scenario = Scenario(title="one guest", job=job, hosts=(Host(name="HV01", virtual_machines=machines),))
    with Lab(scenario, tmp_path / "lab", faults=[parse_fault(fault)]) as lab:
        (failed,) = lab.run().jobs
    assert failed.stage is stage
