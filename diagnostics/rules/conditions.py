"""What a rule asks of an event, as plain data: the tree that matching runs, the index reads and lint takes apart.

pySigma parses detections and conditions; this module keeps of its tree what the project supports, and says where the rest
stands. A tree is immutable and can be sent to another process.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, NoReturn

import msgspec
import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.policy.profiles import SafePolicy
from sigma.rule import SigmaDetectionItem, SigmaDetections
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

from diagnostics.rules.documents import Path_, Problem, YamlDocument

MAX_PATTERN = 1024
"""Characters of a regular expression, and of a condition."""
MODIFIERS = frozenset(
    "contains startswith endswith all re i m s ignorecase multiline dotall exists gt gte lt lte cased neq".split()
)
ANY_FIELD = ""
"""The field of a keyword, which is searched in the text and in every data value."""


class Wild(Enum):
    """A wildcard in a pattern."""

    MANY = "*"
    ONE = "?"


class Node(msgspec.Struct, frozen=True):
    """A part of a condition."""


class Like(Node, frozen=True):
    """A value of the field equals the pattern, ignoring case unless `cased`."""

    field: str
    """Lower-case."""
    parts: tuple[str | Wild, ...]
    cased: bool = False

    @property
    def literal(self) -> str | None:
        """The whole text, where the pattern has no wildcard."""
        return None if any(isinstance(part, Wild) for part in self.parts) else "".join(self.parts)


class Regex(Node, frozen=True):
    """RE2 finds the pattern in a value of the field."""

    field: str
    pattern: str


class Number(Node, frozen=True):
    """A value of the field is a number in this relation (`=`, `<`, `<=`, `>`, `>=`) to `number`."""

    field: str
    relation: str
    number: float | int


class Exists(Node, frozen=True):
    """The event has the field, even if it is empty (or has it not, where `exists` is False)."""

    field: str
    exists: bool


class Null(Node, frozen=True):
    """The event does not have the field, or only empty."""

    field: str


class Not(Node, frozen=True):
    """The part does not hold."""

    part: Node


class AllOf(Node, frozen=True):
    """Every part holds."""

    parts: tuple[Node, ...]


class AnyOf(Node, frozen=True):
    """At least one part holds."""

    parts: tuple[Node, ...]


def leaves(node: Node) -> Iterator[Node]:
    """The tests of a condition, in the order in which they are written."""
    if isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


def quiet(pattern: str) -> Any:
    """Compile with RE2, which otherwise also reports errors on standard error."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def read_detection(document: YamlDocument) -> tuple[Node | None, list[Problem]]:
    """The condition of the `detection:` block of a rule document."""
    detection = document.data.get("detection")
    if not isinstance(detection, dict):
        return None, [document.problem(("detection",), "detection is missing or not a mapping", "selections")]
    problems = list(_check(document, detection))
    if problems:
        return None, problems
    try:
        parsed = SigmaDetections.from_dict(detection, policy=SafePolicy).parsed_condition[0].parsed
        return (_node(parsed) if parsed is not None else _refuse("the condition selects nothing")), []
    except SigmaError as error:
        return None, _located(document, detection, str(error))
    except RecursionError:
        return None, [document.problem(("detection", "condition"), "the condition is nested too deeply")]


def unused_selections(detection: dict[str, Any]) -> list[str]:
    """The selections that the condition's words do not reach."""
    words = str(detection["condition"]).replace("(", " ").replace(")", " ").split()
    patterns = [quiet(word.replace("*", ".*")) for word in words if word.replace("*", "").replace("_", "x").isalnum()]
    names = [name for name in detection if name != "condition"]
    if "them" in words:
        return []
    return [name for name in names if name not in words and not any(p.fullmatch(name) for p in patterns)]


def _check(document: YamlDocument, detection: dict[str, Any]) -> Iterator[Problem]:
    """What pySigma would accept but the project does not, or would report without a place."""
    condition = detection.get("condition")
    if not isinstance(condition, str) or len(condition) > MAX_PATTERN:
        where: Path_ = ("detection", "condition") if "condition" in detection else ("detection",)
        yield document.problem(
            where, "detection has no usable condition", f"one text of at most {MAX_PATTERN} characters"
        )
    if "timeframe" in detection:
        yield document.problem(("detection", "timeframe"), "timeframe is not supported", "conditions on single events")
    for path, key, value in _items(("detection",), detection):
        if path != ("detection", "condition"):
            yield from _check_item(document, path, key, value)


