import json
from pathlib import Path

import pytest

from diagnostics.event import Kind, Level
from diagnostics.evidence.document import Document
from diagnostics.parsers.cells import Origin
from diagnostics.parsers.rows import NDJSON
from diagnostics.parsers.shapes import event_from_row, knows
from diagnostics.parsers.shapes_hyperv import integration_service
from diagnostics.parsers.shapes_jobs import vm_and_mode
from engine.pipeline import Mode
from tests.diagnostics.parsers.exports import read, recognized
from tests.shared import needs_shared, shared

ORIGIN = Origin(Document(name="export.json", path=Path("export.json"), machine="HV01"))
JULY_19 = 1689769211928000  # 2023-07-19 12:20:11.928 UTC


def event(row):
    """The event that a row tells."""
    found = event_from_row(row, 7, ORIGIN)
    assert found is not None
    return found


WINLOG = {
    "channel": "System",
    "event_id": 36,
    "provider_name": "volsnap",
    "computer_name": "HV02",
    "record_id": 5,
    "event_data": {"param1": "C:", "Binary": "00"},
}
EVTX_DUMP = {
    "Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": "volsnap"}},
            "EventID": {"#attributes": {"Qualifiers": 49158}, "#text": 36},
            "Level": 2,
            "TimeCreated": {"#attributes": {"SystemTime": "2023-07-19T12:20:11.928Z"}},
            "EventRecordID": 5,
            "Channel": "System",
            "Computer": "HV02",
        },
        "EventData": {"Data": {"#text": ["C:", "D:"]}, "Binary": "00"},
    }
}
SAME = {
    "winlogbeat": {
        "@timestamp": "2023-07-19T12:20:11.928Z",
        "winlog": WINLOG,
        "log": {"level": "error"},
        "host": {"name": "wec"},
    },
    "winlogbeat, flattened": {
        "@timestamp": "2023-07-19T12:20:11.928Z",
        **{f"winlog.{name}": value for name, value in WINLOG.items()},
        "log.level": "error",
    },
    "winlogbeat before 7": {
        "@timestamp": "2023-07-19T12:20:11.928Z",
        "log_name": "System",
        "event_id": 36,
        "source_name": "volsnap",
        "computer_name": "HV02",
        "record_number": "5",
        "level": "Error",
        "event_data": {"param1": "C:", "Binary": "00"},
    },
    "evtx_dump": EVTX_DUMP,
    "evtx_dump, attributes beside": {
        "Event": {
            "System": {
                "Provider_attributes": {"Name": "volsnap"},
                "EventID": 36,
                "Level": 2,
                "EventRecordID": 5,
                "TimeCreated_attributes": {"SystemTime": "2023-07-19T12:20:11.928Z"},
                "Channel": "System",
                "Computer": "HV02",
            },
            "EventData": {"Data": ["C:"], "Binary": "00"},
        }
    },
    "xmltodict": {
        "Event": {
            "System": {
                "Provider": {"@Name": "volsnap"},
                "EventID": {"@Qualifiers": "49158", "#text": "36"},
                "Level": "2",
                "TimeCreated": {"@SystemTime": "2023-07-19T12:20:11.928Z"},
                "EventRecordID": "5",
                "Channel": "System",
                "Computer": "HV02",
            },
            "EventData": {"Data": "C:", "Binary": "00"},
        }
    },
    "Get-WinEvent": {
        "Id": 36,
        "Version": None,
        "Level": 2,
        "Keywords": 36028797018963968,
        "RecordId": 5,
        "ProviderName": "volsnap",
        "LogName": "System",
        "MachineName": "HV02",
        "TimeCreated": "/Date(1689769211928)/",
        "LevelDisplayName": "エラー",
        "Properties": [{"Value": "C:"}, {"Value": 7}],
        "Message": "x",
    },
    "Get-EventLog": {
        "EventID": 36,
        "MachineName": "HV02",
        "Data": [1, 2],
        "Index": 5,
        "Category": "(0)",
        "EntryType": 1,
        "Message": "x",
        "Source": "volsnap",
        "ReplacementStrings": ["C:"],
        "InstanceId": 3221618724,
        "LogName": "System",
        "TimeGenerated": {"value": "/Date(1689769211928)/", "DisplayHint": 2, "DateTime": "19 July 2023"},
    },
    "NXLog": {
        "EventTime": "2023-07-19T12:20:11.928+00:00",
        "Hostname": "HV02",
        "EventType": "ERROR",
        "SeverityValue": 4,
        "EventID": 36,
        "SourceName": "volsnap",
        "Channel": "System",
        "RecordNumber": 5,
        "Message": "x",
        "param1": "C:",
    },
}


