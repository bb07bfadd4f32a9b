"""What a script of `shindan collect` leaves behind is placed on its machine, and is not asked for again."""

# ruff: noqa: E501 - outputs are quoted as they are printed

import json
import re

import pytest
from click.testing import CliRunner

from diagnostics.case.collecting import missing
from diagnostics.case.topology import Role as MachineRole
from diagnostics.case.topology import read_topology
from diagnostics.commands.collect import collect
from diagnostics.commands.eligibility import eligibility
from diagnostics.evidence.machines import machine_in
from diagnostics.knowledge.catalog import Role
from diagnostics.knowledge.collection import (
    SCRIPT_ROLES,
    Shell,
    Windows,
    exports_of,
    load_collection,
    script,
)
from diagnostics.parsers.format import Relevance
from diagnostics.reading import read_case
from tests.diagnostics.parsers.exports import clixml
from tests.diagnostics.parsers.test_errlog import AGENT, SERVER
from tests.diagnostics.parsers.test_storage import CONFIG, ENGLISH_DISKS
from tests.diagnostics.parsers.test_text import DISKSHADOW
from tests.diagnostics.parsers.test_updates import ENGLISH as ENGLISH_SYSTEM
from tests.diagnostics.parsers.test_vssadmin import SHADOWS

EVERYWHERE = [(role, windows) for role in SCRIPT_ROLES for windows in Windows]


def objects(type_name, **values):
    cells = "".join(f'<S N="{name}">{value}</S>' for name, value in values.items())
    return clixml(f'<Obj RefId="0"><TN RefId="0"><T>{type_name}</T></TN><Props>{cells}</Props></Obj>')


VM = objects("Microsoft.HyperV.PowerShell.VirtualMachine", VMName="SQL01", VMId="11111111-2222-3333-4444-555555555555",
             State="Running", Generation="2", CheckpointFileLocation="C:\\VM")  # fmt: skip
OUTPUTS = {
    "writers": "Writer name: 'WMI Writer'\n   Writer Id: {a6ad56c2-b509-4e6c-bb19-49d8f43532f0}\n   State: [1] Stable\n   Last error: No error\n",
    "writer-details": DISKSHADOW,
    "shadow-storage": (
        "Shadow Copy Storage association\n   For volume: (C:)\\\\?\\Volume{93e4830a-3122-41fd-acfa-b6c2e7f186ec}\\\n"
        "   Shadow Copy Storage volume: (C:)\\\\?\\Volume{93e4830a-3122-41fd-acfa-b6c2e7f186ec}\\\n"
        "   Used Shadow Copy Storage space: 1 GB (1%)\n   Allocated Shadow Copy Storage space: 2 GB (2%)\n"
        "   Maximum Shadow Copy Storage space: 10 GB (10%)\n"
    ),
    "shadows": SHADOWS,
    "providers": (
        "Provider name: 'Microsoft Software Shadow Copy provider 1.0'\n   Provider type: System\n"
        "   Provider Id: {b5946137-7b9f-4925-af80-51abd60b20d5}\n   Version: 1.0.0.7\n"
    ),
    "integration-services": objects("Microsoft.HyperV.PowerShell.VMIntegrationComponent", VMName="SQL01", Name="VSS",
                                    Enabled="true", PrimaryStatusDescription="OK", Id="x\\5CED1297-4598-4915-A5FC-AD21BB4D02A4"),
    "vm-settings": VM,
    "vm-configurations": CONFIG,
    "virtual-disks": objects("Microsoft.HyperV.PowerShell.HardDiskDrive", VMName="SQL01", Path="D:\\VM\\SQL01.vhdx",
                             ControllerType="SCSI", ControllerNumber="0"),
    "volumes": objects("Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Volume", DriveLetter="C:",
                       FileSystem="NTFS", Capacity="135838822400", FreeSpace="11215540224", DriveType="3", Name="C:\\"),
    "disks": ENGLISH_DISKS.replace("SQL01", "HV01"),
    "checkpoints": objects("Microsoft.HyperV.PowerShell.VMSnapshot", VMName="SQL01", Name="SQL01 - Backup",
                           SnapshotType="Recovery", ParentSnapshotName=""),
    "agent-trace": AGENT + "\n",
    "server-trace": SERVER,
    "dpm-jobs": objects("Microsoft.Internal.EnterpriseStorage.Dls.UI.ObjectModel.OMCommon.Alert", AlertId="1",
                        Severity="Error", ErrorInfo="Replica is inconsistent (ID 3106)", AffectedArea="SQL01"),
    "dpm-job-list": objects("Microsoft.Internal.EnterpriseStorage.Dls.UI.ObjectModel.OMCommon.Job", JobId="1", JobCategory="Replication",
                            Status="Failed", ErrorInfo="DPM met an error (ID 30112)", ProtectedServerName="HV01"),
    "system-info": ENGLISH_SYSTEM,
    "windows-build": "\nMicrosoft Windows [Version 10.0.17763.1935]\n",
    "file-versions": objects("System.Diagnostics.FileVersionInfo", FileName="C:\\Windows\\System32\\vmms.exe",
                             FileMajorPart="6", FileMinorPart="3", FileBuildPart="9600", FilePrivatePart="17415",
                             FileVersion="6.3.9600.17415", ProductVersion="6.3.9600.17415"),
    "filters": "Filter Name                     Num Instances    Altitude    Frame\nWdFilter                                6       328010         0\n",
    "services": "SERVICE_NAME: VSS\n        STATE              : 1  STOPPED\n",
    "time-status": "Leap Indicator: 0(no warning)\nStratum: 4\n",
    "cluster-log": "00000a1c.00001b2c::2026/11/20-01:02:03.456 ERR   [RES] Physical Disk: failed, error 0x80070015\n",
}  # fmt: skip


