import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Kind, Level
from diagnostics.parsers.event_element import EventElement, MalformedError, _parsed
from diagnostics.parsers.event_xml import EVENT_XML
from tests.diagnostics.parsers.exports import RECORDS, as_xml, kind_of, read

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


def event(
    body: str = "", record: int = 1, provider: str = "Name='VSS'", event_id: str = "<EventID>8193</EventID>"
) -> str:
    """An event as Windows prints it, with this body."""
    return (
        f"<Event xmlns='{NAMESPACE}'><System><Provider {provider}/>{event_id}<Version>0</Version><Level>2</Level>"
        "<Task>0</Task><Opcode>0</Opcode><Keywords>0x80000000000000</Keywords>"
        f"<TimeCreated SystemTime='2026-11-20T01:02:03.123456789Z'/><EventRecordID>{record}</EventRecordID>"
        "<Correlation/><Execution ProcessID='0' ThreadID='0'/><Channel>Application</Channel>"
        f"<Computer>HV01.contoso.com</Computer><Security/></System>{body}</Event>"
    )


JAPANESE = event(
    "<EventData><Data>ルーチン</Data><Data>0x80070005, アクセス拒否\n</Data><Binary>2D20</Binary></EventData>"
    "<RenderingInfo Culture='ja-JP'><Message>ボリューム シャドウ コピー サービス エラー: hr = 0x80070005</Message>"
    "<Level>エラー</Level></RenderingInfo>",
    record=77,
)


def test_an_event_viewer_export_gives_every_part_of_the_record():
    text = f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>{JAPANESE}</Events>'
    reading = read(EVENT_XML, text)
    found = reading.only
    assert (found.kind, found.source, found.record, found.machine) == (Kind.RECORD, "export", 77, "HV01.contoso.com")
    assert (found.provider, found.event_id, found.level, found.channel) == ("VSS", 8193, Level.ERROR, "Application")
    assert (found.time, found.local_time) == (1795136523123456, False)
    assert found.fields["Data[0]"] == "ルーチン"
    assert found.fields["Data[1]"].startswith("0x80070005, アクセス")
    assert found.fields["Binary"] == "2D20"
    assert found.text == "ボリューム シャドウ コピー サービス エラー: hr = 0x80070005"
    assert found.codes == ("0x80070005",)
    assert (reading.tally.records, reading.damage) == (1, "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"])
def test_the_encoding_of_the_document_counts_and_not_the_declaration(encoding):
    reading = read(EVENT_XML, f'<?xml version="1.0" encoding="ISO-8859-7"?><Events>{JAPANESE}</Events>', encoding)
    assert reading.only.fields["Data[0]"] == "ルーチン"
    assert reading.damage == ""


@pytest.mark.parametrize("between", ["", "\n", "\r\n\r\n", "\n<?xml version='1.0'?>\n", "\ufeff", "<!-- exported -->"])
def test_wevtutil_prints_events_without_a_root(between):
    text = between.join(event(record=number) for number in range(1, 200))
    reading = read(EVENT_XML, between + text)
    assert [found.record for found in reading.events] == list(range(1, 200))
    assert reading.damage == ""


def test_indented_xml_with_namespaces_and_a_provider_element_with_two_names():
    text = f"""<Events>
  <Event xmlns="{NAMESPACE}">
    <System>
      <Provider Name="Microsoft-Windows-Hyper-V-VMMS" Guid="{{6066f867-7ca1-4418-85fd}}" EventSourceName="VMMS" />
      <EventID Qualifiers="49152">10102</EventID>
      <Level>2</Level>
      <TimeCreated SystemTime="2026-11-20T10:02:03.5+09:00" />
      <EventRecordID>5</EventRecordID>
      <Channel>Microsoft-Windows-Hyper-V-VMMS-Admin</Channel>
      <Computer>HV01</Computer>
    </System>
    <UserData>
      <VmlEventLog xmlns="http://www.microsoft.com/Windows/Virtualization/Events">
        <VmName>SQL &amp; Co</VmName><VmId>6E1D</VmId>
        <ErrorMessage>%%2147942405</ErrorMessage><ErrorCode>0x80070005</ErrorCode>
      </VmlEventLog>
    </UserData>
  </Event>
</Events>"""
    found = read(EVENT_XML, text).only
    assert (found.provider, found.event_id, found.time) == ("Microsoft-Windows-Hyper-V-VMMS", 10102, 1795136523500000)
    assert found.fields == {
        "VmName": "SQL & Co",
        "VmId": "6E1D",
        "ErrorMessage": "%%2147942405",
        "ErrorCode": "0x80070005",
    }
    assert found.codes == ("0x80070005",)


