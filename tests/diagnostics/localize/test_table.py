"""The tables of a night are larger than what is kept of them."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from diagnostics.localize import quickscore
from diagnostics.localize import table as tables
from diagnostics.localize.inference import infer
from diagnostics.localize.next_evidence import Retry, rank_tests
from diagnostics.localize.problem import EventObservation, Link, Problem
from diagnostics.localize.quickscore import QuickTable
from diagnostics.localize.sets import log1mexp, outer_sum
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
    distinct = {id(node): math.prod(node.table.shape) for node in network.nodes.values()}
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


def both_ways(around: tuple[int, ...], counts: list[int], seed: int) -> tuple[QuickTable, Table]:
    """The same findings as a sum of products, and cell by cell; some all but certain, some all but impossible."""
    chance = np.random.default_rng(seed)
    shape = (*around, 6)
    sums = [np.round(-chance.exponential(chance.choice([1e-3, 1.0, 30.0]), (len(counts), cells)), 3) for cells in shape]
    offsets, weights = -chance.choice([1e-9, 1e-3, 1.0], len(counts)), -chance.exponential(10.0, shape[-1])
    every = tuple(map(np.arange, shape))
    terms = [
        Term(count * log1mexp(outer_sum([axis[number] for axis in sums]) + offsets[number]), every)
        for number, count in enumerate(counts)
    ]
    return QuickTable(sums, offsets, np.array(counts, dtype=float), weights), Table(terms, weights, around)


@pytest.mark.parametrize("counts", [[], [1], [1, 1, 1], [2, 1], [7], [3, 1, 2, 1]])
@pytest.mark.parametrize("around", [(), (5,), (3, 4)])
def test_a_sum_of_products_answers_as_the_table_that_is_computed_cell_by_cell(around, counts):
    for seed in range(5):
        quick, whole = both_ways(around, counts, seed)
        believed = np.random.default_rng(seed).dirichlet(np.ones(int(np.prod(around)))).reshape(around)
        groups = [np.arange(cells) % 2 for cells in quick.shape]
        shape = tuple(min(cells, 2) for cells in quick.shape)
        np.testing.assert_allclose(quick.partial, whole.partial, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(quick.own(believed), whole.own(believed), rtol=1e-9)
        np.testing.assert_allclose(quick.joint(believed), whole.joint(believed), rtol=1e-9)
        np.testing.assert_allclose(
            quick.pooled(believed, groups, shape), whole.pooled(believed, groups, shape), rtol=1e-9
        )


def test_a_night_is_judged_alike_whether_or_not_its_tables_are_sums_of_products(monkeypatch):
    failures = night(3, 2)
    quick = infer(failures)
    monkeypatch.setattr(quickscore, "_MOST_NUMBERS", 0)
    whole = infer(failures)
    assert {type(node.table) for node in quick.network.nodes.values()} == {Table, QuickTable}
    assert {type(node.table) for node in whole.network.nodes.values()} == {Table}
    assert quick.log_evidence == pytest.approx(whole.log_evidence, rel=1e-12)
    for plate, posterior in whole.plates.items():
        assert quick.plates[plate].causes == pytest.approx(posterior.causes, rel=1e-9)
