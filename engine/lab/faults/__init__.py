"""What can go wrong in a lab: a registry of faults, one module for each area.

A fault has the name of the cause (`diagnostics/knowledge/causes`) that it brings about; `kinds` says how to declare
one, `fault_kinds` has them all.
"""

from collections.abc import Mapping
from types import MappingProxyType

from engine.lab.faults import agent, cluster, ground, guest, host, machine, network, pool, replica, server, transfer
from engine.lab.faults.kinds import REGISTRY, Fault, FaultError, FaultKind, Injection, parse_fault

AREAS = (agent, cluster, ground, guest, host, machine, network, pool, replica, server, transfer)


def fault_kinds() -> Mapping[str, FaultKind]:
    """All faults by name, in alphabetical order."""
    return MappingProxyType(dict(sorted(REGISTRY.items())))


__all__ = ["AREAS", "Fault", "FaultError", "FaultKind", "Injection", "fault_kinds", "parse_fault"]
