"""The pipeline of a case as a picture: plates within plates, components in columns by what they stand on.

Only shapes are computed here, in a fixed order; a template turns them into SVG. Colours come from the page's styles, by
class, so that one drawing serves light, dark and paper. What is sound is folded into counted lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import networkx as nx
from rich.cells import cell_len

from diagnostics.language import say
from diagnostics.language.lines import broken, cut, has_wide
from diagnostics.report.plates import GLYPHS, Part, Plate, Status, folded, more_failed

WIDTH = 1080
_PAD = 14
_GAP = 12
_TITLE = 34
_LINE = 15
_CHIP_GAP = 8
_CHIP = 150.0
"""Narrowest chip of a column."""
_EDGE_GAP = 64.0
_LISTED_IN_A_ROW = 6
_CARD_HEIGHT = 77
_CARDS_IN_A_ROW = 5
_MOST_CARDS = 20
_MOST_OPEN = 4
"""So many plates within one plate are drawn with their components; more become cards."""
_CHARACTER = 7.0
"""Average width of a narrow character at the size of a chip's text."""
_HALF_A_WIDE_ONE = 6.2


class Box(NamedTuple):
    """A rounded rectangle; `kind` and `status` become classes."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    status: str
    tip: str = ""
    """What a pointer that rests on it reads, and a screen reader."""


class Label(NamedTuple):
    """A line of text, its baseline at y."""

    x: float
    y: float
    text: str
    kind: str
    status: str = ""


class Edge(NamedTuple):
    """From a component to what it stands on."""

    path: str
    kind: str


class Drawing(NamedTuple):
    """Shapes to paint in this order: plates, edges, boxes, labels; so an edge passes behind what it does not end at."""

    width: int
    height: int
    plates: tuple[Box, ...]
    edges: tuple[Edge, ...]
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]


class _Spot(NamedTuple):
    x: float
    y: float
    width: float
    height: float


def draw(site: Plate) -> Drawing:
    """Draw the plates of a case."""
    sheet = _Sheet()
    height = sheet.plate(site, 0.5, 0.5, WIDTH - 1)
    sheet.connect()
    return Drawing(
        width=WIDTH,
        height=round(height) + 2,
        plates=tuple(sheet.plates),
        edges=tuple(sheet.edges),
        boxes=tuple(sheet.boxes),
        labels=tuple(sheet.labels),
    )


class _Sheet:
    """Places shapes from the top down; every method returns the height that it took."""

    def __init__(self) -> None:
        self.plates: list[Box] = []
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.labels: list[Label] = []
        self._spots: dict[str, _Spot] = {}
        self._parts: list[Part] = []
        """Those in columns; what is merely listed shows no edges but a fault's."""

    def plate(self, plate: Plate, x: float, y: float, width: float) -> float:
        at = len(self.plates)
        below = y + self._title(plate, x, y)
        if plate.parts and (plate.accused or not plate.kind):
            below += self._components(plate, x + _PAD, below, width - 2 * _PAD) + _GAP
        below += self._inner(plate, x + _PAD, below, width - 2 * _PAD)
        height = below - y + 2
        self.plates.insert(at, Box(x, y, width, height, "plate", plate.status.name.lower(), _tip(plate)))
        return height

    def _title(self, plate: Plate, x: float, y: float) -> float:
        told = f"{say(plate.kind)} · {plate.told}" if plate.kind else plate.told
        name = cut(plate.name, 60)
        status = plate.status.name.lower()
        self.labels.append(Label(x + _PAD, y + 22, f"{GLYPHS[plate.status]} {name}", "name", status))
        offset = x + _PAD + 8.2 * (cell_len(name) + 2) + 14
        self.labels.append(Label(offset, y + 22, told, "note"))
        return _TITLE

    def _inner(self, plate: Plate, x: float, y: float, width: float) -> float:
        """Accused plates open, others that failed as cards, sound ones counted."""
        below = y
        accused = [inner for inner in plate.inner if inner.holds_accused]
        for inner in accused[:_MOST_OPEN]:
            below += self.plate(inner, x, below, width) + _GAP
        cards = [inner for inner in plate.inner if not inner.sound and inner not in accused[:_MOST_OPEN]]
        below += self._cards(cards[:_MOST_CARDS], x, below, width)
        lines = [f"▲ {more_failed(len(cards) - _MOST_CARDS)}"] if len(cards) > _MOST_CARDS else []
        for line in [*lines, *folded([inner for inner in plate.inner if inner.sound])]:
            self.boxes.append(Box(x, below, width, 28, "folded", _status_of(line)))
            self.labels.append(Label(x + 10, below + 18.5, cut(line, 150), "small", _status_of(line)))
            below += 28 + _GAP
        return below - y

    def _cards(self, plates: Sequence[Plate], x: float, y: float, width: float) -> float:
        each = (width - _GAP * (_CARDS_IN_A_ROW - 1)) / _CARDS_IN_A_ROW
        below = y
        for start in range(0, len(plates), _CARDS_IN_A_ROW):
            for column, plate in enumerate(plates[start : start + _CARDS_IN_A_ROW]):
                self._card(plate, x + column * (each + _GAP), below, each)
            below += _CARD_HEIGHT + _GAP
        return below - y

    def _card(self, plate: Plate, x: float, y: float, width: float) -> None:
        status, room = plate.status.name.lower(), int(width / _CHARACTER) - 3
        self.boxes.append(Box(x, y, width, _CARD_HEIGHT, "card", status, _tip(plate)))
        self.labels.append(
            Label(x + 10, y + 19, f"{GLYPHS[plate.status]} {cut(plate.name, room - 2)}", "strong", status)
        )
        for number, line in enumerate(broken(plate.note or say(plate.status), room)[:3]):
            self.labels.append(Label(x + 10, y + 36 + number * _LINE, line, "small"))

    def _components(self, plate: Plate, x: float, y: float, width: float) -> float:
        """In columns where something is held against one of them, else just listed."""
        if not plate.accused:
            return self._listed(plate.parts, x, y, width)
        columns = _columns(plate.parts)
        gap = min(_EDGE_GAP, (width - len(columns) * _CHIP) / max(len(columns) - 1, 1))
        each = (width - gap * (len(columns) - 1)) / len(columns)
        tallest = 0.0
        for number, column in enumerate(columns):
            below = y
            for part in column:
                below += self._chip(part, x + number * (each + gap), below, each) + _CHIP_GAP
            tallest = max(tallest, below - y - _CHIP_GAP)
        self._parts += plate.parts
        return tallest

    def _listed(self, parts: Sequence[Part], x: float, y: float, width: float) -> float:
        """Rows of components that nothing is held against."""
        each = (width - _CHIP_GAP * (_LISTED_IN_A_ROW - 1)) / _LISTED_IN_A_ROW
        below = y
        for start in range(0, len(parts), _LISTED_IN_A_ROW):
            row = parts[start : start + _LISTED_IN_A_ROW]
            below += _CHIP_GAP + max(
                self._chip(part, x + column * (each + _CHIP_GAP), below, each) for column, part in enumerate(row)
            )
        return below - y - _CHIP_GAP

    def _chip(self, part: Part, x: float, y: float, width: float) -> float:
        status = part.status.name.lower()
        accused = part.status is not Status.QUIET
        lines = broken(part.title, _cells(part.title, width - 20) - (2 if accused else 0))
        status_said = say(part.status)
        told = [f"{status_said} {part.note}".strip()] if accused else []
        height = 11 + _LINE * (len(lines) + len(told))
        self.boxes.append(Box(x, y, width, height, "chip", status, f"{part.title}: {status_said} {part.note}".strip()))
        for number, line in enumerate([*lines, *told]):
            glyph = f"{GLYPHS[part.status]} " if accused and number == 0 else ""
            kind = "strong" if accused else "small"
            self.labels.append(Label(x + 10, y + 17 + number * _LINE, glyph + line, kind, status))
        self._spots[part.id] = _Spot(x, y, width, height)
        return height

    def connect(self) -> None:
        """Draw what each component stands on, within its plate; a fault's edges are strong, and lead outwards too."""
        plate_of = {part.id: part.id.rpartition("/")[0] for part in self._parts}
        faulty = {part.id for part in self._parts if part.status is Status.FAULT}
        for part in self._parts:
            for below in part.stands_on:
                beside = plate_of[part.id] == plate_of.get(below)
                if below in self._spots and (beside or part.id in faulty):
                    kind = "telling" if faulty & {part.id, below} else "plain"
                    self.edges.append(Edge(_curve(self._spots[below], self._spots[part.id]), kind))
        self.edges.sort(key=lambda edge: edge.kind)


