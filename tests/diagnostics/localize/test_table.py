"""The tables of a night are larger than what is kept of them."""

import itertools
import tracemalloc

import numpy as np
import pytest

from diagnostics.localize import table as tables
from diagnostics.localize.inference import infer
from diagnostics.localize.next_evidence import Retry, rank_tests
from diagnostics.localize.problem import EventObservation, Link, Problem
from diagnostics.localize.table import Table, Term
from engine.pipeline import Mode, Scope, Stage
from tests.diagnostics.localize.problems import failed, machines, real_causes, site


def night(failures: int, kinds: int) -> Problem:
    """Machines of one host that failed alike, each with events of its own that causes on all plates may bring about."""
    of_scope = {scope: tuple(real_causes(scope)) for scope in Scope}
    plates = site(1, failures, of_scope.__getitem__)
    events = [
        EventObservation(
            f"{vm} {kind}",
            vm,
            True,  # noqa: FBT003
            tuple(
                Link(scope, of[kind % len(of)].id, 0.1 + 0.005 * kind + 0.001 * number)
                for scope, of in of_scope.items()
            ),
            0.01,
            f"{kind}",
        )
        for number, vm in enumerate(machines(plates))
        for kind in range(kinds)
    ]
    return Problem(plates, tuple(failed(vm, Stage.GUEST_FREEZE) for vm in machines(plates)), tuple(events))


def peak(work) -> int:
    """The most bytes that were held at once while something was done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_night_of_many_failures_holds_no_table_but_what_it_is_made_of():
    failures = night(12, 12)
    network = infer(failures).network
    distinct = {id(node): node.table.size for node in network.nodes.values()}
    assert sum(distinct.values()) * 8 > 24e6
    assert peak(lambda: infer(failures)) < 8e6


def test_asking_what_a_retry_would_tell_takes_no_more_than_inference():
    failures = night(1, 12)
    posterior = infer(failures)
    retry = Retry("again", "vm:HV1-1", Mode.ONLINE, 1.0)
    assert peak(lambda: rank_tests(posterior, {}, [retry])) < peak(lambda: infer(failures)) * 1.2


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (2, 3, 7)])
@pytest.mark.parametrize("cells", [1, 8, 1 << 17])
def test_answers_do_not_depend_on_how_many_cells_are_computed_at_a_time(shape, cells, monkeypatch):
    monkeypatch.setattr(tables, "_BLOCK", cells)
    random = np.random.default_rng(1)
    weights = random.normal(size=6)
    kinds = [tuple(random.integers(1, 4, len(shape) + 1)) for _ in range(3)]
    terms = [
        Term(
            random.normal(size=of),
            tuple(random.integers(0, n, cells) for n, cells in zip(of, (*shape, 6), strict=True)),
        )
        for of in kinds
    ]
    whole = np.exp(weights + sum(term.values[np.ix_(*term.places)] for term in terms))
    around = random.random(shape)
    shares = whole / whole.sum(axis=-1, keepdims=True)
    joint = around[..., None] * shares

    table = Table(terms, weights, shape)
    assert table.partial == pytest.approx(np.log(whole.sum(axis=-1)), abs=1e-12)
    assert table.joint(around) == pytest.approx(joint, abs=1e-12)
    assert table.own(around) == pytest.approx(joint.reshape(-1, 6).sum(axis=0), abs=1e-12)

    groups = [np.arange(size) % 2 for size in (*shape, 6)]
    pooled = np.zeros((2,) * len(groups))
    for cell in itertools.product(*(range(size) for size in (*shape, 6))):
        pooled[tuple(at % 2 for at in cell)] += joint[cell]
    assert table.pooled(around, groups, pooled.shape) == pytest.approx(pooled, abs=1e-12)
