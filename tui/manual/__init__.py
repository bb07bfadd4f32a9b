"""The manual of the screens: a Markdown page for each place, in each language. `docs/tui.md` is these pages, joined."""

from pathlib import Path

from tui.actions import PLACES

_HERE = Path(__file__).parent
_BEGINNING = "index"


def page(language: str, place: str) -> str:
    """The page of a place, as Markdown."""
    return (_HERE / language / f"{place}.md").read_text("utf-8")


def whole(language: str) -> str:
    """The manual from its beginning to the last place."""
    return "\n".join(page(language, name) for name in (_BEGINNING, *(place.name for place in PLACES)))
