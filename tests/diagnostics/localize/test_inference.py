"""Inference is exact: it agrees with brute force, whatever the plates, jobs and events."""

import itertools

import pytest
from hypothesis import given, settings

from diagnostics.localize.explain import Suspect
from diagnostics.localize.inference import infer
from diagnostics.localize.problem import EventObservation, Link, Problem
from diagnostics.localize.responsibility import Responsibilities
from diagnostics.localize.sharing import fold, unfolded
from engine.pipeline import Mode, Scope, Stage
from tests.diagnostics.localize import oracle
from tests.diagnostics.localize.problems import failed, machines, passed, site, small_problems

EXACT = 1e-9


@settings(max_examples=150, deadline=None)
@given(small_problems())
def test_agrees_with_brute_force_on_small_plates(problem: Problem):
    log_evidence, marginals = oracle.posterior(fold(problem))
    posterior = infer(problem)

    assert posterior.log_evidence == pytest.approx(log_evidence, abs=EXACT)
    for plate in problem.plates:
        around = plate.parent if plate.members else plate.name
        own = [(causes, p) for (name, causes), p in marginals.items() if name == around]

        def expected(wanted, around=around, own=own, plate=plate):
            """P(some cause that really sits on the plate, and is wanted)."""
            homes = [({unfolded(around, cause) for cause in causes}, p) for causes, p in own]
            return sum(p for places, p in homes if any(at == plate.name and wanted(name) for at, name in places))

        believed = posterior.plates[plate.name]
        assert believed.present == pytest.approx(expected(lambda _: True), abs=EXACT)
        assert set(believed.causes) == {cause.id for cause in plate.causes}
        for cause in plate.causes:
            assert believed.causes[cause.id] == pytest.approx(expected(lambda n, c=cause: n == c.id), abs=EXACT)
        for component in {cause.component for cause in plate.causes}:
            ids = {cause.id for cause in plate.causes if cause.component == component}
            assert believed.components[component] == pytest.approx(expected(lambda n, i=ids: n in i), abs=EXACT)


@settings(max_examples=60, deadline=None)
@given(small_problems())
def test_who_failed_a_job_agrees_with_brute_force(problem: Problem):
    nested = fold(problem)
    responsibilities = Responsibilities(infer(problem).network)
    for plate in nested.plates:
        for component in sorted({cause.component for cause in plate.causes}):
            expected = oracle.responsibility(nested, (plate.name, component))
            assert responsibilities.of(Suspect(plate.name, component)) == pytest.approx(expected, abs=EXACT)


@settings(max_examples=25, deadline=None)
@given(small_problems())
def test_leaving_out_one_line_equals_starting_anew_without_it(problem: Problem):
    network = infer(problem).network
    for plate, key in [(plate, key) for plate, lines in network.lines.items() for key in lines][:3]:
        fewer = network.without([(plate, key)])
        lines = {name: {k: v for k, v in of.items() if k != key} for name, of in network.lines.items()}
        anew = infer(problem._replace(jobs=(), events=())).network
        anew = anew.replace(lines)
        assert fewer.log_evidence == pytest.approx(anew.log_evidence, abs=EXACT)
        assert fewer.own(plate) == pytest.approx(anew.own(plate), abs=EXACT)


def test_thousands_of_contradicting_jobs_neither_overflow_nor_lose_probability():
    plates = site(2, 2)
    vm, neighbour = machines(plates, "host:HV1")
    jobs = [failed(vm, Stage.HOST_SNAPSHOT, key=f"failed {n}") for n in range(3000)]
    jobs += [passed(neighbour, key=f"passed {n}") for n in range(3000)]
    posterior = infer(Problem(plates, tuple(jobs), ()))

    assert posterior.plates[vm].present > 0.9
    assert posterior.plates[vm].present + posterior.plates["host:HV1"].present > 0.99
    assert posterior.plates[neighbour].present < 0.05


def test_an_unknown_outcome_says_nothing():
    plates = site(1, 2)
    unknown = passed(machines(plates)[0])._replace(succeeded=False)
    assert infer(Problem(plates, (unknown,), ())).plates == infer(Problem(plates, (), ())).plates


