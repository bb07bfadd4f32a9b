"""Three hundred strings that try to become something else than text, and a verdict that holds them everywhere."""

import copy
import itertools
import json
from pathlib import Path

import msgspec
from rich.cells import cell_len

from diagnostics.case.pipeline import PlateId, build_pipeline
from diagnostics.sanitize import one_line
from diagnostics.verdict import Verdict
from engine.pipeline import Scope
from tests.diagnostics.report.verdicts import FULL

_SEEDS = json.loads(Path(__file__).with_suffix(".json").read_text())
_ENDS = ("", " x", "`", "|", "<", "\\")
_KEPT = {
    "schema", "verdict", "component", "scope", "stage", "stages", "outcome", "mode", "kind",
    "level", "role", "risk", "time", "started", "ended", "first", "last", "references", "run",
}  # fmt: skip
"""Words, commands and addresses of our own, and times."""

STRINGS = tuple(
    dict.fromkeys(one_line(seed + end) for end, seed in itertools.product(_ENDS, _SEEDS) if one_line(seed + end))
)[:300]


def benign(strings) -> tuple[str, ...]:
    """Words of the same shapes in which nothing is markup; every one has letters of its own."""
    return tuple(
        "".join(one if one.isspace() else chr((0x4E00 if cell_len(one) == 2 else 0x100) + number) for one in text)
        for number, text in enumerate(strings)
    )


def spread(strings) -> tuple[Verdict, object]:
    """A verdict with each string in each place that log text can reach, and its graph.

    Lists have a line for each string; a place that exists once holds them all.
    """
    builtins = msgspec.to_builtins(FULL)
    for where in ("candidates", "noise", "jobs", "next_evidence", "sources", "not_checked", "notes"):
        builtins[where] = _repeated(builtins[where], len(strings))
    for where in ("evidence", "counter_evidence", "confirm", "remedy_details"):
        builtins["faults"][0][where] = _repeated(builtins["faults"][0][where][:1], len(strings))
    builtins["faults"][0]["instance"] = builtins["candidates"][0]["instance"]
    builtins["timeline"]["moments"] = _repeated(builtins["timeline"]["moments"], len(strings))
    builtins["topology"]["hosts"] = _repeated(builtins["topology"]["hosts"], len(strings))
    verdict = msgspec.convert(_replaced(builtins, strings), Verdict)
    plates = [PlateId("site", Scope.SITE, None)]
    plates += [PlateId(f"host:{text}", Scope.HOST, "site") for text in dict.fromkeys(strings)]
    plates += [PlateId(f"vm:{job.vm}", Scope.VM, f"host:{strings[0]}") for job in verdict.jobs]
    return verdict, build_pipeline(dict.fromkeys(plates))


def _repeated(lines, count):
    return [copy.deepcopy(lines[number % len(lines)]) for number in range(count)]


def _replaced(value, strings, key="", place=None):
    if isinstance(value, dict):
        return {name: _replaced(inner, strings, name, place) for name, inner in value.items()}
    if isinstance(value, list):
        outermost = place is None and len(value) == len(strings)
        return [_replaced(inner, strings, key, at if outermost else place) for at, inner in enumerate(value)]
    if isinstance(value, str) and value and key not in _KEPT:
        return " ".join(strings) if place is None else strings[(place + len(key)) % len(strings)]
    return value