@pytest.mark.parametrize("row", SAME.values(), ids=SAME)
def test_a_record_is_the_same_whoever_exported_it(row):
    found = event(row)
    assert (found.kind, found.provider, found.event_id, found.level) == (Kind.RECORD, "volsnap", 36, Level.ERROR)
    assert (found.time, found.local_time, found.record) == (JULY_19, False, 5)
    assert (found.machine, found.channel) == ("HV02", "System")
    assert "C:" in (found.fields.get("Data[0]"), found.fields.get("param1"))
    assert knows(row)


def test_numbered_values_of_a_forwarder_match_rules_for_unnamed_data():
    assert event(SAME["winlogbeat"]).fields == {"param1": "C:", "Data[0]": "C:", "Binary": "00"}


def test_a_wall_clock_is_marked_and_follows_the_proven_order():
    row = {"EventID": 5, "Source": "X", "EntryType": "Warning", "TimeGenerated": "5/6/2022 13:45:05", "Message": "m"}
    first = event_from_row(row, 1, Origin(ORIGIN.document, day_first=False))
    assert first is not None
    assert (first.time, first.local_time) == (1651844705000000, True)


def test_a_bare_number_is_a_code_where_its_name_says_so():
    data = {"HRESULT": "-2147024891", "ErrorCode": "1450", "Count": "1450"}
    found = event({"winlog": {**WINLOG, "event_data": data}, "@timestamp": "2023-07-19T12:20:11.928Z"})
    assert set(found.codes) == {"0x80070005", "0x800705AA"}