def _curve(below: _Spot, above: _Spot) -> str:
    """From what is stood on to what stands on it: sideways where they are side by side, else downwards."""
    if below.x + below.width < above.x:
        x1, y1 = below.x + below.width, below.y + below.height / 2
        x2, y2 = above.x, above.y + above.height / 2
        bend = max((x2 - x1) / 2, 14.0)
        return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    x1, y1 = below.x + below.width / 2, below.y + below.height
    x2, y2 = above.x + above.width / 2, above.y
    bend = max(abs(y2 - y1) / 2, 14.0)
    return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"


def _columns(parts: Iterable[Part]) -> list[list[Part]]:
    """The parts of one plate from left to right: what stands on nothing here, what stands on that, and so on."""
    by_id = {part.id: part for part in parts}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(by_id)
    graph.add_edges_from((below, part.id) for part in by_id.values() for below in part.stands_on if below in by_id)
    layers = [sorted(layer) for layer in nx.topological_generations(graph)]
    place: dict[str, float] = defaultdict(float)
    for layer in layers:
        layer.sort(key=lambda node: (_mean([place[below] for below in graph.predecessors(node)]), node))
        place.update({node: float(number) for number, node in enumerate(layer)})
    return [[by_id[node] for node in layer] for layer in layers]


def _mean(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else 0.0


def _status_of(line: str) -> str:
    return next((status.name.lower() for status, glyph in GLYPHS.items() if line.startswith(glyph)), "")


def _cells(text: str, width: float) -> int:
    """How many cells of a text have room."""
    return int(width / (_HALF_A_WIDE_ONE if has_wide(text) else _CHARACTER))


def _tip(plate: Plate) -> str:
    status = say(plate.status)
    return f"{plate.name}: {status}{f', {plate.note}' if plate.note != status else ''}".strip(", ")
