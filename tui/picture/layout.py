"""Where everything in the picture stands: plates within plates, each with its components on a grid.

An open plate shows its components and what lies in it; a closed one is a line. Plates that fared alike, and that
nothing is held against, are one line together. Lines from another plate begin at a port, which names what they come
from.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple

from diagnostics.language import say
from diagnostics.report.plates import Alike, Part, Plate, Status, alike
from engine.pipeline import Component
from tui.picture.grid import Node, arrange
from tui.picture.routing import Joint

NARROWEST = 58
"""Cells that the picture needs."""
_FEWEST_ALIKE = 2
_MOST_OPEN = 4
ShortName = Callable[[Component], str]
"""What a component is called where there is room for some fourteen cells."""


class SpotKind(Enum):
    """What can be walked to."""

    PLATE = "plate"
    ALIKE = "alike"
    COMPONENT = "component"


class Spot(NamedTuple):
    """Something that can be walked to, and where it stands, in cells."""

    id: str
    kind: SpotKind
    x: int
    y: int
    width: int
    height: int
    status: Status
    name: str
    note: str
    """How it fared, in words; of a component its probability."""
    opened: bool = False
    causes: tuple[str, ...] = ()
    """Ids of the components that it stands on, wherever they are."""


class Frame(NamedTuple):
    """The border of a plate; its first line holds the title."""

    x: int
    y: int
    width: int
    height: int
    status: Status


class Port(NamedTuple):
    """What lines from another plate come from; it names a component, and stands on the plate of its effects."""

    id: str
    x: int
    y: int
    width: int
    name: str


class Picture(NamedTuple):
    """Everything in its place."""

    width: int
    height: int
    spots: Mapping[str, Spot]
    """By id, from the top down and from left to right."""
    rows: Mapping[int, Sequence[Spot | Frame | Port | Joint]]
    """What is to be drawn in each row; a frame is in all of its rows."""

    def at(self, x: int, y: int) -> Spot | Port | None:
        """What stands in a cell."""
        inside = (
            item
            for item in reversed(self.rows.get(y, ()))
            if isinstance(item, Spot | Port) and item.x <= x < item.x + item.width
        )
        return next(inside, None)


def first_opened(site: Plate) -> frozenset[str]:
    """The plates that are open at first: those that hold what is at fault or suspected, a few of each plate."""
    opened = {site.id}
    for plate in [inner for inner in site.inner if inner.holds_accused][:_MOST_OPEN]:
        opened |= first_opened(plate)
    return frozenset(opened)


def group_id(around: Plate, group: Alike) -> str:
    """The id of plates together, under which they are opened: that of no plate begins so."""
    return f"alike:{around.id}:{group.plates[0].kind}:{group.status.name}"


def around(site: Plate, wanted: str) -> list[str]:
    """What has to be open for a plate, or a component, to be seen."""
    for inner in _paths(site):
        plate = inner[-1][0]
        if wanted == plate.id:
            return [step for _, step in inner[:-1]]
        if any(part.id == wanted for part in plate.parts):
            return [step for _, step in inner]
    return []


def lay_out(site: Plate, opened: AbstractSet[str], width: int, short: ShortName) -> Picture:
    """The picture of a site's plates at a width of at least `NARROWEST` cells, drawn to that where it is less."""
    sheet = _Sheet(site, opened, short)
    height = sheet.plate(site, 0, 0, max(width, NARROWEST))
    rows: defaultdict[int, list[Spot | Frame | Port | Joint]] = defaultdict(list)
    spots = sorted(sheet.spots, key=lambda spot: (spot.y, spot.x))
    items: list[Spot | Frame | Port | Joint] = [*sheet.frames, *sheet.joints, *sheet.ports, *spots]
    for item in items:
        for y in range(item.y, item.y + (item.height if isinstance(item, Spot | Frame) else 1)):
            rows[y].append(item)
    return Picture(max(width, NARROWEST), height, {spot.id: spot for spot in spots}, rows)


