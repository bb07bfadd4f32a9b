"""The site of a lab as the picture of the pipeline shows it, and a step as a line."""

from collections.abc import Iterable
from functools import lru_cache

import networkx as nx
from rich.cells import cell_len, set_cell_size

from diagnostics.case.pipeline import PlateId, build_pipeline, instance_id
from diagnostics.case.topology import SITE, host_plate, vm_plate
from diagnostics.inspection.course import parts_needed, plates_around
from diagnostics.language import say
from diagnostics.report.plates import Plate, Status, plates_of_jobs
from diagnostics.sanitize import one_line
from engine.lab import Fault, Outcome, Scenario, Step
from engine.pipeline import Scope
from tui.lab.seen import JobSeen


@lru_cache(maxsize=4)
def graph_of(scenario: Scenario) -> "nx.DiGraph[str]":
    """The graph of a scenario's site, as that of a case."""
    plates = [PlateId(SITE, Scope.SITE, None)]
    plates += [PlateId(host_plate(host.name), Scope.HOST, SITE) for host in scenario.hosts]
    for host in scenario.hosts:
        plates += [PlateId(vm_plate(vm.name), Scope.VM, host_plate(host.name)) for vm in host.virtual_machines]
    return build_pipeline(plates)


def site_of(scenario: Scenario, jobs: Iterable[JobSeen], faults: Iterable[Fault]) -> Plate:
    """The plates with what is injected and how the jobs fare."""
    injected = {
        instance_id(fault.plate, fault.kind.component): (Status.FAULT, fault.kind.name)
        for fault in faults
        if fault.plate
    }
    return plates_of_jobs(graph_of(scenario), [job.report() for job in jobs], injected)


def parts_of(scenario: Scenario, step: Step | None) -> frozenset[str]:
    """The components that take part in a step's stage."""
    if step is None or step.stage is None or step.vm is None:
        return frozenset()
    graph = graph_of(scenario)
    return parts_needed(graph, plates_around(graph, vm_plate(step.vm)), step.stage)


_SIGNS = {Outcome.BEGAN: ">", Outcome.PASSED: " ", Outcome.FAILED: "!", Outcome.MOVED: "=", Outcome.NOTED: "*"}

_HEAD = 29
"""Cells of the moment and the stage before what happened."""


def line_of(step: Step) -> str:
    """A step in one line."""
    stage = say(step.stage) if step.stage else ""
    head = one_line(f"{step.time:%H:%M:%S} {_SIGNS[step.outcome]} {stage}", 60)
    told = one_line(f" {step.actor.partition(':')[2] or step.actor}: {say(step.what)}", 400)
    return set_cell_size(head, max(_HEAD, cell_len(head) + 1)) + told
