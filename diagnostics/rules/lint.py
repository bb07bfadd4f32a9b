"""What is wrong, or could be better, in rule packs that load: tiny validators, each with one question."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from diagnostics.datafiles.documents import Problem
from diagnostics.event import Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.rules.conditions import ANY_FIELD, Like, leaves
from diagnostics.rules.rule import Pack, Rule, Status
from diagnostics.rules.samples import Samples, check, read_samples


class Severity(StrEnum):
    """How much an issue matters; errors make lint fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Issue(NamedTuple):
    """A finding with its weight."""

    severity: Severity
    problem: Problem

    def __str__(self) -> str:
        """`file:line: severity: what`."""
        place = f"{self.problem.file}:{self.problem.line}"
        expected = f" (expected {self.problem.expected})" if self.problem.expected else ""
        return f"{place}: {self.severity}: {self.problem.what}{expected}"


class Shelf(NamedTuple):
    """What validators look at."""

    rules: tuple[Rule, ...]
    samples: dict[str, Samples]
    """By rule name."""
    catalog: Catalog


Validator = Callable[[Shelf], Iterator[Issue]]


def lint(pack: Pack, catalog: Catalog) -> list[Issue]:
    """Everything that validators find, and what loading found, by file and line."""
    issues = [Issue(Severity.ERROR, problem) for problem in (*pack.problems, *catalog.problems)]
    samples: dict[str, Samples] = {}
    for rule in pack.rules:
        samples[rule.name], problems = read_samples(rule)
        issues += [Issue(Severity.ERROR, problem) for problem in problems]
    shelf = Shelf(pack.rules, samples, catalog)
    issues += [issue for validate in VALIDATORS for issue in validate(shelf)]
    return sorted(issues, key=lambda issue: (issue.problem, issue.severity))


def _at(rule: Rule, severity: Severity, what: str, expected: str = "") -> Issue:
    return Issue(severity, Problem(rule.file, rule.line, what, expected))


def samples_are_missing(shelf: Shelf) -> Iterator[Issue]:
    """Two hits and two near misses show what a rule means, and what it does not."""
    for rule in shelf.rules:
        hits, near_misses = shelf.samples[rule.name]
        if len(hits) < 2 or len(near_misses) < 2:
            told = f"{rule.name} has {len(hits)} hits and {len(near_misses)} near misses"
            yield _at(rule, Severity.ERROR, told, "at least two of each")


def samples_disagree(shelf: Shelf) -> Iterator[Issue]:
    """Samples are the meaning of a rule."""
    for rule in shelf.rules:
        for problem in check(rule, shelf.samples[rule.name]):
            yield Issue(Severity.ERROR, problem)


def causes_are_unknown(shelf: Shelf) -> Iterator[Issue]:
    """A rule can only blame what the catalog explains."""
    for rule in shelf.rules:
        for link in rule.causes:
            if link.id not in shelf.catalog.causes:
                yield _at(rule, Severity.ERROR, f"{rule.name} names an unknown cause: {link.id}")


_ENGLISH_EVERYWHERE = frozenset({Kind.ERRLOG, Kind.VSS_WRITER, Kind.JOB, Kind.SHADOW_STORAGE})
"""Kinds whose text is a trace, or whose parsers have translated what matters into fields."""


def text_in_one_language(shelf: Shelf) -> Iterator[Issue]:
    """Message text is translated on German, Japanese and French systems; a rule on it needs their words, too."""
    for rule in shelf.rules:
        texts = [text for leaf in leaves(rule.condition) if isinstance(leaf, Like) for text in _natural(leaf)]
        if texts and all(text.isascii() for text in texts) and not rule.kinds <= _ENGLISH_EVERYWHERE:
            told = f"{rule.name} reads message text in one language: {texts[0]!r}"
            yield _at(rule, Severity.WARNING, told, "ids, values or codes; or every language known")


def _natural(leaf: Like) -> list[str]:
    """The parts of a pattern on message text that look like words of a sentence."""
    if leaf.field not in {"text", ANY_FIELD}:
        return []
    return [part for part in leaf.parts if isinstance(part, str) and _is_sentence(part)]


def _is_sentence(text: str) -> bool:
    words = [word for word in text.split() if word.isalpha()]
    return len(words) >= 2 or not text.isascii()


def stable_without_field_basis(shelf: Shelf) -> Iterator[Issue]:
    """`stable` promises that somebody has seen it: no likelihood may be the author's guess alone."""
    for rule in shelf.rules:
        if rule.status is Status.STABLE and rule.causes and all(link.basis == "author" for link in rule.causes):
            yield _at(rule, Severity.WARNING, f"{rule.name} is stable on its author's word", "a lab or field basis")


def causes_look_alike(shelf: Shelf) -> Iterator[Issue]:
    """Causes with the same rules can never be told apart by events: a verdict will name them together."""
    rules_of: dict[str, list[str]] = defaultdict(list)
    for rule in shelf.rules:
        for link in rule.causes:
            rules_of[link.id].append(rule.name)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for cause in sorted(rules_of):
        if cause in shelf.catalog.causes:
            groups[tuple(sorted(rules_of[cause]))].append(cause)
    for names, alike in groups.items():
        if len(alike) > 1:
            first = shelf.catalog.causes[alike[0]]
            told = f"an ambiguity group: {', '.join(alike)} have the same rules ({', '.join(names)})"
            yield Issue(Severity.NOTE, Problem(first.file, first.line, told))


def causes_without_rule(shelf: Shelf) -> Iterator[Issue]:
    """A cause that no event points to can only be found by jobs."""
    named = {link.id for rule in shelf.rules for link in rule.causes}
    for cause in shelf.catalog.causes.values():
        if cause.id not in named:
            yield Issue(Severity.NOTE, Problem(cause.file, cause.line, f"no rule here names the cause {cause.id}"))


VALIDATORS: tuple[Validator, ...] = (
    samples_are_missing,
    samples_disagree,
    causes_are_unknown,
    text_in_one_language,
    stable_without_field_basis,
    causes_look_alike,
    causes_without_rule,
)
