"""Alerts of DPM in event logs: the machine that their sentence is about."""

import msgspec
import pytest

from diagnostics.event import Event, Kind
from diagnostics.parsers.records import finished

MEANT = [
    "The replica of Microsoft Hyper-V SQL01 on HV01.contoso.com is inconsistent. (ID 3106)",
    "The replica of Microsoft Hyper-V RCT\\SQL01 on HV01 is inconsistent. (ID 3106)",
    "The replica of Microsoft Hyper-V \\RCT\\SQL01 on HV01 is inconsistent. (ID 3106)",
    "Das Replikat von Microsoft Hyper-V SQL01 auf HV01 ist inkonsistent. (ID 3106)",
    "HV01 上の Microsoft Hyper-V SQL01 のレプリカは整合性がありません。 (ID 3106)",
    "Recovery point creation jobs for Microsoft Hyper-V \\SQL01 on SQL01.HV01 have been failing. (ID 3114)",
    "Jobs for Microsoft Hyper-V \\Backup Using Child Partition Snapshot\\SQL01 on HV01 have been failing. (ID 3114)",
    "The replica of Microsoft Hyper-V \\Online\\SQL01 on HV01 is inconsistent. (ID 3106)",
    "HV01 上の Microsoft Hyper-V \\Backup Using Saved State\\SQL01 のレプリカは整合性がありません。 (ID 3106)",
]


def alert(text: str, provider: str = "DPM-EM") -> Event:
    return finished(
        Event(kind=Kind.RECORD, source="x", record=1, provider=provider, event_id=3114, fields={"Data[0]": text})
    )


@pytest.mark.parametrize("text", MEANT)
def test_the_machine_is_named_whatever_the_language(text):
    assert alert(text).fields["VmName"] == "SQL01"


def test_an_alert_about_anything_else_names_none():
    assert "VmName" not in alert("The DPM protection agent on HV01 could not be contacted. (ID 3122)").fields
    told = "The replica of Microsoft Hyper-V RCT on HV01 is not consistent with the protected data source. (ID 30135)"
    assert "VmName" not in alert(told).fields
    assert "VmName" not in alert("The replica of Microsoft Hyper-V Host Component on HV01 is lost. (ID 3106)").fields
    assert "VmName" not in alert(MEANT[0], provider="Another").fields


def test_the_protected_computer_is_the_server_of_the_alert_unless_it_is_the_dpm_server_itself():
    told = "DPM failed to communicate with the protection agent on HV01.contoso.example. (ID 43)"
    assert alert(told).fields["Server"] == "HV01.contoso.example"
    own = msgspec.structs.replace(alert(""), machine="HV01", fields={"Data[0]": told})
    assert "Server" not in finished(own).fields
