"""Draws with ASCII only: signs of ours, of Textual's, and of typography become those that look most like them.

What is drawn is changed and nothing else: text that is copied or written to a file is as it was. Letters of other
alphabets stay; whoever reads logs in them has a terminal for them.
"""

from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


class AsciiOnly(LineFilter):
    """A line of signs from a table."""

    def __init__(self, signs: Mapping[str, str]) -> None:
        """Sign -> ASCII sign, both one column wide."""
        super().__init__()
        self._signs = str.maketrans(dict(signs))

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's
        """The same line, drawn with them."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(self._signs), segment.style)
            for segment in segments
        ]
