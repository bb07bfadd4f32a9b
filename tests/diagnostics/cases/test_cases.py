"""Real failures with confirmed causes are told by their own evidence, however it is worded, ordered and encoded."""

from collections.abc import Callable
from functools import cache, partial

import pytest

from diagnostics.verdict import VerdictWord
from tests.diagnostics.cases import variants
from tests.diagnostics.cases.bundles import Answer, Bundle, Case, answer_to, real_cases
from tests.diagnostics.cases.hay import in_hay, logs_beside
from tests.diagnostics.cases.rewording import tokens
from tests.diagnostics.cases.scoring import TOLERANCE, WORDS_ALONE, score
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

TOP1, TOP3 = 0.80, 0.95
"""Floors of the originals."""
_SAYS_NOTHING_ALONE = {"VM"}
SOME = real_cases()[::4] if SHARED else ()
"""Enough for what depends on the form of files, not on what they say; the benchmark takes all."""

OTHER_WORDS: dict[str, Callable[[Bundle], Bundle]] = {
    "retold by a person": variants.reworded,
    "in a German without meaning": partial(variants.translated, tongue="german"),
    "in a Japanese without meaning": partial(variants.translated, tongue="japanese"),
    "in a Russian without meaning": partial(variants.translated, tongue="russian"),
    "without any words": variants.unrendered,
}
OTHER_FORMS: dict[str, variants.Variant] = {"in another order": variants.shuffled, **variants.ENCODINGS}


@cache
def original(case_id: str) -> Answer:
    """What is made of the case as it is."""
    return answer_to({case.id: case for case in real_cases()}[case_id].bundle)


def assert_as_good_as_originals(answers: list[tuple[Case, Answer]]) -> None:
    figures, originals = score(answers), score((case, original(case.id)) for case, _ in answers)
    assert figures.top1 >= originals.top1 - TOLERANCE, sorted(set(figures.misses) - set(originals.misses))
    assert figures.top3 >= originals.top3 - TOLERANCE, sorted(set(figures.beyond3) - set(originals.beyond3))
    assert (figures.noise_blamed, figures.unread) == ((), ())


def test_cases_are_told_by_their_own_evidence() -> None:
    figures = score((case, original(case.id)) for case in real_cases())
    assert figures.top1 >= TOP1, figures.misses
    assert figures.top3 >= TOP3, figures.beyond3
    assert (figures.noise_blamed, figures.unread) == ((), ())


def test_no_failure_is_called_healthy() -> None:
    """Even where the logs hold but one event and no job."""
    words = {case.id: original(case.id).word for case in real_cases() if not case.is_noise}
    assert [case for case, word in words.items() if word is VerdictWord.HEALTHY] == []


@pytest.mark.parametrize("variant", OTHER_WORDS.values(), ids=OTHER_WORDS)
def test_cases_are_told_as_well_in_other_words(variant: Callable[[Bundle], Bundle]) -> None:
    excused = set() if variant is variants.reworded else WORDS_ALONE
    assert_as_good_as_originals(
        [(case, answer_to(variant(case.bundle))) for case in real_cases() if case.id not in excused]
    )


def test_few_cases_have_nothing_but_words() -> None:
    """They are excused from translation, and nobody is blamed on the strength of them."""
    assert {case.id for case in real_cases() if _is_words_alone(case)} == WORDS_ALONE
    for case in real_cases():
        if case.id in WORDS_ALONE:
            answer = answer_to(variants.translated(case.bundle, "japanese"))
            assert answer.word is VerdictWord.INSUFFICIENT


def _is_words_alone(case: Case) -> bool:
    texts = [variants.message_of(content.decode()) for name, content in case.bundle.items() if name.endswith(".txt")]
    return len(texts) == len(case.bundle) and not set(tokens("\n".join(texts))) - _SAYS_NOTHING_ALONE


@pytest.mark.parametrize("variant", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_order_and_encoding_change_nothing(variant: variants.Variant) -> None:
    for case in SOME:
        changed = variant(case.bundle)
        if changed is not None:
            assert essence(answer_to(changed)) == essence(original(case.id)), case.id


def essence(answer: Answer) -> tuple[object, ...]:
    """What must not change where only the form does."""
    return answer.word, sorted((component, f"{probability:.6f}") for component, probability in answer.ranking)


def test_machines_under_other_names_are_told_as_well() -> None:
    assert_as_good_as_originals(
        [(case, answer_to(variants.renamed(case.bundle, original(case.id).machines))) for case in real_cases()]
    )


def test_ten_thousand_records_of_other_machines_drown_nothing() -> None:
    assert_as_good_as_originals([(case, answer_to(case.bundle, logs_beside())) for case in real_cases()])


def test_unrelated_records_of_the_same_machines_drown_nothing() -> None:
    assert_as_good_as_originals([(case, answer_to(in_hay(case.bundle, count=500))) for case in real_cases()])
