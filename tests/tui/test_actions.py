"""The registry of actions, and the catalogs of messages that name them."""

import string
import subprocess
import sys
from collections import Counter

import pytest
from rich.cells import cell_len

from tui.actions import ACTIONS, EVERYWHERE, LINES, PLACES
from tui.commands.open import THEMES
from tui.i18n import LANGUAGES, Words, language_of, messages
from tui.themes import glyphs, signs, themes

PRESSED_ANYWHERE = {"enter", "escape", "question_mark", "colon", "space", "slash", "up", "down", "left", "right"}


def places_in(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_all_catalogs_say_the_same_things(language):
    ours, theirs = messages(LANGUAGES[0]), messages(language)
    assert set(ours) == set(theirs)
    assert [key for key in ours if places_in(ours[key]) != places_in(theirs[key])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_and_every_place_has_words(language):
    words = Words(language)
    assert [action.id for action in ACTIONS if not words.knows(f"action.{action.id}")] == []
    assert [place.name for place in PLACES if not words.knows(f"place.{place.name}")] == []


def test_no_key_has_two_meanings_at_one_place():
    for where in {action.where for action in ACTIONS}:
        beside = {where, EVERYWHERE, LINES} if where in {place.name for place in PLACES} else {where}
        keys = Counter(key for action in ACTIONS if action.where in beside for key in action.keys.split(","))
        assert [key for key, count in keys.items() if count > 1] == [], where


def test_keys_arrive_in_every_terminal():
    """One character, an F-key up to F12, or ctrl with a letter that is no other key in disguise."""
    for action in ACTIONS:
        for key in action.keys.split(","):
            bare = key.removeprefix("ctrl+")
            disguised = key in {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+z", "ctrl+s"}
            f_key = key.startswith("f") and key[1:].isdigit() and int(key[1:]) <= 12
            assert (len(bare) == 1 and not disguised) or f_key or key in PRESSED_ANYWHERE, key


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, "en"),
        ({}, "en"),
        ({"LANG": "de"}, "en"),
    ],
)
def test_the_environment_tells_the_language(environment, language):
    assert language_of(environment) == language


def test_the_command_offers_the_themes_that_there_are():
    assert sorted(theme.name for theme in themes()) == list(THEMES)


def test_ascii_signs_are_ascii_and_all_signs_are_one_column_wide():
    for ascii_only in (False, True):
        signs = glyphs(ascii_only=ascii_only)
        told = [getattr(signs, name) for name in signs.__struct_fields__]
        assert all(cell_len(sign) == 1 for sign in told)
        assert not ascii_only or all(sign.isascii() for sign in told)


def test_every_sign_has_one_in_ascii_of_the_same_width():
    assert [one for one in signs().items() if cell_len(one[0]) != 1 or len(one[1]) != 1 or not one[1].isascii()] == []


_IMPORTED_BY = """
import sys
sys.argv = ["shindan", *{arguments!r}]
from tui.cli import main
try:
    main()
except SystemExit:
    print(sorted({{"textual", "networkx", "numpy"}} & set(sys.modules)))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["open", "--help"]])
def test_help_waits_for_neither_textual_nor_the_model(arguments):
    script = _IMPORTED_BY.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