def log(channel):
    """An event log of a channel whose records do not tell their machine: the file's name must."""
    return (
        "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='VSS'/>"
        "<EventID>8224</EventID><Level>4</Level><TimeCreated SystemTime='2026-11-20T01:00:00.0Z'/>"
        f"<EventRecordID>1</EventRecordID><Channel>{channel}</Channel><Security/></System><EventData><Data/></EventData>"
        "</Event></Events>"
    )


def make(folder, role, windows):
    """What the script of a role leaves behind."""
    for export, way in exports_of(role, windows):
        channels = sorted(export.have.channels)
        redirected = " > " in way.run and windows.shell is Shell.POWERSHELL
        text = log(channels[0]) if channels else OUTPUTS[export.id]
        (folder / export.file_of("HV01")).write_text(text, "utf-16" if redirected else "utf-8")


@pytest.mark.parametrize("role", SCRIPT_ROLES)
@pytest.mark.parametrize("windows", [Windows.W2008R2, Windows.W2022])
def test_what_a_script_makes_is_placed_on_its_machine_and_no_verdict_asks_for_it_again(tmp_path, role, windows):
    make(tmp_path, role, windows)
    reading = read_case([tmp_path], relevant=Relevance(lambda _: True))
    assert {source.path: source.machine for source in reading.sources} == {
        f"{tmp_path.name}/{export.file_of('HV01')}": "HV01" for export, _ in exports_of(role, windows)
    }
    assert [source.path for source in reading.sources if source.damage] == []
    topology = read_topology(reading.events, {"HV01"}, {"HV01": MachineRole(role)})
    channels = [("HV01", channel) for tally in reading.tallies.values() for channel in tally.channels]
    offered = {export.id for export, _ in exports_of(role, windows)}
    lacking = {it.export.id for it in missing(topology, reading.events, channels) if it.machine == "HV01"}
    assert offered & lacking == set()


@pytest.mark.parametrize(("role", "windows"), EVERYWHERE)
def test_names_of_files_tell_the_machine(role, windows):
    for export, _ in exports_of(role, windows):
        for machine in ("HV01", "FILESRV", "WIN-8A2B3C4D5E6"):
            assert machine_in(export.file_of(machine)) == machine


@pytest.mark.parametrize(("role", "windows"), EVERYWHERE)
def test_a_script_makes_each_file_once_and_says_what_it_tells(role, windows):
    text = script(role, windows)
    found = list(exports_of(role, windows))
    assert len({export.file for export, _ in found}) == len(found)
    name = "$m" if windows.shell is Shell.POWERSHELL else "%COMPUTERNAME%"
    for export, way in found:
        assert f"{export.title}: {export.why}" in text
        assert export.file_of(name) in text or "{file}" not in way.run
    assert "{" not in text
    assert text.isascii()


