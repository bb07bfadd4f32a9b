"""Exact message passing on nested plates, from the virtual machines up to the site and back.

Every plate is a node: a table over what is active on the chain around it and over its own set of causes. Summing its
own axis out gives the message to the plate around it; thinning the other axes says that a cause of an outer plate
reaches this one only with some probability. Two mergers keep the tables small and lose nothing: causes that no
observation below can tell apart share a class, and sets with the same sums share a cell. A table that nothing but few
findings bear on is not computed cell by cell at all (`quickscore`).
"""

import math
from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from diagnostics.localize.factors import (
    Acquitted,
    Catalog,
    Chain,
    Factor,
    JobLine,
    Line,
    Reach,
    factor,
    lines_by_plate,
    notable,
)
from diagnostics.localize.problem import CauseNode, Plate, Problem
from diagnostics.localize.quickscore import QuickTable, is_short
from diagnostics.localize.sets import (
    Floats,
    Indices,
    Sets,
    Thinning,
    distinct,
    log1mexp,
    log_sum_groups,
    outer_sum,
    pool,
    sets_of,
    thin,
    thinning_of,
    unthin,
)
from diagnostics.localize.sharing import unfolded
from diagnostics.localize.table import Table, Term


class Axis(NamedTuple):
    """What a node distinguishes on one plate of its chain."""

    sets: Sets
    """Over classes of causes on an outer plate, over the causes themselves on the node's own."""
    labels: Indices
    """(causes,) the class of each cause."""
    members: Indices
    """(classes,) one cause of each class."""
    cells: Indices
    """(sets,) the table's cell of each set."""
    examples: Indices
    """(cells,) one set of each cell."""
    sums: Floats
    """(columns, cells) log survivals in the node's columns."""


class Content(NamedTuple):
    """What a node is made of, besides the nodes in it."""

    chain: Chain
    reach: Reach
    lines: frozenset[tuple[Line, int]]
    """Each with its number."""
    acquitted: Acquitted | None = None


_FEW_TERMS = 32
"""So many terms are added up for each cell of a table without that being what takes the time."""


