"""The next best evidence is what splits the suspects for the least cost."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from diagnostics.localize.explain import Suspect
from diagnostics.localize.inference import infer
from diagnostics.localize.next_evidence import Retry, Sign, first_sign, information, outcomes_of_retry, rank_tests
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
SUSPECTS = {
    Suspect(plate, component): mass
    for plate in ("site", "host:HV1", VM)
    for component, mass in POSTERIOR.plates[plate].components.items()
    if mass >= 0.01
}


def bits(*tests: Source | Retry) -> dict[str, float]:
    return {gain.key: gain.bits for gain in rank_tests(POSTERIOR, SUSPECTS, tests)}


def sign(*causes: str, scope: Scope = Scope.VM, sensitivity: float = 0.9) -> Sign:
    return Sign(tuple(Link(scope, cause, sensitivity) for cause in causes), 0.02)


def shows(cause: str, *, cost: float = 1.0) -> Source:
    return Source(cause, VM, (sign(cause),), cost)


def test_a_source_with_one_sign_gives_the_closed_form():
    def h(p: float) -> float:
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    p = SUSPECTS[Suspect(VM, "guest_vss")] / max(1.0, sum(SUSPECTS.values()))
    seen = 1 - (1 - 0.02) * (1 - 0.9)
    expected = h(p * seen + (1 - p) * 0.02) - p * h(seen) - (1 - p) * h(0.02)
    assert bits(shows("guest_vss-broken"))["guest_vss-broken"] == pytest.approx(expected, abs=1e-6)


def test_a_test_of_what_is_already_cleared_promises_nothing():
    found = bits(shows("replica_cc-broken"), shows("guest_vss-broken"))
    assert found["replica_cc-broken"] < 0.2 * found["guest_vss-broken"]


def test_a_test_that_splits_the_suspects_beats_one_of_a_single_suspect():
    halves = ["guest_vss-broken", "guest_writer-broken", "integration_components-broken", "online_eligibility-broken"]
    split = Source("split", VM, (sign(*halves),), 1.0)
    found = bits(split, shows("guest_vss-broken"))
    assert found["split"] > 2 * found["guest_vss-broken"]


def test_a_source_that_tells_which_suspect_it_is_beats_one_that_only_tells_whether():
    suspects = ["guest_vss-broken", "guest_writer-broken", "integration_components-broken"]
    each = Source("each", VM, tuple(sign(cause) for cause in suspects), 1.0)
    any_of_them = Source("any", VM, (sign(*suspects),), 1.0)
    found = bits(each, any_of_them)
    assert found["each"] > 1.3 * found["any"]


def test_a_source_of_another_machine_promises_nothing():
    assert bits(shows("guest_vss-broken")._replace(plate=NEIGHBOUR))["guest_vss-broken"] == 0.0


@given(
    arrays.arrays(float, st.tuples(st.integers(2, 4), st.integers(1, 4)), elements=st.floats(0.01, 0.99)),
    st.lists(st.floats(0.05, 1.0), min_size=4, max_size=4),
)
def test_what_the_first_of_many_signs_tells_lies_between_the_best_of_them_and_all_together(outcomes, shares):
    weights = np.array(shares[: len(outcomes)]) / sum(shares[: len(outcomes)])
    combined = 0.0
    for seen in product((True, False), repeat=outcomes.shape[1]):
        given_state = np.where(seen, outcomes, 1.0 - outcomes).prod(axis=1)
        combined += float((weights * given_state * np.log2(given_state / (weights @ given_state))).sum())
    best_alone = max(information(column, weights) for column in outcomes.T)
    assert best_alone - 1e-9 <= first_sign(outcomes, weights) <= combined + 1e-9


def test_cost_decides_between_equal_tests():
    cheap, dear = shows("guest_vss-broken"), shows("guest_writer-broken", cost=5.0)
    assert [gain.key for gain in rank_tests(POSTERIOR, SUSPECTS, [dear, cheap])] == [cheap.key, dear.key]


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
    outcome, masses = outcomes_of_retry(network, Retry("retry", "v", Mode.ONLINE, 1.0))
    assert float(outcome @ masses) == pytest.approx(math.exp(after - before), abs=1e-9)


def test_tests_of_plates_that_are_not_there_are_left_out():
    assert rank_tests(POSTERIOR, SUSPECTS, [shows("guest_vss-broken")._replace(plate="vm:GONE")]) == []
