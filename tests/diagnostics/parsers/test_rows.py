import csv
import io
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Kind, Level
from diagnostics.parsers.clixml import CLIXML
from diagnostics.parsers.event_xml import EVENT_XML
from diagnostics.parsers.rows import CSV, JSON, NDJSON
from tests.diagnostics.parsers.exports import (
    FORMATS,
    RECORDS,
    as_clixml,
    as_json,
    clixml,
    kind_of,
    read,
    recognized,
)

MAY_31 = 1654004705000000  # 2022-05-31 13:45:05, by UTC or by the wall clock
VIEWER = {
    "en": (
        "Level,Date and Time,Source,Event ID,Task Category",
        "Error,5/31/2022 1:45:05 PM,VSS,8193,None",
        "utf-8-sig",
    ),
    "ja": (
        "レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ",
        "エラー,2022/05/31 13:45:05,VSS,8193,なし",
        "cp932",
    ),
    "de": (
        "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
        "Fehler,31.05.2022 13:45:05,VSS,8193,Keine",
        "cp1252",
    ),
    "fr": (
        "Niveau,Date et heure,Source,ID de l’événement,Catégorie de la tâche",
        "Erreur,31/05/2022 13:45:05,VSS,8193,Aucun",
        "utf-16",
    ),
    "unknown": ("Stig,Dato,Kjelde,Hending,Kategori", "Feil,31.05.2022 13:45:05,VSS,8193,Ingen", "utf-8"),
}
ERROR = {
    "Id": 8193,
    "ProviderName": "VSS",
    "Level": 2,
    "TimeCreated": "/Date(1654004705000)/",
    "Message": "hr = 0x80070005",
}


@pytest.mark.parametrize(("header", "row", "encoding"), VIEWER.values(), ids=VIEWER)
def test_the_event_viewers_csv_is_read_in_any_language(header, row, encoding):
    reading = recognized(f'{header}\r\n{row},"hr = 0x80070005,\r\nOperation:\r\n   ""x"""\r\n{row},short\r\n', encoding)
    first, second = reading.events
    assert (first.provider, first.event_id, first.time, first.local_time) == ("VSS", 8193, MAY_31, True)
    assert first.level in {Level.ERROR, Level.UNKNOWN}
    assert first.text == 'hr = 0x80070005,\nOperation:\n   "x"'
    assert first.codes == ("0x80070005",)
    assert (first.record, second.record, second.text) == (2, 5, "short")
    assert reading.damage == ""


def test_the_language_of_the_level_is_known_where_the_header_is():
    for language in ("en", "ja", "de", "fr"):
        header, row, _ = VIEWER[language]
        assert recognized(f"{header}\n{row},x\n").only.level is Level.ERROR


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_export_csv_with_a_type_line_and_any_delimiter(delimiter):
    header = delimiter.join(
        f'"{name}"' for name in ("EventID", "EntryType", "Message", "Source", "InstanceId", "TimeGenerated")
    )
    row = delimiter.join(
        f'"{value}"' for value in ("8193", "Error", "a; b, c", "VSS", "3221233665", "31.05.2022 13:45:05")
    )
    found = recognized(f"#TYPE System.Diagnostics.EventLogEntry\n{header}\n{row}\n").only
    assert (found.event_id, found.level, found.text, found.time) == (8193, Level.ERROR, "a; b, c", MAY_31)


def test_the_delimiter_that_excel_is_told_in_the_first_line_is_no_heading():
    header = "Message;Id;ProviderName;MachineName;TimeCreated"
    row = '"hr = 0x80070005,\nOperation";8193;VSS;HV01;31.05.2022 13:45'
    found = recognized(f"sep=;\r\n{header}\r\n{row}\r\n", "utf-8-sig").only
    assert (found.event_id, found.provider, found.machine, found.record) == (8193, "VSS", "HV01", 3)


def test_a_tab_separated_text_export_keeps_the_lines_of_a_message_together():
    header, row, _ = VIEWER["ja"]
    text = "\n".join((header, row + ",エラー hr", "", "操作:", "   書き込み", row + ",次")).replace(",", "\t")
    reading = recognized(text, "cp932")
    assert [found.text for found in reading.events] == ["エラー hr\n操作:\n   書き込み", "次"]


