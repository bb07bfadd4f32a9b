"""The article's four heuristics come out of the model: from the stages of failed jobs alone, without any event."""

import pytest

from diagnostics.localize.inference import PlatePosterior, infer
from diagnostics.localize.judge import judge
from diagnostics.localize.problem import CauseNode, Plate, Problem
from engine.pipeline import COMPONENTS, Component, Scope, Stage
from tests.diagnostics.localize.problems import failed, machines, passed, site

PLATES = site(5, 8)
VSS_PHASE = (Stage.GATHER_WRITERS, Stage.POST_SNAPSHOT)
VSS_SNAPSHOT = (Stage.PREPARE_BACKUP, Stage.HOST_SNAPSHOT)
TRANSFER_PHASE = (Stage.READ_REPLICA, Stage.APPLY_BLOCKS)
GUEST = {component for component, info in COMPONENTS.items() if Scope.VM in info.scopes}
VSS_OF_HOST = {Component.HOST_VSS, Component.HYPERV_WRITER, Component.CSV_CLUSTER, Component.HARDWARE_PROVIDER}
ANY_VSS = VSS_OF_HOST | {Component.GUEST_VSS, Component.GUEST_WRITER, Component.INTEGRATION_COMPONENTS}


def posteriors(bad: list[str], interval: tuple[Stage, Stage]) -> dict[str, PlatePosterior]:
    jobs = [failed(vm, *interval) if vm in bad else passed(vm) for vm in machines(PLATES)]
    return dict(infer(Problem(PLATES, tuple(jobs), ())).plates)


def leading(believed: dict[str, PlatePosterior], count: int) -> list[tuple[str, str]]:
    ranked = [(-mass, name, component) for name, p in believed.items() for component, mass in p.components.items()]
    return [(name, component) for _, name, component in sorted(ranked)[:count]]


def test_all_machines_of_one_host_in_the_vss_phase_is_the_host():
    believed = posteriors(machines(PLATES, "host:HV1"), VSS_PHASE)
    first = leading(believed, 5)
    assert believed["host:HV1"].present > 0.9
    assert {name for name, _ in first} == {"host:HV1"}
    assert {Component.HOST_VSS, Component.HYPERV_WRITER} <= {component for _, component in first}
    assert all(believed[vm].present < 0.2 for vm in machines(PLATES, "host:HV1"))


def test_one_machine_in_the_vss_phase_is_its_guest():
    (vm,) = machines(PLATES, "host:HV1")[:1]
    believed = posteriors([vm], VSS_PHASE)
    first = leading(believed, 5)
    assert believed[vm].present > 0.8
    assert believed["host:HV1"].present < 0.05
    assert {name for name, _ in first} == {vm}
    assert {component for _, component in first} <= GUEST


@pytest.mark.parametrize("hosts", [1, 5])
def test_a_failure_in_transfer_is_network_storage_or_dpm_and_not_vss(hosts):
    bad = [vm for host in range(1, hosts + 1) for vm in machines(PLATES, f"host:HV{host}")]
    believed = posteriors(bad, TRANSFER_PHASE)
    (name, component) = leading(believed, 1)[0]
    assert name == ("host:HV1" if hosts == 1 else "site")
    assert component in {Component.TRANSFER, Component.DPM_STORAGE, Component.IDENTITY_NETWORK, Component.DISK_IO}
    assert all(p.components.get(vss, 0.0) < 0.05 for p in believed.values() for vss in ANY_VSS)


def test_several_hosts_at_the_agent_is_the_dpm_server_or_the_domain_or_network():
    bad = [vm for host in range(1, 5) for vm in machines(PLATES, f"host:HV{host}")]
    believed = posteriors(bad, (Stage.SCHEDULE, Stage.CONTACT_AGENT))
    assert believed["site"].present > 0.9
    assert set(leading(believed, 2)) == {("site", Component.DPM_SERVER), ("site", Component.IDENTITY_NETWORK)}
    assert all(believed[f"host:HV{host}"].present < 0.2 for host in range(1, 5))


def test_a_host_and_a_guest_elsewhere_are_both_found():
    (vm,) = machines(PLATES, "host:HV3")[:1]
    believed = posteriors([*machines(PLATES, "host:HV1"), vm], VSS_PHASE)
    assert believed["host:HV1"].present > 0.9
    assert believed[vm].present > 0.8
    assert believed["site"].present < 0.05


def test_machines_on_one_shared_volume_across_hosts_point_to_the_volume():
    on_volume = [vm for host in (1, 2, 3) for vm in machines(PLATES, f"host:HV{host}")[:2]]
    cause = CauseNode("csv-unavailable", Component.CSV_CLUSTER, 0.006, dict.fromkeys(VSS_SNAPSHOT, 0.8))
    volume = Plate("csv:VOLUME1", Scope.HOST, "site", (cause,), frozenset(on_volume))
    jobs = [failed(vm, *VSS_PHASE) if vm in on_volume else passed(vm) for vm in machines(PLATES)]
    problem = Problem((*PLATES, volume), tuple(jobs), ())
    posterior = infer(problem)
    judgement = judge(problem, posterior)

    assert posterior.plates["csv:VOLUME1"].present > 0.9
    assert all(posterior.plates[vm].present < 0.2 for vm in on_volume)
    assert (judgement.faults[0].plate, judgement.faults[0].component) == ("csv:VOLUME1", Component.CSV_CLUSTER)
    assert set(judgement.faults[0].jobs) == {f"{vm} failed" for vm in on_volume}
    assert judgement.candidates[0].cause == "csv-unavailable"
