"""From YAML data to declared structs: every key is checked on its own, so that one reading tells all problems."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from engine.datafiles.documents import Path_, Problem, YamlDocument

T = TypeVar("T", bound=msgspec.Struct)


def typed(declared: type[T], document: YamlDocument, path: Path_ = ()) -> tuple[T | None, list[Problem]]:
    """The mapping at `path` as a struct of the type `declared` (which forbids unknown fields), or what is wrong."""
    data = value_at(document, path)
    try:
        return msgspec.convert(data, declared), []
    except msgspec.ValidationError:
        return None, _problems(declared, document, path)


def _problems(declared: type[msgspec.Struct], document: YamlDocument, path: Path_) -> list[Problem]:
    """Look at each key on its own; msgspec stops at the first."""
    data = value_at(document, path)
    if not isinstance(data, dict):
        return [document.problem(path, f"{_name(path)} is {_short(data)}", "a mapping")]
    fields = {field.encode_name: field for field in msgspec.structs.fields(declared)}
    problems = list(_unknown(document, path, data, fields))
    for key, field in fields.items():
        if key in data:
            problems += _value_problems(field.type, document, (*path, key))
        elif field.required:
            problems.append(document.problem(path, f"{_name((*path, key))} is missing"))
    return problems


def value_at(document: YamlDocument, path: Path_) -> object:
    """The plain value at `path`, which must exist."""
    here: Any = document.data
    for step in path:
        here = here[step]
    return here


def _unknown(document: YamlDocument, path: Path_, data: dict[str, Any], known: Iterable[str]) -> Iterable[Problem]:
    known = list(known)
    for key in data:
        if key not in known:
            near = get_close_matches(key, known, 1)
            expected = f"{near[0]}" if near else ", ".join(known)
            yield document.problem((*path, key), f"unknown key {_name((*path, key))}", expected)


def _value_problems(wanted: object, document: YamlDocument, path: Path_) -> list[Problem]:
    data = value_at(document, path)
    item = _struct_item(wanted)
    if item is not None and isinstance(data, list):
        return [found for place in range(len(data)) for found in typed(item, document, (*path, place))[1]]
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return typed(wanted, document, path)[1]
    try:
        msgspec.convert(data, wanted)
    except msgspec.ValidationError as error:
        return [_invalid(wanted, document, path, str(error))]
    return []


def _struct_item(wanted: object) -> type[msgspec.Struct] | None:
    """The struct that `wanted` is a tuple of."""
    if get_origin(wanted) is not tuple:
        return None
    item = get_args(wanted)[0]
    return item if isinstance(item, type) and issubclass(item, msgspec.Struct) else None


def _invalid(wanted: object, document: YamlDocument, path: Path_, message: str) -> Problem:
    text, _, where = message.partition(" - at `$")
    inner = tuple(int(step) for step in re.findall(r"\[(\d+)\]", where))
    path = (*path, *inner)
    shown = _short(_maybe(document, path))
    if "enum value" in text:
        return document.problem(path, f"{_name(path)} is {shown}", f"one of {', '.join(_members(wanted))}")
    if "matching regex '^https?" in text:
        return document.problem(path, f"{_name(path)} is {shown}", "an address that begins with https:// or http://")
    expected = re.sub(r", got `.*`$", "", text).removeprefix("Expected ").replace("`", "")
    return document.problem(path, f"{_name(path)} is {shown}", _IN_WORDS.get(expected, expected))


_IN_WORDS = {
    "str": "text",
    "float": "a number",
    "int": "a whole number",
    "array": "a list",
    "object": "a mapping",
    "bool": "true or false",
    "str of length >= 1": "some text",
    "float > 0.0": "a number above 0",
    "float < 1.0": "a number below 1",
}


def _maybe(document: YamlDocument, path: Path_) -> object:
    try:
        return value_at(document, path)
    except (KeyError, IndexError, TypeError):
        return None


def _members(wanted: object) -> list[str]:
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return [str(member.value) for member in wanted]
    return [name for part in get_args(wanted) for name in _members(part)]


def _name(path: Path_) -> str:
    """`diagnosis.causes[0].id`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}"
    return name.lstrip(".") or "the document"


def _short(value: object) -> str:
    shown = "empty" if value is None else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
