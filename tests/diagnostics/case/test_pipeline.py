"""The graph of a case holds every component once per plate, and what each stands on."""

import networkx as nx

from diagnostics.case.pipeline import build_pipeline, chain, plates_of, stages_on, unnamed_vm
from diagnostics.case.topology import Role, read_topology
from diagnostics.event import Event, Kind
from engine.pipeline import COMPONENTS, STAGES, Component, Scope, Stage

TWO_VMS = [
    Event(kind=Kind.VM, source="s", record=n, machine="HV01", fields={"VmName": name}) for n, name in enumerate("AB")
]


def pipeline():
    return build_pipeline(plates_of(read_topology(TWO_VMS, [], {"DPM01": Role.DPM_SERVER}), []))


def test_every_component_has_an_instance_on_each_plate_that_may_have_it():
    graph = pipeline()
    for component, info in COMPONENTS.items():
        for plate, scope in (("site", Scope.SITE), ("host:HV01", Scope.HOST), ("vm:A", Scope.VM), ("vm:B", Scope.VM)):
            assert (f"{plate}/{component}" in graph) == (scope in info.scopes)


def test_dependencies_point_outwards_and_never_in_a_circle():
    graph = pipeline()
    depends = nx.DiGraph((a, b) for a, b, about in graph.edges(data=True) if about["relation"] == "depends-on")
    assert nx.is_directed_acyclic_graph(depends)
    assert nx.has_path(depends, "vm:A/guest_writer", "host:HV01/hyperv_writer")
    assert nx.has_path(depends, "vm:A/guest_writer", "site/dpm_server")


def test_stages_stand_in_the_order_of_the_pipeline():
    graph = pipeline()
    following = [(a, b) for a, b, about in graph.edges(data=True) if about["relation"] == "next"]
    assert [a for a, _ in following] == [stage.value for stage in STAGES[:-1]]


def test_every_stage_needs_some_component_somewhere():
    graph = pipeline()
    for stage in STAGES:
        assert any(about["relation"] == "needs" for _, _, about in graph.out_edges(stage.value, data=True)), stage


def test_a_disk_in_a_guest_fails_the_guests_stages_only():
    info = COMPONENTS[Component.DISK_IO]
    assert stages_on(Scope.VM, info.stages, info) == (Stage.GUEST_SNAPSHOT,)
    assert Stage.GUEST_SNAPSHOT not in stages_on(Scope.HOST, info.stages, info)


def test_a_hosts_disk_holds_the_source_and_the_servers_the_replica():
    info = COMPONENTS[Component.DISK_IO]
    assert stages_on(Scope.HOST, info.stages, info) == (Stage.HOST_SNAPSHOT, Stage.READ_SOURCE)
    assert stages_on(Scope.SITE, info.stages, info) == (Stage.READ_REPLICA, Stage.APPLY_BLOCKS, Stage.RECOVERY_POINT)


def test_what_the_logs_leave_unnamed_gets_a_placeholder_under_its_host():
    topology = read_topology(TWO_VMS, [], {})
    graph = build_pipeline(plates_of(topology, [unnamed_vm("HV01"), unnamed_vm()]))
    assert list(chain(graph, "vm:?@HV01")) == ["vm:?@HV01", "host:HV01", "site"]
    assert list(chain(graph, "vm:?")) == ["vm:?", "host:?", "site"]
