"""How alike signatures are: a number with the properties of a likeness, and what it rests on."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind
from diagnostics.reproduce.likeness import compare, rarity
from diagnostics.reproduce.signature import Log, Signature, Token
from engine.pipeline import Scope

KINDS = (Kind.RECORD, Kind.ERRLOG)
LOGS = [Log(role, kind, "application" if kind is Kind.RECORD else "") for role in Scope for kind in KINDS]
EVERY_LOG = frozenset(LOGS)


def token(what: str, log: Log = LOGS[0], codes: tuple[str, ...] = (), rule: str = "") -> Token:
    return Token(what, log.role, codes, rule, None, log)


tokens = st.builds(
    token,
    st.sampled_from(["VSS/8229", "VSS/12293", "volsnap/25", "VMMS/10102"]),
    st.sampled_from(LOGS),
    st.sampled_from([(), ("0x800423F4",), ("0x800423F3",)]),
    st.sampled_from(["", "one-rule", "another-rule"]),
)
signatures = st.builds(
    Signature,
    st.lists(tokens, unique=True, max_size=8).map(tuple),
    st.sets(st.sampled_from(LOGS)).map(lambda few: EVERY_LOG - few),
)


@given(signatures)
def test_a_signature_is_like_itself(signature):
    held = signature.held_by(signature.logs)
    assert compare(signature, signature).score == (1.0 if held.tokens else 0.0)


@given(signatures, signatures)
def test_likeness_is_mutual_and_between_nothing_and_all(one, other):
    weigh = rarity([one, other])
    there, back = compare(one, other, weigh), compare(other, one, weigh)
    assert there.score == pytest.approx(back.score, abs=1e-6)
    assert 0.0 <= there.score <= 1.0
    assert (there.only_first, there.only_second) == (back.only_second, back.only_first)


@given(signatures, st.integers(1, 3))
def test_noise_of_a_site_lowers_it_a_little(signature, events):
    signature = msgspec.structs.replace(signature, logs=EVERY_LOG)
    noise = tuple(token(f"Noise/{number}") for number in range(events))
    noisy = msgspec.structs.replace(signature, tokens=(*noise, *signature.tokens))
    count = len({(one.what, one.role) for one in signature.tokens})
    score = compare(noisy, signature, rarity([signature])).score
    assert score < 1.0
    assert score >= count / (count + 0.2 * events) - 1e-6


@given(signatures, signatures)
def test_what_both_could_hold_is_in_both_or_in_one_alone(one, other):
    told = compare(one, other)
    assert {*told.both, *told.only_first} == set(one.held_by(other.logs).tokens)
    assert set(told.only_second) <= set(other.held_by(one.logs).tokens)
    events = {(token.what, token.role) for token in told.both}
    assert not events & {(token.what, token.role) for token in (*told.only_first, *told.only_second)}


def test_another_code_of_the_same_event_is_half_alike():
    one, other = (Signature((token("VSS/8229", codes=(code,)),), EVERY_LOG) for code in ("0x800423F4", "0x800423F3"))
    assert compare(one, other).score == pytest.approx(0.7 / 3 + 0.3)


def test_the_other_order_on_one_machine_is_less_alike():
    first, second = token("VSS/8229"), token("volsnap/25")
    one, other = Signature((first, second), EVERY_LOG), Signature((second, first), EVERY_LOG)
    assert compare(one, other).score == pytest.approx(0.7 + 0.3 / 3)


def test_the_order_between_machines_does_not_matter():
    first, second = token("VSS/8229", LOGS[0]), token("volsnap/25", LOGS[-1])
    one, other = Signature((first, second), EVERY_LOG), Signature((second, first), EVERY_LOG)
    assert compare(one, other).score == 1.0


def test_a_log_that_nobody_exported_is_no_difference():
    here, there = token("VSS/8229", LOGS[0]), token("VSS/8229", LOGS[-1])
    whole = Signature((here, there), EVERY_LOG)
    part = Signature((here,), EVERY_LOG - {LOGS[-1]})
    assert compare(whole, part).score == 1.0
    assert compare(whole, Signature((here,), EVERY_LOG)).score < 1.0


def test_records_copied_without_their_channel_may_be_of_any():
    copied = Log(LOGS[0].role, Kind.RECORD)
    told = Signature((token("VSS/8229", copied),), frozenset({copied}))
    whole = Signature((token("VSS/8229", LOGS[0]), token("VSS/8229", LOGS[-1])), EVERY_LOG)
    assert compare(told, whole).score == 1.0


def test_what_few_runs_log_weighs_more_than_what_all_log():
    runs = [Signature((token("job failed"), token(f"Event/{number}")), EVERY_LOG) for number in range(8)]
    weigh = rarity(runs)
    seen = Signature((token("job failed"), token("Event/3")), EVERY_LOG)
    scores = [compare(seen, run, weigh).score for run in runs]
    assert max(scores) == scores[3] == 1.0
    assert sorted(scores)[-2] < 0.2
