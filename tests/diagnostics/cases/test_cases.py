"""Real failures with confirmed causes are told by their own evidence, however it is worded, ordered and encoded."""

from collections.abc import Callable
from functools import cache, partial

import pytest

from diagnostics.verdict import Verdict, VerdictWord
from tests.diagnostics.cases import variants
from tests.diagnostics.cases.bundles import Bundle, Case, real_cases, verdict_on
from tests.diagnostics.cases.hay import in_hay, logs_beside
from tests.diagnostics.cases.rewording import tokens
from tests.diagnostics.cases.scoring import TOLERANCE, WORDS_ALONE, Figures, score
from tests.shared import needs_shared

pytestmark = needs_shared

TOP1, TOP3 = 0.80, 0.95
"""Floors of the originals."""
_SAYS_NOTHING_ALONE = {"VM"}

OTHER_WORDS: dict[str, Callable[[Bundle], Bundle]] = {
    "retold by a person": variants.reworded,
    "in a German without meaning": partial(variants.translated, tongue="german"),
    "in a Japanese without meaning": partial(variants.translated, tongue="japanese"),
    "in a Russian without meaning": partial(variants.translated, tongue="russian"),
    "without any words": variants.unrendered,
}
OTHER_FORMS: dict[str, variants.Variant] = {
    "in another order": variants.shuffled,
    "UTF-16 with a mark": partial(variants.encoded, encoding="utf-16-le", mark=b"\xff\xfe"),
    "UTF-16 without a mark": partial(variants.encoded, encoding="utf-16-le"),
    "UTF-8 with a mark": partial(variants.encoded, encoding="utf-8", mark=b"\xef\xbb\xbf"),
    "code page 932": partial(variants.encoded, encoding="cp932"),
    "code page 1252": partial(variants.encoded, encoding="cp1252"),
    "code page 850": partial(variants.encoded, encoding="cp850"),
}


@cache
def verdict_of(case_id: str) -> Verdict:
    """On the original."""
    return verdict_on({case.id: case for case in real_cases()}[case_id].bundle)


def assert_as_good_as_originals(answers: list[tuple[Case, Verdict]]) -> None:
    figures, originals = score(answers), score((case, verdict_of(case.id)) for case, _ in answers)
    assert figures.top1 >= originals.top1 - TOLERANCE, sorted(set(figures.misses) - set(originals.misses))
    assert figures.top3 >= originals.top3 - TOLERANCE, sorted(set(figures.beyond3) - set(originals.beyond3))
    assert (figures.noise_blamed, figures.unread) == ((), ())


def essence(verdict: Verdict) -> tuple[object, ...]:
    """What must not change where only the form does."""
    ranking = [(candidate.component, f"{candidate.probability:.6f}") for candidate in verdict.candidates]
    return verdict.verdict, sorted(ranking)


def test_cases_are_told_by_their_own_evidence() -> None:
    figures: Figures = score((case, verdict_of(case.id)) for case in real_cases())
    assert figures.top1 >= TOP1, figures.misses
    assert figures.top3 >= TOP3, figures.beyond3
    assert (figures.noise_blamed, figures.unread) == ((), ())


@pytest.mark.parametrize("variant", OTHER_WORDS.values(), ids=OTHER_WORDS)
def test_cases_are_told_as_well_in_other_words(variant: Callable[[Bundle], Bundle]) -> None:
    excused = set() if variant is variants.reworded else WORDS_ALONE
    assert_as_good_as_originals(
        [(case, verdict_on(variant(case.bundle))) for case in real_cases() if case.id not in excused]
    )


def test_few_cases_have_nothing_but_words() -> None:
    """They are excused from translation, and nobody is blamed on the strength of them."""
    assert {case.id for case in real_cases() if _is_words_alone(case)} == WORDS_ALONE
    for case in real_cases():
        if case.id in WORDS_ALONE:
            verdict = verdict_on(variants.translated(case.bundle, "japanese"))
            assert verdict.verdict is VerdictWord.INSUFFICIENT


def _is_words_alone(case: Case) -> bool:
    texts = [variants.message_of(content.decode()) for name, content in case.bundle.items() if name.endswith(".txt")]
    return len(texts) == len(case.bundle) and not set(tokens("\n".join(texts))) - _SAYS_NOTHING_ALONE


@pytest.mark.parametrize("variant", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_order_and_encoding_change_nothing(variant: variants.Variant) -> None:
    for case in real_cases():
        changed = variant(case.bundle)
        if changed is not None:
            assert essence(verdict_on(changed)) == essence(verdict_of(case.id)), case.id


def test_machines_under_other_names_are_told_as_well() -> None:
    assert_as_good_as_originals(
        [(case, verdict_on(variants.renamed(case.bundle, machines_of(case)))) for case in real_cases()]
    )


def machines_of(case: Case) -> list[str]:
    topology = verdict_of(case.id).topology
    return [machine.name for machine in (*topology.site["machines"], *topology.hosts, *topology.vms)]


def test_ten_thousand_records_of_other_machines_drown_nothing() -> None:
    assert_as_good_as_originals([(case, verdict_on(case.bundle, logs_beside())) for case in real_cases()])


def test_unrelated_records_of_the_same_machines_drown_nothing() -> None:
    assert_as_good_as_originals([(case, verdict_on(in_hay(case.bundle, count=500))) for case in real_cases()])
