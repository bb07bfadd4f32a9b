"""Any text is read as a sequence of blocks; what no format claims is searched for what it says; nothing ever raises."""

# ruff: noqa: E501 - log lines are quoted as they are printed

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.format import Sample, everything
from diagnostics.parsers.lines import LONGEST_LINE
from diagnostics.parsers.text import TEXT, TEXT_FORMATS
from tests.diagnostics.parsers.reading import read
from tests.diagnostics.parsers.test_dpm_job import REPORT
from tests.diagnostics.parsers.test_errlog import AGENT, MERGED
from tests.diagnostics.parsers.test_event_text import ENGLISH, GERMAN, JAPANESE
from tests.diagnostics.parsers.test_vssadmin import LABELS, SHADOWS, _writer

DISKSHADOW = r"""Microsoft DiskShadow version 1.0
-> list writers detailed

	* WRITER "Microsoft Hyper-V VSS Writer"
		- Writer ID   = {66841cd4-6ded-4f4b-8f17-fd23f8ddc3de}
		+ Component "Microsoft Hyper-V VSS Writer:\11111111-2222-3333-4444-555555555555"
			- Name: 11111111-2222-3333-4444-555555555555
			- Caption: Offline\SQL01
		+ Component "x"
			- Caption: Online\WEB01

        * Shadow copy ID = {7c589f05-1111-2222-3333-444455556666}               %VSS_SHADOW_1%
                - Shadow copy set: {7d5c8869-1111-2222-3333-444455556666}       %VSS_SHADOW_SET%
                - Original volume name: \\?\Volume{9edf9657-1111-2222-3333-444455556666}\ [E:\]
                - Creation time: 5/8/2026 2:55:18 AM
                - Shadow copy device name: \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy3
        * ProviderID: {b5946137-7b9f-4925-af80-51abd60b20d5}
          Type: [1] VSS_PROV_SYSTEM
          Name: Microsoft Software Shadow Copy provider 1.0
          Version: 1.0.0.7
"""
WSB = r"Error in backup of F:\$Extend\$RmMetadata\$TxfLog" + "\\ during write: Error [0x80070005] Access is denied."
WSB_JAPANESE = (
    "C:\\windows\\\\systemroot\\ のバックアップで列挙中にエラーが発生しました: エラー [0x8007007b] ファイル名、"
    "ディレクトリ名、またはボリューム ラベルの構文が間違っています。"
)
SNAPSHOTS = """VMName Name                                      SnapshotType CreationTime        ParentSnapshotName
------ ----                                      ------------ ------------        ------------------
TESTVM TESTVM - バックアップ - (2020/11/01 - 8:30:48) Recovery     2017/05/16 22:00:06
SQL01  SQL01 - Backup - (11/1/2020 - 8:30:48 AM) Recovery     5/16/2017 10:00 PM  Base
"""
SERVICES = """VMName                     : SQL01
Name                       : Sicherung (Volumeschattenkopie)
Enabled                    : False
PrimaryStatusDescription   : OK
SecondaryStatusDescription :
"""
BAREOS = 'VSS Writer (PrepareForBackup): "System Writer", State: 0x1 (VSS_WS_STABLE)'
VEEAM = "VSS asynchronous operation is not completed. Operation: [Shadow copies commit]. Code: [0x80042306]."
NETAPP = (
    "Writer Microsoft Hyper-V VSS Writer involved in backup or restore reported partial failure. Writer returned failure code "
    "0x80042336. Writer state is 5. Failed component: VM GUID X Writer error code: 0x800423f3 Application error code: 0x8004230f"
)
CLUSTER = "00000b74.000012d8::2012/05/06-12:00:01.123 ERR   [RHS] RhsCall::DeadlockMonitor: Call LOOKSALIVE timed out."
EVERYTHING = {
    ENGLISH: [Kind.RECORD],
    JAPANESE: [Kind.RECORD],
    GERMAN: [Kind.RECORD],
    AGENT: [Kind.ERRLOG],
    MERGED: [Kind.ERRLOG],
    REPORT: [Kind.JOB],
    _writer(LABELS["de"], "NTDS", 10, "Wiederholbarer Fehler"): [Kind.VSS_WRITER, Kind.VSS_LISTING],
    SHADOWS: [Kind.SHADOW_COPY, Kind.VSS_LISTING],
    DISKSHADOW: [Kind.VSS_WRITER, Kind.VM, Kind.VM, Kind.SHADOW_COPY, Kind.VSS_PROVIDER],
    WSB: [Kind.WSB_LOG],
    WSB_JAPANESE: [Kind.WSB_LOG],
    SNAPSHOTS: [Kind.CHECKPOINT, Kind.CHECKPOINT],
    SERVICES: [Kind.INTEGRATION_SERVICE],
    BAREOS: [Kind.VSS_WRITER],
    VEEAM: [Kind.JOB],
    CLUSTER: [Kind.TEXT],
}