class Node:
    """A plate with its observations and the plates in it; nodes of equal content are one."""

    def __init__(
        self,
        serial: int,
        made_of: "Content",
        observed: Factor,
        children: Mapping["Node", int],
        activation: float,
    ) -> None:
        chain = made_of.chain
        self.serial = serial
        self.made_of = made_of
        self.children = tuple(children.items())
        self._views: dict[tuple[int, bytes], Indices] = {}
        self.catalog = chain[-1]
        self.notable: bool = bool(observed.counts.any()) or any(child.notable for child in children)
        self.failed: bool = any(isinstance(line, JobLine) and notable(line) for line, _ in made_of.lines)
        """Whether a job failed on the plate or in it."""
        self.failed |= any(child.failed for child in children)
        self.cross, private = _split(observed)
        self.weights = (
            self.catalog.log_prior + self.catalog.sets.sums(observed.linear[-1]) + _private(private, self.catalog.sets)
        )
        """(sets,) log weight of each own set, by what speaks of this plate alone."""
        self._activations = [np.array(catalog.activations(activation)) for catalog in chain[:-1]]
        self.axes = [self._axis(level, catalog, level == len(chain) - 1) for level, catalog in enumerate(chain)]
        terms = int(np.count_nonzero(self.cross.counts)) + len(self.children)
        self.size = math.prod(len(axis.examples) for axis in self.axes) * max(1, terms // _FEW_TERMS)
        """The number of the table's cells; cells of very many terms count several times."""
        self._linear = [
            axis.sets.sums(part[axis.members]) for axis, part in zip(self.axes[:-1], observed.linear, strict=False)
        ]
        self._constant = observed.constant

    @cached_property
    def cell_weights(self) -> Floats:
        return log_sum_groups(self.weights, self.axes[-1].cells, len(self.axes[-1].examples))

    @cached_property
    def table(self) -> Table | QuickTable:
        shape = tuple(len(axis.examples) for axis in self.axes)
        made = np.flatnonzero(self.cross.counts)
        findings = self.cross.pick(made)
        if not self.children and is_short(findings.counts, shape):
            sums = [axis.sums[made] for axis in self.axes]
            return QuickTable(sums, findings.offsets, findings.counts, self.cell_weights)
        return Table(list(self._terms()), self.cell_weights, shape[:-1])

    @property
    def message(self) -> Floats:
        """Log P(what is observed here and within | what is present or active around); over sets of classes."""
        return self.stages[-1]

    def _axis(self, level: int, catalog: Catalog, own: bool) -> Axis:  # noqa: FBT001 - private, one caller
        columns = self.cross.columns[level]
        # Of many children, most see the plates around them alike.
        below = {child.axes[level].labels.tobytes(): child.axes[level] for child, _ in self.children}.values()
        if own:
            labels = members = np.arange(len(catalog.causes))
            sets = catalog.sets
        else:
            rows = [self._activations[level], self.cross.linear[level], *columns, *(axis.labels for axis in below)]
            labels, members = distinct(rows, len(catalog.causes))
            sets = sets_of(len(members), repeated=True, at_once=catalog.at_once)
        sums = sets.sums(columns[:, members])
        rows = [*sums, *(sets.translate(axis.labels[members], axis.sets) for axis in below)]
        cells, examples = distinct(rows, len(sets.first))
        return Axis(sets, labels, members, cells, examples, sums[:, examples])

    def _terms(self) -> Iterator[Term]:
        yield from self.cross.log_likelihood([axis.sums for axis in self.axes])
        for child, number in self.children:
            yield Term(child.message if number == 1 else number * child.message, self.view(child))

    def view(self, child: "Node") -> tuple[Indices, ...]:
        """Per axis, the child's set of each of this table's cells."""
        return tuple(self._seen(level, axis) for level, axis in zip(range(len(self.axes)), child.axes, strict=False))

    def _seen(self, level: int, theirs: Axis) -> Indices:
        key = (level, theirs.labels.tobytes())
        if key not in self._views:
            mine = self.axes[level]
            self._views[key] = mine.sets.translate(theirs.labels[mine.members], theirs.sets)[mine.examples]
        return self._views[key]

    @cached_property
    def stages(self) -> list[Floats]:
        """The message before any thinning, after that of the first axis, of the second, ..."""
        partial = self.table.partial
        grown = partial[np.ix_(*(axis.cells for axis in self.axes[:-1]))] if self._linear else partial
        stages = [grown + outer_sum(self._linear) + self._constant]
        for number, thinning in enumerate(self.thinnings()):
            stages.append(thin(stages[-1], number, thinning))
        return stages

    def thinnings(self) -> list[Thinning]:
        return [
            thinning_of(tuple(activations[axis.members].tolist()), catalog.at_once)
            for axis, activations, catalog in zip(self.axes[:-1], self._activations, self.made_of.chain, strict=False)
        ]

    def belief(self, around: Floats) -> Floats:
        """P(cell around), from the probabilities of the sets of classes on the plates around."""
        stages, thinnings = self.stages, self.thinnings()
        for number in reversed(range(len(thinnings))):
            around = unthin(around, stages[number], stages[number + 1], number, thinnings[number])
        return pool(around, [axis.cells for axis in self.axes[:-1]], self.table.partial.shape)

    def around(self, child: "Node", joint: Floats) -> Floats:
        """The probabilities that `child.belief` starts from, from those of the cells of the table."""
        return pool(joint, self.view(child), child.message.shape)

    def own(self, belief: Floats) -> Floats:
        """(sets,) P(own set of causes), from what is believed about the plates around."""
        own: Floats = self.table.own(belief)[self.axes[-1].cells] * self.within
        return own

    def given(self, joint: Floats, possible: Floats) -> Floats:
        """P(cell), given that the own set is one of those where `possible` (sets,) is 1."""
        shares = pool(self.within * possible, [self.axes[-1].cells], self.cell_weights.shape)
        restricted = joint * shares
        restricted /= restricted.sum()
        return restricted

    def probe(self, belief: Floats) -> tuple[Floats, Floats]:
        """Log P(the node's only probe passes), wherever it differs, and the probability of each."""
        (number,) = np.flatnonzero(self.cross.counts == 0)
        told = [np.unique(axis.sums[number], return_inverse=True) for axis in self.axes]
        passes = outer_sum([sums for sums, _ in told]) + self.cross.offsets[number]
        return passes, self.table.pooled(belief, [places for _, places in told], passes.shape)

    @cached_property
    def within(self) -> Floats:
        """(sets,) P(own set | its cell): whatever the rest of the site knows, it cannot tell them apart."""
        share: Floats = np.exp(self.weights - self.cell_weights[self.axes[-1].cells])
        return share

    @property
    def settled(self) -> bool:
        """Whether nothing around the plate can change what is believed about its own causes."""
        return len(self.cell_weights) == 1 and not self.children


def _split(observed: Factor) -> tuple[Factor, Factor]:
    """The columns that involve the plates around (and every probe), and those of the own plate alone."""
    crossing = observed.counts == 0
    for part in observed.columns[:-1]:
        crossing |= part.any(axis=1)
    return observed.pick(crossing), observed.pick(~crossing)


def _private(observed: Factor, sets: Sets) -> Floats:
    totals = sets.sums(observed.columns[-1]) + observed.offsets[:, None]
    weights: Floats = observed.counts @ log1mexp(totals)
    return weights


class _Serials:
    """Numbers from 0 on. Networks go to other processes, and iterators of the standard library cannot for long."""

    def __init__(self) -> None:
        self._next = 0

    def take(self) -> int:
        self._next += 1
        return self._next - 1


class Network:
    """The plates of a problem as nodes, and what they know of each other."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        plates = {plate.name: plate for plate in sorted(problem.plates, key=lambda plate: plate.name, reverse=True)}
        self.plates: dict[str, Plate] = dict(sorted(plates.items()))
        self.around_shared = {
            unfolded(plate.name, cause.id).plate: plate.name
            for plate in self.plates.values()
            for cause in plate.causes
            if cause.reach
        }
        """The plate around each shared one."""
        self.lines = lines_by_plate(problem)
        self.inner: dict[str, list[str]] = {name: [] for name in self.plates}
        for plate in self.plates.values():
            if plate.parent in self.inner:
                self.inner[plate.parent].append(plate.name)
        self.paths = {name: self._path(name) for name in self.plates}
        self._catalogs: dict[tuple[object, ...], Catalog] = {}
        self._of_causes: dict[tuple[str, int, int], Catalog] = {}
        self._nodes: MutableMapping[object, Node] = {}
        self._serials = _Serials()
        self._own: dict[str, Floats] = {}
        self.chains = {name: self._chain(path) for name, path in self.paths.items()}
        self.reach = {
            name: tuple(catalog.reaches(path) for catalog in self.chains[name]) for name, path in self.paths.items()
        }
        self.nodes: dict[str, Node] = {}
        for name in sorted(self.plates, key=lambda name: (-len(self.paths[name]), name)):
            self.nodes[name] = self.node_of(name)
        self._first = self._nodes

    def crowded(self, most_cells: float, most_in_all: float) -> frozenset[str]:
        """The plates on which to consider one cause at a time, so that tables shrink that are too large to compute.

        Where a plate's own table is too large, that is the innermost plate around it that has two; where all tables
        together are, those of the largest ones. Empty where nothing is too large, or nothing can be done.
        """
        sizes = Counter(node.size for node in set(self.nodes.values()))
        excess = sum(size * number for size, number in sizes.items() if size <= most_cells) - most_in_all
        largest = most_cells
        for size in sorted(filter(lambda size: size <= most_cells, sizes), reverse=True):
            if excess <= 0:
                break
            excess -= size * sizes[size]
            largest = size - 1
        large = (name for name in self.plates if self.nodes[name].size > largest)
        inwards = (reversed(self.paths[name]) for name in large)
        first = (next((plate for plate in path if plate not in self.problem.singly), None) for path in inwards)
        return frozenset(plate for plate in first if plate is not None)

    def _path(self, name: str) -> tuple[str, ...]:
        path = [name]
        parent = self.plates[name].parent
        while parent in self.plates and parent not in path:
            path.append(parent)
            parent = self.plates[parent].parent
        return tuple(reversed(path))

    def _chain(self, path: tuple[str, ...]) -> Chain:
        return tuple(self._catalog(self.plates[name]) for name in path)

    def _catalog(self, plate: Plate) -> Catalog:
        at_once = 1 if plate.name in self.problem.singly else 2
        asked = (plate.scope, id(plate.causes), at_once)
        known = self._of_causes.get(asked)
        if known is None:
            content = (plate.scope, at_once, *map(_content, plate.causes))
            known = self._catalogs.get(content) or Catalog(plate.scope, plate.causes, at_once)
            self._catalogs[content] = self._of_causes[asked] = known
        return known

    def node_of(self, name: str) -> Node:
        """The node of a plate, from its lines and the nodes of the plates in it."""
        made_of = Content(self.chains[name], self.reach[name], frozenset(Counter(self.lines[name].values()).items()))
        return self._node(made_of, Counter(self.nodes[inner] for inner in self.inner[name]), self._nodes)

    def _node(self, made_of: Content, children: Mapping[Node, int], known: MutableMapping[object, Node]) -> Node:
        """The node of such content: the one that is known, or a new one."""
        content = (*map(id, made_of.chain), *made_of[1:], frozenset(children.items()))
        node = known.get(content)
        if node is None:
            lines = dict(sorted(made_of.lines, key=repr))
            observed = factor(made_of.chain, made_of.reach, lines, self.problem.leak, made_of.acquitted)
            ordered = dict(sorted(children.items(), key=lambda child: child[0].serial))
            node = Node(self._serials.take(), made_of, observed, ordered, self.problem.activation)
            known[content] = node
        return node

    def replace(self, lines: Mapping[str, Mapping[str, Line]]) -> "Network":
        """The same network with other lines on some plates: only these and the plates around them are computed anew."""
        changed = copy(self)
        changed._nodes = ChainMap({}, self._first)  # noqa: SLF001 - a copy; tables are large, and asked for once
        changed.lines = {**self.lines, **{plate: dict(of_plate) for plate, of_plate in lines.items()}}
        changed.compute_anew({name for plate in lines for name in self.paths[plate]})
        return changed

    def acquitting(self, plate: str, component: str) -> Node:
        """The plate's node, supposing that a component on it has failed none of the failed jobs."""
        acquitted = Acquitted(len(self.paths[plate]) - 1, component)
        known: dict[object, Node] = {}  # what is asked once is not worth keeping
        spared: dict[Node, Node] = {}

        def spare(node: Node) -> Node:
            if not node.failed:
                return node
            if node not in spared:
                children: Counter[Node] = Counter()
                for child, number in node.children:
                    children[spare(child)] += number
                spared[node] = self._node(node.made_of._replace(acquitted=acquitted), children, known)
            return spared[node]

        return spare(self.nodes[plate])

    def compute_anew(self, plates: Iterable[str]) -> None:
        """Compute some plates from their lines, inner ones first."""
        self._own = {}
        self.nodes = dict(self.nodes)
        for name in sorted(plates, key=lambda name: (-len(self.paths[name]), name)):
            self.nodes[name] = self.node_of(name)

    def without(self, observations: Iterable[tuple[str, str]]) -> "Network":
        """The same network without some observations, each given by its plate and key."""
        left_out = frozenset(observations)
        plates = sorted({plate for plate, _ in left_out})
        return self.replace(
            {
                plate: {key: line for key, line in self.lines[plate].items() if (plate, key) not in left_out}
                for plate in plates
            }
        )

    @property
    def roots(self) -> list[str]:
        return [name for name, path in self.paths.items() if len(path) == 1]

    @property
    def log_evidence(self) -> float:
        """Log P(everything observed)."""
        return sum(float(self.nodes[root].message) for root in self.roots)

    def serials(self, plate: str) -> tuple[int, ...]:
        """Of the nodes on a plate's path: plates with the same ones are believed the same of."""
        return tuple(self.nodes[name].serial for name in self.paths[plate])

    def belief(self, plate: str) -> Floats:
        """What is believed about the plates around one, given everything observed (`Node.belief`)."""
        root, *inner = self.paths[plate]
        node = self.nodes[root]
        belief = node.belief(np.ones(()))
        for name in inner:
            child = self.nodes[name]
            belief = child.belief(node.around(child, node.table.joint(belief)))
            node = child
        return belief

    def own(self, plate: str) -> Floats:
        """(sets,) P(set of causes) of one plate, given everything observed."""
        if plate not in self._own:
            self._own[plate] = self.nodes[plate].own(self.belief(plate))
        return self._own[plate]


def _content(cause: CauseNode) -> tuple[object, ...]:
    return (cause.id, cause.component, cause.prior, frozenset(cause.failure.items()), cause.reach)
