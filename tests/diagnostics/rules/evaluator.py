"""Sigma read naively, straight from the written detection: the yardstick for the compiled matcher.

It shares no code with what it checks, and is as slow as it looks.
"""

import re
from typing import Any

from diagnostics.event import Event

Tree = str | tuple[str, list[Any]]
"""A selection's name, or ("and" | "or" | "not", parts)."""


def written(tree: Tree) -> str:
    """The tree as a Sigma condition."""
    if isinstance(tree, str):
        return tree
    word, parts = tree
    if word == "not":
        return f"not ({written(parts[0])})"
    return "(" + f" {word} ".join(written(part) for part in parts) + ")"


def holds(tree: Tree, detection: dict[str, Any], event: Event) -> bool:
    if isinstance(tree, str):
        return selected(detection[tree], event)
    word, parts = tree
    answers = [holds(part, detection, event) for part in parts]
    combined = {"and": all(answers), "or": any(answers), "not": not answers[0]}
    return combined[word]


def selected(selection: Any, event: Event) -> bool:
    if isinstance(selection, dict):
        return all(item(key, values, event) for key, values in selection.items())
    if any(isinstance(part, dict) for part in selection):
        return any(selected(part, event) for part in selection)
    return any(keyword(str(word), event) for word in selection)


def keyword(word: str, event: Event) -> bool:
    return any(equal(value, f"*{word}*") for value in (event.text, *event.fields.values()))


def item(key: str, values: Any, event: Event) -> bool:
    field, *modifiers = key.split("|")
    wanted = values if isinstance(values, list) else [values]
    answers = [test(field, modifiers, one, event) for one in wanted]
    result = all(answers) if "all" in modifiers else any(answers)
    return (not result) if "neq" in modifiers else bool(result)


def test(field: str, modifiers: list[str], wanted: Any, event: Event) -> bool:
    have = found(field, event)
    cased = "cased" in modifiers
    if "exists" in modifiers:
        return bool(have) is bool(wanted)
    if wanted is None:
        return all(value == "" for value in have)
    for relation in ("gt", "gte", "lt", "lte"):
        if relation in modifiers:
            return any(compare(relation, value, wanted) for value in have)
    if "re" in modifiers:
        return any(re.search(wanted, value) for value in have)
    if isinstance(wanted, int):
        return any(compare("eq", value, wanted) for value in have)
    pattern = {"contains": f"*{wanted}*", "startswith": f"{wanted}*", "endswith": f"*{wanted}"}
    shape = next((pattern[modifier] for modifier in modifiers if modifier in pattern), wanted)
    return any(equal(value, shape, cased=cased) for value in have)


def compare(relation: str, value: str, wanted: float) -> bool:
    try:
        number = float(int(value, 16)) if value.lower().startswith("0x") else float(value)
    except ValueError:
        return False
    answers: dict[str, bool] = {
        "gt": number > wanted,
        "gte": number >= wanted,
        "lt": number < wanted,
        "lte": number <= wanted,
    }
    return answers.get(relation, number == wanted)


def equal(value: str, pattern: str, *, cased: bool = False) -> bool:
    """`*` and `?` by trying everything."""
    if not cased:
        value, pattern = value.casefold(), pattern.casefold()
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(equal(value[start:], pattern[1:], cased=True) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in ("?", value[0]) and equal(value[1:], pattern[1:], cased=True)


def found(field: str, event: Event) -> list[str]:
    common = {
        "Provider_Name": [event.provider] if event.provider else [],
        "EventID": [str(event.event_id)],
        "Code": list(event.codes),
        "Text": [event.text] if event.text else [],
        "Data": [value for name, value in event.fields.items() if name.startswith("Data[")],
    }
    if field in common:
        return common[field]
    return [value for name, value in event.fields.items() if name.lower() == field.lower()]
