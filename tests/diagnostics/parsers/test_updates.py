"""What is installed is read from whatever lists it, in any language."""

# ruff: noqa: E501 - listings are quoted as they are printed

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.parsers.clixml import CLIXML
from diagnostics.parsers.rows import CSV, JSON
from tests.diagnostics.parsers.exports import read as read_export
from tests.diagnostics.parsers.reading import read

ENGLISH = """
Host Name:                 HV01
OS Name:                   Microsoft Windows Server 2012 R2 Datacenter
OS Version:                6.3.9600 N/A Build 9600
OS Manufacturer:           Microsoft Corporation
Hotfix(s):                 2 Hotfix(s) Installed.
                           [01]: KB2894856
                           [02]: KB2919355
Network Card(s):           1 NIC(s) Installed.
                           [01]: Intel(R) Ethernet
Hyper-V Requirements:      A hypervisor has been detected.
"""
GERMAN = """
Hostname:                                      HV01
Betriebssystemname:                            Microsoft Windows Server 2012 R2 Standard
Betriebssystemversion:                         6.3.9600 Nicht zutreffend Build 9600
Betriebssystemhersteller:                      Microsoft Corporation
Hotfix(es):                                    2 Hotfix(e) installiert.
                                               [01]: KB2894856
                                               [02]: KB2919355
"""
JAPANESE = """
ホスト名:               HV01
OS 名:                  Microsoft Windows Server 2012 R2 Standard
OS バージョン:          6.3.9600 N/A ビルド 9600
OS 製造元:              Microsoft Corporation
ホットフィックス:       2 ホットフィックスがインストールされています。
                        [01]: KB2894856
                        [02]: KB2919355
"""
OLD = """
Host Name:                 HV02
OS Name:                   Microsoft Windows Server 2008 R2 Enterprise
OS Version:                6.1.7601 Service Pack 1 Build 7601
Hotfix(s):                 1 Hotfix(s) Installed.
                           [01]: KB975354
"""
HOTFIX_TABLE = """
Source        Description      HotFixID      InstalledBy          InstalledOn
------        -----------      --------      -----------          -----------
HV01          Update           KB2894856     NT AUTHORITY\\SYSTEM  3/18/2014 12:00:00 AM
HV01          Security Update  KB2919355     NT AUTHORITY\\SYSTEM  3/18/2014 12:00:00 AM
"""
HOTFIX_LIST = """Description         : Update
FixComments         :
HotFixID            : KB2894856
InstalledBy         : NT-AUTORITÄT\\SYSTEM
InstalledOn         : 18.03.2014 00:00:00
PSComputerName      : HV01
"""
HOTFIX_CSV = '"PSComputerName","Description","HotFixID","InstalledOn"\n"HV01","Update","KB2894856","2014/03/18 0:00:00"\n"HV01","Update","KB2919355",""\n'
WMIC = (
    "Caption                                     CSName  Description      FixComments  HotFixID   InstalledOn\n\n"
    "http://support.microsoft.com/?kbid=2894856  HV01    Update                        KB2894856  3/18/2014\n\n"
    "http://support.microsoft.com/?kbid=2919355  HV01    Security Update               KB2919355  3/18/2014\n\n"
)
DISM_ENGLISH = """
Deployment Image Servicing and Management tool
Version: 6.3.9600.17031

Image Version: 6.3.9600.17031

Packages listing:

Package Identity : Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~6.3.9600.16384
State : Installed
Release Type : Foundation
Install Time : 8/22/2013 3:35 PM

Package Identity : Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0
State : Installed
Release Type : Security Update
Install Time : 3/18/2014 9:11 AM

Package Identity : Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14
State : Install Pending
Release Type : Update
Install Time :
"""
DISM_GERMAN = """Paketidentität : Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0
Status : Installiert
Freigabetyp : Sicherheitsupdate
Installationszeit : 18.03.2014 09:11

Paketidentität : Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14
Status : Installation ausstehend
"""
DISM_JAPANESE = """パッケージ ID : Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0
状態 : インストール済み
リリースの種類 : Security Update
インストール時刻 : 2014/03/18 9:11

パッケージ ID : Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14
状態 : インストールの保留中
"""
DISM_TABLE = """Package Identity                                                             | State     | Release Type    | Install Time
---------------------------------------------------------------------------- | --------- | --------------- | ------------------
Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0                        | Installed | Security Update | 3/18/2014 9:11 AM
Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2368.1.9                 | Installed | Security Update | 7/18/2018 9:11 AM
"""
VERSION_INFO = """OriginalFilename  : vmms.exe
FileDescription   : Virtual Machine Management Service
FileName          : C:\\Windows\\system32\\vmms.exe
FileVersion       : 6.3.9600.17415 (winblue_r4.141028-1500)
ProductVersion    : 6.3.9600.17415
"""
VERSION_TABLE = """
ProductVersion   FileVersion      FileName
--------------   -----------      --------
6.3.9600.17415   6.3.9600.17415   C:\\Windows\\system32\\vmms.exe
"""
VERSION_OF_ITEM = """Name        : vmms.exe
VersionInfo : File:             C:\\Windows\\system32\\vmms.exe
              InternalName:     vmms.exe
              OriginalFilename: vmms.exe
              FileVersion:      6.3.9600.17415 (winblue_r4.141028-1500)
              FileDescription:  Virtual Machine Management Service
              Product:          Microsoft Windows Operating System
              ProductVersion:   6.3.9600.17415
"""
DATAFILE = "Name                              Version\n\nc:\\windows\\system32\\vmms.exe      6.3.9600.17415\n\n"


