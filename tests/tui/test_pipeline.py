"""Pipeline: a person walks from effect to cause, asks for evidence, steps through a job, and unfolds a fleet."""

import msgspec
import pytest
from rich.cells import cell_len

from diagnostics.report.phrases import percent
from diagnostics.verdict import JobReport
from engine.pipeline import COMPONENTS, STAGES
from tests.bundled import diagnosis_of
from tests.diagnostics.report.hostile import STRINGS, spread
from tests.tui.driving import NARROW, WIDE, case_of, seen, settled, story
from tui.i18n import LANGUAGES, Words
from tui.picture import SpotKind
from tui.screens.dossier import DossierScreen
from tui.screens.pipeline import PipelineScreen
from tui.widgets.lines import Lines
from tui.widgets.pipeline_picture import PipelinePicture

SAMPLE = "guest-sql-writer"
SURE = percent(diagnosis_of(SAMPLE).verdict.faults[0].probability)


def picture(pilot):
    return pilot.app.screen.query_one(PipelinePicture)


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settled(pilot)


@story(SAMPLE, place="pipeline", size=NARROW)
async def test_the_cursor_begins_at_the_fault_and_the_fault_is_in_sight(pilot):
    assert picture(pilot).here.id == "vm:SQL01/guest_writer"
    assert "Guest writer" in seen(pilot)
    assert f"fault {SURE}" in seen(pilot)


@story(SAMPLE, place="pipeline", size=WIDE)
async def test_the_fault_is_in_sight_before_the_first_scroll_bar_is(pilot):
    assert "✖ Guest writer" in seen(pilot)


@story(SAMPLE, place="pipeline")
async def test_up_leads_over_the_border_to_the_host_and_down_leads_back(pilot):
    picture(pilot).go("vm:SQL01/integration_components")
    await press(pilot, "k")
    assert picture(pilot).here.id == "host:HV01/hyperv_writer"
    await press(pilot, "down")
    assert picture(pilot).here.id == "vm:SQL01/integration_components"


@story(SAMPLE, place="pipeline")
async def test_what_the_component_stands_on_is_told_beside_it_and_can_be_followed(pilot):
    assert "It stands on" in seen(pilot)
    beside = pilot.app.screen.query_one(Lines)
    beside.focus()
    await press(pilot, "j", "enter")
    assert picture(pilot).here.id == "vm:SQL01/guest_vss"


@story(SAMPLE, place="pipeline")
async def test_enter_shows_probability_evidence_causes_and_jobs(pilot):
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, DossierScreen)
    assert pilot.app.screen.dossier.instance == "vm:SQL01/guest_writer:SqlServerWriter"
    told = "\n".join(line.body.plain for line in pilot.app.screen.query_one(Lines).shown)
    for wanted in (SURE, "Speaks for it", "VSS/8229", "sql-writer-failed", "SQL01 on HV01: failed"):
        assert wanted in told
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, PipelineScreen)


@story(SAMPLE, place="pipeline")
async def test_a_job_through_a_component_is_entered_and_stepped_through(pilot):
    picture(pilot).go("host:HV01/hyperv_writer")
    await press(pilot, "enter")
    lines = pilot.app.screen.query_one(Lines)
    lines.highlighted = next(
        at for at, line in enumerate(lines.shown) if isinstance(line.what.of, JobReport) and line.what.of.vm == "WEB01"
    )
    await press(pilot, "enter")
    assert pilot.app.screen.jobs[pilot.app.screen._job].vm == "WEB01"
    assert pilot.app.screen.stage.stage == STAGES[0]


