"""Small labs for tests."""

from collections.abc import Iterable
from pathlib import Path

from engine.lab import Lab, Night, Scenario, parse_fault
from engine.lab.scenario import Host, Job, VirtualMachine


def scenario(*hosts: str, vms: Iterable[str] = ("SQL01", "WEB01"), **job: object) -> Scenario:
    """Hosts with machines of these names; of the second host on, the names get its number."""
    declared = [
        Host(name=host, virtual_machines=tuple(VirtualMachine(name=f"{vm}-{n}" if n else vm) for vm in vms))
        for n, host in enumerate(hosts or ("HV01",))
    ]
    return Scenario(title="a night", hosts=tuple(declared), job=Job(**job))  # type: ignore[arg-type]


def night(folder: Path, *faults: str, of: Scenario | None = None, seed: int = 1) -> Night:
    """A night with these faults."""
    with Lab(of or scenario(), folder / "lab", seed=seed, faults=map(parse_fault, faults)) as lab:
        return lab.run()


def outcomes(night: Night) -> dict[str, list[int]]:
    """DPM's error IDs of each machine's jobs, 0 for those that succeeded."""
    found: dict[str, list[int]] = {}
    for job in night.jobs:
        found.setdefault(job.vm, []).append(job.number)
    return found
