"""What is wrong, or could be better, in rule packs that load: tiny validators, each with one question."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from diagnostics.event import Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.rules.conditions import ANY_FIELD, Like, leaves
from diagnostics.rules.locating import Spot, spot
from diagnostics.rules.packs import SAMPLES_SUFFIX
from diagnostics.rules.reach import reach
from diagnostics.rules.rule import Pack, Rule, Status
from diagnostics.rules.samples import Samples, check, read_samples
from diagnostics.rules.words import many
from engine.datafiles.documents import Problem


class Severity(StrEnum):
    """How much an issue matters; errors make lint fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Issue(NamedTuple):
    """A finding with its weight."""

    severity: Severity
    problem: Problem
    check: str = "loading"
    """The validator that found it."""

    def __str__(self) -> str:
        """`file:line:column: severity: what`."""
        expected = f" (expected {self.problem.expected})" if self.problem.expected else ""
        return f"{self.problem.place}: {self.severity}: {self.problem.what}{expected}"


class Shelf(NamedTuple):
    """What validators look at."""

    rules: tuple[Rule, ...]
    samples: dict[str, Samples]
    """By rule name."""
    catalog: Catalog
    beside: tuple[Rule, ...] = ()
    """Rules that are read together with these, and are not judged."""


Validator = Callable[[Shelf], Iterator[Issue]]


def lint(pack: Pack, catalog: Catalog, beside: tuple[Rule, ...] = ()) -> list[Issue]:
    """Everything that validators find, and what loading found, by file and line."""
    issues = [Issue(Severity.ERROR, problem) for problem in (*pack.problems, *catalog.problems)]
    samples: dict[str, Samples] = {}
    for rule in pack.rules:
        samples[rule.name], problems = read_samples(rule)
        issues += [Issue(Severity.ERROR, problem) for problem in problems]
    shelf = Shelf(pack.rules, samples, catalog, beside)
    for validate in VALIDATORS:
        check = validate.__name__.replace("_", "-")
        issues += [issue._replace(check=check) for issue in validate(shelf)]
    return sorted(issues, key=lambda issue: (issue.problem, issue.severity))


def _at(rule: Rule, severity: Severity, what: str, expected: str = "", where: Spot | None = None) -> Issue:
    line, column = where or Spot(rule.line)
    return Issue(severity, Problem(rule.file, line, what, expected, column))


def samples_are_missing(shelf: Shelf) -> Iterator[Issue]:
    """Two hits and two near misses show what a rule means, and what it does not."""
    for rule in shelf.rules:
        hits, near_misses = shelf.samples[rule.name]
        if len(hits) < 2 or len(near_misses) < 2:
            told = f"{rule.name} has {many(len(hits), 'hit')} and {many(len(near_misses), 'near miss', 'near misses')}"
            yield _at(rule, Severity.ERROR, told, f"at least two of each, in {rule.name}{SAMPLES_SUFFIX}")


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
                causes = shelf.catalog.causes
                of_component = [cause.id for cause in causes.values() if cause.component == rule.component]
                near = get_close_matches(link.id, causes, 1, 0.8)
                meant = near[0] if near else f"one of those of {rule.component}: {', '.join(of_component)}"
                told = f"{rule.name} names an unknown cause: {link.id}"
                yield _at(rule, Severity.ERROR, told, meant, spot(rule, "diagnosis", link.id, key="id"))


def faults_are_unknown(shelf: Shelf) -> Iterator[Issue]:
    """What a cause injects is a fault of the lab, with parameters that it has."""
    from engine.lab.faults import FaultError, parse_fault  # noqa: PLC0415 - no diagnosis needs the lab

    for cause in shelf.catalog.causes.values():
        for text in cause.inject:
            try:
                parse_fault(text)
            except FaultError as error:
                told = f"{cause.id} injects {text}: {error}"
                yield Issue(Severity.ERROR, Problem(cause.file, cause.line, told, error.expected))


