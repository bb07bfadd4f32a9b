"""Samples are short to write, are read as events, and hold a rule to its word."""

from pathlib import Path

import pytest

from diagnostics.event import Event, Kind
from diagnostics.rules.mutation import mutate
from diagnostics.rules.packs import load_from
from diagnostics.rules.rule import Rule
from diagnostics.rules.samples import check, read_samples
from engine.datafiles.documents import Problem
from tests.diagnostics.rules.writing import put

SAMPLES = """\
hits:
    - {provider: volsnap, event_id: 36}
    - {kind: record, provider: Volsnap, event_id: 36, fields: {Used: 5, Full: true}, text: 'Fehler: 0x800423F4'}
near_misses:
    - {provider: volsnap, event_id: 33}
    - {provider: disk, event_id: 36}
"""


@pytest.fixture
def written(tmp_path: Path) -> Rule:
    put(tmp_path)
    (tmp_path / "good-rule.tests.yml").write_text(SAMPLES)
    (rule,) = load_from([tmp_path]).rules
    return rule


def rewrite(rule: Rule, old: str, new: str) -> None:
    Path(rule.file).with_name("good-rule.tests.yml").write_text(SAMPLES.replace(old, new))


def test_what_a_sample_leaves_out_has_defaults_and_codes_are_found(written: Rule) -> None:
    samples, problems = read_samples(written)
    assert problems == []
    assert samples.hits[0].event == Event(kind=Kind.RECORD, source="sample", record=1, provider="volsnap", event_id=36)
    assert samples.hits[1].event.fields == {"Used": "5", "Full": "true"}
    assert samples.hits[1].event.codes == ("0x800423F4",)
    assert check(written, samples) == []


def test_samples_that_a_rule_answers_wrongly_are_named_with_their_lines(written: Rule) -> None:
    rewrite(written, "event_id: 33", "event_id: 36")
    file = written.file.replace(".yml", ".tests.yml")
    assert check(written, read_samples(written)[0]) == [Problem(file, 5, "good-rule matches this near miss")]
    rewrite(written, "- {provider: volsnap, event_id: 36}", "- {kind: job, provider: volsnap, event_id: 36}")
    assert check(written, read_samples(written)[0]) == [Problem(file, 2, "good-rule does not match this hit")]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("event_id: 33", "event_id: many", 5, "near_misses[0].event_id is 'many'"),
        ("event_id: 33", "evnt_id: 33", 5, "unknown key near_misses[0].evnt_id"),
        ("kind: record", "kind: recrd", 3, "hits[1].kind is 'recrd'"),
        ("hits:", "hit:", 1, "unknown key hit"),
        ("near_misses:", "near_misses: yes\nx:", 4, "unquoted yes"),
    ],
)
def test_a_broken_sample_file_says_what_is_wrong_and_where(
    written: Rule, old: str, new: str, line: int, what: str
) -> None:
    rewrite(written, old, new)
    _, problems = read_samples(written)
    assert (problems[0].line, problems[0].what) == (line, what) or problems[0].what.startswith(what)


def test_a_change_that_no_sample_notices_survives(written: Rule) -> None:
    assert mutate(written, read_samples(written)[0]).survived == ()
    rewrite(written, "provider: disk", "provider: disk, kind: job")
    result = mutate(written, read_samples(written)[0])
    assert (result.mutants, len(result.survived)) == (4, 1)