def updates(events: list[Event]) -> list[tuple[str, str, str]]:
    return [
        (event.machine, event.fields["Kb"], event.fields.get("Installed", ""))
        for event in events
        if event.kind is Kind.UPDATE
    ]


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, JAPANESE])
def test_systeminfo_tells_machine_windows_and_updates_in_any_language(text):
    reading = read(text)
    system = reading.only(Kind.OS)
    assert (system.machine, system.fields["Version"]) == ("HV01", "6.3.9600")
    assert "2012 R2" in system.fields["Name"]
    assert updates(reading.events) == [("HV01", "KB2894856", "true"), ("HV01", "KB2919355", "true")]
    assert reading.tally.lines_not_understood == 0


def test_systeminfo_tells_the_service_pack_and_numbers_of_six_digits():
    reading = read(OLD)
    assert reading.only(Kind.OS).fields["ServicePack"] == "1"
    assert updates(reading.events) == [("HV02", "KB975354", "true")]


@pytest.mark.parametrize("text", [HOTFIX_TABLE, HOTFIX_LIST, WMIC])
def test_lists_of_updates_are_read_with_their_machine(text):
    assert updates(read(text).events)[0] == ("HV01", "KB2894856", "true")


def test_exports_of_get_hotfix_are_read_alike():
    rows = [{"PSComputerName": "HV01", "HotFixID": "KB2894856", "InstalledOn": {"value": "/Date(1395100800000)/"}}]
    xml = (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><Props>'
        '<S N="HotFixID">KB2894856</S><S N="CSName">HV01</S><S N="Description">更新プログラム</S></Props></Obj></Objs>'
    )
    for reading in (read_export(CSV, HOTFIX_CSV), read_export(JSON, json.dumps(rows)), read_export(CLIXML, xml)):
        assert updates(reading.events)[0] == ("HV01", "KB2894856", "true")


def test_a_list_of_nothing_but_numbers_is_read():
    text = "HotFixID   \n\nKB2894856  \n\nKB2919355  \n\n"
    assert [kb for _, kb, _ in updates(read(text).events)] == ["KB2894856", "KB2919355"]


@pytest.mark.parametrize("text", [DISM_ENGLISH, DISM_GERMAN, DISM_JAPANESE])
def test_packages_of_dism_tell_whether_they_are_installed(text):
    assert updates(read(text).events) == [("", "KB2894856", "true"), ("", "KB2919355", "false")]


def test_the_rollup_of_a_cumulative_product_tells_its_build():
    system = read(DISM_TABLE).only(Kind.OS)
    assert (system.fields["Version"], system.fields["Revision"]) == ("10.0.14393", "2368")