def test_one_date_proves_the_order_of_all_dates_in_the_document():
    header = "Level,Date and Time,Source,Event ID,Task Category\n"
    rows = "Error,05/06/2022 13:45:05,VSS,1,None,x\nError,05/31/2022 13:45:05,VSS,2,None,x\n"
    assert recognized(header + rows).events[0].time == 1651844705000000  # May 6th


def test_a_quote_without_an_end_costs_the_rows_behind_it_but_not_the_file():
    header = "Level,Date and Time,Source,Event ID,Task Category\n"
    row = "Error,2022-05-31 13:45:05,VSS,8193,None,x\n"
    reading = read(CSV, header + row + 'Error,2022-05-31,VSS,1,None,"' + "y" * 140_000 + "\n" + row * 3)
    assert "not CSV: field larger than field limit" in reading.damage
    assert [found.event_id for found in reading.events] == [8193] * 4


def test_rows_of_unknown_meaning_are_counted_and_their_codes_are_kept():
    reading = read(CSV, '"Fruit","Note"\n"apple","ripe"\n"pear","failed with 0x80042306"\n"plum","ripe"\n')
    assert (reading.only.kind, reading.only.record, reading.only.codes) == (Kind.TEXT, 3, ("0x80042306",))
    assert (reading.tally.lines_not_understood, reading.tally.first_line_not_understood) == (2, 2)


@pytest.mark.parametrize(
    ("text", "kind", "lines"),
    [
        (json.dumps([ERROR, ERROR]), "json", [1, 1]),
        (json.dumps([ERROR, ERROR], indent=2), "json", [2, 9]),
        (json.dumps(ERROR, indent=2), "json", [1]),
        (json.dumps(ERROR, indent=2) + "\n" + json.dumps(ERROR, indent=2), "json", [1, 8]),
        (json.dumps({"value": [ERROR, ERROR], "Count": 2}, indent=1), "json", [3, 10]),
        (json.dumps({"@odata.context": "x", "Count": 2, "value": [ERROR, ERROR]}, indent=1), "json", [5, 12]),
        (json.dumps({"took": 1, "hits": {"hits": [{"_source": ERROR}, {"_source": ERROR}]}}, indent=1), "json", [1, 1]),
        (json.dumps(ERROR), "ndjson", [1]),
        ("\ufeff" + json.dumps(ERROR) + "\n\n" + json.dumps(ERROR) + "\n", "ndjson", [1, 3]),
        ("[2022-05-31 13:45:05] a log line", "", []),
        ("{brace", "", []),
    ],
)
def test_json_is_told_by_its_content_and_read_in_every_wrapping(text, kind, lines):
    assert kind_of(text) == kind
    if kind:
        reading = recognized(text)
        assert [found.record for found in reading.events] == lines
        assert {(found.event_id, found.time, found.codes) for found in reading.events} == {
            (8193, MAY_31, ("0x80070005",))
        }
        assert reading.damage == ""


def test_a_json_array_longer_than_a_chunk_is_read_piece_by_piece():
    rows = [{**ERROR, "RecordId": number, "Message": "m" * 3000} for number in range(1000)]
    reading = read(JSON, json.dumps(rows))
    assert [found.record for found in reading.events] == list(range(1000))
    assert reading.damage == ""


def test_a_damaged_element_of_an_array_costs_itself_only():
    good = json.dumps(ERROR)
    reading = read(JSON, f'[{good},\n{{"Id": oops, "a": 1}},\n{good},\n{{"Id": 5, "Mess')
    assert len(reading.events) == 2
    assert reading.damage == (
        "line 2: not JSON: Expecting value; "
        "line 4: the text ends in the middle of a value: Unterminated string starting at"
    )


