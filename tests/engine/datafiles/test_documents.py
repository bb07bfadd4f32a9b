"""YAML from strangers is data, or a problem with a line; never code, never an exception, never a long wait."""

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datafiles.documents import MAX_BYTES, Problem, parse, read


def problems(text: str) -> list[Problem]:
    document, found = parse(text, "x.yml")
    assert document is None
    return found


def test_plain_values_have_the_meaning_that_all_readers_agree_on() -> None:
    document, _ = parse("a: 36\nb: -1.5\nc: true\nd: ~\ne: 2026-11-22\nf: 'no'\ng: 0x1g\nh:\ni: no error\n", "x.yml")
    assert document is not None
    expected = {"a": 36, "b": -1.5, "c": True, "d": None, "e": "2026-11-22", "f": "no", "g": "0x1g", "h": None}
    assert document.data == expected | {"i": "no error"}


@pytest.mark.parametrize("value", ["yes", "No", "ON", "off", "0x800423F4", "010", "0o17", "1:30", "1_000", "1e5", ".5"])
def test_an_unquoted_value_that_readers_take_differently_is_refused_with_the_quoted_form(value: str) -> None:
    (problem,) = problems(f"a: 1\nb: {value}\n")
    assert (problem.line, problem.expected) == (2, f"'{value}'")


def test_a_value_is_found_at_the_line_of_its_key() -> None:
    document, _ = parse("a:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n", "x.yml")
    assert document is not None
    assert [document.line(path) for path in [("a", "b"), ("a", "b", 1), ("a", "b", 1, "d"), ("a", "nowhere")]] == [
        2,
        4,
        5,
        1,
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' occurs twice in one mapping"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        ("a: 1\n? [1]\n: 2\n", 2, "key [1] is not text"),
        ("1: 2\n", 1, "key 1 is not text"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("- 1\n", 1, "the document is not a mapping"),
        ("", 1, "the document is not a mapping"),
        ("a: 1\nb: c: d\n", 2, "not YAML: mapping values are not allowed"),
        ("a: 1\nb: [\n", 3, "not YAML"),
        ("a: 1\nb: \x01\n", 2, "not YAML: a character that YAML does not allow"),
        ("a: 1\nb: *nowhere\n", 2, "alias *nowhere"),
        ("a: &a [1, *a]\n", 1, "alias *a stands inside of what it repeats"),
    ],
)
def test_a_document_that_cannot_be_used_names_the_line_and_the_reason(text: str, line: int, what: str) -> None:
    problem = problems(text)[0]
    assert problem.line == line
    assert problem.what.startswith(what)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a: 1\n\tb: 2\n", "spaces at the beginning of the line, not tabs"),
        ("a: {host}.writer\n", "quotes around a text that begins with {, or the bracket that closes it"),
        ("a: Acme: the provider: failed\n", "quotes around a text with a colon in it"),
        ("a:\n    b: 1\n  c: 2\n", "a line that is indented like its neighbours"),
    ],
)
def test_where_yaml_is_broken_what_was_probably_meant_is_told(text: str, meant: str) -> None:
    assert problems(text)[0].expected == meant


def test_all_problems_of_one_file_are_told_at_once() -> None:
    assert [problem.line for problem in problems("a: yes\nb: !x 1\na: 2\n")] == [1, 2, 3]


def chain(levels: int, width: int) -> str:
    """Each level repeats the one before: width ** levels values when expanded."""
    lines = ["l0: &l0 [x, x]"]
    lines += [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines)


BOMBS = {
    "a billion laughs": chain(10, 10),
    "a deep chain of pairs": chain(60, 2),
    "in mappings": "a: &a {x: 1, y: 2}\n" + "\n".join(f"k{n}: *a" for n in range(9000)),
    "nested lists": "a: " + "[" * 300_000,
    "nested mappings": "{a: " * 200_000,
    "nested block lists": "a:\n" + "".join(" " * n + "-\n" for n in range(1, 900)),
    "many anchors": "\n".join(f"k{n}: &k{n} {{x: *k{n - 1}}}" if n else "k0: &k0 1" for n in range(5000)),
    "a wide list": "a: &a [" + "x," * 20_000 + "]\nb: *a",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_by_name_in_no_time(text: str) -> None:
    start = perf_counter()
    found = problems(text)
    assert perf_counter() - start < 0.5
    assert "alias bomb" in found[0].what or "nested too deeply" in found[0].what


def test_a_few_aliases_are_fine() -> None:
    document, _ = parse("a: &a {x: 1}\nb: [*a, *a]\n", "x.yml")
    assert document is not None
    assert document.data["b"] == [{"x": 1}, {"x": 1}]


def test_files_that_are_too_large_missing_or_not_utf8_are_told(tmp_path: Path) -> None:
    (tmp_path / "large.yml").write_bytes(b"a: " + b"x" * MAX_BYTES)
    (tmp_path / "latin.yml").write_bytes("a: 1\nb: für".encode("latin-1"))
    (tmp_path / "bom.yml").write_bytes("a: für".encode("utf-8-sig"))
    assert "too large" in read(tmp_path / "large.yml")[1][0].what
    assert read(tmp_path / "latin.yml", "latin.yml")[1] == [
        Problem("latin.yml", 2, "bytes that are not UTF-8", "UTF-8 text")
    ]
    assert "cannot be opened" in read(tmp_path / "missing.yml")[1][0].what
    assert read(tmp_path / "bom.yml")[1] == []


@given(st.text() | st.text("ab:&*-[]{}!|>'\"\n ?#%@,0x1", max_size=60))
def test_no_text_whatever_makes_reading_raise(text: str) -> None:
    document, found = parse(text, "x.yml")
    assert (document is None) == bool(found)
