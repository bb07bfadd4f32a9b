"""Clocks that are off are found by the jobs whose failures they log at the wrong time, and set right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.case.jobs import ANYWHERE, Job, Outcome
from diagnostics.case.skew import Skew, corrected, estimate
from diagnostics.case.topology import Machine, Role, Topology
from diagnostics.event import Event, Kind
from diagnostics.rules.packs import load_rules
from engine.pipeline import Mode

MINUTE = 60_000_000
NIGHT = 1_795_136_400_000_000
RULE = next(rule for rule in load_rules().rules if rule.name == "volsnap-diff-area-limit")
SITE = Topology(machines={"HV01": Machine("HV01", Role.HOST, "given")}, host_of={})


def job(number, outcome=Outcome.FAILED):
    ended = NIGHT + number * 24 * MINUTE
    return Job(
        id=f"j{number}", vm=f"VM{number}", host="HV01", mode=Mode.ONLINE, outcome=outcome,
        failed=ANYWHERE if outcome is Outcome.FAILED else None,
        started=ended - 4 * MINUTE, ended=ended, bytes_sent=None, reports=(),
    )  # fmt: skip


def logged(moments):
    return [
        (Event(kind=Kind.RECORD, source="s", record=n, time=time, machine="hv01.contoso.com"), RULE)
        for n, time in enumerate(moments)
    ]


@pytest.mark.parametrize("minutes", [60, -120, 40])
def test_a_clock_that_is_off_by_the_same_time_at_each_failure_is_found_and_set_right(minutes):
    jobs = [job(number) for number in range(5)]
    hits = logged([failed.ended + minutes * MINUTE - 20_000_000 for failed in jobs])
    (skew,) = estimate(hits, jobs, SITE)
    assert (skew.machine, skew.jobs) == ("HV01", 5)
    assert skew.ahead == pytest.approx(minutes * MINUTE, abs=MINUTE)
    for (event, _), failed in zip(corrected(hits, [skew]), jobs, strict=True):
        assert event.time == pytest.approx(failed.ended, abs=MINUTE)


def test_a_clock_whose_events_fall_into_its_jobs_is_left_alone():
    jobs = [job(number) for number in range(5)]
    assert estimate(logged([failed.ended - 20_000_000 for failed in jobs]), jobs, SITE) == ()


def test_two_jobs_are_too_few_to_call_a_clock_wrong():
    jobs = [job(0), job(1)]
    assert estimate(logged([failed.ended + 60 * MINUTE for failed in jobs]), jobs, SITE) == ()


@given(st.lists(st.integers(-300, 300), max_size=12))
def test_events_at_no_common_distance_move_no_clock_by_less_than_three_jobs(minutes):
    jobs = [job(number) for number in range(0, 60, 12)]
    for skew in estimate(logged([NIGHT + m * MINUTE for m in minutes]), jobs, SITE):
        assert skew.jobs >= 3


def test_machines_without_skew_keep_their_events():
    hits = logged([NIGHT])
    assert corrected(hits, [Skew("OTHER", MINUTE, 3)]) == hits
