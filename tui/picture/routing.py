"""The lines between boxes on a grid, as in channel routing.

Between two layers of boxes lies a channel of as many rows as it needs. A source's line leaves its box in the middle,
turns in a row that it has for itself, and enters each box above which it comes; on the way past a layer it goes down a
lane in a gutter between the columns. No two lines ever share a column, so that they cross but never touch.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import networkx as nx

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_VERTICAL = UP | DOWN
APART = 2
"""Cells between two columns of boxes where no line passes."""

Edge = tuple[str, str]
"""What is stood on, and what stands on it."""


class Pin(NamedTuple):
    """Where a node stands on the grid."""

    layer: int
    column: int


class Joint(NamedTuple):
    """One cell of a line: the sides that it is open to, and the edges that run through it."""

    x: int
    y: int
    arms: int
    edges: frozenset[Edge]


class Lanes(NamedTuple):
    """The gutters before, between and behind the columns, and the lane of each source that needs one."""

    widths: tuple[int, ...]
    of: Mapping[str, tuple[int, int]]
    """Source -> gutter, lane in it."""

    def box_x(self, column: int, across: int) -> int:
        """Where a column of boxes begins."""
        return sum(self.widths[: column + 1]) + column * across

    def lane_x(self, source: str, across: int) -> int:
        """The cell of a source's lane."""
        gutter, lane = self.of[source]
        return sum(self.widths[:gutter]) + gutter * across + 1 + APART * lane


class Routed(NamedTuple):
    """Where the layers begin, and the lines."""

    tops: tuple[int, ...]
    height: int
    joints: tuple[Joint, ...]


def choose_lanes(graph: "nx.DiGraph[str]", pins: Mapping[str, Pin], columns: int) -> Lanes:
    """A lane for each source that has lines past a layer, in the gutter on the shortest way that is least crowded."""
    busy: list[list[set[int]]] = [[] for _ in range(columns + 1)]
    of: dict[str, tuple[int, int]] = {}
    for source in sorted(graph, key=lambda node: (pins[node], node)):
        own = pins[source]
        far = [pins[to] for to in graph.successors(source) if pins[to].layer > own.layer + 1]
        if far:
            span = set(range(own.layer, max(pin.layer for pin in far)))
            ends = [2 * pin.column + 1 for pin in (own, *far)]
            gutter = min(
                range(columns + 1), key=lambda at: sum(abs(2 * at - end) for end in ends) + APART * len(busy[at])
            )
            free = (lane for lane, taken in enumerate(busy[gutter]) if not taken & span)
            lane = next(free, len(busy[gutter]))
            if lane == len(busy[gutter]):
                busy[gutter].append(set())
            busy[gutter][lane] |= span
            of[source] = (gutter, lane)
    inner = range(1, columns)
    return Lanes(tuple(APART * len(lanes) + 1 if lanes else APART * (at in inner) for at, lanes in enumerate(busy)), of)


class _Net(NamedTuple):
    """The lines of one source through one channel."""

    source: str
    start: int
    """The column in which they come from above."""
    ends: Mapping[int, frozenset[Edge]]
    """The columns in which they leave downwards, and the edges that go there."""

    @property
    def straight(self) -> bool:
        return list(self.ends) == [self.start]

    @property
    def span(self) -> tuple[int, int]:
        return min(self.start, *self.ends), max(self.start, *self.ends)


def route(
    graph: "nx.DiGraph[str]", pins: Mapping[str, Pin], lanes: Lanes, across: int, heights: Sequence[int]
) -> Routed:
    """Draw every edge of the graph; `across` is the width of a box, `heights` are those of the layers."""
    router = _Router(graph, pins, lanes, across)
    y, tops = 0, []
    for layer, height in enumerate(heights):
        tops.append(y)
        router.pass_by(layer, y, height)
        y += height
        if layer + 1 < len(heights):
            y += router.channel(layer, y)
    return Routed(tuple(tops), y, tuple(router.joints()))