def test_a_disk_event_tells_the_status_in_its_binary_data():
    packet = bytearray(0x28)
    packet[0x0C:0x10] = (0xC0060024).to_bytes(4, "little")
    packet[0x14:0x18] = (0xC000009A).to_bytes(4, "little")
    body = f"<EventData><Data>C:</Data><Binary>{packet.hex().upper()}</Binary></EventData>"
    found = read(EVENT_XML, event(body, provider="Name='volsnap'", event_id="<EventID>36</EventID>")).only
    assert found.fields["FinalStatus"] == "0xC000009A"
    assert found.codes == ("0xC000009A",)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (event("<EventData><Data>lost</EventData>"), "not well-formed"),
        (event("<EventData><Data>&nbsp;</Data></EventData>"), "undefined entity"),
        (event("<EventData><Data>&#xD800;</Data></EventData>"), "not well-formed"),
        (f"<Event xmlns='{NAMESPACE}'><Other/></Event>", "no System element"),
        (event()[:-20], "no end before the next one begins"),
        ("<Event><![CDATA[ <System> ]]></Event>", "no System element"),
        ("Access is denied.\n", "characters outside of any event"),
        (event("<EventData><Data>" + "<a>" * 20_000 + "</Data></EventData>"), "more than 20000 tags"),
    ],
)
def test_a_damaged_event_costs_itself_only_and_is_named(broken, why):
    reading = read(EVENT_XML, event(record=1) + "\n" + broken + "\n" + event(record=3))
    assert [found.record for found in reading.events] == [1, 3]
    assert why in reading.damage
    assert "line 2" in reading.damage


def test_a_file_that_ends_in_the_middle_of_an_event_says_so():
    reading = read(EVENT_XML, "<Events>" + event(record=1) + event(record=2)[:300])
    assert [found.record for found in reading.events] == [1]
    assert reading.damage == "event 2, line 1: the file ends in the middle of the event"


def test_an_event_without_an_end_does_not_swallow_a_long_file():
    text = event(record=1) + "<Event xmlns='x'>" + "y" * 6_000_000 + "</Event>\n" + event(record=3)
    reading = read(EVENT_XML, text)
    assert [found.record for found in reading.events] == [1, 3]
    assert "no event ends within" in reading.damage


def test_characters_that_xml_cannot_hold_do_not_cost_the_event():
    body = "<EventData><Data>a\x1bb&#x1;c&#0;</Data></EventData>"
    found = read(EVENT_XML, event(body, provider="Name='Other'")).only
    assert found.fields == {"Data[0]": "a\ufffdb\ufffdc\ufffd"}


LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": (f'<!DOCTYPE lolz [<!ENTITY lol0 "lol">{LAUGHS}]>', "&lol9;"),
    "quadratic blow-up": (f'<!DOCTYPE bomb [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 50_000),
    "external entity": ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "parameter entity": ('<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>', "&q;"),
    "external subset": ('<!DOCTYPE Events SYSTEM "file:///etc/passwd">', "&x;"),
}