@story(SAMPLE, place="pipeline", size=NARROW)
async def test_a_job_is_stepped_through_and_its_stage_moves_along_the_picture(pilot):
    screen = pilot.app.screen
    await press(pilot, *["n"] * 6)
    assert screen.stage.stage == "guest-prepare"
    assert picture(pilot).lit == {"vm:SQL01/guest_vss", "vm:SQL01/guest_writer"}
    assert "6/22 guest-prepare: passed" in seen(pilot)
    assert "Logged at guest-prepare" in seen(pilot)
    await press(pilot, "n")
    assert "7/22 guest-freeze: failed" in seen(pilot)
    assert "Nothing was logged of this stage." in seen(pilot)
    await press(pilot, "p", "]")
    assert (screen.stage.stage, screen.jobs[1].vm in seen(pilot)) == ("guest-prepare", True)
    await press(pilot, "escape")
    assert (screen.stage, picture(pilot).lit) == (None, frozenset())


@story(SAMPLE, place="pipeline")
async def test_stages_end_at_both_ends(pilot):
    await press(pilot, "p")
    assert pilot.app.screen.stage.stage == STAGES[-1]
    await press(pilot, "n")
    assert pilot.app.screen.stage.stage == STAGES[-1]


@story(SAMPLE, place="pipeline")
async def test_a_plate_folds_and_unfolds(pilot):
    await press(pilot, "space")
    assert picture(pilot).here.id == "vm:SQL01"
    assert "vm:SQL01/guest_writer" not in picture(pilot).picture.spots
    await press(pilot, "enter")
    assert "vm:SQL01/guest_writer" in picture(pilot).picture.spots
    await press(pilot, "space", "z")
    assert "vm:SQL01/guest_writer" in picture(pilot).picture.spots


@story(SAMPLE, place="pipeline")
async def test_machines_that_passed_are_one_line_that_unfolds(pilot):
    together = next(spot for spot in picture(pilot).picture.spots.values() if spot.kind is SpotKind.ALIKE)
    picture(pilot).go(together.id)
    await press(pilot, "space")
    assert {"vm:WEB01", "vm:FILE01"} <= picture(pilot).picture.spots.keys()


@story(SAMPLE, place="pipeline")
async def test_the_mouse_goes_where_it_clicks(pilot):
    widget = picture(pilot)
    spot = widget.picture.spots["vm:SQL01/freeze_timeout"]
    await pilot.click(PipelinePicture, offset=(spot.x + 3, spot.y - round(widget.scroll_y)))
    assert widget.here.id == "vm:SQL01/freeze_timeout"


@story("healthy-online", place="pipeline", size=NARROW)
async def test_a_healthy_case_has_a_picture_too(pilot):
    assert picture(pilot).here.id == "site"
    assert "passed" in seen(pilot)


@story(SAMPLE, place="pipeline", size=(60, 20), ascii_only=True)
async def test_sixty_columns_of_ascii_are_enough(pilot):
    widget = picture(pilot)
    assert widget.picture.width <= 60
    assert "[X Guest writer" in seen(pilot)
    assert seen(pilot).isascii()
    await press(pilot, "n")
    assert pilot.app.screen.query_one("#beside").display
    assert seen(pilot).isascii()


@story(size=WIDE)
async def test_whatever_machines_are_called_they_are_never_markup(pilot):
    verdict, graph = spread(STRINGS[:40])
    whole = diagnosis_of(SAMPLE)
    hostile = msgspec.structs.replace(
        whole, verdict=verdict, case=msgspec.structs.replace(whole.case, graph=graph, jobs=[], sightings=[])
    )
    await pilot.app.show_case(case_of(hostile), "pipeline")
    await settled(pilot)
    widget = picture(pilot)
    for spot in list(widget.picture.spots.values())[:60]:
        widget.go(spot.id)
        await pilot.pause()
    await press(pilot, "n", "n", "]")
    assert [widget.render_line(y).cell_length for y in range(widget.size.height)] == [widget.size.width] * (
        widget.size.height
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_in_the_picture_fit_into_the_narrowest_box(language):
    words = Words(language)
    assert [one for one in COMPONENTS if cell_len(words(f"component.{one}")) > 14] == []
