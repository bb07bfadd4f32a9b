from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.evidence.clock import Clocks, UnknownZoneError, Zones, find_zone, parse_zones
from diagnostics.evidence.clock import _windows_zones as windows_zones

HOUR = 3_600_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def record(time: int, event_id: int = 8229, provider: str = "VSS", machine: str = "HV01", **fields: str) -> Event:
    return Event(
        kind=Kind.RECORD,
        source="System.evtx",
        record=1,
        time=time,
        machine=machine,
        provider=provider,
        event_id=event_id,
        fields=fields,
    )


def local(time: int, event_id: int = 8229, provider: str = "VSS", machine: str = "HV01") -> Event:
    return Event(
        kind=Kind.RECORD,
        source="a.txt",
        record=1,
        time=time,
        local_time=True,
        machine=machine,
        provider=provider,
        event_id=event_id,
    )


def uptime(bias: str, machine: str = "HV01") -> Event:
    return record(at("2024-07-01"), 6013, "EventLog", machine, **{"Data[4]": "15", "Data[5]": "60", "Data[6]": bias})


def clock_of(events: list[Event], zones: Zones = Zones("", {}), machine: str = "HV01"):  # noqa: B008 - immutable
    return Clocks(events, zones).of("a.txt", machine)


@pytest.mark.parametrize(
    ("name", "summer", "winter"),
    [
        ("Asia/Tokyo", 9, 9),
        ("asia/tokyo", 9, 9),
        ("Tokyo Standard Time", 9, 9),
        ("W. Europe Standard Time", 2, 1),
        ("Eastern Daylight Time", -4, -5),
        ("+09:00", 9, 9),
        ("-0530", -5.5, -5.5),
        ("UTC+9", 9, 9),
        ("UTC", 0, 0),
        ("Z", 0, 0),
    ],
)
def test_zones_go_by_many_names(name, summer, winter):
    clock = clock_of([], Zones(name))
    assert (at("2024-07-01T12:00") - clock.utc(at("2024-07-01T12:00"))) / HOUR == summer
    assert (at("2024-01-01T12:00") - clock.utc(at("2024-01-01T12:00"))) / HOUR == winter


def test_every_windows_zone_of_the_table_exists():
    assert all(find_zone(name) for name in windows_zones())


def test_an_unknown_zone_is_an_error_with_a_suggestion():
    with pytest.raises(UnknownZoneError, match="did you mean Asia/Tokyo"):
        parse_zones(["Asia/Tokio"])
    for name in ("", "+15:00", "../../etc/passwd", "a\0b"):
        with pytest.raises(UnknownZoneError):
            parse_zones([name])


def test_a_zone_may_be_given_for_one_source_a_folder_or_a_machine():
    zones = parse_zones(["UTC", "HV01/vssadmin.txt=+01:00", "tokyo=Asia/Tokyo", "DPM01=+03:00"])
    assert zones.given("x.zip/HV01/vssadmin.txt", "HV01") == "+01:00"
    assert zones.given("tokyo/job.txt", "") == "Asia/Tokyo"
    assert zones.given("job.txt", "DPM01") == "+03:00"
    assert zones.given("other.txt", "") == "UTC"


def test_a_given_zone_beats_whatever_the_logs_say():
    assert clock_of([uptime("-60 W. Europe Standard Time")], Zones("Asia/Tokyo")).known == "Asia/Tokyo (given)"


def test_the_uptime_record_names_the_zone_and_summer_time_follows():
    clock = clock_of([uptime("300 Eastern Standard Time"), uptime("300 Eastern Standard Time")])
    assert clock.known == "America/New_York (guessed from 2 events of HV01)"
    assert clock.utc(at("2024-07-01T08:00")) == at("2024-07-01T12:00")
    assert clock.utc(at("2024-01-01T07:00")) == at("2024-01-01T12:00")


def test_a_machine_that_was_moved_to_another_zone_has_had_two():
    moved = record(at("2024-07-02"), 6013, "EventLog", **{"Data[6]": "0 Coordinated Universal Time"})
    clock = clock_of([moved, uptime("-540 Tokyo Standard Time")])
    assert clock.known == "Asia/Tokyo, later Etc/UTC (guessed from 2 events of HV01)"
    assert clock.utc(at("2023-01-01T09:00")) == at("2023-01-01T00:00")
    assert clock.utc(at("2024-07-01T12:00")) == at("2024-07-01T03:00")
    assert clock.utc(at("2024-07-03T12:00")) == at("2024-07-03T12:00")


