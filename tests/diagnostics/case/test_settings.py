"""What several exports of a host tell together."""

import pytest

from diagnostics.case.settings import joined
from diagnostics.event import Event, Kind


def event(kind: Kind, machine: str = "HV01", **fields: str) -> Event:
    return Event(kind=kind, source=f"{machine}.xml", record=1, machine=machine, fields=fields)


def beside(*events: Event) -> str | None:
    (vm,) = [event for event in joined(events) if event.kind is Kind.VM]
    return vm.fields.get("CheckpointsBesideDisks")


VM = event(Kind.VM, VmName="SQL01", CheckpointPath="E:\\Hyper-V")


@pytest.mark.parametrize(("path", "told"), [("D:\\SQL01.vhd", "false"), ("e:\\disks\\SQL01.vhd", "true")])
def test_the_disks_of_one_list_and_the_checkpoint_folder_of_another_lie_on_one_volume_or_not(path, told):
    assert beside(VM, event(Kind.VIRTUAL_DISK, VmName="sql01", Path=path)) == told


def test_a_volume_that_is_mounted_in_a_folder_is_another_one():
    disk = event(Kind.VIRTUAL_DISK, VmName="SQL01", Path="E:\\Disks\\SQL01.vhd")
    assert beside(VM, disk, event(Kind.VOLUME, Volume="E:\\Disks\\")) == "false"
    assert beside(VM, disk, event(Kind.VOLUME, machine="HV02", Volume="E:\\Disks\\")) == "true"


@pytest.mark.parametrize(
    "other",
    [
        event(Kind.VIRTUAL_DISK, VmName="WEB01", Path="D:\\WEB01.vhd"),
        event(Kind.VIRTUAL_DISK, machine="HV02", VmName="SQL01", Path="D:\\SQL01.vhd"),
        event(Kind.VIRTUAL_DISK, VmName="SQL01", Path="PhysicalDrive3"),
    ],
)
def test_what_speaks_of_another_machine_or_of_no_volume_tells_nothing(other):
    assert beside(VM, other) is None


def test_what_an_export_says_of_itself_stays():
    told = event(Kind.VM, VmName="SQL01", CheckpointPath="E:\\Hyper-V", CheckpointsBesideDisks="true")
    assert beside(told, event(Kind.VIRTUAL_DISK, VmName="SQL01", Path="D:\\SQL01.vhd")) == "true"
