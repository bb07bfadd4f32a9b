"""A cause's name is firm only where something was seen that is this cause's own."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from diagnostics.localize.calibration import shipped
from diagnostics.localize.explain import Suspect
from diagnostics.localize.inference import infer
from diagnostics.localize.judge import FIRM, Fault, judge
from diagnostics.localize.naming import Name, name_of
from diagnostics.localize.problem import OTHER, CauseNode, EventObservation, Link, Problem
from diagnostics.localize.sharing import unfolded
from diagnostics.verdict import VerdictWord
from engine.pipeline import Component, Scope, Stage
from tests.diagnostics.localize.problems import failed, machines, passed, real_causes, site, small_problems

WRITER = Component.GUEST_WRITER


@dataclass
class Catalog:
    """A site whose guests' writers are known to break by some causes, as common as each other."""

    causes: tuple[str, ...]

    def plates(self):
        return site(2, 3, self._causes)

    def _causes(self, scope: Scope):
        for cause in real_causes(scope):
            if cause.component == WRITER:
                yield from (cause._replace(id=name, prior=cause.prior / len(self.causes)) for name in self.causes)
            else:
                yield cause

    def signs(self, family: str, vm: str, **readily: float) -> EventObservation:
        """An event that each of some causes shows so readily; those that nobody listed are not in it."""
        links = [Link(Scope.VM, cause, shown) for cause, shown in readily.items() if cause in self.causes]
        return EventObservation(f"{family}@{vm}", vm, True, tuple(links), 0.0002, family)  # noqa: FBT003 - seen

    def night(self, *signs: tuple[str, dict[str, float]]) -> Fault:
        """What is said where a guest's backup failed and it logged such signs; rules without a cause are gone."""
        plates = self.plates()
        vm, *others = machines(plates)
        events = [self.signs(family, vm, **readily) for family, readily in signs]
        jobs = (failed(vm, Stage.GATHER_WRITERS, Stage.POST_SNAPSHOT), *map(passed, others))
        problem = Problem(plates, jobs, tuple(event for event in events if event.links))
        answer = judge(problem, infer(problem))
        assert answer.verdict in {VerdictWord.ASSERTED, VerdictWord.LEADING}
        return answer.faults[0]


def is_firm(fault: Fault) -> bool:
    return (fault.cause_probability or 0.0) >= FIRM


GENERIC = ("generic", {"sql": 0.6, "exchange": 0.6, "registry": 0.6})
MORE_OF_ONE = ("hint", {"sql": 0.6, "exchange": 0.02, "registry": 0.02})
OF_SQL = ("sql's own", {"sql": 0.8})
OF_SQL_TOO = ("sql's own too", {"sql": 0.5})


def test_causes_that_show_the_same_are_not_told_apart():
    fault = Catalog(("exchange", "sql", "registry")).night(GENERIC)
    assert fault.probability >= FIRM
    assert (fault.cause, fault.cause_probability) == (None, None)
    assert fault.name.own_sign == 0.0


def test_signs_of_its_own_make_a_name_firm():
    fault = Catalog(("exchange", "sql", "registry")).night(GENERIC, OF_SQL, OF_SQL_TOO)
    assert fault.cause == "sql"
    assert is_firm(fault)
    assert fault.name.own_sign == pytest.approx(0.8)


def test_a_name_is_kept_though_it_is_not_firm():
    fault = Catalog(("exchange", "sql", "registry")).night(GENERIC, ("faint", {"sql": 0.1}))
    assert fault.cause == "sql"
    assert fault.name.share >= 0.95
    assert not is_firm(fault)


def test_where_nobody_listed_the_cause_no_other_is_named_as_firm():
    signs = (GENERIC, OF_SQL, OF_SQL_TOO, ("shared", {"sql": 0.6, "exchange": 0.3}))
    assert Catalog(("exchange", "sql", "registry")).night(*signs).cause == "sql"
    fault = Catalog(("exchange", "registry")).night(*signs)
    assert fault.cause == "exchange"
    assert fault.name.share >= 0.95
    assert not is_firm(fault)


def test_the_only_cause_that_is_listed_is_not_firm_for_that():
    fault = Catalog(("exchange",)).night(("generic", {"exchange": 0.6, OTHER: 0.6}))
    assert fault.name.share == 1.0
    assert fault.cause == "exchange"
    lone = Name("exchange", 1.0, 0.0)
    assert shipped().names.probability(lone.log_odds, lone.own_sign) < FIRM


def test_a_sign_that_many_machines_show_is_one_sign():
    catalog = Catalog(("exchange", "sql"))
    plates = catalog.plates()
    host_wide = tuple(
        plate._replace(causes=(*plate.causes, *_of_host("sql"), *_of_host("exchange")))
        if plate.scope is Scope.HOST
        else plate
        for plate in plates
    )

    def seen_on(number: int) -> Name:
        vms = machines(plates, "host:HV1")
        links = (Link(Scope.HOST, "sql on host", 0.7), Link(Scope.HOST, "exchange on host", 0.2))
        events = tuple(
            EventObservation(f"own@{vm}", vm, True, links, 0.001, "own")  # noqa: FBT003 - seen
            for vm in vms[:number]
        )
        jobs = tuple(failed(vm, Stage.GUEST_FREEZE) for vm in vms)
        return _names(Problem(host_wide, jobs, events))["host:HV1", Component.HOST_VSS]

    one, three = seen_on(1), seen_on(3)
    assert three.log_odds > one.log_odds
    assert three.own_sign == one.own_sign == pytest.approx(0.5)


def _of_host(name: str):
    yield CauseNode(f"{name} on host", Component.HOST_VSS, 0.01, {Stage.GUEST_FREEZE: 0.9})


def _names(problem: Problem) -> dict[tuple[str, str], Name]:
    """The name of every component, whatever its probability, by where it really sits."""
    posterior = infer(problem)
    return {
        (unfolded(plate, component).plate, unfolded(plate, component).name): name_of(
            posterior.network, believed, Suspect(plate, component)
        )
        for plate, believed in posterior.nested.items()
        for component in believed.components
    }


@given(small_problems())
def test_a_sign_is_the_causes_own_no_more_than_it_shows_it(problem):
    links = [link for event in problem.events if event.seen for link in event.links]
    links += [link for job in problem.jobs if job.report for link in job.report.links]
    for name in _names(problem).values():
        most = max((link.sensitivity for link in links if link.cause == name.cause), default=0.0)
        assert 0.0 <= name.own_sign <= most
        assert 0.0 <= name.share <= 1.0
        assert abs(name.log_odds) <= 13.82


@given(small_problems(), st.floats(0.01, 0.99))
def test_what_every_cause_shows_alike_is_nobodys_own(problem, readily):
    links = {
        Link(plate.scope, cause.id, readily, plate.name if plate.members else "")
        for plate in problem.plates
        for cause in plate.causes
    }
    if len({link.cause for link in links}) < 2:
        return
    alike = tuple(sorted(links))
    events = tuple(event._replace(links=alike) for event in problem.events)
    jobs = tuple(job._replace(report=job.report and replace(job.report, links=alike)) for job in problem.jobs)
    assert {name.own_sign for name in _names(problem._replace(events=events, jobs=jobs)).values()} <= {0.0}


@given(st.floats(-20, 20), st.floats(0, 1), st.floats(0, 1), st.floats(0, 5))
def test_what_speaks_for_a_name_never_makes_it_less_sure(log_odds, own, more, odds):
    names = shipped().names
    assert names.probability(log_odds, own) <= names.probability(log_odds, own + more) < 1.0
    assert names.probability(log_odds, own) <= names.probability(log_odds + odds, own)
