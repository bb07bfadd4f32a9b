from collections import Counter

import pytest

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.evtx import EVTX
from diagnostics.parsers.evtx.chunks import Header
from diagnostics.parsers.format import Sample
from tests.diagnostics.parsers.evtx_files import INVENTORY, NAMES, chunks_of, read, read_shared
from tests.shared import needs_shared, shared

pytestmark = needs_shared


@pytest.mark.parametrize("row", INVENTORY, ids=NAMES)
def test_no_record_is_lost_that_the_rust_reader_finds(row):
    reading = read_shared(row["file"])
    assert len({event.record for event in reading.events}) >= int(row["rust_unique_ids"])
    assert reading.tally.records >= len(reading.events)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("bad_chunk_magic.evtx", 31),
        ("carved-vss-RemoteConnectionManager.evtx", 21),
        ("plaso-System2-truncated.evtx", 89),
    ],
)
def test_more_is_found_behind_a_damaged_chunk_and_in_one_that_is_cut_off(name, more):
    """The rust reader skips the rest of a chunk behind a damaged record, and a last chunk that is not whole."""
    (row,) = (row for row in INVENTORY if row["file"] == name)
    assert len({event.record for event in read_shared(name).events}) == int(row["rust_unique_ids"]) + more


def test_the_format_is_known_by_the_signature_of_the_file_or_of_its_first_chunk():
    head = shared("evtx", "win7-volsnap36-System.evtx").read_bytes()[:0x10000]
    assert EVTX.kind == "evtx"
    assert EVTX.recognizes(Sample(head, ""))
    assert EVTX.recognizes(Sample(bytes(0x1000) + head[0x1000:], ""))
    assert not EVTX.recognizes(Sample(head[1:], ""))
    assert not EVTX.recognizes(Sample(b"", ""))


def test_a_vss_error_tells_its_code_its_routine_and_who_failed():
    event = read_shared("museum-w11-Application.evtx").only(8193, "vss")
    assert event == Event(
        kind=Kind.RECORD,
        source="museum-w11-Application.evtx",
        record=460,
        time=1_644_219_464_950_724,
        machine="GoldPaperW11",
        provider="VSS",
        event_id=8193,
        level=Level.ERROR,
        channel="Application",
        fields={
            "Data[0]": "CoCreateInstance",
            "Data[1]": "0x8007045b, A system shutdown is in progress.\r\n",
            "Data[2]": "",
            "Binary": event.fields["Binary"],
            "Routine": "CoCreateInstance",
            "ProcessId": "2956",
            "CommandLine": "C:\\Windows\\system32\\svchost.exe -k NetworkService -p",
            "User": "NT AUTHORITY\\NETWORK SERVICE",
        },
        codes=("0x8007045B",),
    )


def test_the_context_block_of_a_vss_event_becomes_fields():
    event = read_shared("w10-setup-vss8225-Application.evtx").only(8212, "vss")
    assert event.fields["Operation"] == "Initializing Writer"
    assert event.fields["WriterName"] == "Registry Writer"
    assert event.fields["WriterId"] == "{afbab4a2-367d-4d15-a586-71dbb18f8485}"


def test_volsnap_of_windows_7_has_unnamed_values():
    event = read_shared("win7-volsnap36-System.evtx").only(36, "volsnap")
    assert list(event.fields.items())[:2] == [("Data[0]", r"\Device\HarddiskVolumeShadowCopy2"), ("Data[1]", "C:")]
    assert event.fields["Binary"].startswith("0000000002003000")


def test_a_disk_event_gives_the_final_status_of_its_packet():
    event = read_shared("win10-disk51-System.evtx").only(51, "disk")
    assert event.fields["FinalStatus"] == "0xC000000E"
    assert event.codes == ("0xC000000E",)


def test_a_forwarded_record_without_a_template_is_read():
    (event,) = read_shared("exchange-cmdlet-wec-forwarded.evtx").events
    assert (event.provider, event.event_id, event.record) == ("MSExchange CmdletLogs", 1, 3229)
    assert (event.machine, event.channel, event.time) == (
        "WEC.ave.local",
        "MSExchange Management",
        1_637_340_753_833_733,
    )
    assert event.fields["Data[0]"] == "Set-Mailbox"
    assert event.fields["Data[15]"] == "fr-FR"


def test_attributes_of_user_data_are_kept():
    event = read_shared("Security_with_size_t.evtx").only(1108)
    assert event.fields["Error.Code"] == "15007"
    assert event.fields["PublisherID"] == "Microsoft-Windows-Security-Auditing"


def test_text_in_the_code_page_of_a_name_server_is_no_damage():
    reading = read_shared("dns_log_malformed.evtx")
    assert (len(reading.events), reading.damage) == (5, [])


