"""Stories of opening a case."""

from tests.tui.driving import settled, story
from tui.screens.verdict import VerdictScreen


@story()
async def test_a_person_opens_the_first_sample_and_reads_its_verdict(pilot):
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, VerdictScreen)
    assert pilot.app.case.verdict.verdict == "asserted"
    assert pilot.app.case.verdict.faults[0].component == "guest_writer"