def test_a_localized_zone_name_leaves_the_bias():
    assert clock_of([uptime("-540 Irgendeine Zeit")]).known == "+09:00 (guessed from 1 event of HV01)"


@pytest.mark.parametrize("bias", ["420", "0x1a4"])
def test_a_refreshed_zone_tells_the_bias_in_force(bias):
    refreshed = record(at("2024-07-01"), 24, "Microsoft-Windows-Kernel-General", CurrentBias=bias)
    assert clock_of([refreshed]).known == "-07:00 (guessed from 1 event of HV01)"
    unsigned = record(at("2024-07-01"), 24, "Microsoft-Windows-Kernel-General", CurrentBias=str((1 << 32) - 540))
    assert clock_of([unsigned]).known == "+09:00 (guessed from 1 event of HV01)"


@given(st.integers(-12 * 4, 14 * 4), st.lists(st.integers(0, 10**4), min_size=5, max_size=30, unique=True))
def test_the_offset_is_found_from_events_that_stand_in_both_sources(quarters, seconds):
    offset = quarters * HOUR // 4
    moments = [at("2024-03-01") + second * second * 1_000_000 for second in seconds]
    events = [record(moment) for moment in moments] + [local(moment + offset) for moment in moments]
    assert clock_of(events).utc(moments[0] + offset) == moments[0]


def test_an_export_that_names_no_machine_is_compared_with_all_of_them():
    moments = [at("2024-03-01T01:00"), at("2024-03-01T01:17")]
    events = [*map(record, moments), *(local(moment + 9 * HOUR, machine="") for moment in moments)]
    assert clock_of(events, machine="").known == "+09:00 (guessed from 2 events)"


def test_one_agreeing_event_is_too_few():
    moment = at("2024-03-01T01:02:03")
    assert clock_of([record(moment), local(moment + 9 * HOUR)]).known == "UTC (assumed: nothing tells the zone)"


def test_an_hourly_event_agrees_with_every_zone_and_so_with_none():
    hourly = [at("2024-03-01") + hour * HOUR for hour in range(200)]
    events = [record(moment) for moment in hourly] + [local(moment + 5 * HOUR) for moment in hourly[90:100]]
    assert clock_of(events).known == "UTC (assumed: nothing tells the zone)"


def test_an_export_rendered_in_another_zone_than_the_machines_is_noticed():
    moments = [at("2024-03-01T01:00"), at("2024-03-01T01:17"), at("2024-03-01T02:40")]
    events = [uptime("-60 W. Europe Standard Time"), *map(record, moments), *(local(m + 9 * HOUR) for m in moments)]
    assert clock_of(events).known == "+09:00 (guessed from 3 events of HV01)"


def test_agreeing_events_leave_the_machines_named_zone_in_force():
    moments = [at("2024-07-01T01:00"), at("2024-07-01T01:17"), at("2024-07-01T02:40")]
    events = [uptime("-60 W. Europe Standard Time"), *map(record, moments), *(local(m + 2 * HOUR) for m in moments)]
    assert clock_of(events).known == "Europe/Berlin (guessed from 1 event of HV01)"


def test_a_silent_machine_borrows_the_zone_of_the_others():
    events = [uptime("-540 Tokyo Standard Time", "HV02"), uptime("-540 Tokyo Standard Time", "HV03")]
    assert clock_of(events).known == "Asia/Tokyo (guessed: HV02 is in that zone)"
    assert clock_of([*events, uptime("0 GMT Standard Time", "HV04")]).known.startswith("Asia/Tokyo")
    assert clock_of([events[0], uptime("0 GMT Standard Time", "HV04")]).known.startswith("UTC (assumed")


def test_a_zone_is_borrowed_from_logs_of_the_same_days_only():
    museum = uptime("300 Eastern Standard Time", "OLD01")
    mail = local(at("2026-11-24T02:00"), machine="")
    assert clock_of([museum, mail], machine="").known.startswith("UTC (assumed")
    here = record(at("2026-11-01"), 6013, "EventLog", "HV02", **{"Data[0]": "-540 Tokyo Standard Time"})
    assert clock_of([museum, here, mail], machine="").known == "Asia/Tokyo (guessed: HV02 is in that zone)"


@given(st.integers(-(2**62), 2**62))
def test_any_time_can_be_converted(time):
    assert isinstance(clock_of([], Zones("America/St_Johns")).utc(time), int)