@given(st.permutations(list(EVERYTHING)))
def test_a_paste_of_everything_yields_each_in_order(pieces: list[str]) -> None:
    kinds = [event.kind for event in read("\n\n".join(pieces)).events]
    listings = [kind for kind in kinds if kind is not Kind.VSS_LISTING]
    wanted = [kind for piece in pieces for kind in EVERYTHING[piece] if kind is not Kind.VSS_LISTING]
    assert listings == wanted


@given(st.text() | st.lists(st.sampled_from("\n".join(EVERYTHING).split("\n"))).map("\n".join))
def test_no_text_ever_raises(text: str) -> None:
    reading = read(text)
    assert reading.tally.damage == []
    assert reading.tally.records >= len(reading.events)


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-16", "cp932", "cp850", "latin-1"]))
def test_no_bytes_ever_raise(tmp_path_factory, content: bytes, encoding: str) -> None:
    path = tmp_path_factory.mktemp("bytes") / "log.txt"
    path.write_bytes(content)
    tally = Tally()
    events = list(TEXT.read(Document(name="log.txt", path=path, encoding=encoding), everything, tally))
    assert tally.records >= len(events)
    assert {event.source for event in events} <= {"log.txt"}


def test_a_file_that_is_gone_is_named_as_damage() -> None:
    tally = Tally()
    assert list(TEXT.read(Document(name="x", path=Path("no-such-file"), encoding="utf-8"), everything, tally)) == []
    assert len(tally.damage) == 1


def test_diskshadow_tells_which_machines_can_be_backed_up_online() -> None:
    machines = [event.fields for event in read(DISKSHADOW).of(Kind.VM)]
    assert machines == [
        {"VmName": "SQL01", "VmId": "11111111-2222-3333-4444-555555555555", "Mode": "offline"},
        {"VmName": "WEB01", "Mode": "online"},
    ]


@pytest.mark.parametrize(
    ("line", "path", "activity", "code"),
    [
        (WSB, "F:\\$Extend\\$RmMetadata\\$TxfLog\\", "write", "0x80070005"),
        (WSB_JAPANESE, "C:\\windows\\\\systemroot\\", "enumerate", "0x8007007B"),
        (
            "Fehler beim Sichern von C:\\x\\ während des Schreibens: Fehler [0x80070005] Zugriff verweigert",
            "C:\\x\\",
            "write",
            "0x80070005",
        ),
        (
            "Erreur lors de la sauvegarde de C:\\x\\ pendant l'énumération : Erreur [0x80070005] Accès refusé",
            "C:\\x\\",
            "enumerate",
            "0x80070005",
        ),
    ],
)
def test_a_backup_log_tells_path_activity_and_code(line, path, activity, code) -> None:
    event = read(line, name="logs/Backup_Error-31-03-2012_02-00-05.log").only(Kind.WSB_LOG)
    assert event.fields == {"Path": path, "Activity": activity}
    assert (event.codes, event.time, event.local_time) == ((code,), 1333159205000000, True)


