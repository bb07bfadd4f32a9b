import struct

import pytest

from diagnostics.event import Event, Kind
from diagnostics.parsers.driver_packet import enrich


def packet(error_code: int, final_status: int, size: int = 0x28) -> str:
    return struct.pack("<12xI4xI", error_code, final_status).ljust(size, b"\0").hex()


def driver(binary: str, event_id: int = 153, **fields: str) -> Event:
    return Event(
        kind=Kind.RECORD,
        source="log",
        record=1,
        provider="disk",
        event_id=event_id,
        fields={**fields, "Binary": binary},
    )


def test_the_final_status_of_a_packet_becomes_a_field_and_a_code():
    event = enrich(driver(packet(0x80040099, 0xC000009D)))
    assert event.fields["FinalStatus"] == "0xC000009D"
    assert event.codes == ("0xC000009D",)


def test_success_is_no_code():
    event = enrich(driver(packet(0xC0060024, 0), event_id=36))
    assert (event.fields["FinalStatus"], event.codes) == ("0x00000000", ())


@pytest.mark.parametrize(
    "binary",
    ["", "zz", "c0", packet(0x80040033, 0xC000009D), packet(0x80040099, 1, 0x20), packet(0x00000099, 0xC000009D)],
    ids=["none", "no hexadecimal", "too short", "another event's", "cut off", "no severity"],
)
def test_other_binary_data_is_left_alone(binary):
    event = driver(binary)
    assert enrich(event) == event


def test_a_status_that_the_record_names_itself_stands():
    assert enrich(driver(packet(0x80040099, 0xC000009D), FinalStatus="0x0")).fields["FinalStatus"] == "0x0"
