"""What each screen looks like, on a small and on a large terminal, dark and light."""

import pytest

from tests.tui import snapshots
from tests.tui.driving import NARROW, WIDE, settled, story
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


@pytest.mark.parametrize("place", [place.name for place in PLACES])
@story("guest-sql-writer", size=NARROW)
async def test_a_screen_looks_as_it_did(pilot, place):
    app = pilot.app
    await app.action_go(place)
    await settled(pilot)
    for theme in ("dark", "light"):
        app.theme = theme
        for size in (NARROW, WIDE):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            snapshots.compare(app, f"{place}/{size[0]}x{size[1]}-{theme}")


@story("guest-sql-writer", size=NARROW, language="ja", theme="high-contrast")
async def test_the_verdict_in_japanese_and_high_contrast_looks_as_it_did(pilot):
    snapshots.compare(pilot.app, "verdict/80x24-ja-high-contrast")
