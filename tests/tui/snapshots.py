"""Pictures of screens as small SVG files, compared byte by byte.

A picture that differs is kept among the artefacts. Look at it; where it is right, take it: `SHINDAN_SNAPSHOTS=take`.
"""

import os
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

from tests.browser import artefacts

FOLDER = Path(__file__).parent / "snapshots"
_COLUMN, _ROW = 8, 16
_STYLE = "text{font:13px 'DejaVu Sans Mono',monospace;white-space:pre}.b{font-weight:bold}.u{text-decoration:underline}"


def compare(app: App[None], name: str) -> None:
    """Hold the screen against the picture that was taken of it before."""
    path, drawn = FOLDER / f"{name}.svg", picture(app)
    if os.environ.get("SHINDAN_SNAPSHOTS") == "take":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn, "utf-8")
    before = path.read_text("utf-8") if path.exists() else ""
    if drawn != before:
        kept = artefacts() / f"{name.replace('/', '-')}.svg"
        kept.write_text(drawn, "utf-8")
        changed = [line for line in drawn.splitlines() if line not in before.splitlines()]
        pytest.fail(f"{path.name} differs from {kept}; the first of {len(changed)} lines: {changed[:1]}")


def picture(app: App[None]) -> str:
    """The screen as an SVG, without the line of places: a rectangle for each ground, a text for each run of a style.

    That line changes with every new place; it has a test of its own.
    """
    rows = [list(strip) for strip in app.screen._compositor.render_strips()]
    rows[0] = []
    width, height = app.size.width * _COLUMN, app.size.height * _ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><style>{_STYLE}</style>'
    drawn = [line for number, row in enumerate(rows) for line in _row(row, number * _ROW)]
    return "\n".join((head, *drawn, "</svg>", ""))


def _row(row: list[Segment], y: int) -> Iterator[str]:
    at = 0
    for style, run in groupby(row, lambda segment: segment.style or Style()):
        text = "".join(segment.text for segment in run)
        columns = Segment(text).cell_length
        front, ground = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
        if ground and not ground.is_default:
            place = f'x="{at * _COLUMN}" y="{y}" width="{columns * _COLUMN}" height="{_ROW}"'
            yield f'<rect {place} fill="{_hex(ground)}"/>'
        if text.strip():
            look = " ".join(name for name, on in (("b", style.bold), ("u", style.underline)) if on)
            look = f' class="{look}"' if look else ""
            fill = f' fill="{_hex(front)}"' if front and not front.is_default else ""
            yield f'<text x="{at * _COLUMN}" y="{y + 12}"{look}{fill}>{escape(text.rstrip())}</text>'
        at += columns


def _hex(colour: Color) -> str:
    return colour.get_truecolor().hex
