"""The components of one plate on a grid: each stands below all that it stands on, and lines lead down to it.

Layers are filled by list scheduling, the longest chain first (T. C. Hu, "Parallel Sequencing and Assembly Line
Problems", 1961), so that none is wider than the window.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import networkx as nx

from tui.picture.routing import APART, Joint, Lanes, Pin, choose_lanes, route

NARROWEST, WIDEST = 18, 28
"""Cells of a box: so that a name can be read, and so that what belongs together stays together."""
_MOST_COLUMNS = 6


class Node(NamedTuple):
    """What is to be placed."""

    id: str
    height: int
    stands_on: tuple[str, ...]
    """Ids of nodes; without cycles."""


class Box(NamedTuple):
    """Where a node was placed, in cells."""

    id: str
    x: int
    y: int
    width: int
    height: int


class Grid(NamedTuple):
    """A plate's components, placed and joined."""

    height: int
    boxes: tuple[Box, ...]
    joints: tuple[Joint, ...]


@lru_cache(maxsize=64)
def arrange(nodes: tuple[Node, ...], width: int) -> Grid:
    """Place the nodes in as many columns as the width has room for; in one column they always fit."""
    if not nodes:
        return Grid(0, (), ())
    graph = _graph(nodes)
    columns, across = min(_MOST_COLUMNS, (width + APART) // (NARROWEST + APART)) + 1, 0
    while across < NARROWEST and columns > 1:
        columns -= 1
        pins = _pins(graph, columns)
        lanes = choose_lanes(graph, pins, columns)
        across = (width - sum(lanes.widths)) // columns
    return _placed(graph, nodes, pins, lanes, min(WIDEST, across))


def _graph(nodes: Iterable[Node]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    for node in nodes:
        graph.add_node(node.id)
        graph.add_edges_from((below, node.id) for below in node.stands_on)
    return graph


def _pins(graph: "nx.DiGraph[str]", columns: int) -> dict[str, Pin]:
    """A layer and a column for every node: first near what it stands on, then near what stands on it as well."""
    layers = _layers(graph, columns)
    pins: dict[str, Pin] = {}
    for number, layer in enumerate(layers):
        pins |= _in_columns(number, layer, columns, {node: list(graph.predecessors(node)) for node in layer}, pins)
    for number, layer in reversed(list(enumerate(layers))):
        pins |= _in_columns(number, layer, columns, {node: list(nx.all_neighbors(graph, node)) for node in layer}, pins)
    return pins


def _layers(graph: "nx.DiGraph[str]", columns: int) -> list[list[str]]:
    height: dict[str, int] = {}
    for node in reversed(list(nx.lexicographical_topological_sort(graph))):
        height[node] = 1 + max((height[above] for above in graph.successors(node)), default=0)
    waiting = sorted(graph, key=lambda node: (-height[node], node))
    done: set[str] = set()
    layers: list[list[str]] = []
    while waiting:
        ready = [node for node in waiting if done.issuperset(graph.predecessors(node))][:columns]
        layers.append(ready)
        done.update(ready)
        waiting = [node for node in waiting if node not in done]
    return _near_what_follows(graph, layers, columns)


def _near_what_follows(graph: "nx.DiGraph[str]", layers: list[list[str]], columns: int) -> list[list[str]]:
    """Move what stands on nothing down to where it is needed, as far as there is room: lines become short."""
    at = {node: number for number, layer in enumerate(layers) for node in layer}
    for node in sorted(at, key=lambda node: (-at[node], node)):
        follow = [at[above] for above in graph.successors(node)]
        if follow and not graph.in_degree(node):
            room = [number for number in range(at[node] + 1, min(follow)) if len(layers[number]) < columns]
            if room:
                layers[at[node]].remove(node)
                layers[room[-1]].append(node)
    return [sorted(layer) for layer in layers if layer]


def _in_columns(
    number: int, layer: Sequence[str], columns: int, near: Mapping[str, Sequence[str]], pins: Mapping[str, Pin]
) -> dict[str, Pin]:
    """The columns of a layer such that its lines are shortest, taken together: dynamic programming over sets."""
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for node in layer:
        wanted = [pins[other].column for other in near[node] if other in pins]
        found: dict[int, tuple[int, tuple[int, ...]]] = {}
        for taken, (cost, chosen) in best.items():
            for column in range(columns):
                if not taken >> column & 1:
                    longer = cost + sum(abs(column - other) for other in wanted)
                    better = min(found.get(taken | 1 << column, (longer, (columns,))), (longer, (*chosen, column)))
                    found[taken | 1 << column] = better
        best = found
    chosen = min(best.values())[1]
    return {node: Pin(number, column) for node, column in zip(layer, chosen, strict=True)}


def _placed(
    graph: "nx.DiGraph[str]", nodes: Iterable[Node], pins: Mapping[str, Pin], lanes: Lanes, across: int
) -> Grid:
    heights = [0] * (1 + max(pin.layer for pin in pins.values()))
    for node in nodes:
        heights[pins[node.id].layer] = max(heights[pins[node.id].layer], node.height)
    routed = route(graph, pins, lanes, across, heights)
    boxes = tuple(
        Box(node.id, lanes.box_x(pins[node.id].column, across), routed.tops[pins[node.id].layer], across, node.height)
        for node in nodes
    )
    return Grid(routed.height, boxes, routed.joints)
