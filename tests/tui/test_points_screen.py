"""Recovery points on a screen: listed, verified, restored to new files; errors are sentences, work can be stopped."""

import random
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from engine.dpm.errors import Cancelled
from tests.tui.driving import NARROW, WIDE, seen, settled, story, until
from tests.tui.hostile import squeezed
from tui.cli import shindan
from tui.screens.points import PointDetails, PointsScreen, RestoreScreen
from tui.screens.working import WorkScreen
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Lines

KIB, MIB = 1 << 10, 1 << 20
HOSTILE = "disk [red]1[@click=app.quit].vhdx"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / HOSTILE
    path.write_bytes(random.Random(3).randbytes(MIB))
    return path


@pytest.fixture
def repo(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recovery points of an image."""
    monkeypatch.chdir(tmp_path)
    for change in (b"", b"changed"):
        with image.open("r+b") as file:
            file.write(change)
        assert CliRunner().invoke(shindan, ["backup", str(image), "--to", str(tmp_path / "repo")]).exit_code == 0
    return tmp_path / "repo"


def rot(repo: Path) -> None:
    """Change a stored byte."""
    with (repo / "replicas" / "000001" / "slots").open("r+b") as file:
        file.seek(5 * 64 * KIB)
        file.write(b"rotten")


async def opened(pilot, folder):
    await pilot.press("7")
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, PointsScreen)
    screen.query_one("#folder", Input).value = str(folder)
    await pilot.press("enter")
    await settled(pilot)
    return screen


def told(pilot) -> str:
    """What is on the screen, without spaces and frames: lines are wrapped where a screen ends."""
    return squeezed(seen(pilot).replace("│", ""))


def said(pilot) -> str:
    return " ".join(f"{note.title} {note.message}" for note in pilot.app._notifications)


@story(size=NARROW)
async def test_the_points_of_a_repository_are_listed_whatever_the_image_is_called(pilot, repo):
    screen = await opened(pilot, repo)
    assert [one.point.id for one in screen.points] == [1, 2]
    assert squeezed(HOSTILE) in told(pilot)
    assert "64.0 KiB" in seen(pilot)


@story(size=WIDE)
async def test_details_are_told_beside_the_list_or_in_front_of_it(pilot, repo):
    await opened(pilot, repo)
    assert "one instant" in seen(pilot) or "writers were frozen" in seen(pilot)
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, PointDetails)


@story(size=NARROW)
async def test_a_folder_that_is_no_repository_is_told_in_a_sentence(pilot, tmp_path):
    screen = await opened(pilot, tmp_path)
    assert screen.points == []
    assert squeezed("is not a repository: there is no catalog") in told(pilot)


@story(size=NARROW, language="ja")
async def test_what_is_wrong_is_said_in_the_users_language(pilot, tmp_path):
    await opened(pilot, tmp_path)
    assert squeezed("リポジトリではありません: catalog.sqlite がありません") in told(pilot)


@story(size=NARROW)
async def test_a_sound_repository_checks_out(pilot, repo):
    await opened(pilot, repo)
    await pilot.press("a")
    await until(pilot, lambda: "Every byte checked out" in said(pilot))


@story(size=NARROW)
async def test_damage_is_named_and_the_points_are_marked(pilot, repo):
    screen = await opened(pilot, repo)
    rot(repo)
    await pilot.press("c")
    await until(pilot, lambda: "does not match its digest" in said(pilot))
    await until(pilot, lambda: screen.points and screen.points[0].point.state == "damaged")


@story(size=NARROW)
async def test_a_point_is_restored_to_a_new_file_after_a_question(pilot, repo, image):
    before = image.read_bytes()
    await opened(pilot, repo)
    await pilot.press("j", "r")
    await settled(pilot)
    assert isinstance(pilot.app.screen, RestoreScreen)
    target = Path(pilot.app.screen.query_one(Input).value)
    await pilot.press("enter")
    await until(pilot, lambda: "restored and checked" in said(pilot))
    assert target.read_bytes() == before
    assert target.name.endswith("-2.vhdx")


@story(size=NARROW)
async def test_a_restore_never_overwrites_and_says_so_before_it_begins(pilot, repo, image):
    await opened(pilot, repo)
    await pilot.press("r")
    await settled(pilot)
    pilot.app.screen.query_one(Input).value = str(image)
    await pilot.press("enter")
    await settled(pilot)
    assert squeezed("a restore does not overwrite anything") in told(pilot)
    assert isinstance(pilot.app.screen, RestoreScreen)


@story(size=NARROW)
async def test_a_damaged_point_is_not_restored_and_leaves_nothing(pilot, repo, tmp_path):
    await opened(pilot, repo)
    rot(repo)
    await pilot.press("r")
    await settled(pilot)
    pilot.app.screen.query_one(Input).value = str(tmp_path / "no.vhdx")
    await pilot.press("enter")
    await until(pilot, lambda: "does not match its digest" in said(pilot))
    assert not list(tmp_path.glob("*no.vhdx*"))


@story(size=NARROW)
async def test_escape_stops_work_and_the_screen_says_how_far_it_is(pilot):
    def work(progress):
        progress.started(10 * MIB)
        progress.advanced(3 * MIB)
        while not progress.cancelled():
            time.sleep(0.01)
        raise Cancelled

    answers: list[object] = []
    await pilot.app.push_screen(WorkScreen("checking", work), answers.append)
    await until(pilot, lambda: "3.0 MiB of 10.0 MiB" in seen(pilot))
    await pilot.press("escape")
    await until(pilot, lambda: answers)
    assert answers == [None]
    assert "Stopped by you" in said(pilot)


@story(size=NARROW)
async def test_the_list_can_be_walked_and_copied(pilot, repo, image):
    screen = await opened(pilot, repo)
    assert screen.focused is screen.query_one("#points", Lines)
    assert screen.text_here() == str(image)


@story(size=NARROW)
async def test_while_a_path_is_typed_no_key_is_named_that_would_be_typed(pilot, repo):
    await pilot.press("7")
    await settled(pilot)
    line = pilot.app.screen.query_one(KeyLine).content.plain
    assert "^Q Quit" in line
    assert "q Quit" not in line.replace("^Q", "")
    await opened(pilot, repo)
    assert " ? Keys" in pilot.app.screen.query_one(KeyLine).content.plain


@story(size=WIDE, ascii_only=True)
async def test_in_ascii_points_are_drawn_in_ascii(pilot, repo):
    await opened(pilot, repo)
    assert seen(pilot).isascii()
    await pilot.press("r")
    await settled(pilot)
    assert seen(pilot).isascii()
