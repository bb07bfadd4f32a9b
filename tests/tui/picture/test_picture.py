"""The picture of a site: everything has its place, keys lead everywhere, and a large fleet folds into a few lines."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from diagnostics.report.plates import Status
from tests.tui.picture.drawn import every_id, site, sites, text_of
from tui.picture import ASCII, UNICODE, Direction, SpotKind, lay_out, step, strokes
from tui.picture.layout import NARROWEST, around, first_opened

WIDTHS = st.integers(NARROWEST, 200)
SQL_WRITER = [("vm:VM000", "guest_writer", 0.9)]


def picture(drawn, opened=None, width=78):
    return lay_out(drawn, first_opened(drawn) if opened is None else opened, width, str)


@st.composite
def pictures(draw):
    drawn = draw(sites())
    opened = draw(st.sets(st.sampled_from(sorted(every_id(drawn)))))
    return lay_out(drawn, {*opened, *draw(st.sampled_from([(), (drawn.id,)]))}, draw(WIDTHS), str)


@given(pictures())
def test_spots_stay_in_the_picture_and_never_overlap(drawn):
    spots = [*drawn.spots.values()]
    for spot in spots:
        assert spot.x >= 0
        assert spot.x + spot.width <= drawn.width
        assert spot.y >= 0
        assert spot.y + spot.height <= drawn.height
    for one, other in combinations(spots, 2):
        across = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert across or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(pictures(), st.sampled_from([UNICODE, ASCII]))
def test_whatever_machines_are_called_a_row_is_never_wider_than_the_picture(drawn, glyphs):
    for y in range(drawn.height):
        for stroke in strokes(drawn, y, glyphs, str):
            assert stroke.x + cell_len(stroke.text) <= drawn.width
            assert stroke.text.isprintable() or not stroke.text.isascii()


@given(pictures())
def test_keys_lead_to_everything_from_anywhere(drawn):
    for start in [next(iter(drawn.spots)), next(reversed(drawn.spots))]:
        reached, waiting = set(), [start]
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                waiting += [step(drawn, here, way) for way in Direction]
        assert reached == drawn.spots.keys()


@given(pictures())
def test_what_stands_in_a_cell_is_found_there(drawn):
    for spot in drawn.spots.values():
        assert drawn.at(spot.x, spot.y) == drawn.at(spot.x + spot.width - 1, spot.y + spot.height - 1) == spot


@given(sites(), WIDTHS)
def test_everything_can_be_brought_to_light(drawn, width):
    for wanted in every_id(drawn):
        assert wanted in lay_out(drawn, set(around(drawn, wanted)), width, str).spots


def test_up_leads_to_the_cause_and_down_to_the_effect():
    drawn = picture(site(accused=SQL_WRITER))
    assert step(drawn, "vm:VM000/guest_writer", Direction.CAUSE) in {"vm:VM000/guest_vss", "vm:VM000/freeze_timeout"}
    assert step(drawn, "vm:VM000/guest_vss", Direction.EFFECT) == "vm:VM000/guest_writer"


def test_the_way_up_leads_over_the_border_of_the_plate():
    drawn = picture(site(accused=SQL_WRITER))
    assert step(drawn, "vm:VM000/integration_components", Direction.CAUSE) == "host:HV00/hyperv_writer"


def test_of_several_causes_the_one_at_fault_comes_first():
    drawn = picture(site(accused=[*SQL_WRITER, ("vm:VM000", "freeze_timeout", 0.3)]))
    assert step(drawn, "vm:VM000/guest_writer", Direction.CAUSE) == "vm:VM000/freeze_timeout"


def test_a_machine_under_suspicion_is_open_and_its_component_says_so_in_glyph_and_word():
    told = text_of(picture(site(accused=SQL_WRITER, failed={0})), UNICODE)
    at = next(number for number, line in enumerate(told) if "▌? guest_writer" in line)
    assert "suspected 90%" in told[at + 1]


def test_two_hundred_machines_fold_into_their_hosts_and_unfold():
    fleet = site(20, 10, accused=SQL_WRITER, failed={0, 1})
    folded = picture(fleet)
    assert [spot.note for spot in folded.spots.values() if spot.kind is SpotKind.ALIKE] == [
        "8 virtual machines: passed",
        "19 hosts with 190 virtual machines: passed",
    ]
    assert folded.height < 60
    (hosts,) = [spot.id for spot in folded.spots.values() if "19 hosts" in spot.note]
    opened = picture(fleet, {"site", hosts, *(f"host:HV{number:02}" for number in range(20))})
    assert sum(spot.name.startswith("HV") for spot in opened.spots.values()) == 20


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_picture_in_ascii_is_ascii(width):
    told = "\n".join(text_of(picture(site(accused=SQL_WRITER, failed={0}), width=width), ASCII))
    assert told.isascii()
    assert "[? guest_writer" in told


def test_each_status_has_a_glyph_of_its_own_in_both_sets():
    for glyphs in (UNICODE, ASCII):
        assert len(set(glyphs.statuses.values())) == len(Status)


def test_a_fleet_that_is_unfolded_to_the_last_component_can_still_be_walked():
    fleet = site(20, 10, failed={3})
    machines = {
        "site",
        *(f"host:HV{number:02}" for number in range(20)),
        *(f"vm:VM{number:03}" for number in range(200)),
    }
    for _ in range(2):  # what fared alike is opened as it comes to light
        together = {spot.id for spot in picture(fleet, machines).spots.values() if spot.kind is SpotKind.ALIKE}
        machines |= together
    drawn = picture(fleet, machines)
    assert sum(spot.id.startswith("vm:") and spot.kind is SpotKind.PLATE for spot in drawn.spots.values()) == 200
    assert step(drawn, "vm:VM199/guest_writer", Direction.CAUSE).startswith("vm:VM199/")
