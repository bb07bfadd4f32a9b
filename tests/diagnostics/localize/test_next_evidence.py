"""The next best evidence is what splits the suspects for the least cost."""

import math

import pytest

from diagnostics.localize.inference import infer
from diagnostics.localize.next_evidence import Retry, _retry, rank_tests
from diagnostics.localize.next_evidence import Test as Source
from diagnostics.localize.problem import Link, Plate, Problem
from engine.pipeline import Mode, Scope, Stage
from tests.diagnostics.localize import oracle
from tests.diagnostics.localize.problems import failed, machines, passed, site

PLATES = site(2, 3)
VM, NEIGHBOUR, *_ = machines(PLATES)
PROBLEM = Problem(
    PLATES,
    (failed(VM, Stage.GATHER_WRITERS, Stage.POST_SNAPSHOT), *(passed(vm) for vm in machines(PLATES)[1:])),
    (),
)
POSTERIOR = infer(PROBLEM)


def bits(*tests: Source | Retry) -> dict[str, float]:
    return {gain.key: gain.bits for gain in rank_tests(PROBLEM, POSTERIOR, tests)}


def shows(cause: str, *, scope: Scope = Scope.VM, sensitivity: float = 0.9, cost: float = 1.0) -> Source:
    return Source(cause, VM, (Link(scope, cause, sensitivity),), 0.02, cost)


def test_one_linked_cause_gives_the_closed_form():
    def h(p: float) -> float:
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    p = POSTERIOR.plates[VM].causes["guest_vss-broken"]
    seen = 1 - (1 - 0.02) * (1 - 0.9)
    expected = h(p * seen + (1 - p) * 0.02) - p * h(seen) - (1 - p) * h(0.02)
    assert bits(shows("guest_vss-broken"))["guest_vss-broken"] == pytest.approx(expected, abs=1e-6)


def test_a_test_of_what_is_already_cleared_promises_nothing():
    found = bits(shows("replica_cc-broken"), shows("guest_vss-broken"))
    assert found["replica_cc-broken"] < 0.2 * found["guest_vss-broken"]


def test_a_test_that_splits_the_suspects_beats_one_of_a_single_suspect():
    halves = ["guest_vss-broken", "guest_writer-broken", "integration_components-broken", "online_eligibility-broken"]
    split = Source("split", VM, tuple(Link(Scope.VM, cause, 0.9) for cause in halves), 0.02, 1.0)
    found = bits(split, shows("guest_vss-broken"))
    assert found["split"] > 2 * found["guest_vss-broken"]


def test_cost_decides_between_equal_tests():
    cheap, dear = shows("guest_vss-broken"), shows("guest_writer-broken", cost=5.0)
    assert [gain.key for gain in rank_tests(PROBLEM, POSTERIOR, [dear, cheap])] == [cheap.key, dear.key]


def test_an_offline_retry_splits_guest_from_host_and_beats_a_plain_one():
    found = bits(Retry("plain", VM, Mode.ONLINE, 1.0), Retry("offline", VM, Mode.OFFLINE, 1.0))
    assert found["offline"] > found["plain"]


def test_a_retry_of_a_machine_that_passed_promises_little():
    assert bits(Retry("neighbour", NEIGHBOUR, Mode.ONLINE, 1.0))["neighbour"] < 0.02


def test_a_retry_promises_what_brute_force_says():
    causes = {plate.scope: plate.causes[:2] for plate in PLATES}
    plates = tuple(
        Plate(name, scope, parent, causes[scope])
        for name, scope, parent in (("site", Scope.SITE, None), ("h", Scope.HOST, "site"), ("v", Scope.VM, "h"))
    )
    problem = Problem(plates, (failed("v", Stage.CONTACT_AGENT, Stage.POST_SNAPSHOT),), ())
    before, _ = oracle.posterior(problem)
    after, _ = oracle.posterior(problem._replace(jobs=(*problem.jobs, passed("v"))))
    network = infer(problem).network
    outcome, masses = _retry(network, Retry("retry", "v", Mode.ONLINE, 1.0))
    assert float(outcome @ masses) == pytest.approx(math.exp(after - before), abs=1e-9)


def test_tests_of_plates_that_are_not_there_are_left_out():
    assert rank_tests(PROBLEM, POSTERIOR, [shows("guest_vss-broken")._replace(plate="vm:GONE")]) == []
