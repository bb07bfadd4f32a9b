"""Three hundred strings that try to become something else than text, in every place of a case that logs can reach."""

import json
import re
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.request import Request
from tests.diagnostics.report import hostile as in_reports
from tests.tui.driving import SharedCase

STRINGS = in_reports.STRINGS
RAW = ("\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "[/]", "[/C:\\x]", "[@click=app.quit]x[/]", "a\x00b", "\u200bhidden")
"""Such as logs hold them, before anything has made them harmless."""
NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@cache
def diagnosis() -> Diagnosis:
    """A diagnosis of logs that hold the strings as machines, sources, texts and values; its verdict holds them too."""
    verdict, graph = in_reports.spread(STRINGS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "HV01-Application.json")
        path.write_text(json.dumps([_record(number, text) for number, text in enumerate((*RAW, *STRINGS), 1)]))
        read = diagnose(Request(paths=(str(path),)), ledger=True)
    case = msgspec.structs.replace(read.case, graph=graph)
    return msgspec.structs.replace(read, verdict=verdict, case=case)


def _record(number: int, text: str) -> dict[str, object]:
    return {
        "TimeCreated": f"2026-11-20T01:{number // 60:02}:{number % 60:02}Z", "Id": 8193, "ProviderName": "VSS",
        "LevelDisplayName": "Error", "RecordId": number, "LogName": "Application",
        "MachineName": text if number <= 2 * len(RAW) else "HV01",
        "Message": f"Volume Shadow Copy Service error: {text} 0x80042302",
    }  # fmt: skip


def case() -> SharedCase:
    """The case that a person has opened."""
    return SharedCase(Request(paths=("/cases/[red]night[/]",)), diagnosis())


def squeezed(text: str) -> str:
    """Without any space: lines are wrapped where a screen ends."""
    return "".join(text.split())