def test_states_of_packages_may_be_numbers_or_unknown_words():
    row = {"PackageName": "Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0"}
    for state, installed in ((4, "true"), (2, "false"), ("zainstalowany chyba", "")):
        assert updates(read_export(JSON, json.dumps([row | {"PackageState": state}])).events)[0][2] == installed


@pytest.mark.parametrize("text", [VERSION_INFO, VERSION_TABLE, VERSION_OF_ITEM, DATAFILE])
def test_versions_of_files_are_read(text):
    event = read(text).only(Kind.FILE_VERSION)
    assert (event.fields["File"], event.fields["FileVersion"]) == ("vmms.exe", "6.3.9600.17415")


def test_the_numbers_inside_of_a_version_count_more_than_a_text_that_went_stale():
    info = {"FileName": "C:\\Windows\\system32\\vmms.exe", "FileVersion": "6.1.7600.16385 (win7_rtm)", "FileMajorPart": 6,
            "FileMinorPart": 1, "FileBuildPart": 7601, "FilePrivatePart": 17514}  # fmt: skip
    event = read_export(JSON, json.dumps([{"Name": "vmms.exe", "VersionInfo": info}])).only
    assert event.fields["FileVersion"] == "6.1.7601.17514"


@pytest.mark.parametrize(("whole", "told"), [("6.1.7601.17514", ["6.1.7601.17514"]), ("6.1.7601.1751...", [])])
def test_a_version_that_did_not_fit_into_its_column_is_no_version(whole, told):
    path = "C:\\Windows\\System32\\vmms.exe"
    table = f"{'ProductVersion':<17}FileVersion      FileName\n{'-' * 14}   {'-' * 11}      {'-' * 8}\n"
    events = read(f"{table}{whole:<17}6.1.7601.1751... {path}\n").of(Kind.FILE_VERSION)
    assert [event.fields["FileVersion"] for event in events] == told


def test_a_version_in_one_cell_of_csv_is_read():
    content = '"Name","VersionInfo"\n"vmms.exe","File:  C:\\Windows\\System32\\vmms.exe\nFileVersion:  6.3.9600.17415 (x)\n"\n'
    assert read_export(CSV, content).only.fields["FileVersion"] == "6.3.9600.17415"


@pytest.mark.parametrize(
    ("line", "version", "revision"),
    [
        ("Microsoft Windows [Version 10.0.17763.1935]", "10.0.17763", "1935"),
        ("Microsoft Windows [バージョン 10.0.14393]", "10.0.14393", ""),
        ("Microsoft Windows [Version 6.1.7601]", "6.1.7601", ""),
    ],
)
def test_the_line_of_ver_tells_version_and_revision(line, version, revision):
    fields = read(line + "\n").only(Kind.OS).fields
    assert (fields["Version"], fields.get("Revision", "")) == (version, revision)


@pytest.mark.parametrize(
    "row",
    [
        {"Caption": "Microsoft Windows Server 2016 Standard", "Version": "10.0.14393", "BuildNumber": "14393", "CSName": "HV01"},
        {"ProductName": "Windows Server 2016 Standard", "CurrentBuild": "14393", "UBR": 2368, "PSComputerName": "HV01"},
        {"OsName": "Microsoft Windows Server 2016", "OsVersion": "10.0.14393", "CsName": "HV01"},
    ],
)  # fmt: skip
def test_rows_about_windows_tell_its_version(row):
    event = read_export(JSON, json.dumps([row])).only
    assert (event.machine, event.fields["Version"]) == ("HV01", "10.0.14393")


@given(st.text(st.sampled_from("KB0123456789 ~:[]|.\n状態Windows"), max_size=300))
def test_anything_in_such_lists_raises_nothing(text):
    for heading in (ENGLISH, DISM_ENGLISH, HOTFIX_TABLE, WMIC, ""):
        for _, kb, installed in updates(read(heading + text).events):
            assert kb.startswith("KB")
            assert installed in {"true", "false", ""}
