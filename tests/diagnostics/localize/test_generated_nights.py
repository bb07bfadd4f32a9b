"""Small twins of the localization benchmark: its nights are what they claim to be, and the model stands up to them."""

import pytest
from msgspec.structs import replace

from diagnostics.event import Kind
from diagnostics.verdict import VerdictWord
from tests.bench.localization import digging
from tests.bench.localization.digging import ADVISED, KNOWING, RANDOM, dig
from tests.bench.localization.fitting import fitting_suites
from tests.bench.localization.leave_out import without
from tests.bench.localization.night import InvisibleFaultError, Night, make_night
from tests.bench.localization.setting import HEALTHY, Setting, split
from tests.bench.localization.signals import Signals, misplaced
from tests.bench.localization.suites import Suite, reported_causes, several, shipped, shows, singles, suites
from tests.bench.localization.table import firm, found, precision
from tests.bench.localization.trial import MODEL, Result, try_night

USUAL = Setting(hosts=(2, 3), machines=(2, 3))


def nights(plans, setting=USUAL) -> list[Result]:
    knowledge = shipped().knowledge
    return [try_night(make_night(causes, seed, setting, shipped()), seed, knowledge) for causes, seed in plans]


def test_placed_on_its_machine_a_sample_event_still_hits_its_rule():
    assert misplaced(shipped().all, shipped().rules) == []


def test_a_seed_reproduces_a_night():
    one, other = (make_night(("sql-writer-failed",), 3, USUAL, shipped()) for _ in range(2))
    assert one.reading.events == other.reading.events
    assert one.reading.events != make_night(("sql-writer-failed",), 4, USUAL, shipped()).reading.events


def test_taking_evidence_away_changes_nothing_else():
    whole = make_night(("vmms-down",), 1, USUAL, shipped()).reading
    thin = make_night(("vmms-down",), 1, replace(USUAL, lost=0.5), shipped()).reading
    outcomes = [[(e.time, e.fields) for e in r.events if e.kind is Kind.JOB] for r in (whole, thin)]
    assert outcomes[0] == outcomes[1]
    assert len(thin.events) < len(whole.events)


def test_a_night_shows_each_of_its_faults():
    night = make_night(("sql-writer-failed", "network-outage"), 5, USUAL, shipped())
    assert {truth.cause for truth in night.truths} == {"sql-writer-failed", "network-outage"}
    assert any(event.fields.get("Status") == "failed" for event in night.reading.events)


def test_a_cause_that_no_rule_knows_makes_no_night():
    known = shipped().knowledge
    rules = without("vmms-down", known).rules.rules
    with pytest.raises(InvisibleFaultError):
        make_night(("vmms-down",), 0, USUAL, Signals(rules, known.catalog))


def test_nothing_is_reported_of_causes_and_seeds_that_were_fitted_on():
    fitted, reported = (
        {plan for suite in some for plan in suite.plans} for some in (fitting_suites(), suites(quick=False))
    )
    assert {cause for causes, _ in fitted for cause in causes}.isdisjoint(c for causes, _ in reported for c in causes)
    assert {seed for _, seed in fitted}.isdisjoint(seed for _, seed in reported)
    assert len(split(shipped().catalog.causes)[1]) >= 40


def test_one_fault_is_mostly_found():
    results = nights(singles(reported_causes()[::4], range(300, 302)))
    assert found(results, MODEL) >= 0.5
    assert found(results, MODEL, 2) >= 0.7
    right, number = precision(results)
    assert number >= 4
    assert right >= 0.7


def test_two_faults_are_mostly_found():
    results = nights(several(reported_causes(), 2, range(300, 308)))
    assert found(results, MODEL, 2) >= 0.6
    assert found(results, MODEL) >= found(results, "heuristics")


def test_nothing_is_asserted_of_a_healthy_site():
    (result,) = nights((((), 0),), replace(HEALTHY, hosts=(4, 6), machines=(6, 9), noise=4.3))
    assert result.jobs > 20
    assert result.named == ()


def test_failures_that_go_away_are_no_faults():
    results = nights((((), seed) for seed in range(300, 310)), replace(USUAL, transient=0.15))
    assert sum(result.failed for result in results) >= 8
    assert len(firm(results)) <= 1


def test_without_a_cause_its_rules_are_gone_and_the_others_stay():
    known = shipped().knowledge
    lacking = without("sql-writer-failed", known)
    assert set(known.catalog.causes) - set(lacking.catalog.causes) == {"sql-writer-failed"}
    assert all(link.id != "sql-writer-failed" for rule in lacking.rules.rules for link in rule.causes)
    only_its = [rule for rule in known.rules.rules if [link.id for link in rule.causes] == ["sql-writer-failed"]]
    assert len(known.rules.rules) - len(lacking.rules.rules) == len(only_its)


def test_a_cause_that_nobody_modelled_is_seldom_pinned_on_another_component_or_called_by_another_name():
    wrong = misnamed = 0
    for cause in reported_causes()[::12]:
        night = make_night((cause,), 300, USUAL, shipped())
        result = try_night(night, 300, without(cause, shipped().knowledge))
        wrong += result.word is VerdictWord.ASSERTED and any(not named.right for named in result.named)
        misnamed += any(named.cause_firm for named in result.named)
    assert wrong <= 1
    assert misnamed <= 1


def _night_of(cause: str, seed: int, setting: Setting) -> tuple[Night, int] | None:
    """None where no night of such a setting shows the cause."""
    try:
        return make_night((cause,), seed, setting, shipped()), seed
    except InvisibleFaultError:
        return None


def test_asking_for_what_is_advised_finds_the_truth_sooner_than_asking_at_random(monkeypatch):
    monkeypatch.setattr(digging, "MOST", 6)
    vague = Setting(
        hosts=(2, 2), machines=(2, 2), collected=0.0, collected_of_guest=0.0, collected_rarely=0.0, precise=0.0
    )
    causes = [cause for cause in split(shipped().catalog.causes)[0] if shows(cause)][::3]
    nights_of = [_night_of(cause, 1_000_300 + 3 * number, vague) for number, cause in enumerate(causes)]
    dug = [dig(night, seed, shipped().knowledge) for night, seed in filter(None, nights_of)]
    dug = [night for night in dug if night.open]
    assert len(dug) >= 6
    took = {way: sum(night.ways[way].first for night in dug) for way in (KNOWING, ADVISED, RANDOM)}
    assert took[KNOWING] <= took[ADVISED] <= 0.8 * took[RANDOM]


def test_every_suite_is_made_of_causes_that_show():
    planned: list[Suite] = suites(quick=True)
    assert {suite.name for suite in planned} >= {"one fault", "two faults", "three faults", "healthy", "unknown cause"}
    assert all(suite.plans for suite in planned)