def test_damaged_lines_cost_themselves_only():
    good = json.dumps(ERROR)
    reading = recognized(f"{good}\n{good[:50]}\n{'[' * 100_000}\n{{'Id': 1}}\n{good}\n")
    assert [found.record for found in reading.events] == [1, 5]
    assert [damage.where for damage in reading.tally.damage] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '[{"a": ' + "9" * 5000 + "}]", '[{"a": "\\ud800"}]']
)
def test_hostile_json_is_damage_or_nothing(text):
    assert read(JSON, text).events == []
    assert read(NDJSON, text).events == []


EVENT_LOG_RECORD = """<Obj RefId="0">
  <TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T><T>System.Object</T></TN>
  <ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString>
  <Props><I32 N="Id">8193</I32><By N="Level">2</By><S N="ProviderName">VSS</S><S N="LogName">Application</S>
    <S N="MachineName">HV01</S><DT N="TimeCreated">2022-05-31T15:45:05.0000000+02:00</DT><I64 N="RecordId">99</I64>
    <Obj N="Properties" RefId="2"><LST><S>System.Diagnostics.Eventing.Reader.EventProperty</S></LST></Obj>
    <Nil N="UserId"/>
  </Props>
  <MS><S N="Message">ボリューム_x000D__x000A_hr = 0x80070005</S></MS></Obj>"""
