"""What looks like a failure and is none is told as noise, and never turns a good night into a bad one.

The list: what Microsoft and vendors document as harmless around backups. Some of it is harmless only where it stands
alone: a backup that really failed would show more.
"""

from xml.sax.saxutils import escape

import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.parsers.codes import find_codes
from diagnostics.request import Request
from diagnostics.rules.index import RuleSet
from diagnostics.rules.rule import Polarity
from tests.bundled import SAMPLES
from tests.diagnostics.rules.test_packs import SHIPPED_PACK
from tests.diagnostics.rules.writing import record

GOOD_NIGHT = SAMPLES / "healthy-online" / "logs"
LLDP = (
    "Details: AddLegacyDriverFiles: Unable to back up image of binary Microsoft Link-Layer Discovery Protocol. "
    "System Error: Access is denied."
)
FLOPPY = "Unexpected error DeviceIoControl(\\\\?\\fdc#generic_floppy_drive). hr = 0x80070001"
GIVEN_UP = "SQLVDI: Loc=SignalAbort. Desc=Client initiates abort. ErrorCode=(0). Process=1. Client. Instance=."
RULES = RuleSet.compile(SHIPPED_PACK.rules)
HARMLESS = {
    "writer callback denied": ("SQL01", "VSS", 8194, ["0x80070005, Access is denied."]),
    "account not resolved": ("SQL01", "VSS", 8230, ["NT AUTHORITY\\NETWORK SERVICE", "1376"]),
    "LLDP driver not described": ("SQL01", "Microsoft-Windows-CAPI2", 513, [LLDP]),
    "exception trace of vmms": ("HV01", "Microsoft-Windows-Hyper-V-VMMS", 1106, ["0x80070002"]),
    "shared volume over the network": ("HV01", "Microsoft-Windows-FailoverClustering", 5121, ["Volume1", "Disk 1"]),
    "VMBus versions": ("HV01", "vmbus", 2, []),
    "storage device versions": ("HV01", "storvsp", 5, []),
    "network device versions": ("SQL01", "netvsc", 12, []),
    "COM server at shutdown": (
        "SQL01",
        "VSS",
        13,
        ["{4e14fba2-2e22-11d1-9964-00c04fbbb345}", "CEventSystem", "0x8007045b"],
    ),
    "idle stop": ("SQL01", "VSS", 8224, [""]),
    "floppy drive": ("SQL01", "VSS", 12289, [FLOPPY, "0x80070001"]),
}
HARMLESS_ALONE = {
    "disk 11 of a shared virtual disk": [("SQL01", "disk", 11, ["\\Device\\Harddisk2\\DR2"])],
    "disk 153 of a backup's virtual disk": [
        ("HV01", "disk", 153, ["\\Device\\Harddisk5\\DR9", "0x0", "5", "\\Device\\1"])
    ],
    "SQL backups at the intervals of a replica": [
        ("SQL01", "SQLVDI", 1, [GIVEN_UP]),
        ("SQL01", "MSSQLSERVER", 18210, ["BackupVirtualDeviceFile", "Flush", "{1}", "995"]),
        ("SQL01", "MSSQLSERVER", 3041, ["BACKUP DATABASE A"]),
    ],
    "an aborted virtual device at each interval of a replica": [("SQL01", "SQLVDI", 1, [GIVEN_UP])] * 5,
}


def log(folder, events):
    """An export with these events, a minute apart, in the good night."""
    channel = {"disk": "System", "vmbus": "System", "storvsp": "System", "netvsc": "System"}
    texts = [
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='{provider}'/><EventID>{event_id}</EventID><Level>2</Level>"
        f"<TimeCreated SystemTime='2026-11-20T01:{minute:02}:30Z'/><EventRecordID>{90_000 + minute}</EventRecordID>"
        f"<Channel>{channel.get(provider, 'Application')}</Channel><Computer>{machine}</Computer><Security/></System>"
        f"<EventData>{''.join(f'<Data>{escape(value)}</Data>' for value in values)}</EventData></Event>"
        for minute, (machine, provider, event_id, values) in enumerate(events)
    ]
    (folder / "noise.xml").write_text(f"<Events>{''.join(texts)}</Events>")
    return diagnose(Request(paths=(str(GOOD_NIGHT), str(folder)))).verdict


def test_known_noise_is_told_as_such_and_the_night_stays_good(tmp_path):
    verdict = log(tmp_path, list(HARMLESS.values()))
    assert (verdict.verdict, verdict.faults) == ("healthy", [])
    assert sum(line.count for line in verdict.noise) >= len(HARMLESS)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_rule_knows_each_of_it_as_noise(name):
    machine, provider, event_id, values = HARMLESS[name]
    fields = {f"Data[{place}]": value for place, value in enumerate(values)}
    codes = find_codes("\n".join(values))
    event = record(provider=provider, event_id=event_id, machine=machine, fields=fields, codes=codes)
    assert Polarity.NOISE in {rule.polarity for rule in RULES.match(event)}


@pytest.mark.parametrize("name", HARMLESS_ALONE)
def test_what_is_harmless_alone_names_no_fault_in_a_good_night(tmp_path, name):
    verdict = log(tmp_path, HARMLESS_ALONE[name])
    assert verdict.verdict not in {"asserted", "leading"}