class _Sheet:
    """Places things from the top down; every method returns the rows that it took."""

    def __init__(self, site: Plate, opened: AbstractSet[str], short: ShortName) -> None:
        self.spots: list[Spot] = []
        self.frames: list[Frame] = []
        self.ports: list[Port] = []
        self.joints: list[Joint] = []
        self._opened = opened
        self._short = short
        self._parts = {part.id: part for plate in _all(site) for part in plate.parts}

    def plate(self, plate: Plate, x: int, y: int, width: int) -> int:
        """A plate: its title, and where it is open, its components and the plates in it. The outermost has no frame."""
        opened = plate.id in self._opened
        framed = bool(plate.kind) and opened
        told = f"{say(plate.kind)} · {plate.told}" if plate.kind else plate.told
        left, across = (x + 2, width - 4) if framed else (x, width)
        self.spots.append(Spot(plate.id, SpotKind.PLATE, left, y, across, 1, plate.status, plate.name, told, opened))
        if not opened:
            return 1
        left, across = (x + 1, width - 2) if framed else (x, width)
        below = y + 1
        below += self._components(plate.parts, left, below, across)
        below += self._inner(plate, left, below, across)
        if framed:
            self.frames.append(Frame(x, y, width, below - y + 1, plate.status))
            below += 1
        return below - y

    def _inner(self, plate: Plate, x: int, y: int, width: int) -> int:
        below = y
        for inner in plate.inner:
            if not inner.sound:
                below += self.plate(inner, x, below, width)
        for group in alike(inner for inner in plate.inner if inner.sound):
            below += self._alike(plate, group, x, below, width)
        return below - y

    def _alike(self, plate: Plate, group: Alike, x: int, y: int, width: int) -> int:
        below = y
        shown = len(group.plates) < _FEWEST_ALIKE
        if not shown:
            name = group_id(plate, group)
            shown = name in self._opened
            self.spots.append(Spot(name, SpotKind.ALIKE, x, y, width, 1, group.status, "", group.told, shown))
            below += 1
        for inner in group.plates if shown else ():
            below += self.plate(inner, x, below, width)
        return below - y

    def _components(self, parts: Sequence[Part], x: int, y: int, width: int) -> int:
        """By names that are the same on every plate, so that plates of one kind are arranged once."""
        own = {part.id: part.component.value for part in parts}
        outer = dict.fromkeys(cause for part in parts for cause in part.stands_on if cause not in own)
        names = own | {cause: f"{number}:{self._parts[cause].component}" for number, cause in enumerate(outer)}
        nodes = [Node(names[cause], 1, ()) for cause in outer]
        for part in parts:
            height = 1 if part.status is Status.QUIET else 2
            nodes.append(Node(names[part.id], height, tuple(names[cause] for cause in part.stands_on)))
        grid, ids = arrange(tuple(nodes), width), {name: node for node, name in names.items()}
        for box in grid.boxes:
            part, left, top = self._parts[ids[box.id]], x + box.x, y + box.y
            if part.id in own:
                self.spots.append(self._chip(part, left, top, box.width, box.height))
            else:
                self.ports.append(Port(part.id, left, top, box.width, self._short(part.component)))
        for joint in grid.joints:
            edges = frozenset((ids[start], ids[end]) for start, end in joint.edges)
            self.joints.append(Joint(x + joint.x, y + joint.y, joint.arms, edges))
        return grid.height

    def _chip(self, part: Part, x: int, y: int, width: int, height: int) -> Spot:
        kind, name = SpotKind.COMPONENT, self._short(part.component)
        return Spot(part.id, kind, x, y, width, height, part.status, name, part.note, causes=part.stands_on)


def _all(plate: Plate) -> Iterator[Plate]:
    yield plate
    for inner in plate.inner:
        yield from _all(inner)


def _paths(plate: Plate, before: Iterable[tuple[Plate, str]] = ()) -> Iterator[list[tuple[Plate, str]]]:
    """Every plate, behind those around it, each with the id under which it is opened."""
    path = [*before, (plate, plate.id)]
    yield path
    groups = {
        inner.id: group_id(plate, group)
        for group in alike(inner for inner in plate.inner if inner.sound)
        for inner in group.plates
        if len(group.plates) >= _FEWEST_ALIKE
    }
    for inner in plate.inner:
        yield from _paths(inner, [*path, (plate, groups[inner.id])] if inner.id in groups else path)
