"""Rule documents for tests: a good one, and what becomes of it when one part is changed."""

import json
from pathlib import Path
from typing import Any

from diagnostics.event import Event, Kind
from diagnostics.rules.reader import read_rule
from diagnostics.rules.rule import Rule
from engine.datafiles.documents import Problem, parse

GOOD = """\
title: Shadow Copy Storage Reached Its Limit
id: 7a1d9a52-5a0e-4c83-9d0b-9a2f3a1f6c11
name: good-rule
status: experimental
description: Volsnap dropped the shadow copies of a volume.
references: [https://learn.microsoft.com/windows-server]
date: 2026-11-22
logsource: {product: windows, service: system}
detection:
    selection: {Provider_Name|contains: volsnap, EventID: 36}
    condition: selection
level: high
diagnosis:
    component: '{machine}.volsnap_diffarea'
    stage: host-snapshot
    polarity: fault
    causes:
        - {id: diff-area-limit, sensitivity: 0.85, spurious: 0.002, basis: author}
"""


def changed(old: str, new: str) -> str:
    """The good rule with one part replaced."""
    assert old in GOOD
    return GOOD.replace(old, new)


def read_text(text: str, name: str = "good-rule") -> tuple[Rule | None, list[Problem]]:
    document, problems = parse(text, f"{name}.yml")
    return (None, problems) if document is None else read_rule(document, name)


def rule(detection: dict[str, Any], logsource: str = "{product: windows}", name: str = "good-rule") -> Rule:
    """A good rule with this detection; the condition is `selection` where none is given."""
    block = json.dumps({"condition": "selection"} | detection, ensure_ascii=False)
    start, end = GOOD.index("detection:"), GOOD.index("level:")
    text = f"{GOOD[:start]}detection: {block}\n{GOOD[end:]}"
    text = text.replace("{product: windows, service: system}", logsource).replace("good-rule", name)
    read, problems = read_text(text, name)
    assert read is not None, problems
    return read


def record(**values: Any) -> Event:
    given: dict[str, Any] = {"kind": Kind.RECORD, "source": "System.evtx", "record": 1} | values
    return Event(**given)


def put(folder: Path, text: str = GOOD, name: str = "good-rule") -> Path:
    """Write a rule into a folder, under its own name and id."""
    path = folder / f"{name}.yml"
    number = sum(map(ord, name))
    path.write_text(text.replace("good-rule", name).replace("7a1d9a52", f"{number:08x}"), "utf-8")
    return path