@pytest.mark.parametrize(("declaration", "reference"), BOMBS.values(), ids=BOMBS)
def test_declarations_are_refused_by_name_and_expand_to_nothing(declaration, reference):
    bomb = event(f"<EventData><Data>{reference}</Data></EventData>", record=1)
    began = time.perf_counter()
    reading = read(EVENT_XML, f"<?xml version='1.0'?>{declaration}<Events>{bomb}{event(record=2)}</Events>")
    assert time.perf_counter() - began < 5
    assert [found.record for found in reading.events] == [2]
    assert "a document type declaration: refused" in reading.damage
    assert "undefined entity" in reading.damage


def test_a_declaration_inside_of_an_event_is_refused():
    reading = read(EVENT_XML, f"<Event {BOMBS['billion laughs'][0]}>&lol9;<System/></Event>{event(record=2)}")
    assert [found.record for found in reading.events] == [2]
    assert "refused" in reading.damage


def test_data_that_repeats_a_name_loses_no_value():
    body = "<EventData>" + "".join(f"<Data Name='Path'>{n}</Data>" for n in range(3)) + "<Data/></EventData>"
    assert read(EVENT_XML, event(body)).only.fields == {"Path": "0", "Path[1]": "1", "Path[2]": "2", "Data[0]": ""}


def test_events_that_interest_nobody_are_counted_and_widen_the_coverage():
    text = event(record=1) + event(record=2, provider="Name='Other'")
    reading = read(EVENT_XML, text, interest=lambda provider, _: provider == "VSS")
    assert [found.record for found in reading.events] == [1]
    assert (reading.tally.records, reading.tally.first) == (2, 1795136523123456)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (event(), "event-xml"),
        ("\ufeff<?xml version='1.0' encoding='utf-16'?>\n<Events>" + event(), "event-xml"),
        (
            '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj><S>' + event(),
            "clixml",
        ),
        ("<html><body>Event</body></html>", ""),
        ("<Eventually><System/></Eventually>", ""),
    ],
)
def test_event_xml_is_known_by_its_content(text, kind):
    assert kind_of(text) == kind


@given(st.lists(RECORDS, max_size=5))
@settings(deadline=None)
def test_generated_events_come_back_as_they_went(records):
    reading = read(EVENT_XML, "<Events>" + "\n".join(map(as_xml, records)) + "</Events>")
    assert reading.damage == ""
    for record, found in zip(records, reading.events, strict=True):
        assert (found.provider, found.event_id, found.level) == (record.provider, record.event_id, record.level)
        assert (found.time, found.record, found.machine) == (record.microseconds, record.record, record.machine)
        assert found.fields.items() >= record.named.items()
        assert found.text == record.message


_PIECES = st.sampled_from(
    ["", " ", "\n", "<Data>x</Data>", "<Data Name='n'/>", "<Binary>00</Binary>", "&amp;", "&#65;", "&#x1F600;", "&#x9;"]
)
_STRANGE = st.sampled_from(
    ["&lt", "<!-- c -->", "<![CDATA[x]]>", "<Data Name='a&lt;b'>v</Data>", "<x/>", "</EventData>", "<Message>", "x"]
)


@given(st.lists(_PIECES | _STRANGE, max_size=5), st.lists(_PIECES | _STRANGE, max_size=3))
@settings(deadline=None, max_examples=300)
def test_the_patterns_give_what_the_parser_gives(data, message):
    rendering = f"<RenderingInfo Culture='en'><Message>{''.join(message)}</Message></RenderingInfo>"
    xml = event(f"<EventData>{''.join(data)}</EventData>{rendering}")
    element = EventElement(xml)
    try:
        expected = _parsed(xml)
    except MalformedError:
        with pytest.raises(MalformedError):
            element.body()
    else:
        assert (element.head, element.body()) == expected


@given(st.binary(max_size=300), st.integers(0, 900), st.sampled_from(["utf-8", "utf-16-le", "cp932"]))
@settings(deadline=None)
def test_no_bytes_raise(noise, place, encoding):
    text = (event() + event()).encode(encoding)
    reading = read(EVENT_XML, text[:place] + noise + text[place:], encoding)
    assert reading.tally.records >= len(reading.events)
