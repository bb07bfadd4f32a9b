"""DPM's job reports and alerts become jobs and alerts, in any language."""

# ruff: noqa: E501 - log lines are quoted as they are printed

import pytest

from diagnostics.event import Kind, Level
from diagnostics.parsers.dpm_job import status_of
from tests.diagnostics.parsers.reading import read

REPORT = r"""Type:    Recovery point
Status:  Failed
Description:  DPM encountered a retryable VSS error. (ID 30112 Details: VssError:The writer experienced a transient error. (0x800423F3))
More information
End time:  5/31/2022 1:45:05 PM
Start time:  5/31/2022 1:15:05 PM
Time elapsed:
Data transferred:   0 MB
Cluster node   N2-HyperV.contoso.COM
Recovery Point Type   Express Full
Source details:  \Backup Using Child Partition Snapshot\Hyper-V Guest Name
Protection group:   PG-NAME
"""


def test_a_report_is_a_job_with_everything_that_it_says() -> None:
    event = read(REPORT).only(Kind.JOB)
    assert event.fields == {
        "Product": "dpm",
        "Status": "failed",
        "JobType": "Recovery point",
        "VmName": "Hyper-V Guest Name",
        "Mode": "online",
        "ClusterNode": "N2-HyperV.contoso.COM",
        "ProtectionGroup": "PG-NAME",
        "BytesTransferred": "0",
        "StartTime": "5/31/2022 1:15:05 PM",
        "EndTime": "5/31/2022 1:45:05 PM",
    }
    assert (event.codes, event.level, event.time) == (("ID 30112", "0x800423F3"), Level.ERROR, 1654004705000000)


def test_a_dash_is_no_cluster_node() -> None:
    event = read(REPORT.replace("N2-HyperV.contoso.COM", "-") + "Server:  HV01.contoso.com\n").only(Kind.JOB)
    assert "ClusterNode" not in event.fields
    assert event.fields["Server"] == "HV01.contoso.com"


@pytest.mark.parametrize(
    "text",
    [
        "種類: 回復ポイント\n状態: 失敗\n説明: VSS エラー (ID 30112 詳細: x (0x800423F3))\nソースの詳細: \\Backup Using Saved State\\VM2\n",
        (
            "Typ: Wiederherstellungspunkt\nStatus: Fehlgeschlagen\nBeschreibung: VSS-Fehler (ID 30112 Details: x (0x800423F3))\n"
            "Quelldetails: \\Backup Using Saved State\\VM2\n"
        ),
        (
            "Type : Point de récupération\nÉtat : Échec\nDescription : Erreur VSS (ID 30112 Détails : x (0x800423F3))\n"
            "Détails de la source : \\Backup Using Saved State\\VM2\n"
        ),
        "Aaa: bbb\nCcc: Failed\nDdd: eee (ID 30112 Fff: x (0x800423F3))\nGgg: \\Backup Using Saved State\\VM2\n",
    ],
)
def test_a_report_in_any_language_tells_status_machine_and_mode(text: str) -> None:
    event = read(text).only(Kind.JOB)
    assert (event.fields["Status"], event.fields["VmName"], event.fields["Mode"]) == ("failed", "VM2", "offline")
    assert event.codes == ("ID 30112", "0x800423F3")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("failed", ["Failed", "失敗", "Fehlgeschlagen", "Fehler", "Échec", "échoué", "Con errores", "Non riuscito"]),
        ("succeeded", ["Completed", "Success", "成功", "完了", "Erfolgreich", "Abgeschlossen", "Terminé", "Réussi"]),
        ("warning", ["Warning", "警告", "Warnung", "Avertissement"]),
        ("unknown", ["", "In progress"]),
    ],
)
def test_a_status_is_known_in_several_languages(status: str, words: list[str]) -> None:
    assert {status_of(word) for word in words} == {status}


def test_reports_behind_each_other_are_jobs_of_their_own() -> None:
    assert len(read(f"{REPORT}\n\n{REPORT}\n\n{REPORT}").of(Kind.JOB)) == 3


def test_a_message_signed_with_an_id_is_a_failed_job() -> None:
    event = read("ディスクに十分な空き領域がありません (ID 58)").only(Kind.JOB)
    assert (event.fields["Status"], event.codes) == ("failed", ("ID 58",))


@pytest.mark.parametrize(
    ("sentence", "mode"),
    [
        (
            "The replica of Microsoft Hyper-V \\Backup Using Child Partition Snapshot\\SQL01 on HV01 is inconsistent. (ID 3106)",
            "online",
        ),
        (
            "Recovery point creation jobs for Microsoft Hyper-V \\Offline\\SQL01 on HV01 have been failing. (ID 3114)",
            "offline",
        ),
        (
            "HV01 上の Microsoft Hyper-V \\Backup Using Saved State\\SQL01 のレプリカは整合性がありません。 (ID 3106)",
            "offline",
        ),
    ],
)
def test_a_sentence_names_its_machine_and_no_more(sentence: str, mode: str) -> None:
    event = read(sentence).only(Kind.JOB)
    assert (event.fields["VmName"], event.fields["Mode"]) == ("SQL01", mode)


def test_an_alert_has_its_id_and_area() -> None:
    text = (
        "Affected area: \\Backup Using Child Partition Snapshot\\SQL01\nOccurred since: 5/31/2022 1:15:05 PM\n"
        "Description: The replica is inconsistent. (ID 3106)\nRecommended action: none\n"
    )
    event = read(text).only(Kind.ALERT)
    assert (event.fields["AlertId"], event.fields["VmName"], event.time) == ("3106", "SQL01", 1654002905000000)


def test_a_management_packs_title_keeps_its_number() -> None:
    event = read("DPM: 복구 지점 볼륨 임계값을 초과했습니다.(3169)").only(Kind.ALERT)
    assert (event.fields["AlertId"], event.codes) == ("3169", ("ID 3169",))


@pytest.mark.parametrize(
    "report",
    [
        "Type: Recovery point\nStatus: Failed\nDescription: x (ID 30111)\nSource details: RCT\\WEB 01\n",
        "Affected area: RCT\\WEB 01\nOccurred since: 11/24/2026 1:00:00 AM\nDescription: x (ID 3106)\n",
    ],
)
def test_a_machine_that_is_backed_up_by_change_tracking_has_a_caption_of_its_own(report: str) -> None:
    (event,) = read(report).events
    assert event.fields["VmName"] == "WEB 01"


@pytest.mark.parametrize("source", ["WEB01", "RCT\\WEB01", "\\RCT\\WEB01"])
def test_a_sentence_names_its_machine_without_the_caption_of_a_snapshot(source: str) -> None:
    told = f"The replica of Microsoft Hyper-V {source} on HV01 is inconsistent. (ID 3106)"
    assert read(told + "\n").only(Kind.JOB).fields["VmName"] == "WEB01"


@pytest.mark.parametrize("marks", ["''", '""', "\u201c\u201d", "\u300c\u300d"])
def test_a_name_with_spaces_ends_with_its_quotation_marks(marks: str) -> None:
    told = f"The job for {marks[0]}\\Backup Using Saved State\\SQL Server 01{marks[1]} failed. (ID 30111)"
    event = read(told + "\n").only(Kind.JOB)
    assert (event.fields["VmName"], event.fields["Mode"]) == ("SQL Server 01", "offline")
