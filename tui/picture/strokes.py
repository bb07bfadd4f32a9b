"""A row of the picture as pieces of text, each with a role that a widget gives a style."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from rich.cells import cell_len

from diagnostics.language.lines import cut
from diagnostics.report.plates import Status
from tui.picture.layout import Frame, Picture, Port, Spot, SpotKind
from tui.picture.routing import Edge, Joint


class Glyphs(NamedTuple):
    """The characters that a picture is drawn with."""

    statuses: dict[Status, str]
    lines: str
    """By the arms of a joint, 0 to 15: 1 up, 2 down, 4 left, 8 right."""
    top: tuple[str, str]
    """The left and the right corner of a frame."""
    bottom: tuple[str, str]
    closed: str
    opened: str
    port: str
    ends: tuple[str, str]
    """What a component's box begins and ends with."""
    more: str
    between: str


UNICODE = Glyphs(
    statuses={Status.FAULT: "✖", Status.SUSPECT: "?", Status.FAILED: "▲", Status.QUIET: "·", Status.PASSED: "✔"},
    lines=" ╵╷│╴╯╮┤╶╰╭├─┴┬┼",
    top=("╭", "╮"),
    bottom=("╰", "╯"),
    closed="▸",
    opened="▾",
    port="↑",
    ends=("▌", " "),
    more="…",
    between="·",
)
ASCII = Glyphs(
    statuses={Status.FAULT: "X", Status.SUSPECT: "?", Status.FAILED: "!", Status.QUIET: ".", Status.PASSED: "+"},
    lines=" |||-+++-+++-+++",
    top=("+", "+"),
    bottom=("+", "+"),
    closed=">",
    opened="v",
    port="^",
    ends=("[", "]"),
    more="~",
    between="-",
)


class Role(Enum):
    """What a piece of text is."""

    FRAME = "frame"
    TITLE = "title"
    NOTE = "note"
    BOX = "box"
    LINE = "line"
    PORT = "port"


class Stroke(NamedTuple):
    """A piece of a row."""

    x: int
    text: str
    role: Role
    status: Status
    of: str
    """The id of the spot or port that it belongs to; empty for lines and frames."""
    edges: frozenset[Edge] = frozenset()
    """Of a line: what it joins."""


StatusWord = Callable[[Status], str]


def strokes(picture: Picture, y: int, glyphs: Glyphs, word: StatusWord) -> Iterator[Stroke]:
    """The pieces of a row; later ones lie on earlier ones."""
    for item in picture.rows.get(y, ()):
        match item:
            case Frame():
                yield from _frame(item, y, glyphs)
            case Joint():
                yield Stroke(item.x, glyphs.lines[item.arms], Role.LINE, Status.QUIET, "", item.edges)
            case Port():
                text = _filled(f"{glyphs.port} {item.name}", item.width, glyphs)
                yield Stroke(item.x, text, Role.PORT, Status.QUIET, item.id)
            case Spot(kind=SpotKind.COMPONENT):
                yield _box(item, y, glyphs, word)
            case Spot():
                yield from _title(item, glyphs)


def _frame(frame: Frame, y: int, glyphs: Glyphs) -> Iterator[Stroke]:
    row, side = glyphs.lines[12], glyphs.lines[3]
    if frame.y < y < frame.y + frame.height - 1:
        yield Stroke(frame.x, side, Role.FRAME, frame.status, "")
        yield Stroke(frame.x + frame.width - 1, side, Role.FRAME, frame.status, "")
        return
    left, right = glyphs.top if y == frame.y else glyphs.bottom
    yield Stroke(frame.x, left + row * (frame.width - 2) + right, Role.FRAME, frame.status, "")


def _title(spot: Spot, glyphs: Glyphs) -> Iterator[Stroke]:
    head = f"{glyphs.opened if spot.opened else glyphs.closed} {glyphs.statuses[spot.status]} "
    title = _cut(f"{head}{spot.name}".rstrip(), spot.width, glyphs)
    yield Stroke(spot.x, title, Role.TITLE, spot.status, spot.id)
    room = spot.width - cell_len(title)
    if room > 1:
        note = _cut(f" {spot.note.replace(UNICODE.between, glyphs.between)} ", room, glyphs)
        yield Stroke(spot.x + cell_len(title), note, Role.NOTE, spot.status, spot.id)


def _box(spot: Spot, y: int, glyphs: Glyphs, word: StatusWord) -> Stroke:
    first, last = glyphs.ends
    told = f"{glyphs.statuses[spot.status]} {spot.name}" if y == spot.y else f"  {word(spot.status)} {spot.note}"
    return Stroke(spot.x, f"{first}{_filled(told, spot.width - 2, glyphs)}{last}", Role.BOX, spot.status, spot.id)


def _filled(text: str, cells: int, glyphs: Glyphs) -> str:
    """Cut or filled to so many cells."""
    short = _cut(text, cells, glyphs)
    return short + " " * (cells - cell_len(short))


def _cut(text: str, cells: int, glyphs: Glyphs) -> str:
    short = cut(text, cells)
    return short if short == text else f"{short[:-1]}{glyphs.more}"
