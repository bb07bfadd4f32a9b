"""The screen as a picture: a small SVG that loads nothing, with every character in its column."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

_COLUMN, _ROW, _BASE = 8, 16, 12
_SPACES = 'xml:space="preserve"'
"""For whatever knows no `white-space`, as librsvg does not; https://www.w3.org/TR/SVG11/text.html#WhiteSpace."""
_LOOKS = (
    "text{font:13px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}"
    ".b{font-weight:bold}.u{text-decoration:underline}"
)


def screenshot(app: App[None], *, first_row: int = 0) -> str:
    """What is on the screen, from a row on: a rectangle for each ground, a text for each run of one style."""
    strips = app.screen._compositor.render_strips()[first_row:]  # noqa: SLF001 - what Textual's own pictures are made of
    width, height = app.size.width * _COLUMN, len(strips) * _ROW
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {_SPACES} viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">'
        f"<style>{_LOOKS}</style>"
    )
    drawn = [line for number, strip in enumerate(strips) for line in _row(list(strip), number * _ROW)]
    return "\n".join((head, *drawn, "</svg>", ""))


def _row(segments: list[Segment], y: int) -> Iterator[str]:
    at = 0
    for style, run in groupby(segments, lambda segment: segment.style or Style()):
        text = "".join(segment.text for segment in run)
        front, ground = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
        columns = cell_len(text)
        if ground and not ground.is_default:
            place = f'x="{at * _COLUMN}" y="{y}" width="{columns * _COLUMN}" height="{_ROW}"'
            yield f'<rect {place} fill="{_hex(ground)}"/>'
        look = " ".join(name for name, on in (("b", style.bold), ("u", style.underline)) if on)
        look = f' class="{look}"' if look else ""
        fill = f' fill="{_hex(front)}"' if front and not front.is_default else ""
        yield from _text(text.rstrip(), at, y, f"{look}{fill}")
        at += columns


def _text(text: str, at: int, y: int, look: str) -> Iterator[str]:
    """As wide as its columns in any font; wide characters by themselves, which few fonts make just two columns."""
    for _, characters in groupby(text, lambda character: cell_len(character) == 2):
        part = "".join(characters)
        if part.strip():
            length = cell_len(part) * _COLUMN
            yield f'<text x="{at * _COLUMN}" y="{y + _BASE}" textLength="{length}"{look}>{escape(part)}</text>'
        at += cell_len(part)


def _hex(colour: Color) -> str:
    return colour.get_truecolor().hex
