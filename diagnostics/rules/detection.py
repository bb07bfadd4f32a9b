"""Sigma's part of a rule document: pySigma parses it, what the project supports of it is kept, the rest is refused.

Specification: https://github.com/SigmaHQ/sigma-specification.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

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
from sigma.rule import SigmaDetectionItem, SigmaDetections, SigmaRule
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
    SigmaType,
    SpecialChars,
)

from diagnostics.rules.conditions import (
    ANY_FIELD,
    AllOf,
    AnyOf,
    Exists,
    Like,
    Node,
    Not,
    Null,
    Number,
    Regex,
    Relation,
    Wild,
    compile_pattern,
)
from engine.datafiles.documents import Path_, Problem, YamlDocument

MAX_PATTERN = 1024
"""Characters of a regular expression, and of a condition."""
MODIFIERS = (
    *("all", "cased", "contains", "endswith", "exists", "gt", "gte", "lt", "lte", "neq", "startswith"),
    *("re", "i", "ignorecase", "m", "multiline", "s", "dotall"),
)

_CONDITION: Path_ = ("detection", "condition")


def header_problems(document: YamlDocument) -> list[Problem]:
    """What pySigma has against the keys that are Sigma's own, apart from the detection."""
    _, found = SigmaRule.from_dict_common_params(document.data, collect_errors=True)
    return [document.problem(_spoken_of(str(error), document), str(error)) for error in found]


def _spoken_of(message: str, document: YamlDocument) -> Path_:
    """The key that a message of pySigma speaks of, as far as it tells."""
    words = re.findall(r"[a-z]+", message.lower().replace("identifier", "id"))
    return next(((word,) for word in words if word in document.data), ())


def read_detection(document: YamlDocument) -> tuple[Node | None, list[Problem]]:
    """The condition of the `detection:` block of a rule document."""
    detection = document.data.get("detection")
    if detection is None:
        return None, []  # the header's check tells it
    if not isinstance(detection, dict):
        return None, [document.problem(("detection",), "detection is not a mapping", "selections and a condition")]
    problems = list(_check(document, detection))
    if problems:
        return None, problems
    try:
        parsed = SigmaDetections.from_dict(detection, policy=SafePolicy).parsed_condition[0].parsed
        return _node(parsed), list(_unused(document, detection))
    except SigmaError as error:
        return None, _located(document, detection, str(error))
    except RecursionError:
        return None, [document.problem(_CONDITION, "the condition is nested too deeply")]


def _check(document: YamlDocument, detection: dict[str, Any]) -> Iterator[Problem]:
    """What pySigma would accept but the project does not, or would report without a place."""
    condition = detection.get("condition")
    if not isinstance(condition, str) or len(condition) > MAX_PATTERN:
        where = _CONDITION if "condition" in detection else ("detection",)
        yield document.problem(where, "detection has no usable condition", f"a text, at most {MAX_PATTERN} characters")
    if "timeframe" in detection:
        yield document.problem(("detection", "timeframe"), "timeframe is not supported", "conditions on single events")
    for path, key, values in _items(detection):
        yield from _check_item(document, path, key, values)


def _items(detection: dict[str, Any]) -> Iterator[tuple[Path_, str, list[Any]]]:
    """(path, key, values) of every detection item; the key of a keyword is empty."""
    for name, selection in detection.items():
        if name != "condition":
            yield from _items_of(("detection", name), selection)


def _items_of(path: Path_, selection: object) -> Iterator[tuple[Path_, str, list[Any]]]:
    if isinstance(selection, dict):
        for key, value in selection.items():
            yield (*path, key), key, value if isinstance(value, list) else [value]
    elif isinstance(selection, list) and any(isinstance(inner, dict | list) for inner in selection):
        for place, inner in enumerate(selection):
            yield from _items_of((*path, place), inner)
    else:
        yield path, "", selection if isinstance(selection, list) else [selection]