SERVICE = """<Obj RefId="1"><Props><S N="VMName">SQL01</S><S N="Name">Sicherung</S><B N="Enabled">true</B>
  <Obj N="PrimaryOperationalStatus" RefId="2"><ToString>ProtocolMismatch</ToString><I32>32775</I32></Obj>
  <S N="Id">Microsoft:6E1D\\5CED1297-4598-4915-A5FC-AD21BB4D02A4</S></Props></Obj>"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_clixml_gives_properties_note_properties_and_enumerations(encoding):
    first, second = recognized(clixml(EVENT_LOG_RECORD, SERVICE), encoding).events
    assert (first.event_id, first.record, first.machine, first.time) == (8193, 99, "HV01", MAY_31)
    assert (first.text, first.local_time, dict(first.fields)) == ("ボリューム\r\nhr = 0x80070005", False, {})
    assert second.kind is Kind.INTEGRATION_SERVICE
    assert second.fields["PrimaryStatus"] == "Protocol Mismatch"
    assert second.fields["Service"] == "vss"


def test_a_list_in_clixml_and_convert_to_xml_give_rows():
    listed = f'<Obj RefId="9"><TN RefId="5"><T>System.Object[]</T></TN><LST>{EVENT_LOG_RECORD}{SERVICE}</LST></Obj>'
    assert [found.kind for found in recognized(clixml(listed)).events] == [Kind.RECORD, Kind.INTEGRATION_SERVICE]
    converted = (
        '<?xml version="1.0" encoding="utf-8"?>\n<Objects><Object Type="X"><Property Name="Id" Type="System.Int32">5'
        '</Property><Property Name="ProviderName">P</Property><Property Name="Message">m</Property>'
        '<Property Name="Properties"><Property>a</Property><Property>b</Property></Property></Object></Objects>'
    )
    assert recognized(converted).only.fields == {"Data[0]": "a", "Data[1]": "b"}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ('<Obj RefId="7"><Props><S N="a">&lol9;</S></Props></Obj>', "undefined entity"),
        ('<Obj RefId="7"><Props><S N="a"></Props></Obj>', "mismatched tag"),
        ('<!DOCTYPE x [<!ENTITY lol9 "x">]>', "a document type declaration: refused"),
        ('<Obj RefId="7"><!DOCTYPE x><S/></Obj>', "a document type declaration inside an object: refused"),
        ('<Obj RefId="7">' + "<S/>" * 500_001 + "</Obj>", "more than 500000 tags"),
    ],
)
def test_a_damaged_object_costs_itself_only(broken, why):
    reading = read(CLIXML, clixml(EVENT_LOG_RECORD, broken, SERVICE))
    assert [found.kind for found in reading.events] == [Kind.RECORD, Kind.INTEGRATION_SERVICE]
    assert why in reading.damage


def test_objects_nested_beyond_all_measure_end_somewhere():
    deep = '<Obj RefId="1"><Props>' * 30_000 + "</Props></Obj>" * 30_000
    assert [found.kind for found in read(CLIXML, clixml(deep, SERVICE)).events] == [Kind.INTEGRATION_SERVICE]


def test_a_clixml_file_that_is_cut_off_says_so():
    reading = read(CLIXML, clixml(EVENT_LOG_RECORD, SERVICE)[:-60])
    assert len(reading.events) == 1
    assert "the file ends in the middle of an object" in reading.damage


_LENGTH = 300_000
HOSTILE = {
    "comments without an end": (EVENT_XML, "<!--" * _LENGTH + "</Event>"),
    "instructions without an end": (EVENT_XML, "<?" * _LENGTH + "</Event>"),
    "events without an end": (EVENT_XML, "<Event " * _LENGTH + "</Event>"),
    "line ends behind damage": (JSON, "[{x" + "\n" * _LENGTH + "{}"),
    "damage on every line": (NDJSON, "{x\n" * _LENGTH),
    "objects without an end": (CLIXML, "<Objs>" + "<Obj >" * _LENGTH),
    "ends without an object": (CLIXML, "<Objs>" + "</Obj>" * _LENGTH),
    "short rows": (CSV, "a\tb\tc\n1\t2\t3\n" + "x\n" * _LENGTH),
    "quotes": (CSV, '"a","b"\n' + '"' * _LENGTH),
}


@pytest.mark.parametrize(("kind", "text"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_time_in_proportion_to_its_length(kind, text):
    began = time.perf_counter()
    reading = read(kind, text)
    assert time.perf_counter() - began < 10
    assert reading.events == []
    assert len(reading.tally.damage) <= 1000


@given(st.lists(RECORDS, min_size=1, max_size=4))
@settings(deadline=None)
def test_generated_events_come_back_as_they_went(records):
    shipped = [as_json(record) for record in records]
    for reading in (
        recognized("\n".join(shipped)),
        read(JSON, "[" + ",\n".join(shipped) + "]"),
        recognized(clixml(*map(as_clixml, records))),
    ):
        assert reading.damage == ""
        for record, found in zip(records, reading.events, strict=True):
            assert (found.provider, found.event_id, found.level) == (record.provider, record.event_id, record.level)
            assert (found.time, found.record, found.machine) == (record.microseconds, record.record, record.machine)
            assert found.fields.items() >= record.named.items()
            assert found.text == record.message


@given(st.lists(RECORDS, min_size=1, max_size=4), st.sampled_from(",;\t"))
@settings(deadline=None)
def test_generated_csv_comes_back_as_it_went(records, delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["TimeCreated", "Id", "LevelDisplayName", "ProviderName", "MachineName", "RecordId", "Message"])
    for record in records:
        level = Level(record.level).name.title()
        writer.writerow(
            [record.iso, record.event_id, level, record.provider, record.machine, record.record, record.message]
        )
    reading = recognized(text.getvalue())
    assert reading.damage == ""
    for record, found in zip(records, reading.events, strict=True):
        assert (found.provider, found.event_id, found.level) == (record.provider, record.event_id, record.level)
        assert (found.time, found.record, found.machine) == (record.microseconds, record.record, record.machine)
        assert found.text == record.message


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_no_bytes_raise_in_any_format(noise):
    for kind in FORMATS:
        reading = read(kind, noise)
        assert reading.tally.records >= len(reading.events)
        assert kind_of(noise.decode("utf-8", "replace")) in {"", *(known.kind for known in FORMATS)}


@given(st.integers(0, 2**32), st.sampled_from(FORMATS[1:]))
@settings(deadline=None)
def test_no_damaged_export_raises(seed, kind):
    text = {
        "clixml": clixml(EVENT_LOG_RECORD, SERVICE),
        "json": json.dumps([ERROR, ERROR], indent=1),
        "ndjson": f"{json.dumps(ERROR)}\n" * 2,
        "csv": "\n".join(VIEWER["en"][:2]) + ',"x"\n',
    }[kind.kind]
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(text))
        text = (
            text[:place]
            + chance.choice(["", "\0", '"', "<", "{", "\n", "9" * 30])
            + text[place + chance.randrange(20) :]
        )
        text = text or " "
    read(kind, text)
