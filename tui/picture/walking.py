"""Where a key leads in the picture: up to a cause, down to an effect, sideways to what stands next."""

from collections.abc import Iterable
from enum import Enum

from diagnostics.report.plates import Status
from tui.picture.layout import Picture, Spot, SpotKind

_WORST = tuple(Status)


class Direction(Enum):
    """A way to walk."""

    CAUSE = "up"
    EFFECT = "down"
    BACK = "left"
    ON = "right"

    @property
    def opposite(self) -> "Direction":
        """The way back."""
        return _OPPOSITE[self]


_OPPOSITE = {
    Direction.CAUSE: Direction.EFFECT,
    Direction.EFFECT: Direction.CAUSE,
    Direction.BACK: Direction.ON,
    Direction.ON: Direction.BACK,
}


def step(picture: Picture, here: str, direction: Direction) -> str:
    """The id of the spot that a step leads to; `here` where there is none.

    Up and down follow the lines of a component, to the worst and then the nearest; where there is no line, they lead to
    the nearest spot above or below. Left and right go through all spots in the order of reading.
    """
    spots = list(picture.spots.values())
    own = picture.spots.get(here)
    if own is None:
        return spots[0].id if spots else here
    match direction:
        case Direction.BACK | Direction.ON:
            at = spots.index(own) + (1 if direction is Direction.ON else -1)
            return spots[min(max(at, 0), len(spots) - 1)].id
        case Direction.CAUSE:
            causes = [picture.spots[cause] for cause in own.causes if cause in picture.spots]
            return _choose(own, causes, [spot for spot in spots if spot.y + spot.height <= own.y])
        case Direction.EFFECT:
            effects = [spot for spot in spots if own.id in spot.causes]
            return _choose(own, effects, [spot for spot in spots if spot.y >= own.y + own.height])


def _choose(own: Spot, joined: Iterable[Spot], beyond: Iterable[Spot]) -> str:
    if own.kind is SpotKind.COMPONENT:
        follow = min(joined, key=lambda spot: (_WORST.index(spot.status), *_distance(own, spot)), default=None)
        if follow:
            return follow.id
    return min(beyond, key=lambda spot: _distance(own, spot), default=own).id


def _distance(own: Spot, other: Spot) -> tuple[int, int, str]:
    return abs(own.y - other.y), abs(own.x + own.width // 2 - other.x - other.width // 2), other.id
