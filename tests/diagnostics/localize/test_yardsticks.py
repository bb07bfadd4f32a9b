"""The yardsticks beside the model are no straw men, and the figures are the ones that they are called."""

import xml.etree.ElementTree as ET

import pytest

from diagnostics.localize.calibration import Belief, OfNames, tempered
from diagnostics.localize.problem import EventObservation, Link, Problem
from engine.pipeline import Scope, Stage
from tests.bench.localization.chance import chance_of
from tests.bench.localization.diagram import reliability_diagram
from tests.bench.localization.figures import bins, brier, calibration_error, wilson
from tests.bench.localization.fitting import fit_temperature, log_loss
from tests.bench.localization.names import as_listed, fit_names, said_of
from tests.bench.localization.trial import Believed, Naming
from tests.bench.localization.yardsticks import YARDSTICKS, Spectrum
from tests.diagnostics.localize.problems import failed, machines, passed, site

PLATES = site(3, 4)
VM, *_ = machines(PLATES)


def seen(cause: str, plate: str, scope: Scope) -> EventObservation:
    links = (Link(scope, cause, 0.8),)
    return EventObservation(f"{cause} {plate}", plate, seen=True, links=links, spurious=0.01, family=cause)


@pytest.mark.parametrize("method", YARDSTICKS)
@pytest.mark.parametrize(
    ("bad", "stage", "cause", "plate", "scope"),
    [
        ([VM], Stage.GUEST_FREEZE, "guest_writer-broken", VM, Scope.VM),
        (machines(PLATES, "host:HV1"), Stage.PREPARE_BACKUP, "hyperv_writer-broken", "host:HV1", Scope.HOST),
        (machines(PLATES), Stage.CONTACT_AGENT, "dpm_server-broken", "site", Scope.SITE),
    ],
)
def test_each_yardstick_finds_what_is_plain(method, bad, stage, cause, plate, scope):
    jobs = [failed(vm, stage) if vm in bad else passed(vm) for vm in machines(PLATES)]
    problem = Problem(PLATES, tuple(jobs), (seen(cause, plate, scope),))
    assert YARDSTICKS[method](Spectrum(problem))[0] == (plate, cause.removesuffix("-broken"))


@pytest.mark.parametrize("method", YARDSTICKS)
def test_no_yardstick_blames_what_no_failed_job_touches(method):
    jobs = [failed(VM, Stage.GUEST_FREEZE), *(passed(vm) for vm in machines(PLATES) if vm != VM)]
    elsewhere = seen("guest_writer-broken", machines(PLATES)[-1], Scope.VM)
    ranking = YARDSTICKS[method](Spectrum(Problem(PLATES, tuple(jobs), (elsewhere,))))
    assert ranking
    assert all(plate in {VM, "host:HV1", "site"} for plate, _ in ranking)


def test_what_passed_before_the_failure_is_exonerated():
    problem = Problem(PLATES, (failed(VM, Stage.SEND_BLOCKS),), ())
    assert all(component != "guest_vss" for _, component in YARDSTICKS["Ochiai"](Spectrum(problem)))


def test_wilsons_interval_is_the_published_one():
    # Newcombe 1998, table I: 81 of 263 has the score interval 0.2553 to 0.3662, 29 of 29 one from 0.8830.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_calibration_error_is_the_distance_of_said_and_true():
    assert calibration_error([(0.6, False), (0.7, True)] * 50) == pytest.approx(0.45)  # 0.6 never, 0.7 always true
    assert calibration_error([(1.0, False)] * 50) == 1.0
    assert calibration_error([(0.0, False), (1.0, True)] * 50) == 0.0
    assert brier([(1.0, False), (0.5, True)]) == pytest.approx(0.625)


def test_bins_hold_equally_many_answers():
    parts = bins([(place / 100, place % 2 == 0) for place in range(100)])
    assert [part.number for part in parts] == [10] * 10
    assert parts[0].said < parts[-1].said


@pytest.mark.parametrize("temperature", [0.5, 2.0, 3.0])
def test_the_temperature_of_overconfident_beliefs_is_found(temperature):
    chance = chance_of("temperature", temperature)
    honest = [Belief(chance.uniform(0.02, 0.98), chance.uniform(0.5, 1.0)) for _ in range(6000)]
    drawn = [(belief, chance.random() < belief.at_fault * belief.failed) for belief in honest]
    believed = [
        Believed(belief._replace(at_fault=tempered(belief.at_fault, 1.0 / temperature)), true) for belief, true in drawn
    ]
    assert fit_temperature(believed) == pytest.approx(temperature, rel=0.15)


def test_what_speaks_for_right_names_is_found():
    chance, truth = chance_of("names"), OfNames(unlisted=-1.0, listed=0.2, own_sign=2.0)
    namings = [(chance.uniform(-2.0, 13.8), chance.uniform(0.0, 2.0)) for _ in range(6000)]
    drawn = [Naming(odds, own, chance.random() < truth.probability(odds, own)) for odds, own in namings]
    fitted = fit_names(drawn)
    assert (fitted.unlisted, fitted.listed, fitted.own_sign) == pytest.approx((-1.0, 0.2, 2.0), rel=0.15)
    assert log_loss(said_of(drawn, fitted)) < log_loss(as_listed(drawn))


def test_the_diagram_is_a_picture_with_a_dot_for_each_bin():
    parts = bins([(place / 100, place % 3 == 0) for place in range(100)])
    drawn = ET.fromstring(reliability_diagram(parts, "said and true"))  # noqa: S314 - our own document
    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == 10
