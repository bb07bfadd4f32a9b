"""Disks and volumes are read from whatever lists them, in any language; sizes become bytes."""

# ruff: noqa: E501 - listings are quoted as they are printed

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.parsers.host_paths import beside_checkpoints, volume_of
from diagnostics.parsers.rows import CSV, JSON
from diagnostics.parsers.vm_config import VM_CONFIG
from tests.diagnostics.parsers.exports import read as read_export
from tests.diagnostics.parsers.reading import read

ENGLISH_DISKS = """Microsoft DiskPart version 10.0.17763.1

Copyright (C) Microsoft Corporation.
On computer: SQL01

DISKPART> list disk

  Disk ###  Status         Size     Free     Dyn  Gpt
  --------  -------------  -------  -------  ---  ---
  Disk 0    Online          127 GB  1024 KB        *
* Disk 1    Online          200 GB      0 B   *
"""
GERMAN_DISKS = """Microsoft DiskPart-Version 6.1.7600
Copyright (C) 1999-2008 Microsoft Corporation.
Auf Computer: SQL01
DISKPART> lis dis
  Datenträger ###  Status         Größe    Frei     Dyn  GPT
  ---------------  -------------  -------  -------  ---  ---
  Datenträger 0    Online          127 GB  1024 KB        *
  Datenträger 1    Online          200 GB      0 B   *
DISKPART> exit
"""
JAPANESE_DISKS = """Microsoft DiskPart バージョン 10.0.17763.1

Copyright (C) Microsoft Corporation.
コンピューター: SQL01

DISKPART> list disk

  ディスク      状態           サイズ   空き   ダイナ GPT
  ###                                          ミック
  ------------  -------------  -------  -------  ---  ---
  ディスク 0    オンライン           127 GB  1024 KB        *
  ディスク 1    オンライン           200 GB      0 B   *
"""
FRENCH_DISKS = """Sur l'ordinateur : SQL01

  N° disque  Statut         Taille   Libre    Dyn  GPT
  ---------  -------------  -------  -------  ---  ---
  Disque 0    En ligne        127 G octets      0 octets        *
  Disque 1    En ligne        200 G octets      0 octets   *
"""
CHINESE_DISKS = """DISKPART> list disk

  磁盘 ###  状态           大小     可用     Dyn  Gpt
  --------  -------------  -------  -------  ---  ---
  磁盘 0    联机              127 GB  1024 KB        *
* 磁盘 1    联机              200 GB      0 B   *
"""
VOLUMES = """DISKPART> list volume

  Volume ###  Ltr  Label        Fs     Type        Size     Status     Info
  ----------  ---  -----------  -----  ----------  -------  ---------  --------
  Volume 0     D                       DVD-ROM         0 B  No Media
  Volume 1     C                NTFS   Partition    126 GB  Healthy    Boot
  Volume 2         System Rese  NTFS   Partition    500 MB  Healthy    System
  Volume 3     E   Data         ReFS   Simple       200 GB  Healthy
"""
GERMAN_VOLUMES = """
  Volume ###  Bst  Bezeichnung  DS     Typ         Größe    Status     Info
  ----------  ---  -----------  -----  ----------  -------  ---------  --------
  Volume 1     C                NTFS   Partition    126 GB  Fehlerfre  Startpar
"""
GET_VOLUME = """
DriveLetter FriendlyName    FileSystemType DriveType HealthStatus OperationalStatus SizeRemaining      Size
----------- ------------    -------------- --------- ------------ ----------------- -------------      ----
C                           NTFS           Fixed     Healthy      OK                     10.44 GB 126.45 GB
D                           Unknown        CD-ROM    Healthy      Unknown                     0 B       0 B
            System Reserved NTFS           Fixed     Healthy      OK                    200.1 MB    500 MB
"""
GET_VOLUME_2012 = """
DriveLetter       FileSystemLabel  FileSystem       DriveType        HealthStatus        SizeRemaining             Size
-----------       ---------------  ----------       ---------        ------------        -------------             ----
C                                  NTFS             Fixed            Healthy                  10,44 GB        126,45 GB
"""
GET_PARTITION = """
PartitionNumber  DriveLetter Offset                                        Size Type
---------------  ----------- ------                                        ---- ----
1                            1048576                                     499 MB Recovery
2                            524288000                                    31 MB LDM Metadata
3                C           644874240                                 126.4 GB Basic
"""
FSUTIL = r"""C:\>fsutil volume diskfree c:
Gesamtzahl der freien Bytes               : 11215540224
Gesamtzahl der Bytes                      : 135838822400
Verfügbare freie Bytes                    : 11215540224
"""
FSUTIL_NEW = """PS C:\\> fsutil volume diskfree c:
使用可能な空きバイト数 :         11,215,540,224 ( 10.4 GB)
合計バイト数           :        135,838,822,400 (126.5 GB)
クォータの空きバイト数 :         11,215,540,224 ( 10.4 GB)
"""
NTFSINFO = r"""C:\>fsutil fsinfo ntfsinfo c:
NTFS Volume Serial Number :       0x9e34f0d634f0b2b9
Version :                         3.1
Number Sectors :                  0x000000000fcfffff
Total Clusters :                  0x0000000001f9ffff
Free Clusters  :                  0x000000000029c7e2
Total Reserved :                  0x0000000000002050
Bytes Per Sector  :               512
Bytes Per Cluster :               4096
"""
WMIC_TABLE = (
    "Capacity      DriveLetter  FileSystem  FreeSpace    Label            Name\n\n"
    "135838822400  C:           NTFS        11215540224                   C:\\\n\n"
    "523234304                  NTFS        489000000    System Reserved  \\\\?\\Volume{11111111-2222-3333-4444-555555555555}\\\n\n"
)
WMIC_LIST = (
    "\n\nCapacity=135838822400\n\nDriveLetter=C:\n\nFileSystem=NTFS\n\nFreeSpace=11215540224\n\n\n\n"
    "Capacity=4294967296\n\nDriveLetter=E:\n\nFileSystem=FAT32\n\nFreeSpace=0\n\n"
)
WIN32_VOLUME = {
    "Name": "C:\\", "DeviceID": "\\\\?\\Volume{AB111111-2222-3333-4444-555555555555}\\", "DriveLetter": "C:", "DriveType": 3,
    "FileSystem": "NTFS", "Capacity": 135838822400, "FreeSpace": 11215540224, "Label": None, "SystemName": "SQL01",
}  # fmt: skip
CONFIG = r"""<?xml version="1.0" encoding="UTF-16" standalone="yes"?>
<configuration>
  <_5ced1297-4598-4915-a5fc-ad21bb4d02a4_><Enabled type="bool">TRUE</Enabled></_5ced1297-4598-4915-a5fc-ad21bb4d02a4_>
  <_83f8638b-8dca-4152-9eda-2ca8b33039b4_>
    <controller0>
      <drive0><pathname type="string">D:\VMs\SQL01.vhd</pathname><type type="string">VHD</type></drive0>
      <drive1><pathname type="string"></pathname><type type="string">NONE</type></drive1>
    </controller0>
  </_83f8638b-8dca-4152-9eda-2ca8b33039b4_>
  <global_settings><snapshot><data_root type="string">C:\ProgramData\Microsoft\Windows\Hyper-V\</data_root></snapshot></global_settings>
  <properties>
    <global_id type="string">6E2EA12C-1111-2222-3333-444455556666</global_id>
    <name type="string">SQL01</name>
    <type_id type="string">Virtual Machines</type_id>
  </properties>
</configuration>
"""


