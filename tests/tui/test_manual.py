"""The manual of the screens."""

from pathlib import Path

import pytest

from tui.actions import PLACES
from tui.i18n import LANGUAGES
from tui.manual import page, whole


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_has_a_page_in_every_language(language):
    assert all(page(language, place.name).startswith("## ") for place in PLACES)


def test_the_page_among_the_documents_is_these_pages():
    """`python -m tui.manual` writes it."""
    assert (Path(__file__).parents[2] / "docs" / "tui.md").read_text("utf-8") == whole("en")