@pytest.mark.parametrize(
    ("row", "kind", "fields"),
    [
        (
            {"Name": "SQL01", "SnapshotFileLocation": "D:\\cp"},
            Kind.VM,
            {"VmName": "SQL01", "CheckpointPath": "D:\\cp"},
        ),
        (
            {"Name": "SQL01", "State": 2, "IntegrationServicesVersion": "6.3.9600.16384"},
            Kind.VM,
            {"VmName": "SQL01", "State": "Running", "IntegrationVersion": "6.3.9600.16384"},
        ),
        (
            {
                "Name": "SQL01",
                "VMId": "6e1d",
                "State": 2,
                "Status": "Funktioniert normal",
                "Version": "9.0",
                "Generation": 2,
                "Uptime": {"Ticks": 5},
                "CheckpointFileLocation": "D:\\cp",
                "Path": "D:\\vm",
                "CheckpointType": 3,
            },
            Kind.VM,
            {
                "VmName": "SQL01",
                "VmId": "6e1d",
                "State": "Running",
                "Status": "Funktioniert normal",
                "Version": "9.0",
                "Generation": "2",
                "CheckpointPath": "D:\\cp",
                "Path": "D:\\vm",
            },
        ),
        (
            {"Name": "SQL01", "State": "Saved", "CPUUsage(%)": "0", "MemoryAssigned(M)": "0", "Uptime": "00:00:00"},
            Kind.VM,
            {"VmName": "SQL01", "State": "Saved"},
        ),
        (
            {
                "VMName": "SQL01",
                "Name": "バックアップ (ボリューム シャドウ コピー)",
                "Enabled": False,
                "PrimaryStatusDescription": "接続なし",
                "OperationalStatus": [12, 32775],
            },
            Kind.INTEGRATION_SERVICE,
            {
                "VmName": "SQL01",
                "ServiceName": "バックアップ (ボリューム シャドウ コピー)",
                "Service": "vss",
                "Enabled": "false",
                "PrimaryStatus": "No Contact",
                "SecondaryStatus": "Protocol Mismatch",
            },
        ),
        (
            {
                "VMName": "SQL01",
                "Name": "Heartbeat",
                "Enabled": "True",
                "PrimaryStatusDescription": "OK",
                "OperationalStatus": "Microsoft.HyperV.PowerShell.VMIntegrationComponentOperationalStatus[]",
            },
            Kind.INTEGRATION_SERVICE,
            {
                "VmName": "SQL01",
                "ServiceName": "Heartbeat",
                "Service": "heartbeat",
                "Enabled": "true",
                "PrimaryStatus": "OK",
            },
        ),
        (
            {
                "VMName": "SQL01",
                "Name": "SQL01 - Backup",
                "SnapshotType": 1,
                "State": 3,
                "Version": "9.0",
                "Generation": 1,
                "CreationTime": "2022/05/31 13:45:05",
                "ParentSnapshotName": "base",
                "Path": "D:\\",
            },
            Kind.CHECKPOINT,
            {
                "VmName": "SQL01",
                "CheckpointName": "SQL01 - Backup",
                "SnapshotType": "Recovery",
                "ParentCheckpointName": "base",
            },
        ),
        (
            {"Path": "D:\\a.avhdx", "ParentPath": "D:\\a.vhdx", "VhdType": 4, "VhdFormat": 3, "Attached": True},
            Kind.VIRTUAL_DISK,
            {
                "Path": "D:\\a.avhdx",
                "ParentPath": "D:\\a.vhdx",
                "VhdType": "Differencing",
                "VhdFormat": "VHDX",
                "Attached": "true",
            },
        ),
        (
            {
                "VMName": "SQL01",
                "ControllerType": "SCSI",
                "ControllerNumber": 0,
                "ControllerLocation": 0,
                "Path": "D:\\a.vhdx",
            },
            Kind.VIRTUAL_DISK,
            {"Path": "D:\\a.vhdx", "VmName": "SQL01"},
        ),
        (
            {
                "Severity": "Error",
                "AlertId": "9f",
                "AffectedArea": "\\Backup Using Child Partition Snapshot\\SQL01",
                "OccurredSince": "5/31/2022 1:45:05 PM",
                "Server": "HV01",
                "ErrorInfo": "(ID 3114)",
            },
            Kind.ALERT,
            {
                "Severity": "Error",
                "AlertId": "9f",
                "AffectedArea": "\\Backup Using Child Partition Snapshot\\SQL01",
                "OccurredSince": "5/31/2022 1:45:05 PM",
                "Server": "HV01",
                "VmName": "SQL01",
            },
        ),
        (
            {
                "Status": "Failed",
                "JobCategory": "ShadowCopy",
                "DataSources": ["\\Backup Using Saved State\\SQL01"],
                "ProtectionGroupName": "PG",
                "StartTime": "2022-05-31T13:00:00",
                "EndTime": "2022-05-31T13:45:05",
                "ErrorInfo": {"ErrorCode": 30112, "DetailedErrorCode": -2147212301},
                "DataSize": 0,
            },
            Kind.JOB,
            {
                "Product": "dpm",
                "Status": "failed",
                "JobType": "ShadowCopy",
                "VmName": "SQL01",
                "Mode": "offline",
                "ProtectionGroup": "PG",
                "BytesTransferred": "0",
                "StartTime": "2022-05-31T13:00:00",
                "EndTime": "2022-05-31T13:45:05",
            },
        ),
        (
            {
                "Severity": "Error",
                "OccurredSince": "5/31/2022 1:45:05 PM",
                "ErrorInfo": "DPM failed to communicate with HV02.contoso.example. (ID 41)",
            },
            Kind.ALERT,
            {"Severity": "Error", "OccurredSince": "5/31/2022 1:45:05 PM", "Server": "HV02.contoso.example"},
        ),
        (
            {
                "JobType": "Backup",
                "StartTime": "2022-05-31T13:00:00",
                "EndTime": "2022-05-31T13:45:05",
                "JobState": "Completed",
                "HResult": 0,
                "DetailedHResult": 0,
                "ErrorDescription": "",
            },
            Kind.JOB,
            {
                "Product": "wsb",
                "Status": "succeeded",
                "JobType": "Backup",
                "Mode": "unknown",
                "StartTime": "2022-05-31T13:00:00",
                "EndTime": "2022-05-31T13:45:05",
            },
        ),
    ],
)
def test_inventory_and_jobs_become_events_of_their_kind(row, kind, fields):
    found = event(row)
    assert (found.kind, found.machine, found.record) == (kind, "HV01", 7)
    assert found.fields == fields
    if kind in {Kind.CHECKPOINT, Kind.ALERT, Kind.JOB}:
        assert (found.time, found.local_time) == (1654004705000000, True)


