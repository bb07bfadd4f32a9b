"""Which observations carry a fault: the weight of each line when it is left out, and the few that would do."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from diagnostics.localize.factors import Line, notable
from diagnostics.localize.network import Network
from diagnostics.localize.sharing import folded

MOST_LINES = 48
"""How many lines are weighed for one fault; failures and seen events first, the nearest plates first."""
_NEGLIGIBLE = 0.05


class Suspect(NamedTuple):
    """A component on a plate, or one cause of it."""

    plate: str
    component: str
    cause: str | None = None


class EvidenceLine(NamedTuple):
    """An observation and what it weighs."""

    key: str
    decibans: float
    """10 log10 of the factor by which the suspect's odds shrink without the line; below 0 it speaks against.

    Near 0 where other lines say the same: of eight machines that failed alike, none is missed.
    """


class Weighing(NamedTuple):
    """The lines that speak for and against a suspect, the heaviest first."""

    evidence: tuple[EvidenceLine, ...]
    counter_evidence: tuple[EvidenceLine, ...]
    left_out: int
    """Lines on the plates concerned that were not weighed, because there were too many."""


class Step(NamedTuple):
    """A line, and what it adds to the odds of each suspect after the lines before it."""

    key: str
    decibans: tuple[float, ...]


class Account(NamedTuple):
    """How the odds of some suspects came about: prior + steps + rest = posterior, in decibans, for each of them."""

    prior: tuple[float, ...]
    """With nothing observed anywhere."""
    steps: tuple[Step, ...]
    rest: tuple[float, ...]
    """What all other observations of the case add together."""
    rest_lines: int
    posterior: tuple[float, ...]


def probability(network: Network, suspect: Suspect) -> float:
    """P(suspect is present)."""
    return _split(network, suspect)[0]


def log_odds(network: Network, suspect: Suspect) -> float:
    """The odds of a suspect in decibans."""
    present, absent = (math.log10(max(mass, 1e-300)) for mass in _split(network, suspect))
    return 10.0 * (present - absent)


def _split(network: Network, suspect: Suspect) -> tuple[float, float]:
    own, catalog = network.own(suspect.plate), network.nodes[suspect.plate].catalog
    if suspect.cause is None:
        held = catalog.has_component[:, catalog.components.index(suspect.component)]
    else:
        held = catalog.has_cause[:, catalog.place[suspect.cause]]
    return float(own @ held), float(own @ (1.0 - held))


def weigh(network: Network, suspects: Sequence[Suspect]) -> list[Weighing]:
    """For each suspect, leave out each line on its plate, around it and within it, one at a time.

    A network without a line is computed once, whichever suspects it bears on, and not at all for a line that is equal
    to one before it on an equal machine.
    """
    scales = [_Scales(network, nested(network, suspect)) for suspect in suspects]
    for place in dict.fromkeys(place for scale in scales for place in scale.weighed):
        asking = [scale for scale in scales if scale.asks(place)]
        if asking:
            without = network.without([place])
            for scale in asking:
                scale.put(place, without)
    return [scale.weighing() for scale in scales]


class _Scales:
    """The lines that bear on one suspect, and what each weighs."""

    def __init__(self, network: Network, suspect: Suspect) -> None:
        self._network = network
        self._suspect = suspect
        self._lines = list(_nearby(network, suspect.plate))
        self.weighed = dict.fromkeys(self._lines[:MOST_LINES])
        """Plate and key of each."""
        self._before = log_odds(network, suspect)
        self._known: dict[tuple[object, ...], float] = {}

    def asks(self, place: tuple[str, str]) -> bool:
        return place in self.weighed and self._equal(*place) not in self._known

    def put(self, place: tuple[str, str], without: Network) -> None:
        self._known[self._equal(*place)] = self._before - log_odds(without, self._suspect)

    def _equal(self, plate: str, key: str) -> tuple[object, ...]:
        """Equal lines on equal machines weigh the same; the suspect's own path is the exception, hence its name."""
        around = (_place(self._network, name, self._suspect.plate) for name in self._network.paths[plate])
        return (*around, self._network.lines[plate][key])

    def weighing(self) -> Weighing:
        weights = []
        for plate, key in self.weighed:
            decibans = self._known[self._equal(plate, key)]
            if abs(decibans) >= (0.0 if notable(self._network.lines[plate][key]) else _NEGLIGIBLE):
                weights.append(EvidenceLine(key, round(decibans, 2) + 0.0))
        weights.sort(key=lambda line: (-abs(line.decibans), line.key))
        return Weighing(
            tuple(line for line in weights if line.decibans >= 0.0),
            tuple(line for line in weights if line.decibans < 0.0),
            max(0, len(self._lines) - MOST_LINES),
        )


