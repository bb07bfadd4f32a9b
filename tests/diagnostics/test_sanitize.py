"""Log text is inert once it has passed `sanitize`."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.sanitize import one_line, sanitize

HOSTILE = [
    "\x1b[2J\x1b[1;1H",  # clears the screen
    "\x1b]0;owned\x07",  # sets the title
    "\x1b]52;c;cm0gLXJm\x07",  # writes the clipboard
    "\x9b31m",  # CSI as one C1 byte
    "user\u202egpj.exe",  # reads backwards
    "a\u200bb\ufeffc",  # invisible
    "\x00\x08\x7f",
    "\ud800",
]


def test_no_known_payload_keeps_a_control_character():
    for payload in HOSTILE:
        cleaned = sanitize(payload)
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in cleaned), repr(payload)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_nothing_that_steers_a_terminal_survives(text):
    cleaned = sanitize(text)
    assert not any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in cleaned)
    cleaned.encode("utf-8")


@given(st.text(max_size=200))
def test_sanitizing_twice_changes_nothing_more(text):
    assert sanitize(sanitize(text)) == sanitize(text)


def test_ordinary_text_in_any_language_stays_as_it_is():
    for text in ("ライター名: 'System Writer'", "Zeitüberschreitung – Generator", "état : échec", "tab\tand\nnewline"):
        assert sanitize(text) == text


@given(st.text(max_size=2000), st.integers(10, 80))
def test_one_line_is_one_line_and_no_longer_than_asked(text, width):
    line = one_line(text, width)
    assert "\n" not in line
    assert len(line) <= width