def test_numbers_pointers_and_times_read_as_windows_prints_them():
    driver = read_shared("kernel_processor_power_complexdata.evtx").only(6, "filtermanager").fields
    assert (driver["FinalStatus"], driver["DeviceTime"]) == ("0x0", "2009-07-13T16:21:51.0000000Z")
    mount = read_shared("museum-ntfs-Operational.evtx").only(4, "ntfs").fields
    assert (mount["Vcb"], mount["IsBootVolume"]) == ("0xffffb30f87ce21b0", "true")
    assert mount["VolumeCorrelationId"] == "{7b62f03c-0496-4abe-a51c-bfadd0086eb6}"


def test_codes_are_found_in_text_in_hexadecimal_values_and_in_fields_named_after_them():
    logons = read_shared("museum-dc2012r2-Security.evtx", lambda _, event_id: event_id == 4625).events
    denied = [event for event in logons if event.fields["Status"] == "0xc000006d"]
    assert len(denied) == sum("0xC000006D" in event.codes for event in logons) > 50
    store = read_shared("museum-w10-Store-Operational.evtx", lambda _, event_id: event_id == 8002).events
    failed = [event for event in store if any("0x803f7001" in text.lower() for text in event.fields.values())]
    assert len(failed) == sum("0x803F7001" in event.codes for event in store) > 50


def test_what_nobody_wants_is_counted_but_not_decoded():
    asked = Counter[tuple[str, int]]()

    def interest(provider: str, event_id: int) -> bool:
        asked[provider, event_id] += 1
        return provider == "Disk"

    reading = read_shared("win10-disk51-System.evtx", interest)
    whole = read_shared("win10-disk51-System.evtx")
    assert reading.events == [event for event in whole.events if event.provider == "Disk"]
    assert set(asked.values()) == {1}
    assert reading.tally.records == whole.tally.records == 1881
    assert reading.damage == whole.damage
    assert reading.tally.machines == whole.tally.machines == Counter({"DESKTOP-2KGM189": 1708, "WIN-P4SIAA0SQCO": 173})
    times = [event.time for event in whole.events if event.time]
    assert (reading.tally.first, reading.tally.last) == (min(times), max(times))


@pytest.mark.parametrize("name", NAMES)
def test_events_hold_nothing_but_plain_text(name):
    for event in read_shared(name).events:
        assert {type(event.machine), type(event.provider), type(event.channel), type(event.text)} == {str}
        assert {*map(type, event.fields), *map(type, event.fields.values()), *map(type, event.codes)} <= {str}


def test_a_single_chunk_is_told_of_as_one():
    said = Header(chunks=1, dirty=True, checksums=False)
    assert said.remark(2) == "copied while in use: its header tells of 1 chunk, 2 are there, all were read"
    assert said.missing(0) == "tells of 1 chunk, the file ends after 0"


def test_a_header_that_would_lose_records_is_told_once():
    reading = read_shared("win10-disk51-System.evtx")
    assert reading.damage == []
    assert reading.tally.remarks == ["copied while in use: its header tells of 3 chunks, 15 are there, all were read"]
    assert read_shared("plaso-win81-System.evtx").damage == []


def test_a_log_that_keeps_no_checksums_has_no_damage():
    assert read_shared("Application_no_crc32.evtx").damage == []


def test_damage_is_named_by_chunk_and_place():
    assert read_shared("bad_chunk_magic.evtx").damage == [
        "chunk 0 at 0x1000: the records' checksum differs",
        "chunk 0 at 0x1000: bytes that are no record (56528)",
        "chunk 6 at 0x61000: no chunk: its signature is missing",
        "chunk 7 at 0x71000: the records' checksum differs",
        "chunk 7 at 0x71000: bytes that are no record (16752)",
        *read_shared("bad_chunk_magic.evtx").damage[5:],
    ]
    assert read_shared("plaso-System2-truncated.evtx").damage[0] == (
        "chunk 2 at 0x21000: cut off after 64832 of 65088 bytes"
    )


def test_old_records_in_the_slack_of_a_chunk_are_no_evidence(tmp_path):
    """Records of the chunk's former use lie behind its last record, whole and with valid numbers."""
    whole = shared("evtx", "win7-volsnap36-System.evtx").read_bytes()
    chunk = next(chunks_of(shared("evtx", "win7-volsnap36-System.evtx")))
    at = next(at for at, _, record, _ in chunk.records() if record == chunk_ids(chunk)[40])
    image = bytearray(whole[: 0x1000 + 0x10000])
    image[0x1000 + 0x30 : 0x1000 + 0x34] = at.to_bytes(4, "little")
    image[0x78] |= 0x4  # checksums are not kept
    path = tmp_path / "slack.evtx"
    path.write_bytes(image)
    assert [event.record for event in read(path).events] == chunk_ids(chunk)[:40]


def chunk_ids(chunk) -> list[int]:
    return [record for _, _, record, _ in chunk.records()]