def _check_item(document: YamlDocument, path: Path_, key: str, values: list[Any]) -> Iterator[Problem]:
    field, *modifiers = key.split("|")
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            yield document.problem(path, f"modifier {modifier} is not supported", ", ".join(MODIFIERS))
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
        compile_pattern(pattern)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        yield document.problem(path, f"RE2 refuses a pattern: {reason}", "no look-around, no back-references")


def _located(document: YamlDocument, detection: dict[str, Any], message: str) -> list[Problem]:
    """Find the items that pySigma cannot take; blame the condition where all of them are well."""
    problems = []
    for path, key, values in _items(detection):
        try:
            item = SigmaDetectionItem.from_mapping(key or None, values, policy=SafePolicy)
            for value in item.value:
                _leaf(item.field or ANY_FIELD, value)
        except SigmaError as error:
            problems.append(document.problem(path, f"{key or 'a keyword'} cannot be used: {error}", _VALUES))
    return problems or [
        document.problem(_CONDITION, _UNREADABLE.sub("the condition cannot be read: ", message), _WORDS)
    ]


_VALUES = "quoted text for modifiers on text, numbers for gt, gte, lt and lte, true or false for exists"
_WORDS = "names of selections, and, or, not, parentheses, `1 of name*`, `all of them`"
_UNREADABLE = re.compile(r"^Expected .*, (?=found )")


def _unused(document: YamlDocument, detection: dict[str, Any]) -> Iterator[Problem]:
    """A selection that the condition does not name is most likely a mistake."""
    words = set(re.findall(r"[\w*-]+", detection["condition"]))
    left = [name for name in detection if name not in words and name != "condition"]
    reached = [compile_pattern(word.replace("*", ".*")) for word in words if "*" in word]
    for name in left:
        if "them" not in words and not any(word.fullmatch(name) for word in reached):
            yield document.problem(("detection", name), f"the condition does not use {name}", "a use in the condition")


def _refuse(what: str) -> NoReturn:
    raise SigmaError(what)


def _node(parsed: object) -> Node:
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
    _refuse("the condition selects nothing")


def _leaf(field: str, value: SigmaType) -> Node:
    translate = _LEAVES.get(type(value))
    if translate is None or (field == ANY_FIELD and not isinstance(value, _KEYWORDS)):
        _refuse(f"a value of the kind {type(value).__name__} is not supported here")
    return translate(field.lower(), value)


_WILD = {SpecialChars.WILDCARD_MULTI: Wild.MANY, SpecialChars.WILDCARD_SINGLE: Wild.ONE}


def _like(field: str, value: SigmaString) -> Node:
    parts = tuple(_WILD[part] if isinstance(part, SpecialChars) else str(part) for part in value.s)
    if field == ANY_FIELD:
        parts = (Wild.MANY, *parts, Wild.MANY)
    return Like(field, parts, cased=isinstance(value, SigmaCasedString))


def _equals(field: str, value: SigmaNumber) -> Node:
    if field == ANY_FIELD:
        return Like(field, (Wild.MANY, str(value.number), Wild.MANY))
    return Number(field, "=", value.number)


_RELATIONS: dict[CompareOperators, Relation] = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}


def _compares(field: str, value: SigmaCompareExpression) -> Node:
    return Number(field, _RELATIONS[value.op], value.number.number)


_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


def _regex(field: str, value: SigmaRegularExpression) -> Node:
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    return Regex(field, (f"(?{flags})" if flags else "") + value.regexp.original)


_KEYWORDS = (SigmaString, SigmaNumber, SigmaRegularExpression)
"""Values that make sense without a field."""
_LEAVES: dict[type[SigmaType], Callable[[str, Any], Node]] = {
    SigmaString: _like,
    SigmaCasedString: _like,
    SigmaNumber: _equals,
    SigmaCompareExpression: _compares,
    SigmaBool: lambda field, value: Like(field, ("true" if value.boolean else "false",)),
    SigmaRegularExpression: _regex,
    SigmaExists: lambda field, value: Exists(field, value.exists),
    SigmaNull: lambda field, _: Null(field),
}
