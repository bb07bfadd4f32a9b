"""A service is known by its key name, whatever the system calls it in its own language."""

import pytest

from diagnostics.event import Event, Kind
from diagnostics.parsers.records import finished
from tests.diagnostics.parsers.evtx_files import read_shared
from tests.shared import needs_shared


def of_service_manager(event_id: int, **fields: str) -> Event:
    return finished(
        Event(
            kind=Kind.RECORD, source="s", record=1, provider="Service Control Manager", event_id=event_id, fields=fields
        )
    )


def binary(text: str) -> str:
    return text.encode("utf-16-le").hex()


def test_the_key_name_and_state_are_read_from_the_binary_data() -> None:
    event = of_service_manager(7036, param1="Volumeschattenkopie", param2="beendet", Binary=binary("VSS/1\0"))
    assert (event.fields["ServiceName"], event.fields["ServiceState"]) == ("VSS", "1")
    event = of_service_manager(7023, param1="Netzwerklistendienst", Binary=binary("netprofm\0\0"))
    assert (event.fields["ServiceName"], event.fields.get("ServiceState")) == ("netprofm", None)


@pytest.mark.parametrize(
    "data", ["", "zz", "00", "4100", binary("a\nb"), binary("/4"), binary("x" * 200), "00d8" + "4100"]
)
def test_other_binary_data_is_left_alone(data: str) -> None:
    fields = of_service_manager(7036, param1="A", Binary=data).fields
    assert fields.get("ServiceName", "A") == "A"


def test_a_name_that_the_event_tells_itself_stays() -> None:
    event = of_service_manager(7045, ServiceName="Contoso Agent", Binary=binary("other"))
    assert event.fields["ServiceName"] == "Contoso Agent"


@needs_shared
def test_real_events_hold_the_key_name_beside_the_display_name() -> None:
    events = read_shared("win7-volsnap36-System.evtx").events
    told = {
        (e.fields["param1"], e.fields["ServiceName"]) for e in events if e.event_id == 7036 and "Binary" in e.fields
    }
    assert ("Windows Modules Installer", "TrustedInstaller") in told