def references_are_no_addresses(shelf: Shelf) -> Iterator[Issue]:
    """A report prints references for people to open."""
    for rule in shelf.rules:
        for reference in rule.references:
            if not _ADDRESS(reference):
                told = f"reference {reference!r} of {rule.name}"
                where = spot(rule, "references", reference)
                yield _at(rule, Severity.WARNING, told, "an http or https address", where)


_ADDRESS = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d+)?(/[^\s<>]*)?").fullmatch
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


def names_are_taken(shelf: Shelf) -> Iterator[Issue]:
    """Of two rules with one name or id only the first is read."""
    taken = {key: rule for rule in shelf.beside for key in (rule.name, rule.id.lower())}
    for rule in shelf.rules:
        same = taken.get(rule.name) or taken.get(rule.id.lower())
        if same is not None:
            yield _at(rule, Severity.ERROR, f"name or id is that of {same.file}", "one of its own")


def codes_are_unknown(shelf: Shelf) -> Iterator[Issue]:
    """A code that no row of codes.csv knows reaches a report without its meaning."""
    asked = {rule.name: reach(rule).codes for rule in (*shelf.rules, *shelf.beside)}
    known = {*shelf.catalog.codes, *(code for codes in asked.values() for code in codes)}
    for rule in shelf.rules:
        for code in asked[rule.name]:
            if code not in shelf.catalog.codes:
                told, expected = f"{rule.name} asks for {code}", "a row of codes.csv that tells what it means"
                yield _at(rule, Severity.WARNING, told, expected, spot(rule, "detection", code))
        for sample in shelf.samples[rule.name].hits:
            for code in sample.event.codes:
                if code not in known:
                    told = f"no rule and no row of codes.csv knows {code}"
                    yield Issue(Severity.NOTE, Problem(sample.file, sample.line, told))


def causes_look_alike(shelf: Shelf) -> Iterator[Issue]:
    """Causes with the same rules can never be told apart by events: a verdict will name them together.

    The idea is the codebook's: what a cause makes visible is its signature, and equal signatures are one answer (Yemini
    et al., High speed and robust event correlation, IEEE Communications Magazine, 1996).
    """
    judged = {link.id for rule in shelf.rules for link in rule.causes}
    rules = (*shelf.rules, *shelf.beside)
    for alike, names in ambiguity_groups(rules).items():
        known = [shelf.catalog.causes[cause] for cause in alike if cause in shelf.catalog.causes]
        if len(known) > 1 and judged.intersection(alike):
            told = (
                f"an ambiguity group: {', '.join(cause.id for cause in known)} have the same rules ({', '.join(names)})"
            )
            expected = "a rule for a part of them, or one cause"
            yield Issue(Severity.NOTE, Problem(known[0].file, known[0].line, told, expected))


def ambiguity_groups(rules: Iterable[Rule]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Causes that have the very same rules, and these rules; in the order of ids."""
    rules_of: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for link in rule.causes:
            rules_of[link.id].append(rule.name)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for cause in sorted(rules_of):
        groups[tuple(sorted(rules_of[cause]))].append(cause)
    return {tuple(alike): names for names, alike in groups.items() if len(alike) > 1}


def causes_are_unlinked(shelf: Shelf) -> Iterator[Issue]:
    """A cause that no event points to can only be found by jobs."""
    named = {link.id for rule in (*shelf.rules, *shelf.beside) for link in rule.causes}
    for cause in shelf.catalog.causes.values():
        if cause.id not in named:
            yield Issue(Severity.NOTE, Problem(cause.file, cause.line, f"no rule here names the cause {cause.id}"))


VALIDATORS: tuple[Validator, ...] = (
    samples_are_missing,
    samples_disagree,
    causes_are_unknown,
    faults_are_unknown,
    references_are_no_addresses,
    text_in_one_language,
    stable_without_field_basis,
    names_are_taken,
    codes_are_unknown,
    causes_look_alike,
    causes_are_unlinked,
)