def _items(path: Path_, value: Any) -> Iterator[tuple[Path_, str, Any]]:
    """(path, key, values) of every detection item; the key of a keyword is empty."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if len(path) == 1:
                yield from _items((*path, key), inner)
            else:
                yield (*path, key), key, inner if isinstance(inner, list) else [inner]
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for place, inner in enumerate(value):
            yield from _items((*path, place), inner)
    else:
        yield path, "", value if isinstance(value, list) else [value]


def _check_item(document: YamlDocument, path: Path_, key: str, values: list[Any]) -> Iterator[Problem]:
    field, *modifiers = key.split("|")
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            yield document.problem(path, f"modifier {modifier} is not supported", ", ".join(sorted(MODIFIERS)))
    if not values:
        yield document.problem(path, f"{field or 'the list'} has no values", "at least one")
    for value in values:
        if isinstance(value, dict | list):
            yield document.problem(path, f"{field or 'a keyword'} has a nested value", "a value or a list of values")
        elif "re" in modifiers:
            yield from _check_pattern(document, path, value)


def _check_pattern(document: YamlDocument, path: Path_, pattern: object) -> Iterator[Problem]:
    if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN:
        yield document.problem(path, "a regular expression is too long or no text", f"at most {MAX_PATTERN} characters")
        return
    try:
        quiet(pattern)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        yield document.problem(path, f"not a regular expression of RE2: {reason}", "no look-around, no back-references")


def _located(document: YamlDocument, detection: dict[str, Any], message: str) -> list[Problem]:
    """Find the items that pySigma cannot take; blame the condition where all of them are well."""
    problems = []
    for path, key, values in _items(("detection",), detection):
        try:
            if path != ("detection", "condition"):
                item = SigmaDetectionItem.from_mapping(key or None, values, policy=SafePolicy)
                for value in item.value:
                    _leaf(item.field or ANY_FIELD, value)
        except SigmaError as error:
            problems.append(document.problem(path, str(error)))
    return problems or [document.problem(("detection", "condition"), message)]


def _refuse(what: str) -> NoReturn:
    raise SigmaError(what)


def _node(parsed: Any) -> Node:
    """Translate pySigma's tree."""
    match parsed:
        case ConditionAND():
            return AllOf(tuple(_node(arg) for arg in parsed.args))
        case ConditionOR():
            return AnyOf(tuple(_node(arg) for arg in parsed.args))
        case ConditionNOT():
            return Not(_node(parsed.args[0]))
        case ConditionFieldEqualsValueExpression():
            return _leaf(parsed.field, parsed.value)
        case ConditionValueExpression():
            return _leaf(ANY_FIELD, parsed.value)
    _refuse(f"{type(parsed).__name__} is not supported")


def _leaf(field: str, value: Any) -> Node:
    name = field.lower()
    match value:
        case SigmaString():
            return _like(name, value)
        case SigmaNumber() if name == ANY_FIELD:
            return Like(name, (Wild.MANY, str(value.number), Wild.MANY))
        case SigmaNumber():
            return Number(name, "=", value.number)
        case SigmaCompareExpression():
            return Number(name, _RELATIONS[value.op], value.number.number)
        case SigmaBool():
            return Like(name, ("true" if value.boolean else "false",))
        case SigmaRegularExpression():
            return Regex(name, _inline_flags(value) + value.regexp.original)
        case SigmaExists():
            return Exists(name, value.exists)
        case SigmaNull() if name != ANY_FIELD:
            return Null(name)
    _refuse(f"a value of the kind {type(value).__name__} is not supported here")


_RELATIONS = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


def _inline_flags(value: SigmaRegularExpression) -> str:
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    return f"(?{flags})" if flags else ""


_WILD = {SpecialChars.WILDCARD_MULTI: Wild.MANY, SpecialChars.WILDCARD_SINGLE: Wild.ONE}


def _like(field: str, value: SigmaString) -> Like:
    parts: list[str | Wild] = []
    for part in value.s:
        if isinstance(part, SpecialChars):
            parts.append(_WILD[part])
        elif isinstance(part, str):
            parts.append(part)
        else:
            _refuse("placeholders are not supported")
    if field == ANY_FIELD:
        parts = [Wild.MANY, *parts, Wild.MANY]
    return Like(field, tuple(parts), cased=isinstance(value, SigmaCasedString))
