"""What the logs leave side by side is said to be so, with the test that would tell it apart."""

import math

import pytest

from diagnostics.localize.explain import Suspect
from diagnostics.localize.inference import infer
from diagnostics.localize.next_evidence import Retry, Sign, rank_splits
from diagnostics.localize.next_evidence import Test as Export
from diagnostics.localize.problem import Link, Problem
from engine.pipeline import Component, Mode, Scope, Stage
from tests.diagnostics.localize.problems import failed, machines, site

PLATES = site(1, 1)
(VM,) = machines(PLATES)
POSTERIOR = infer(Problem(PLATES, (failed(VM, Stage.GATHER_WRITERS, Stage.POST_SNAPSHOT),), ()))
"""A job that the VSS service of the guest or of the host may have failed: both have a stage within."""
GUEST, HOST = Suspect(VM, Component.GUEST_VSS), Suspect("host:HV1", Component.HOST_VSS)


def shows(key, scope, component, sensitivity=0.8):
    return Export(key, VM, (Sign((Link(scope, f"{component}-broken", sensitivity),), 0.01),), 1.0)


def h2(p):
    return -p * math.log2(p) - (1.0 - p) * math.log2(1.0 - p)


def test_a_log_that_shows_one_suspect_only_tells_them_apart():
    gains = rank_splits(POSTERIOR, [GUEST, HOST], [
        shows("of the guest", Scope.VM, Component.GUEST_VSS),
        shows("of neither", Scope.VM, Component.REPLICA_CC),
    ])  # fmt: skip
    assert [gain.key for gain in gains] == ["of the guest", "of neither"]
    guest, host = (POSTERIOR.plates[suspect.plate].components[suspect.component] for suspect in (GUEST, HOST))
    share, shown, spurious = guest / (guest + host), 0.01 + 0.99 * 0.8, 0.01
    # H2(P se + (1 - P) sp) - P H2(se) - (1 - P) H2(sp): Lindley, On a Measure of the Information, 1956.
    told = h2(share * shown + (1.0 - share) * spurious) - share * h2(shown) - (1.0 - share) * h2(spurious)
    assert gains[0].bits == pytest.approx(told, abs=1e-6)
    assert gains[0].bits > 0.15
    assert gains[1].bits == 0.0


def test_an_offline_retry_tells_the_guest_from_the_host_and_an_online_one_does_not():
    offline, online = (Retry(str(mode), VM, mode, 1.0) for mode in (Mode.OFFLINE, Mode.ONLINE))
    gains = {gain.key: gain.bits for gain in rank_splits(POSTERIOR, [GUEST, HOST], [offline, online])}
    assert gains[str(Mode.OFFLINE)] > 0.3
    assert gains[str(Mode.ONLINE)] < 0.01


def test_what_shows_both_alike_tells_nothing():
    links = (
        Link(Scope.VM, f"{Component.GUEST_VSS}-broken", 0.7),
        Link(Scope.HOST, f"{Component.HOST_VSS}-broken", 0.7),
    )
    both = Export("both", "host:HV1", (Sign(links, 0.01),), 1.0)
    assert rank_splits(POSTERIOR, [GUEST, HOST], [both])[0].bits < 1e-6


def test_a_single_suspect_needs_no_telling_apart():
    assert rank_splits(POSTERIOR, [GUEST], [shows("of the guest", Scope.VM, Component.GUEST_VSS)]) == []
