"""Which known updates end a fault, and whether they are there, as the verdict tells it."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from diagnostics.case.topology import Topology
from diagnostics.case.updates import Inventory, Standing, State, holders, standing
from diagnostics.knowledge.updates import Update
from diagnostics.sanitize import one_line
from diagnostics.verdict import UpdateAdvice
from engine.sentence import Sentence

_ORDER = list(State)


def update_advice(
    causes: Collection[str],
    plate: str,
    updates: Sequence[Update],
    inventories: Mapping[str, Inventory],
    topology: Topology,
) -> list[UpdateAdvice]:
    """The updates that fix one of the causes of a fault on a plate: those that are missing first."""
    known = {update.kb: update for update in updates}
    found = [
        UpdateAdvice(
            kb=update.kb,
            title=Sentence(update.title),
            machine=one_line(machine),
            state=told.state.value,
            why=told.why,
            references=list(update.references),
        )
        for update in updates
        if set(update.fixes) & set(causes)
        for machine, told in _standings(update, plate, inventories, topology, known)
    ]
    return sorted(found, key=lambda told: (_ORDER.index(State(told.state)), told.kb, told.machine))


def _standings(
    update: Update,
    plate: str,
    inventories: Mapping[str, Inventory],
    topology: Topology,
    known: Mapping[str, Update],
) -> Iterator[tuple[str, Standing]]:
    machines = holders(update, plate, topology)
    if not machines:
        yield "", Standing(State.UNKNOWN, Sentence("nothing tells which machine needs it"))
    for machine in machines:
        if told := standing(update, machine, inventories.get(machine), known):
            yield machine, told