def account(network: Network, suspects: Sequence[Suspect], keys: Sequence[str]) -> Account:
    """Put the lines back one at a time, in the order of `keys`, into a network that has observed nothing.

    By the chain rule the steps add up, which the weights of lines left out one at a time do not: what the second of
    two lines that say the same adds is little.
    """
    suspects = [nested(network, suspect) for suspect in suspects]
    place = {key: plate for plate, lines in network.lines.items() for key in lines}
    known = [key for key in dict.fromkeys(keys) if key in place]
    told: dict[str, dict[str, Line]] = {plate: {} for plate in network.plates}
    bare = network.replace(told)
    before = prior = _log_odds_of(bare, suspects)
    steps = []
    for key in known:
        plate = place[key]
        told[plate][key] = network.lines[plate][key]
        bare = bare.replace({plate: told[plate]})
        after = _log_odds_of(bare, suspects)
        steps.append(Step(key, _differences(after, before)))
        before = after
    posterior = _log_odds_of(network, suspects)
    return Account(prior, tuple(steps), _differences(posterior, before), len(place) - len(known), posterior)


def nested(network: Network, suspect: Suspect) -> Suspect:
    """The suspect as the network sees it: on the plate around it, where it sits on a shared one."""
    around = network.around_shared.get(suspect.plate)
    return suspect if around is None else Suspect(around, folded(suspect.plate, suspect.component))


def _log_odds_of(network: Network, suspects: Iterable[Suspect]) -> tuple[float, ...]:
    return tuple(log_odds(network, suspect) for suspect in suspects)


def _differences(after: Iterable[float], before: Iterable[float]) -> tuple[float, ...]:
    return tuple(new - old for new, old in zip(after, before, strict=True))


def _place(network: Network, plate: str, suspected: str) -> int | str:
    return plate if plate in network.paths[suspected] else network.nodes[plate].serial


def _nearby(network: Network, plate: str) -> Iterator[tuple[str, str]]:
    """The lines (plate, key) that bear on a plate, the telling ones first."""
    for wanted in (True, False):
        for name in plates_concerned(network, plate):
            yield from ((name, key) for key, line in network.lines[name].items() if notable(line) is wanted)


def plates_concerned(network: Network, plate: str) -> list[str]:
    """A plate, those around it and those within it, in this order."""
    return [*reversed(network.paths[plate]), *_within(network, plate)]


def _within(network: Network, plate: str) -> Iterator[str]:
    for inner in network.inner[plate]:
        yield inner
        yield from _within(network, inner)


def minimal(network: Network, suspect: Suspect, evidence: Sequence[EvidenceLine], threshold: float) -> tuple[int, ...]:
    """Indices of evidence lines that alone, with all else as it is, keep the suspect at the threshold.

    Found by halving, as in delta debugging: the lightest lines are tried first, and what can be spared together goes
    together.
    """
    keys = {line.key for line in evidence}
    place = {
        key: plate for plate in plates_concerned(network, suspect.plate) for key in network.lines[plate] if key in keys
    }
    spared: list[int] = []
    kept: list[int] = []

    def spare(chunk: list[int]) -> None:
        left_out = [(place[evidence[index].key], evidence[index].key) for index in (*spared, *chunk)]
        if probability(network.without(left_out), suspect) >= threshold:
            spared.extend(chunk)
        elif len(chunk) == 1:
            kept.extend(chunk)
        else:
            half = len(chunk) // 2
            spare(chunk[:half])
            spare(chunk[half:])

    if evidence:
        spare(list(reversed(range(len(evidence)))))
    return tuple(sorted(kept))
