"""F1: the manual's page of a screen."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tui.manual import page
from tui.screens.base import Dialog


class ManualScreen(Dialog[None]):
    """One page, to scroll through."""

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def body(self) -> ComposeResult:
        """The page."""
        with VerticalScroll(id="page"):
            yield Markdown(page(self.app.words.language, self._place), open_links=False)