def facts(event: Event, *names: str) -> tuple[str, ...]:
    return tuple(event.fields.get(name, "") for name in names)


@pytest.mark.parametrize("text", [ENGLISH_DISKS, GERMAN_DISKS, JAPANESE_DISKS])
def test_diskpart_marks_dynamic_disks_whatever_its_language(text):
    reading = read(text)
    assert [facts(event, "Disk", "Dynamic", "PartitionStyle") for event in reading.of(Kind.DISK)] == [
        ("0", "false", "GPT"),
        ("1", "true", ""),
    ]
    assert {event.machine for event in reading.events} == {"SQL01"}
    assert reading.tally.lines_not_understood == 0


@pytest.mark.parametrize("text", [FRENCH_DISKS, CHINESE_DISKS])
def test_asterisks_are_told_apart_where_sizes_or_names_break_the_columns(text):
    events = read(text).of(Kind.DISK)
    assert [facts(event, "Dynamic", "PartitionStyle", "SizeBytes") for event in events] == [
        ("false", "GPT", str(127 << 30)),
        ("true", "", str(200 << 30)),
    ]


def test_diskpart_lists_volumes_with_their_file_systems():
    reading = read(VOLUMES)
    assert [facts(event, "Volume", "FileSystem", "DriveType", "Reserved") for event in reading.events] == [
        ("D:", "", "cd-rom", "false"),
        ("C:", "NTFS", "", "false"),
        ("System Rese", "NTFS", "", "true"),
        ("E:", "ReFS", "", "false"),
    ]
    assert facts(read(GERMAN_VOLUMES).only(Kind.VOLUME), "Volume", "FileSystem", "SizeBytes") == (
        "C:",
        "NTFS",
        str(126 << 30),
    )


