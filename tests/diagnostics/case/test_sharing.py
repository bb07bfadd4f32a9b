"""What machines of several hosts share has a plate of its own."""

import pytest

from diagnostics.case.jobs import ANYWHERE, Job, Outcome
from diagnostics.case.sharing import shared_plates
from diagnostics.case.topology import Role, read_topology
from diagnostics.event import Event, Kind
from engine.pipeline import Mode

HOSTS = {"SQL01": "HV01", "WEB01": "HV02", "FS01": "HV03"}


def job(vm, named_by="ClusterNode", outcome=Outcome.FAILED, **fields):
    told = {"VmName": vm, named_by: f"{HOSTS[vm]}.contoso.com", **fields}
    report = Event(kind=Kind.JOB, source="jobs", record=1, machine="DPM01", time=1, fields=told)
    return Job(
        id=vm,
        vm=vm,
        host=HOSTS[vm],
        mode=Mode.ONLINE,
        outcome=outcome,
        failed=ANYWHERE if outcome is Outcome.FAILED else None,
        started=0,
        ended=1,
        bytes_sent=None,
        reports=(report,),
    )


def plates(*jobs):
    events = [report for one in jobs for report in one.reports]
    topology = read_topology(events, {"DPM01"}, {"DPM01": Role.DPM_SERVER})
    return {plate.name: plate.members for plate in shared_plates(events, topology, jobs, {})}


def test_the_nodes_of_a_cluster_share_it():
    assert plates(job("SQL01"), job("WEB01"), job("FS01", "Server")) == {
        "csv:CLUSTER": frozenset({"vm:SQL01", "vm:WEB01"})
    }


def test_machines_whose_disks_lie_on_a_drive_of_their_host_share_none_of_it():
    on_drives = [job(vm, Path=f"D:\\Hyper-V\\{vm}-C.vhd") for vm in ("SQL01", "WEB01")]
    assert plates(*on_drives) == {}
    on_volume = job("SQL01", Path="C:\\ClusterStorage\\Volume1\\SQL01-C.vhd")
    assert "csv:CLUSTER" in plates(on_volume, job("WEB01"))


def test_a_volume_that_a_path_names_stands_in_place_of_the_cluster():
    on_volume = {"Path": r"C:\ClusterStorage\Volume1\vm.vhdx"}
    assert plates(job("SQL01", **on_volume), job("WEB01", **on_volume)) == {
        "csv:VOLUME1": frozenset({"vm:SQL01", "vm:WEB01"})
    }


@pytest.mark.parametrize("jobs", [
    [job("SQL01", "Server"), job("WEB01", "Server")],
    [job("SQL01")],
    [job("SQL01", outcome=Outcome.SUCCEEDED), job("WEB01", outcome=Outcome.SUCCEEDED)],
])  # fmt: skip
def test_hosts_that_stand_alone_one_node_and_what_never_failed_make_no_plate(jobs):
    assert plates(*jobs) == {}