def test_observations_of_plates_and_causes_that_are_not_there_say_nothing():
    plates = site(1, 1)
    event = EventObservation(
        "e", machines(plates)[0], seen=False, links=(Link(Scope.VM, "nowhere", 0.9),), spurious=0.01, family="f"
    )
    jobs = (failed("vm:GONE", Stage.HOST_SNAPSHOT),)
    stray = infer(Problem(plates, jobs, (event, event._replace(key="g", plate="host:GONE"))))
    for name, believed in infer(Problem(plates, (), ())).plates.items():
        assert stray.plates[name].causes == pytest.approx(believed.causes, abs=EXACT)


def test_an_empty_problem_has_an_answer():
    assert infer(Problem((), (), ())).plates == {}


def test_a_job_of_unknown_mode_clears_only_what_both_modes_pass():
    plates = site(1, 1)
    (vm,) = machines(plates)

    def guest_vss(mode: Mode) -> float:
        return infer(Problem(plates, (passed(vm, mode=mode),), ())).plates[vm].components["guest_vss"]

    assert guest_vss(Mode.ONLINE) < 0.1 * guest_vss(Mode.OFFLINE)
    assert guest_vss(Mode.UNKNOWN) == pytest.approx(guest_vss(Mode.OFFLINE), rel=0.05)


@settings(max_examples=25, deadline=None)
@given(small_problems())
def test_the_answer_does_not_depend_on_the_order_of_the_input(problem: Problem):
    shuffled = problem._replace(
        plates=tuple(plate._replace(causes=plate.causes[::-1]) for plate in problem.plates[::-1]),
        jobs=problem.jobs[::-1],
        events=problem.events[::-1],
    )
    first, second = infer(problem), infer(shuffled)
    assert first.plates == second.plates
    assert first.explanation == second.explanation
    assert first.log_evidence == second.log_evidence


@settings(max_examples=25, deadline=None)
@given(small_problems())
def test_renaming_the_machines_renames_the_answer(problem: Problem):
    # Reversed names also reverse every order that the inference goes by.
    names = sorted(plate.name for plate in problem.plates)
    new = dict(zip(names, (f"{len(names) - n:02} {name}" for n, name in enumerate(names)), strict=True))
    renamed = problem._replace(
        plates=tuple(
            plate._replace(
                name=new[plate.name],
                parent=new.get(plate.parent or ""),
                members=frozenset(new[member] for member in plate.members),
            )
            for plate in problem.plates
        ),
        jobs=tuple(job._replace(plate=new[job.plate]) for job in problem.jobs),
        events=tuple(
            event._replace(
                plate=new[event.plate],
                links=tuple(link._replace(plate=new.get(link.plate, "")) for link in event.links),
            )
            for event in problem.events
        ),
        singly=frozenset(new[name] for name in problem.singly),
    )
    first, second = infer(problem), infer(renamed)
    for name in names:
        assert second.plates[new[name]].causes == pytest.approx(first.plates[name].causes, abs=EXACT)


@settings(max_examples=25, deadline=None)
@given(small_problems())
def test_a_duplicate_changes_nothing(problem: Problem):
    doubled = problem._replace(jobs=problem.jobs * 2, events=problem.events * 2)
    assert infer(problem).plates == infer(doubled).plates


@settings(max_examples=30, deadline=None)
@given(small_problems())
def test_a_success_never_lowers_the_probability_that_nothing_is_at_fault(problem: Problem):
    # Of several suspects one may well gain when a success clears another; innocence of all of them never loses.
    def innocence(case: Problem) -> float:
        nothing = case._replace(plates=tuple(plate._replace(causes=()) for plate in case.plates))
        none = sum(float(catalog[-1].log_prior[0]) for catalog in infer(case).network.chains.values())
        return none + infer(nothing).log_evidence - infer(case).log_evidence

    for plate, mode in itertools.product((problem.plates[0], problem.plates[-1]), (Mode.ONLINE, Mode.OFFLINE)):
        more = problem._replace(jobs=(*problem.jobs, passed(plate.name, "extra", mode)))
        assert innocence(more) >= innocence(problem) - EXACT


def test_a_success_never_raises_a_component_that_it_needs():
    plates = site(2, 3)
    vm = machines(plates)[0]
    jobs = (failed(vm, Stage.GUEST_FREEZE),)
    before = infer(Problem(plates, jobs, ())).plates[vm].components
    for mode, cleared in (
        (Mode.ONLINE, "guest_vss"),
        (Mode.ONLINE, "guest_writer"),
        (Mode.OFFLINE, "vm_config_storage"),
    ):
        after = infer(Problem(plates, (*jobs, passed(vm, mode=mode)), ())).plates[vm].components
        assert after[cleared] < before[cleared]