def test_codes_in_error_objects_are_found_without_words_around_them():
    row = {
        "Status": "Failed",
        "JobCategory": "X",
        "DataSources": [],
        "ErrorInfo": {"ErrorCode": 30112, "HResult": -2147212301},
    }
    found = event(row)
    assert (found.codes, found.level) == (("ID 30112", "0x800423F3"), Level.ERROR)


@pytest.mark.parametrize(
    ("identity", "name", "service"),
    [
        ("Microsoft:6E1D\\5CED1297-4598-4915-A5FC-AD21BB4D02A4", "何か", "vss"),
        ("Microsoft:6E1D\\{2450ee40-33bf-4fbd-892e-9fb06e9214cf}", "", "vss"),
        ("Microsoft:6E1D\\84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", "VSS", "heartbeat"),
        ("", "Sicherung (Volumeschattenkopie)", "vss"),
        ("", "Sauvegarde (cliché instantané du volume)", "vss"),
        ("", "Zeitsynchronisierung", "time"),
        ("", "ゲスト サービス インターフェイス", "guest-interface"),
        ("", "Herunterfahren", "shutdown"),
        ("", "Austausch von Schlüsselwertpaaren", "kvp"),
        ("", "something new", "unknown"),
    ],
)
def test_integration_services_are_told_by_id_then_by_localized_name(identity, name, service):
    assert integration_service(identity, name) == service


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("\\Backup Using Child Partition Snapshot\\SQL 01", ("SQL 01", Mode.ONLINE)),
        ("\\Backup Using Saved State\\SQL01", ("SQL01", Mode.OFFLINE)),
        ("Offline\\SQL01", ("SQL01", Mode.OFFLINE)),
        ("SQL01(Online)", ("SQL01", Mode.ONLINE)),
        ("C:\\", ("", Mode.UNKNOWN)),
    ],
)
def test_a_caption_names_the_machine_and_how_it_is_backed_up(caption, expected):
    assert vm_and_mode(caption) == expected


@pytest.mark.parametrize(
    "row", [{}, {"": None}, {"a": "b"}, {"Id": "x", "Level": 2, "Message": 5}, {"Event": {"System": 5}}]
)
def test_rows_without_meaning_are_none(row):
    assert event_from_row(row, 1, ORIGIN) is None


def test_a_wrapped_value_of_any_depth_raises_nothing():
    row = {"Id": 1, "ProviderName": "P", "Message": "m", "Level": 2, "Properties": []}
    nested: object = "x"
    for _ in range(5000):
        nested = {"a": [nested]}
    for column in row:
        assert event_from_row({**row, column: nested}, 1, ORIGIN) is None or column != "Id"


@needs_shared
def test_a_real_forwarded_log_is_read_whole():
    lines = shared("evtx", "otrf-volume_shadow_copy-application-system.json").read_text(encoding="utf-8")
    reading = recognized(lines)
    rows = [json.loads(line) for line in lines.splitlines()]
    assert (len(reading.events), reading.damage, reading.tally.lines_not_understood) == (len(rows), "", 0)
    assert [found.event_id for found in reading.events] == [row["EventID"] for row in rows]
    assert {found.machine for found in reading.events} == {"DC01", "DC01.pandalab.com"}
    assert all(found.time and not found.local_time and found.provider for found in reading.events)
    assert read(NDJSON, lines, interest=lambda provider, _: provider == "VSS").tally.records == len(rows)
