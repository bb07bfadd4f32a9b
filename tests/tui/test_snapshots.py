"""What each screen looks like, on a small and on a large terminal, dark and light."""

import msgspec
import pytest
from textual.widgets import Input

from tests.diagnostics.report.verdicts import FULL
from tests.tui import snapshots
from tests.tui.driving import NARROW, WIDE, SharedCase, case_of, sample_read, settled, story
from tui.actions import PLACES


@pytest.fixture(autouse=True)
def folder_of_exports(tmp_path, monkeypatch):
    """Where the person is: names that do not change."""
    folder = tmp_path / "exports"
    (folder / "HV01").mkdir(parents=True)
    (folder / "HV01" / "Application.evtx").touch()
    (folder / "jobs.txt").touch()
    monkeypatch.chdir(folder)
    sample = tmp_path / "samples" / "guest-sql-writer"
    (sample / "logs").mkdir(parents=True)
    (sample / "README.md").write_text("# One database of one guest stops the backup of one virtual machine\n")
    monkeypatch.setenv("SHINDAN_SAMPLES", str(sample.parent))


def full() -> SharedCase:
    """A verdict with something in every section, which does not change with a rule."""
    return case_of(msgspec.structs.replace(sample_read("guest-sql-writer"), verdict=FULL))


@pytest.mark.parametrize("place", [place.name for place in PLACES])
@story("guest-sql-writer", size=NARROW)
async def test_a_screen_looks_as_it_did(pilot, place):
    app = pilot.app
    if place == "verdict":
        await app.show_case(full())
        await pilot.press("n")  # to the first line of evidence: what explains a term changes with every rule
    await app.action_go(place)
    for field in app.screen.query(Input):
        field.cursor_blink = False
    await settled(pilot)
    for theme in ("dark", "light"):
        app.theme = theme
        for size in (NARROW, WIDE):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            snapshots.compare(app, f"{place}/{size[0]}x{size[1]}-{theme}")


@story("guest-sql-writer", size=NARROW, language="ja", theme="high-contrast")
async def test_the_verdict_in_japanese_and_high_contrast_looks_as_it_did(pilot):
    await pilot.app.show_case(full())
    await settled(pilot)
    snapshots.compare(pilot.app, "verdict/80x24-ja-high-contrast")
