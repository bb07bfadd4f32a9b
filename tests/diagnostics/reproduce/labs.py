"""Nights of the lab as cases: what was injected is known, and what was logged is read as any logs are."""

from functools import cache
from pathlib import Path

from diagnostics.diagnosis import Diagnosis, Knowledge, diagnose, load_knowledge
from diagnostics.request import Request
from engine.lab import Lab, parse_fault
from tests.engine.lab.nights import scenario


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


def night_logs(folder: Path, *faults: str, seed: int = 5) -> Path:
    """The logs of a night with these faults, on one host with SQL01 and WEB01."""
    with Lab(scenario(), folder / "lab", seed=seed, faults=map(parse_fault, faults)) as lab:
        lab.run()
        lab.write_logs(folder / "logs")
    return folder / "logs"


def diagnosed(folder: Path, *faults: str, seed: int = 5) -> Diagnosis:
    """What Shindan says of such a night."""
    return diagnose(Request(paths=(str(night_logs(folder, *faults, seed=seed)),)), knowledge=knowledge())
