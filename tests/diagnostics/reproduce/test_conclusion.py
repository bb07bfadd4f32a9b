"""What the lab says of a verdict, for runs that are more or less like the case."""

import pytest

from diagnostics.event import Kind
from diagnostics.reproduce.conclusion import Trial, conclude
from diagnostics.reproduce.signature import Log, Signature, Token
from diagnostics.reproduce.suspicion import suspicions
from diagnostics.verdict import ReproductionWord
from engine.pipeline import Scope
from tests.bundled import diagnosis_of

LOG = Log(Scope.HOST, Kind.RECORD, "application")


def logged(*events: str) -> Signature:
    return Signature(tuple(Token(event, Scope.HOST, (), "", None, LOG) for event in events), frozenset({LOG}))


CASE = logged("usual/1", "VSS/8229", "volsnap/25", "odd/1")
USUAL = logged("usual/1")
SAME = logged("usual/1", "VSS/8229", "volsnap/25")
OTHER = logged("usual/1", "VSS/12293")


def said(*signatures: Signature | None) -> tuple[ReproductionWord, str]:
    trials = [Trial(f"cause-{at}", "host:HV01/x", "a-fault", one) for at, one in enumerate(signatures)]
    told = conclude(CASE, USUAL, trials, [], seed=1)
    return told.outcome, told.summary


@pytest.mark.parametrize(
    ("signatures", "word", "telling"),
    [
        ((SAME, OTHER), ReproductionWord.REPRODUCED, "Reproduced: cause-0"),
        ((OTHER, SAME), ReproductionWord.ANOTHER, "cause-1 (0.94 alike) explains the logs better than cause-0"),
        ((SAME, OTHER, SAME), ReproductionWord.NOT_TOLD_APART, "so does cause-2"),
        ((OTHER, OTHER), ReproductionWord.NOT_REPRODUCED, "nothing that was run"),
        ((None, SAME), ReproductionWord.NO_FAULT_KNOWN, "cause-1"),
        ((None,), ReproductionWord.NO_FAULT_KNOWN, "cause-0 was not run"),
        ((), ReproductionWord.NOT_REPRODUCED, "nothing to reproduce"),
    ],
)
def test_the_lab_confirms_the_first_cause_or_names_a_better_one(signatures, word, telling):
    outcome, summary = said(*signatures)
    assert outcome is word
    assert telling in summary


def test_runs_are_ranked_by_likeness_and_say_what_both_logged_and_what_one_did():
    trials = [
        Trial("unknown", "site/x", "", None),
        Trial("other", "site/x", "f", OTHER),
        Trial("same", "site/x", "f", SAME),
    ]
    told = conclude(CASE, USUAL, trials, ["a lab"], seed=7)
    assert [run.cause for run in told.runs] == ["same", "other", "unknown"]
    best = told.runs[0]
    assert [line.event for line in best.both] == ["VSS/8229", "volsnap/25"]
    assert [line.event for line in best.only_case] == ["odd/1"]
    assert best.only_lab == []
    assert (told.lab, told.seed) == (["a lab"], 7)


def test_the_verdicts_own_cause_is_suspected_first_and_none_twice():
    case = diagnosis_of("guest-sql-writer").case
    suspected = suspicions(case)
    assert (suspected[0].plate, suspected[0].cause.id) == ("vm:SQL01", "sql-writer-failed")
    assert len({(one.plate[:2], one.cause.id) for one in suspected}) == len(suspected) <= 6
    assert suspicions(case, most=2) == suspected[:2]
