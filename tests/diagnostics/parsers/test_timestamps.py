from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.parsers.timestamps import Timestamp, day_first_in, parse_timestamp

_MAY_31 = datetime(2022, 5, 31, 13, 45, 5, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micro(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "printed",
    [
        "2022-05-31 13:45:05",
        "2022/05/31 13:45:05",
        "2022-05-31T13:45:05",
        "2022年5月31日 13:45:05",
        "2022. 5. 31. 오후 1:45:05",
        "2022/5/31 下午 01:45:05",
        "2022/05/31 午後 1:45:05",
        "5/31/2022 1:45:05 PM",
        "\u200e5/\u200e31/\u200e2022 \u200f\u200e1:45:05\u202fPM",
        "05-31-2022 13:45:05",
        "31-05-2022 13:45:05",
        "31.05.2022 13:45:05",
        "31.05.2022, 13:45:05",
        "31/05/2022 13:45:05",
        "31/05/2022 à 13:45:05",
        "31/05/2022 13.45.05",
        "31-May-22 13:45:05",
        "Tuesday, May 31, 2022 1:45:05 PM",
        "Dienstag, 31. Mai 2022 13:45:05",
        "mardi 31 mai 2022 13:45:05",
        "31 de mayo de 2022 13:45:05",
        "31 мая 2022 13:45:05",
    ],
)
def test_a_wall_clock_is_read_as_every_culture_prints_it(printed):
    assert parse_timestamp(printed) == Timestamp(micro(_MAY_31), local=True)


@pytest.mark.parametrize(
    "printed",
    [
        "2022-05-31T13:45:05Z",
        "2022-05-31T13:45:05.000000000Z",
        "'?2022?-?05?-?31T13:45:05.000000000Z'".strip("'"),
        "2022-05-31T15:45:05+02:00",
        "2022-05-31T04:45:05.0000000-09:00",
        "/Date(1654004705000)/",
        "/Date(1654004705000+0200)/",
        "20220531154505.000000+120",
        "Tue, 31 May 2022 13:45:05 GMT",
    ],
)
def test_a_moment_with_a_zone_is_utc(printed):
    assert parse_timestamp(printed) == Timestamp(micro(_MAY_31), local=False)


@pytest.mark.parametrize(
    ("printed", "day_first", "month"),
    [
        ("5/6/2022 1:45 PM", None, 5),
        ("5/6/2022 13:45", None, 6),
        ("5.6.2022 13:45", None, 6),
        ("5-6-2022 13:45", None, 6),
        ("5/6/2022 1:45 PM", True, 6),
        ("5.6.2022 13:45", False, 5),
        ("13/6/2022 13:45", False, 6),
        ("6/13/2022 13:45", True, 6),
    ],
)
def test_day_and_month_follow_what_the_document_proved_then_custom(printed, day_first, month):
    stamp = parse_timestamp(printed, day_first)
    assert stamp is not None
    assert (_EPOCH + timedelta(microseconds=stamp.microseconds)).month == month


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["5/6/2022", "Error,31/05/2022 13:45:05,VSS"], True),
        (["5/6/2022", "5/31/2022 1:45:05 PM"], False),
        (["5/6/2022", "6/5/2022", "2022-05-31", "version 10.0.17763"], None),
        ([], None),
    ],
)
def test_one_value_proves_the_order_of_a_document(texts, order):
    assert day_first_in(texts) is order


@pytest.mark.parametrize(
    "nothing", ["", "never", "0001-01-01T00:00:00", "1601-01-01T00:00:00Z", "31/13/2022", "12:45:05", "9" * 500]
)
def test_what_is_no_moment_is_none(nothing):
    assert parse_timestamp(nothing) is None


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_microseconds_survive_in_every_zone(moment, minutes):
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    stamp = parse_timestamp(zoned.isoformat())
    if zoned >= _EPOCH:
        assert stamp == Timestamp(micro(zoned), local=False)


@given(st.text(max_size=100))
def test_no_text_raises(text):
    parse_timestamp(text)
    parse_timestamp(text, day_first=True)


@given(
    st.from_regex(
        r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}[T ,]{1,2}\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[AP]M)?(Z|[+-]\d{2}:?\d{2})?",
        fullmatch=True,
    )
)
def test_nothing_that_looks_like_a_moment_raises(text):
    parse_timestamp(text)
