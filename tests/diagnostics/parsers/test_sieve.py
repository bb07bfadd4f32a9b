"""What the sieve holds back says nothing: a text is read alike with it and without."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.diagnosis import load_knowledge
from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers import text as text_format
from diagnostics.parsers.sieve import Sieve
from diagnostics.parsers.text import read_text
from diagnostics.parsing import Wanted
from diagnostics.rules.index import RuleSet
from diagnostics.rules.samples import read_samples

SAMPLES = Path(__file__).parents[3] / "samples"
DULL = (
    "",
    "  ",
    "the quick brown fox",
    "2026-11-01 00:00:07 [12] GET /items/2147 200 33 ms",
    "Größe 12\u00a0kB",
    "\tC:\\a\\b",
)


@cache
def _rules() -> RuleSet:
    return load_knowledge().rules


@cache
def corpus() -> tuple[str, ...]:
    """Pieces of what people hand in: texts of the rules' samples, and texts of machines in the lab."""
    said = (sample.event.text for rule in _rules().rules for sample in read_samples(rule)[0].hits)
    files = sorted(path for path in SAMPLES.glob("*/logs/*/*") if path.suffix in {".txt", ".errlog", ".log"})
    return tuple(dict.fromkeys([*filter(None, said), *(path.read_text("utf-8", "replace")[:4000] for path in files)]))


def read(path: Path, *, readers: bool = True) -> tuple[list[Event], int, int | None]:
    rules = _rules()
    tally = Tally()
    document = Document(name="log.txt", path=path, encoding="utf-8", modified=1_669_000_000_000_000)
    events = list(read_text(document, Wanted(rules.interest, rules.relevance if readers else None), tally))
    return events, tally.lines_not_understood, tally.first_line_not_understood


def read_line_by_line(path: Path, **options) -> tuple[list[Event], int, int | None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_format, "_sieve", lambda _: None)
        return read(path, **options)


def test_everything_that_rules_and_parsers_know_passes_the_sieve(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("\n\n".join(corpus()), "utf-8")
    assert read(log) == read_line_by_line(log)
    assert read(log, readers=False) == read_line_by_line(log, readers=False)


def test_rules_tell_which_words_a_line_holds_that_they_read():
    assert _rules().relevance.words, "a shipped rule looks for a pattern in any line: name a word beside it"


@given(st.data())
def test_lines_in_any_order_are_read_alike(tmp_path_factory, data):
    piece = data.draw(st.sampled_from(corpus())).splitlines()[:60]
    other = data.draw(st.sampled_from(corpus())).splitlines()[:20]
    lines = data.draw(st.lists(st.sampled_from([*piece, *other, *DULL]), max_size=40))
    log = tmp_path_factory.mktemp("mixed") / "log.txt"
    log.write_text("\n".join(lines), "utf-8")
    assert read(log) == read_line_by_line(log)


@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), max_size=30), max_size=8)
)
def test_a_line_is_marked_for_what_it_holds_and_for_nothing_else(lines):
    sieve = Sieve("^needle", "straw")
    placed = [*lines, "a STRAW", *lines, "Needle of straw", *lines]
    for line, opens, tells in zip(placed, sieve.opening(placed), sieve.telling(placed), strict=True):
        assert bool(opens) == line.casefold().startswith("needle")
        assert bool(tells) == ("straw" in line.casefold())


def test_where_most_lines_hold_something_no_more_is_looked_for():
    sieve = Sieve("^needle", None)
    assert sieve.opening(["needle"] * 200 + ["hay"] * 50) == b"\1" * 250
    assert sieve.opening(["hay"] * 200 + ["needle"] * 50 + ["hay"]) == bytes(200) + b"\1" * 50 + b"\0"
    assert sieve.telling(["hay"] * 3) == b"\1" * 3
