"""Redacted copies of cases, and what is compared of a case and its copy."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from diagnostics.diagnosis import Knowledge, diagnose, load_knowledge
from diagnostics.parsing import Unwatched
from diagnostics.redaction.copying import Redaction, Wish, redact
from diagnostics.request import Request
from diagnostics.verdict import Verdict

ENCODINGS = ("utf-8", "utf-16-le", "cp932")


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


def copy_of(logs: Path, target: Path, **wishes: Any) -> Redaction:
    return redact(Wish(paths=(str(logs),), output=target, **wishes), Unwatched())


def said_of(logs: Path, done: Redaction | None = None) -> dict[str, object]:
    """What the diagnosis says, with the names as they are in a copy, where that is given."""
    verdict: Verdict = diagnose(Request(paths=(str(logs),)), None, knowledge()).verdict
    stands = {name.name.upper(): name.stands.upper() for name in done.names} if done else {}
    names = "|".join(map(re.escape, sorted(stands, key=len, reverse=True))) or "(?!)"
    pattern = re.compile(rf"(?<![0-9A-Z])(?:{names})(?![0-9A-Z])")

    def called(name: str) -> str:
        return pattern.sub(lambda match: stands[match[0]], name.upper())

    return {
        "verdict": verdict.verdict,
        "faults": [
            (
                *(fault.component, called(fault.instance), fault.scope, fault.stage, fault.cause),
                round(fault.probability, 6),
                [(called(line.event), line.codes, line.rule, line.weight_db) for line in fault.evidence],
            )
            for fault in verdict.faults
        ],
        "candidates": [
            (one.component, called(one.instance), one.cause, round(one.probability, 6)) for one in verdict.candidates
        ],
        "jobs": sorted((called(job.vm), called(job.host), job.mode, job.outcome) for job in verdict.jobs),
        "sources": sorted((one.kind, one.records, one.events, bool(one.damage)) for one in verdict.sources),
    }


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def names_left(folder: Path, names: list[str]) -> list[tuple[str, str]]:
    """Which of the names the bytes or the names of the files below a folder hold, whatever their case, and where."""
    spelled = [(name, name.lower().encode(codec)) for name in names for codec in ENCODINGS if _fits(name, codec)]
    found = []
    for path in files_in(folder):
        where = str(path.relative_to(folder))
        content = path.read_bytes().lower() + b"\n" + where.lower().encode()
        found += [(name, where) for name, sought in spelled if sought in content]
    return found


def _fits(name: str, codec: str) -> bool:
    try:
        name.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
