"""`shindan eligibility` answers by its exit code, and its documentation says what the code does."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diagnostics.commands.eligibility import eligibility
from engine.hyperv.conditions import CONDITIONS
from tests.diagnostics.parsers.test_storage import ENGLISH_DISKS, GET_VOLUME

DOCS = Path(__file__).parents[3] / "docs" / "eligibility.md"
VMS = """Name  State   CPUUsage(%) MemoryAssigned(M) Uptime   Status             Version
----  -----   ----------- ----------------- ------   ------             -------
SQL01 Running 0           2048              01:00:00 Operating normally 9.0
"""
VM_LIST = """VMName                     : SQL01
VMId                       : 6e2ea12c-1111-2222-3333-444455556666
State                      : Running
IntegrationServicesVersion : 10.0.17763.1
SnapshotFileLocation       : D:\\VMs\\SQL01
"""
SERVICES = """VMName                     : SQL01
Name                       : VSS
Enabled                    : True
PrimaryStatusDescription   : OK
SecondaryStatusDescription :
"""
DRIVES = """VMName ControllerType ControllerNumber ControllerLocation DiskNumber Path
------ -------------- ---------------- ------------------ ---------- ----
SQL01  SCSI           0                0                             D:\\VMs\\SQL01\\disk.vhdx
"""
ONE_DISK = "\n".join(line for line in ENGLISH_DISKS.splitlines() if "Disk 1" not in line) + "\n"
NO_STORAGE = "vssadmin 1.1 - Volume Shadow Copy Service administrative command-line tool\n\nNo items found.\n"
GOOD = {
    "HV01/vm.txt": VM_LIST,
    "HV01/integration.txt": SERVICES,
    "HV01/disks.txt": DRIVES,
    "SQL01/diskpart.txt": ONE_DISK,
    "SQL01/volumes.txt": GET_VOLUME,
    "SQL01/vssadmin-shadowstorage.txt": NO_STORAGE,
}


def run(folder: Path, files: dict[str, str], *options: str) -> Result:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(eligibility, [str(folder), *options])


def test_a_machine_that_meets_all_conditions_exits_with_0(tmp_path):
    ran = run(tmp_path, GOOD)
    assert (ran.exit_code, ran.output.splitlines()[0]) == (0, "SQL01 on HV01: can be backed up online")


def test_a_failing_condition_exits_with_1_and_is_told_with_file_and_line(tmp_path):
    ran = run(tmp_path, GOOD | {"SQL01/diskpart.txt": ENGLISH_DISKS})
    assert ran.exit_code == 1
    assert "Disk 1 is dynamic (SQL01/diskpart.txt:11)" in re.sub(r"[^ (]*/(?=SQL01/)", "", ran.output)


def test_conditions_that_nothing_tells_exit_with_4_and_ask_for_exports(tmp_path):
    ran = run(tmp_path, {"HV01/vm.txt": VMS})
    assert ran.exit_code == 4
    assert "C, D: Volumes, their file systems and free space on SQL01" in ran.output
    assert "vssadmin list shadowstorage > SQL01-vssadmin-shadowstorage.txt" in ran.output


@pytest.mark.parametrize("files", [{}, {"HV01/notes.txt": "nothing of interest\n"}])
def test_an_input_that_tells_of_no_machine_exits_with_3(tmp_path, files):
    assert run(tmp_path, files).exit_code == 3


def test_a_path_that_is_not_there_exits_with_3(tmp_path):
    ran = CliRunner().invoke(eligibility, [str(tmp_path / "nowhere")])
    assert (ran.exit_code, "nowhere" in ran.output) == (3, True)


def test_a_guest_that_is_not_named_as_a_pair_is_wrong_usage(tmp_path):
    ran = run(tmp_path, GOOD, "--guest", "SRV17")
    assert (ran.exit_code, "COMPUTER=VM" in ran.output) == (2, True)


def test_json_holds_every_condition_with_its_sources(tmp_path):
    document = json.loads(run(tmp_path, GOOD, "--json").stdout)
    (machine,) = document["machines"]
    assert (document["schema"], machine["vm"], machine["mode"]) == ("shindan.eligibility/1", "SQL01", "online")
    assert [line["letter"] for line in machine["conditions"]] == [letter.value for letter in CONDITIONS]
    assert all(reason["sources"] for line in machine["conditions"] for reason in line["reasons"])


def test_one_machine_can_be_asked_for(tmp_path):
    ran = run(
        tmp_path,
        {"HV01/vm.txt": VMS + "WEB01 Off     0           0                 00:00:00 Operating normally 9.0\n"},
        "--vm",
        "web01",
    )
    assert (ran.exit_code, "SQL01" in ran.stdout) == (1, False)


def test_hostile_names_are_made_visible(tmp_path):
    ran = run(tmp_path, {"HV01/vm.txt": VM_LIST.replace("SQL01", "SQL\x1b[31m01")})
    assert "\x1b[31m" not in ran.output
    assert ran.exit_code == 4


def test_the_documentation_states_each_condition_as_the_code_does():
    rows = re.findall(r"^\| ([A-G]) \| ([^|]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {letter: text.strip() for letter, text in rows} == {
        letter.value: text for letter, text in CONDITIONS.items()
    }


def test_exports_of_powershell_objects_are_read_like_what_it_prints(tmp_path):
    xml = (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0">'
        '<ToString>VirtualMachine</ToString><Props><S N="VMName">SQL01</S><S N="VMId">6e2ea12c</S>'
        '<Obj N="State" RefId="1"><ToString>Running</ToString><I32>2</I32></Obj>'
        '<Version N="IntegrationServicesVersion">10.0.17763.1</Version>'
        '<S N="SnapshotFileLocation">D:\\VMs\\SQL01</S></Props></Obj></Objs>'
    )
    exports = {name: text for name, text in GOOD.items() if name != "HV01/vm.txt"}
    assert run(tmp_path, exports).exit_code == 4
    assert run(tmp_path, exports | {"HV01/vm.xml": xml}).exit_code == 0


def test_a_machine_that_no_host_names_is_left_out_and_told(tmp_path):
    ran = run(tmp_path, GOOD | {"DPM01/volumes.txt": GET_VOLUME})
    assert ran.exit_code == 0
    assert "DPM01: left out, as no host names it" in ran.stderr
