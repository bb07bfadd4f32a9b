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


def blamed(folder: Path, fault: str) -> str:
    """The component that is named first, on its plate."""
    with Lab(SCENARIO, folder / "lab", faults=[parse_fault(fault)]) as lab:
        lab.run()
        lab.write_logs(folder / "logs")
    case = read_and_understand(Request(paths=(str(folder / "logs"),)), knowledge(), most_explained=0)
    first = case.judgement.candidates[0]
    return f"{first.plate}/{first.component}"


@pytest.mark.parametrize(("fault", "component"), [("vm-config-invalid@vm:SQL01", "vm:SQL01/vm_config_storage")])
def test_what_failed_is_named_first(tmp_path, fault, component):
    assert blamed(tmp_path, fault) == component
