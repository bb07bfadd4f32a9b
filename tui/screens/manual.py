"""F1: the manual's page of a screen. `docs/tui.md` is these pages, joined."""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tui.screens.base import Dialog

PAGES = Path(__file__).parents[1] / "manual"


def page(language: str, place: str) -> str:
    """The manual's page of a place, as Markdown."""
    return (PAGES / language / f"{place}.md").read_text("utf-8")


class ManualScreen(Dialog[None]):
    """One page, to scroll through."""

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def body(self) -> ComposeResult:
        """The page."""
        with VerticalScroll():
            yield Markdown(page(self.app.words.language, self._place), open_links=False)