@pytest.mark.parametrize("text", [GET_VOLUME, GET_VOLUME_2012, WMIC_TABLE, WMIC_LIST, FSUTIL, FSUTIL_NEW, NTFSINFO])
def test_size_and_free_space_of_a_volume_are_bytes_whoever_prints_them(text):
    event = read(text).of(Kind.VOLUME)[0]
    volume, size, free = facts(event, "Volume", "SizeBytes", "FreeBytes")
    assert volume == "C:"
    assert (round(int(size) / (1 << 30), 1), round(int(free) / (1 << 30), 1)) == (126.5, 10.4)


@pytest.mark.parametrize("text", [GET_VOLUME, WMIC_TABLE])
def test_a_small_volume_without_a_letter_is_one_that_windows_keeps_for_itself(text):
    assert [event.fields["Reserved"] for event in read(text).events if event.fields.get("Label")] == ["true"]


def test_rows_between_the_blank_lines_of_wmic_are_all_read():
    reading = read(WMIC_LIST)
    assert [event.fields["FileSystem"] for event in reading.events] == ["NTFS", "FAT32"]
    assert reading.tally.lines_not_understood == 0


def test_a_file_of_wmic_as_it_redirects_is_read():
    text = WMIC_TABLE.replace("\n\n", "\r\r\n")
    assert len(read(text, encoding="utf-16").of(Kind.VOLUME)) == 2


def test_exports_of_win32_volume_are_read_with_their_machine():
    event = read_export(JSON, json.dumps([WIN32_VOLUME])).only
    assert (event.machine, *facts(event, "Volume", "VolumeId", "DriveType", "SizeBytes")) == (
        "SQL01", "C:", "\\\\?\\volume{ab111111-2222-3333-4444-555555555555}\\", "fixed", "135838822400",
    )  # fmt: skip


def test_a_fixed_volume_without_a_file_system_is_raw():
    content = '"DriveLetter","FileSystem","DriveType","Size","SizeRemaining"\n"E","","Fixed","4294967296","0"\n'
    assert read_export(CSV, content).only.fields["FileSystem"] == "RAW"


def test_the_csv_of_wmic_begins_with_a_blank_line():
    content = "\r\r\nNode,Capacity,DriveLetter,FileSystem,FreeSpace\r\r\nSQL01,135838822400,C:,NTFS,11215540224\r\r\n"
    event = read_export(CSV, content).only
    assert (event.machine, event.fields["Volume"]) == ("SQL01", "C:")