def test_tables_are_cut_by_their_columns_even_where_characters_are_wide_or_blanks_are_lost() -> None:
    first, second = read(SNAPSHOTS).of(Kind.CHECKPOINT)
    assert first.fields["CheckpointName"] == "TESTVM - バックアップ - (2020/11/01 - 8:30:48)"
    assert (first.fields["SnapshotType"], second.fields["SnapshotType"]) == ("Recovery", "Recovery")
    assert (second.fields["CheckpointName"], second.fields["ParentCheckpointName"]) == (
        "SQL01 - Backup - (11/1/2020 - 8:30:48 AM)",
        "Base",
    )


def test_a_row_without_its_table_is_still_a_checkpoint() -> None:
    line = "Get-VMSnapshot: TESTVM TESTVM - バックアップ - (2020/11/01 - 8:30:48) Recovery     2017/05/16 22:00:06"
    fields = read(line).only(Kind.CHECKPOINT).fields
    assert (fields["VmName"], fields["SnapshotType"]) == ("TESTVM", "Recovery")


@pytest.mark.parametrize("before", ["Get-VMSnapshot: ", "PS C:\\> Get-VMSnapshot: ", "Get-VMSnapshot:\n"])
def test_a_table_may_stand_behind_the_command_that_printed_it(before) -> None:
    assert len(read(before + SNAPSHOTS.lstrip("\n")).of(Kind.CHECKPOINT)) == 2


def test_a_property_list_is_a_row() -> None:
    fields = read(SERVICES).only(Kind.INTEGRATION_SERVICE).fields
    assert (fields["VmName"], fields["Service"], fields["Enabled"]) == ("SQL01", "vss", "false")


@pytest.mark.parametrize(
    ("line", "product", "operation", "codes"),
    [
        (VEEAM, "veeam", "Shadow copies commit", ("0x80042306",)),
        (
            "Failed to call RPC function 'Vss.FinishSnapshot': Error code: 0x800401fd. Failed to invoke func [FinishSnapshot]",
            "veeam",
            "FinishSnapshot",
            ("0x800401FD",),
        ),
        ("Failed to create VM recovery checkpoint … error code: 32768", "veeam", "recovery checkpoint", ("VM 32768",)),
        ("03/30/2021 06:04:44.861 com exception caught(0x8004231f) in VssStart", "other", "VssStart", ("0x8004231F",)),
        (
            r"failed to create snapshot for [c:\]: VSS error: async operation failed: VSS_E_INSUFFICIENT_STORAGE (0x8004231f)",
            "other",
            "async operation",
            ("0x8004231F",),
        ),
        (
            "Creation of the shared protection point timed out. Unknown error (0x81000101)",
            "wsb",
            "shared protection point",
            ("0x81000101",),
        ),
        (
            "The volume shadow copy operation failed with error 0x800423F4. View the event log",
            "wsb",
            "volume shadow copy",
            ("0x800423F4",),
        ),
    ],
)
def test_another_products_message_is_a_failed_job(line, product, operation, codes) -> None:
    event = read(line).only(Kind.JOB)
    assert (event.fields["Product"], event.fields["Status"], event.fields["Operation"]) == (
        product,
        "failed",
        operation,
    )
    assert event.codes == codes


def test_three_nested_codes_are_kept() -> None:
    event = read(NETAPP).only(Kind.JOB)
    assert event.codes == ("0x80042336", "0x800423F3", "0x8004230F")
    assert (event.fields["WriterName"], event.fields["State"]) == ("Microsoft Hyper-V VSS Writer", "5")


