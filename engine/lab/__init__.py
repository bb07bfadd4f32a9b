"""The lab: a site in virtual time, from a scenario, in which faults are injected and backups fail as they do in life.

`read_scenario` reads a file, `Lab` builds and runs it, `fault_kinds` lists what can go wrong, `parse_fault` reads the
text form of a fault. `site` is what a lab consists of, `network` and `pool` what joins and stores, `night` the
schedule, `transfer` the way to the replica, `trace` and `words` what is told of it, `logs` what the machines export.
"""

from engine.lab.faults import Fault, FaultError, FaultKind, fault_kinds, parse_fault
from engine.lab.lab import Lab
from engine.lab.night import JobRecord
from engine.lab.reading import ScenarioError, read_scenario, write_scenario
from engine.lab.scenario import Scenario
from engine.lab.trace import Night, Outcome, Step, Watch

__all__ = [
    "Fault",
    "FaultError",
    "FaultKind",
    "JobRecord",
    "Lab",
    "Night",
    "Outcome",
    "Scenario",
    "ScenarioError",
    "Step",
    "Watch",
    "fault_kinds",
    "parse_fault",
    "read_scenario",
    "write_scenario",
]
