"""Keys of one's own: they do what they should everywhere, and what is wrong with them is said with file and line."""

import asyncio

import pytest
from click.testing import CliRunner

from tests.tui.driving import WIDE, running, seen, settled, story
from tui.actions import ACTIONS
from tui.cli import shindan
from tui.keymap import Keymap, read_keymap


def of(tmp_path, text):
    path = tmp_path / "keys.yml"
    path.write_text(text, "utf-8")
    return read_keymap(path)


@story("guest-sql-writer", size=WIDE, keymap=Keymap({"next-section": "x", "export": "n", "go-timeline": "0,f9"}))
async def test_keys_of_ones_own_do_it_and_stand_wherever_keys_are_told(pilot):
    before = pilot.app.screen.standing().line
    await pilot.press("x")
    assert pilot.app.screen.standing().line > before
    await pilot.press("question_mark")
    await settled(pilot)
    assert "x             To the next section" in seen(pilot)
    assert "n             Export" in seen(pilot)
    await pilot.press("escape")
    assert " 0 Timeline " in seen(pilot)
    await pilot.press("f9")
    await settled(pilot)
    assert pilot.app.screen.PLACE == "timeline"
    await pilot.press("2")
    assert pilot.app.screen.PLACE == "verdict"
    await pilot.press("3")
    assert pilot.app.screen.PLACE == "verdict", "the key that it had is free now"


def test_keys_are_written_as_they_are_told(tmp_path):
    keymap = of(tmp_path, "quit: ^X\nhelp: ['?', F12]\nlab-run: f9\nnext-found: ctrl+n\nsearch: 9\ngo-points: G\n")
    assert [str(problem) for problem in keymap.problems] == [
        f"{tmp_path / 'keys.yml'}:6: G is the key of last, too (expected another key)"
    ]
    told = {action.id: keymap.told(action) for action in ACTIONS if action.id in keymap.own}
    assert told == {
        "quit": ["^X"], "help": ["?", "F12"], "lab-run": ["F9"], "next-found": ["^N"], "search": ["9"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\nlab-runs: x", "2: no such action: lab-runs (expected lab-run"),
        ("quit: alt+x", '1: no key: "alt+x" (expected one character, F1 to F12'),
        ("quit: [q, [x]]", '1: no key: ["x"]'),
        ("quit: ctrl+i", '1: no key: "ctrl+i"'),
        ("quit: []", "1: quit has no key (expected at least one)"),
        ("quit: '\\e[2J'", "1: no key"),
        ("lab-run: s", "1: s is the key of lab-step, too"),
        ("lab-run: q", "1: q is the key of quit, too"),
        ("to-cause: x", "1: x is the key of export, too"),
        ("- q", "1: the document is not a mapping"),
        ("quit: q: q", "1: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_rest_counts(tmp_path, text, told):
    keymap = of(tmp_path, text)
    assert str(keymap.problems[0]).startswith(f"{tmp_path / 'keys.yml'}:{told}")
    assert keymap.own == {}


def test_keys_may_change_places(tmp_path):
    keymap = of(tmp_path, "lab-run: s\nlab-step: r\n")
    assert (keymap.own, keymap.problems) == ({"lab-run": "s", "lab-step": "r"}, ())


def test_a_key_that_comes_back_is_no_longer_free(tmp_path):
    keymap = of(tmp_path, "search: '7'\ngo-points: alt+p\n")
    assert [problem.line for problem in keymap.problems] == [2, 1]
    assert keymap.own == {}


def test_the_same_key_may_mean_something_else_on_another_screen(tmp_path):
    assert of(tmp_path, "lab-run: f\nlab-fault: i\n").problems == ()


def test_the_registry_has_no_conflicts_of_its_own(tmp_path):
    every = "".join(f"{action.id}: {action.keys.split(',')!r}\n" for action in ACTIONS)
    assert of(tmp_path, every).problems == ()


def test_the_command_lists_all_keys_and_fails_where_some_are_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr("tui.keymap.user_config_path", lambda *_, **__: tmp_path)
    (tmp_path / "keys.yml").write_text("lab-run: x\nlab-step: alt+s\n")
    done = CliRunner().invoke(shindan, ["open", "--keys", "--lang", "en"])
    assert done.exit_code == 2
    assert str(tmp_path / "keys.yml") in done.stdout
    assert "  s             lab-step" in done.stdout
    assert "keys.yml:2: no key" in done.stderr


def test_wrong_keys_are_told_at_the_start(tmp_path):
    async def start():
        async with running(size=WIDE, keymap=of(tmp_path, "quit: '[/red]'\n")) as pilot:
            return [notification.message for notification in pilot.app._notifications]

    assert ['keys.yml:1: no key: "[/red]"' in told for told in asyncio.run(start())] == [True]