class _Router:
    def __init__(self, graph: "nx.DiGraph[str]", pins: Mapping[str, Pin], lanes: Lanes, across: int) -> None:
        self._graph = graph
        self._pins = pins
        self._lanes = lanes
        self._across = across
        self._cells: defaultdict[tuple[int, int], dict[str, tuple[int, frozenset[Edge]]]] = defaultdict(dict)

    def joints(self) -> Iterator[Joint]:
        """The cells of all lines; where two cross, the one that goes down is on top."""
        for (y, x), lines in sorted(self._cells.items()):
            arms, edges = max(lines.values(), key=lambda line: line[0] & _VERTICAL == _VERTICAL)
            yield Joint(x, y, arms, edges)

    def pass_by(self, layer: int, y: int, height: int) -> None:
        """Lead lines past a layer of boxes."""
        for source in self._lanes.of:
            far = self._edges(source, layer)
            if self._pins[source].layer < layer and far:
                for row in range(y, y + height):
                    self._mark(source, self._lanes.lane_x(source, self._across), row, _VERTICAL, far)

    def channel(self, layer: int, y: int) -> int:
        """Lead the lines from a layer to the next; how many rows that takes."""
        nets = self._nets(layer)
        turning = sorted((net for net in nets if not net.straight), key=lambda net: (net.span, net.source))
        tracks: list[int] = []
        row_of: dict[str, int] = {}
        for net in turning:
            row = next((row for row, end in enumerate(tracks) if end + 1 < net.span[0]), len(tracks))
            tracks[row : row + 1] = [net.span[1]]
            row_of[net.source] = row
        rows = max(1, len(tracks))
        for net in nets:
            for end, edges in net.ends.items():
                self._lead(net, end, edges, y, y + row_of.get(net.source, 0), y + rows)
        return rows

    def _lead(self, net: _Net, end: int, edges: frozenset[Edge], top: int, turn: int, bottom: int) -> None:
        """Down from the start to the turn, across, and down to the end."""
        for row in range(top, turn):
            self._mark(net.source, net.start, row, _VERTICAL, edges)
        for row in range(turn + 1, bottom):
            self._mark(net.source, end, row, _VERTICAL, edges)
        towards, back = (RIGHT, LEFT) if end > net.start else (LEFT, RIGHT)
        if end == net.start:
            self._mark(net.source, end, turn, _VERTICAL, edges)
            return
        self._mark(net.source, net.start, turn, UP | towards, edges)
        self._mark(net.source, end, turn, DOWN | back, edges)
        for x in range(min(net.start, end) + 1, max(net.start, end)):
            self._mark(net.source, x, turn, LEFT | RIGHT, edges)

    def _mark(self, source: str, x: int, y: int, arms: int, edges: frozenset[Edge]) -> None:
        before, others = self._cells[y, x].get(source, (0, frozenset()))
        self._cells[y, x][source] = (before | arms, others | edges)

    def _nets(self, layer: int) -> list[_Net]:
        starts = {
            source: self._middle(source) if pin.layer == layer else self._lanes.lane_x(source, self._across)
            for source, pin in self._pins.items()
            if pin.layer <= layer and self._edges(source, layer)
        }
        ends: defaultdict[str, dict[int, frozenset[Edge]]] = defaultdict(dict)
        for source in starts:
            beyond = self._edges(source, layer + 1)
            if beyond:
                ends[source][self._lanes.lane_x(source, self._across)] = beyond
        for node, pin in self._pins.items():
            if pin.layer == layer + 1:
                for source, x in self._entries(node, starts).items():
                    ends[source][x] = frozenset({(source, node)})
        return [_Net(source, start, ends[source]) for source, start in starts.items()]

    def _entries(self, node: str, starts: Mapping[str, int]) -> dict[str, int]:
        """The cells of a box's top that lines enter by, in the order in which they come; straight ones stay straight.

        The cell below the middle of another box belongs to that box, whose own line may come down there.
        """
        middle = self._middle(node)
        coming = sorted((starts[source], source) for source in self._graph.predecessors(node))
        left = [source for start, source in coming if start < middle]
        right = [source for start, source in coming if start > middle]
        found = {source: middle for start, source in coming if start == middle}
        if coming and middle not in starts.values():
            found[left.pop() if len(left) >= len(right) else right.pop(0)] = middle
        step = APART if APART * max(len(left), len(right)) < self._across // 2 else 1
        found |= {source: middle - step * (len(left) - at) for at, source in enumerate(left)}
        found |= {source: middle + step * (at + 1) for at, source in enumerate(right)}
        return found

    def _middle(self, node: str) -> int:
        return self._lanes.box_x(self._pins[node].column, self._across) + self._across // 2

    def _edges(self, source: str, below: int) -> frozenset[Edge]:
        """The edges from a source to what stands further down than a layer."""
        return frozenset((source, to) for to in self._graph.successors(source) if self._pins[to].layer > below)