@pytest.mark.parametrize(("role", "windows"), EVERYWHERE)
def test_a_comment_holds_nothing_that_a_shell_would_act_on(role, windows):
    comments = [line for line in script(role, windows).splitlines() if line.startswith(("#", "rem"))]
    assert [line for line in comments if re.search(r"[&|<>^%`\"]", line)] == []


def test_a_command_for_powershell_fits_into_the_quotes_of_a_single_line():
    for export in load_collection().exports:
        if export.ways[0].shell is Shell.POWERSHELL:
            assert '"' not in export.ways[0].run, export.id
        assert "{" not in export.command("HV01"), export.id


def test_old_systems_get_cmd_and_no_cmdlet_that_they_lack():
    for role in SCRIPT_ROLES:
        text = script(role, Windows.W2008)
        assert "Get-VM" not in text
        assert "Get-CimInstance" not in text
        assert "powershell" not in text  # a feature of Windows Server 2008 that few have added
        assert "rem " in text
        assert "%COMPUTERNAME%" in text


def test_every_export_is_offered_to_each_of_its_roles_somewhere():
    offered = {(export.id, role) for role, windows in EVERYWHERE for export, _ in exports_of(role, windows)}
    assert offered == {(export.id, role) for export in load_collection().exports for role in export.roles}


def test_the_command_prints_script_table_and_json():
    run = CliRunner().invoke
    assert run(collect, ["--role", "guest"]).stdout == script(Role.GUEST, Windows.W2022)
    assert "vssadmin list writers" in run(collect, ["--list"]).stdout
    (first, *_) = json.loads(run(collect, ["--role", "domain-controller", "--json"]).stdout)
    assert first["file"] == "{machine}-System.evtx"
    assert run(collect, ["--role", "king"]).exit_code == 2


def as_wmic_writes(*items, **values):
    """`wmic ... get ... /value > FILE`: UTF-16, and CR CR LF."""
    objects = items or (values,)
    text = "\n\n\n" + "\n\n\n".join("\n".join(f"{name}={it}" for name, it in one.items()) for one in objects) + "\n\n\n"
    return ("\ufeff" + text.replace("\n", "\r\r\n")).encode("utf-16-le")


def test_what_the_scripts_for_2008_make_decides_the_conditions_of_an_online_backup(tmp_path):
    host, guest = tmp_path / "shindan-HV08", tmp_path / "shindan-SQL01"
    machine = "6E2EA12C-1111-2222-3333-444455556666"
    configurations = host / "HV08-vm-configurations"
    configurations.mkdir(parents=True)
    (configurations / f"{machine}.xml").write_text(CONFIG, "utf-16")
    computers = ({"ElementName": "HV08", "EnabledState": 2, "Name": "HV08"},
                 {"ElementName": "SQL01", "EnabledState": 2, "Name": machine})  # fmt: skip
    (host / "HV08-vm.xml").write_bytes(as_wmic_writes(*computers))
    guest.mkdir()
    volume = {"Capacity": 135838822400, "DriveLetter": "C:", "DriveType": 3, "FileSystem": "NTFS",
              "FreeSpace": 11215540224, "Label": "", "Name": "C:\\", "SystemName": "SQL01"}  # fmt: skip
    (guest / "SQL01-volumes.xml").write_bytes(as_wmic_writes(volume))
    (guest / "SQL01-diskpart.txt").write_text(ENGLISH_DISKS)
    (guest / "SQL01-vssadmin-shadowstorage.txt").write_text(OUTPUTS["shadow-storage"])
    ran = CliRunner().invoke(eligibility, [str(tmp_path), "--json"])
    (answered,) = json.loads(ran.stdout)["machines"]
    outcomes = {it["letter"]: it["outcome"] for it in answered["conditions"]}
    assert (answered["vm"], answered["host"]) == ("SQL01", "HV08")
    assert outcomes == {"A": "unknown", "B": "failed", "C": "met", "D": "met", "E": "met", "F": "met", "G": "failed"}
    assert "not known whether the backup service is enabled" not in ran.stdout


def test_versions_of_files_that_wmic_lists_are_read(tmp_path):
    row = {"Name": "c:\\windows\\system32\\vmms.exe", "Version": "6.0.6001.18016"}
    (tmp_path / "HV08-file-versions.xml").write_bytes(as_wmic_writes(row))
    (event,) = read_case([tmp_path]).events
    assert (event.kind, event.machine) == ("file-version", "HV08")