def test_partitions_of_the_logical_disk_manager_make_a_disk_dynamic():
    events = read(GET_PARTITION).of(Kind.DISK)
    assert [facts(event, "Partition", "PartitionType", "Dynamic") for event in events] == [
        ("1", "reserved", "false"),
        ("2", "ldm", "true"),
        ("3", "basic", "false"),
    ]


@pytest.mark.parametrize(
    ("row", "purpose"),
    [
        ({"DiskNumber": 0, "PartitionNumber": 2, "GptType": "{af9b60a0-1431-4f62-bc68-3311714a69ad}", "Type": "Unknown"}, "ldm"),
        ({"DiskNumber": 0, "PartitionNumber": 1, "MbrType": 66, "Type": "Unknown"}, "ldm"),
        ({"DiskNumber": 0, "PartitionNumber": 1, "MbrType": 7, "GptType": None, "Type": "IFS"}, "basic"),
        ({"DiskIndex": 0, "Index": 1, "Type": "Logical Disk Manager"}, "ldm"),
        ({"DiskIndex": 0, "Index": 1, "Type": "Installierbares Dateisystem"}, "unknown"),
    ],
)  # fmt: skip
def test_the_purpose_of_a_partition_is_told_by_its_type_number_or_guid(row, purpose):
    assert read_export(JSON, json.dumps([row])).only.fields["PartitionType"] == purpose


def test_a_configuration_file_of_2008_tells_service_disks_and_checkpoint_folder():
    events = read_export(VM_CONFIG, CONFIG.encode("utf-16"), encoding="utf-16").events
    machine, service, disk = events
    assert facts(machine, "VmName", "CheckpointsBesideDisks") == ("SQL01", "false")
    assert facts(service, "Service", "Enabled", "VmName") == ("vss", "true", "SQL01")
    assert facts(disk, "Path", "VmName") == ("D:\\VMs\\SQL01.vhd", "SQL01")


def test_a_configuration_file_with_a_document_type_is_refused():
    reading = read_export(VM_CONFIG, "<!DOCTYPE configuration []>" + CONFIG.partition("?>")[2].strip())
    assert (reading.events, "refused" in reading.damage) == ([], True)


@pytest.mark.parametrize(
    ("path", "volume"),
    [
        ("D:\\VMs\\a.vhdx", "d:"),
        ("\\\\?\\D:\\VMs\\a.vhdx", "d:"),
        ("C:\\ClusterStorage\\Volume1\\a\\a.vhdx", "c:\\clusterstorage\\volume1"),
        ("\\\\fs01\\vms\\a.vhdx", "\\\\fs01\\vms"),
        ("\\\\?\\Volume{ab111111-2222-3333-4444-555555555555}\\a.vhdx", "\\\\?\\volume{ab111111-2222-3333-4444-555555555555}"),
        ("C:\\Mounts\\Data\\a.vhdx", "c:\\mounts\\data"),
        ("Disk 3 10.00 GB Bus 0 Lun 1 Target 0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_path_tells_its_volume(path, volume):
    assert volume_of(path, ["C:\\Mounts\\Data\\"]) == volume


def test_whether_checkpoints_lie_beside_the_disks_needs_every_volume():
    assert beside_checkpoints("D:\\c", ["D:\\a.vhdx", "d:\\b.vhdx"]) == "true"
    assert beside_checkpoints("D:\\c", ["D:\\a.vhdx", "E:\\b.vhdx"]) == "false"
    assert (
        beside_checkpoints("D:\\c", ["Disk 3"])
        == beside_checkpoints("", ["D:\\a"])
        == beside_checkpoints("D:", [])
        == ""
    )


@given(st.text(st.sampled_from("0123456789 *-#:=ABab\nGBディ\t."), max_size=400))
def test_anything_behind_a_heading_raises_nothing_and_stays_a_number(text):
    for heading in (ENGLISH_DISKS, VOLUMES, WMIC_TABLE, "fsutil volume diskfree c:\n"):
        for event in read(heading + text).events:
            assert all(event.fields.get(size, "0").isdecimal() for size in ("SizeBytes", "FreeBytes"))
