"""The pipeline of one case as a graph: stages in order, component instances on their plates, and what depends on what.

The graph is the record that drawing, walking and explaining use; localization gets its plates from it.

Nodes carry `kind`. `component`: an instance such as `host:HV01/hyperv_writer`, with `plate`, `scope`, `component`,
`title`. `stage`: an id of `engine.pipeline.Stage`. `plate`: `site`, `host:HV01`, `vm:SQL01`, or a shared one with its
`members`: `csv:VOLUME1`.
Edges carry `relation`. `next`: stage -> stage. `needs`: stage -> component instance. `depends-on`: instance -> the
instance that it stands on. `contains`: plate -> plate or instance. `shares`: plate -> shared plate.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import networkx as nx

from diagnostics.case.sharing import SharedPlate
from diagnostics.case.topology import SITE, UNKNOWN, Topology, host_plate, vm_plate
from engine.pipeline import COMPONENTS, DEPENDS_ON, GUEST_STAGES, STAGES, Component, ComponentInfo, Scope, Stage

_HOST_ONLY = {Stage.HOST_FREEZE, Stage.HOST_SNAPSHOT, Stage.HOST_THAW}
_ON_THE_SERVER = {Stage.READ_REPLICA, Stage.APPLY_BLOCKS, Stage.RECOVERY_POINT}


class PlateId(NamedTuple):
    """A plate instance and the one around it."""

    name: str
    scope: Scope
    parent: str | None


def instance_id(plate: str, component: Component) -> str:
    """The name of a component instance in verdicts, e.g. `vm:SQL01/guest_writer`."""
    return f"{plate}/{component}"


def stages_on(scope: Scope, stages: Iterable[Stage], info: ComponentInfo) -> tuple[Stage, ...]:
    """Those of a component's stages that its instance on this plate can fail: a disk in a guest fails the guest's."""
    if len(info.scopes) == 1:
        return tuple(stages)
    match scope:
        case Scope.SITE:
            return tuple(stage for stage in stages if stage in _ON_THE_SERVER)
        case Scope.VM:
            return tuple(stage for stage in stages if stage in GUEST_STAGES)
        case Scope.HOST:
            return tuple(stage for stage in stages if stage not in GUEST_STAGES and stage not in _ON_THE_SERVER)


def plates_of(topology: Topology, spoken_of: Iterable[PlateId]) -> tuple[PlateId, ...]:
    """The plates of a case, outer ones first: the topology's, and placeholders for what the logs leave unnamed."""
    plates = {SITE: PlateId(SITE, Scope.SITE, None)}
    vms = [PlateId(vm_plate(vm), Scope.VM, host_plate(topology.host(vm))) for vm in topology.vms]
    inner = sorted({*vms, *(plate for plate in spoken_of if plate.scope is Scope.VM)})
    hosts = {host_plate(host) for host in topology.hosts} | {plate.parent for plate in inner if plate.parent}
    hosts |= {plate.name for plate in spoken_of if plate.scope is Scope.HOST}
    plates |= {host: PlateId(host, Scope.HOST, SITE) for host in sorted(hosts)}
    plates |= {plate.name: plate for plate in inner}
    return tuple(plates.values())


def unnamed_vm(host: str = UNKNOWN) -> PlateId:
    """The virtual machine that the logs of a host speak of without naming it."""
    name = UNKNOWN if host == UNKNOWN else f"{UNKNOWN}@{host}"
    return PlateId(vm_plate(name), Scope.VM, host_plate(host))


def build_pipeline(plates: Iterable[PlateId], shared: Sequence[SharedPlate] = ()) -> "nx.DiGraph[str]":
    """The graph of a case with these plates (outer ones first), and with what some of them share."""
    moved = {component for plate in shared for component in plate.kind.moved}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for stage in STAGES:
        graph.add_node(stage.value, kind="stage")
    graph.add_edges_from(((one.value, other.value) for one, other in pairwise(STAGES)), relation="next")
    for plate in plates:
        _add_plate(graph, plate, [c for c, info in COMPONENTS.items() if plate.scope in info.scopes and c not in moved])
    for thing in shared:
        _add_plate(graph, PlateId(thing.name, thing.kind.scope, SITE), thing.kind.components)
        graph.nodes[thing.name]["members"] = frozenset(member for member in thing.members if member in graph)
        graph.add_edges_from(((member, thing.name) for member in graph.nodes[thing.name]["members"]), relation="shares")
    return graph


def _add_plate(graph: "nx.DiGraph[str]", plate: PlateId, present: Sequence[Component]) -> None:
    graph.add_node(plate.name, kind="plate", scope=plate.scope, parent=plate.parent, members=frozenset())
    if plate.parent is not None:
        graph.add_edge(plate.parent, plate.name, relation="contains")
    for component in present:
        info = COMPONENTS[component]
        node = instance_id(plate.name, component)
        graph.add_node(
            node, kind="component", plate=plate.name, scope=plate.scope, component=component, title=info.title
        )
        graph.add_edge(plate.name, node, relation="contains")
        for stage in _needing(plate.scope, component):
            graph.add_edge(stage, node, relation="needs")
    for component in present:
        for below in DEPENDS_ON[component]:
            under = _nearest(graph, plate.name, below)
            if under:
                graph.add_edge(instance_id(plate.name, component), under, relation="depends-on")


@cache
def _needing(scope: Scope, component: Component) -> tuple[str, ...]:
    info = COMPONENTS[component]
    return tuple(stage.value for stage in stages_on(scope, info.stages, info))


def _nearest(graph: "nx.DiGraph[str]", plate: str, component: Component) -> str | None:
    """The instance of a component on this plate, or on the first plate around it that has one."""
    for around in chain(graph, plate):
        node = instance_id(around, component)
        if node in graph:
            return node
    return None


def chain(graph: "nx.DiGraph[str]", plate: str) -> Iterator[str]:
    """A plate and those around it, from the inside out."""
    around: str | None = plate
    while around is not None:
        yield around
        around = graph.nodes[around]["parent"]