@pytest.mark.parametrize(
    ("line", "name", "state"),
    [
        (BAREOS, "System Writer", "1"),
        (
            (
                'Warning: VSS Writer "MSSearch Service Writer" has invalid state. ERR=The writer vetoed the shadow copy creation '
                "process during the backup preparation state."
            ),
            "MSSearch Service Writer",
            "7",
        ),
        (
            (
                "Writer name: [NTDS]. Class ID: [{76fe1ac4-15f7-4bcd-987e-8e1acb462fb7}]. Writer's state: [VSS_WS_FAILED_AT_FREEZE]. "
                "Error code: [0x800423f2]."
            ),
            "NTDS",
            "9",
        ),
    ],
)
def test_a_writer_that_another_product_names_is_a_writer(line, name, state) -> None:
    fields = read(line).only(Kind.VSS_WRITER).fields
    assert (fields["WriterName"], fields["State"]) == (name, state)


def test_cluster_logs_are_in_utc() -> None:
    event = read(CLUSTER).only(Kind.TEXT)
    assert (event.provider, event.time, event.local_time) == ("cluster.log", 1336305601123000, False)


@pytest.mark.parametrize(
    ("line", "provider", "event_id"),
    [
        ("then Event ID 8229 from VSS appears", "VSS", 8229),
        ("we always see VSS 12293 first", "VSS", 12293),
        ("nachts kommt volsnap 25", "volsnap", 25),
        ("Ereignis-ID 8229 von VSS", "VSS", 8229),
        ("イベント ID 12293 (VSS)", "VSS", 12293),
        ("VSS: A Shadow Copy LUN was not detected in the system", "VSS", 0),
        ("vhdmp: (warns for each I/O)", "Microsoft-Windows-VHDMP", 0),
    ],
)
def test_an_event_that_somebody_mentions_is_found(line, provider, event_id) -> None:
    event = read(line).only(Kind.TEXT)
    assert (event.provider, event.event_id) == (provider, event_id)


def test_an_operation_and_context_block_on_its_own_is_understood() -> None:
    event = read("Context: Execution Context: Requestor Current State: GatherWriterMetadata").only(Kind.TEXT)
    assert event.fields["ExecutionContext"] == "Requestor"


def test_lines_that_hold_nothing_are_counted_not_hidden() -> None:
    reading = read("some prose\n\nmore prose\nERROR 1450: Insufficient system resources\n")
    assert (reading.tally.lines_not_understood, reading.tally.first_line_not_understood) == (2, 1)
    assert [event.record for event in reading.events] == [4]


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "(ID ",
            "'a",
            "a: ",
            "x.cpp(1 ",
            "[0x8007",
            "- ",
            "VMName : ",
            "{",
            '"',
            "\t",
            "Recovery ",
            "Writer name: '",
            "* ",
        ),
        *(
            "a.errlog",
            "Error in backup of C:\\ ",
            "12/31/2022 ",
            "\\\\?\\Volume{",
            "VSS ",
            "Event ID ",
            "0x",
            "エラー ",
            "DPM: (",
        ),
        *(
            "a: b\n",
            "Name : x\n",
            "\n\n",
            '* WRITER "a"\n',
            "Type: x\n",
            "Source: x\nDate: y\n",
            " - Caption: Online\\a\n",
        ),
    ],
)
def test_hostile_repetition_is_read_in_linear_time(piece: str) -> None:
    begin = time.process_time()
    read(piece * (60_000 // len(piece)))
    assert time.process_time() - begin < 6


def test_an_endless_line_is_read_in_pieces() -> None:
    reading = read("x" * (3 * LONGEST_LINE) + " 0x800423f4")
    assert reading.only(Kind.TEXT).codes == ("0x800423F4",)
    assert len(reading.only(Kind.TEXT).text) < 2 * LONGEST_LINE


@pytest.mark.parametrize(
    ("text", "kind"),
    [(ENGLISH, "event-text"), (AGENT, "errlog"), (SHADOWS, "vssadmin"), (REPORT, "dpm-job"), ("prose", "text")],
)
def test_the_inventory_calls_a_text_by_what_it_begins_with(text: str, kind: str) -> None:
    sample = Sample(text.encode(), text)
    assert next(candidate.kind for candidate in TEXT_FORMATS if candidate.recognizes(sample)) == kind
