"""Stories of writers and settings."""

from diagnostics.diagnosis import diagnose
from diagnostics.request import Request
from tests.diagnostics.eligibility.test_command import GOOD
from tests.diagnostics.inspection.test_settings import STORAGE
from tests.diagnostics.parsers.test_updates import ENGLISH
from tests.tui.driving import case_of, seen, settled, story
from tui.screens.explain import ExplainScreen
from tui.screens.timeline import TimelineScreen
from tui.widgets.lines import Lines


def find(pilot, text: str) -> int:
    """The line that says so; the cursor goes there."""
    lines = pilot.app.screen.query_one(Lines)
    at = next(at for at, line in enumerate(lines.shown) if text in line.body.plain)
    lines.highlighted = at
    return at


@story("guest-sql-writer", place="writers")
async def test_a_writer_in_trouble_is_seen_first_and_explained(pilot):
    assert "[8] Failed" in seen(pilot).splitlines()[3]
    assert find(pilot, "SqlServerWriter") > 0
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, ExplainScreen)
    assert "VSS_E_WRITERERROR_NONRETRYABLE" in seen(pilot)
    assert "VSS_WS_FAILED_AT_PREPARE_SNAPSHOT" in "\n".join(
        line.body.plain for line in pilot.app.screen.query_one(Lines).shown
    )


@story("guest-sql-writer", place="writers")
async def test_an_event_of_a_writer_leads_to_the_timeline(pilot):
    find(pilot, "VSS/8229")
    await pilot.press("v")
    await settled(pilot)
    assert isinstance(pilot.app.screen, TimelineScreen)
    assert pilot.app.screen._place_here()[1] == 88122


@story("guest-sql-writer", place="writers")
async def test_the_command_for_what_was_not_given_is_copied(pilot):
    find(pilot, "System event log")
    await pilot.press("enter")
    await settled(pilot)
    assert pilot.app.clipboard == "wevtutil epl System HV01-System.evtx"


@story()
async def test_conditions_storage_and_software_stand_with_the_lines_that_tell_them(pilot, tmp_path):
    files = GOOD | {"HV01/systeminfo.txt": ENGLISH, "HV01/shadowstorage.txt": STORAGE}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    await pilot.app.show_case(case_of(diagnose(Request(paths=(str(tmp_path),)), ledger=True)), "writers")
    await settled(pilot)
    told = [line.body.plain for line in pilot.app.screen.query_one(Lines).shown]
    assert any(line.startswith("HV01") and "Windows Server 2012 R2" in line for line in told)
    assert "SQL01: can be backed up online" in told
    conditions = [line for line in told if line[:1] in "ABCDEFG" and line[1:4] == "  m"]
    assert len(conditions) == 7
    assert any("integration.txt:" in line for line in told)
    assert any("9.8 GB (98 %) used, limit 10.0 GB" in line for line in told)
    assert "KB2894856 KB2919355" in told
