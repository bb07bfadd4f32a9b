"""The screen answers at any time, whatever is being worked on: budgets are set by a calibration of the same run."""

import pytest

from engine.lab import read_scenario
from tests.tui.driving import WIDE, settled, story, until
from tests.tui.lateness import lateness
from tui.lab import SPEEDS, State
from tui.lab.choices import Choice
from tui.screens.trial import ConclusionScreen, TrialScreen

MOST = 3
"""So many times as long as going from screen to screen may any work hold it up."""
MOST_BESIDE = 0.5
"""Seconds: to pass on what another process tells. To run the lab on a thread takes more."""


@pytest.fixture
def large_site(tmp_path):
    """Twenty virtual machines on four hosts."""
    hosts = "\n".join(
        f"    - name: HV{host}\n      virtual_machines:\n"
        + "\n".join(f"          - name: VM{host}{number}" for number in range(5))
        for host in range(4)
    )
    path = tmp_path / "scenario.yml"
    path.write_text(f"title: A large site\nseed: 1\nhosts:\n{hosts}\njob:\n    retries: 0\n")
    assert len(read_scenario(path).machines()) == 24
    return Choice("large", path)


async def walking(pilot) -> float:
    """The longest that anything takes while a person goes from screen to screen, and ends in the lab."""
    async with lateness() as measured:
        for key in ("f2", "f7", "f8", "f7", "f8", "f7"):
            await pilot.press(key)
            await settled(pilot)
    return measured.worst


def check(measured, usual):
    assert measured.worst < MOST * usual
    assert measured.beside < MOST_BESIDE


@story(size=WIDE, get_ready=True)
async def test_a_large_lab_is_built_and_run_without_holding_up_the_screen(pilot, large_site):
    await settled(pilot)
    await pilot.press("f7")
    await settled(pilot)
    screen = pilot.app.screen
    screen.choose(large_site)
    screen.bench.pace.at(SPEEDS[-1])
    usual = await walking(pilot)
    screen.action_run()
    async with lateness() as measured:
        await until(pilot, lambda: screen.bench.state is State.DONE and not screen._busy, seconds=60)
    assert screen.bench.seen.steps > 1000
    check(measured, usual)


@story("guest-sql-writer", size=WIDE, get_ready=True)
async def test_a_verdict_is_tried_without_holding_up_the_screen(pilot):
    usual = await walking(pilot)
    pilot.app.screen.action_try_verdict()
    async with lateness() as measured:
        await until(pilot, lambda: isinstance(pilot.app.screen, TrialScreen))
        await until(pilot, lambda: pilot.app.screen.meter.answer, seconds=60)
        pilot.app.simulate_key("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConclusionScreen))
    pilot.app.case.verdict.reproduced = None
    check(measured, usual)
