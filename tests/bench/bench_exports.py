"""Events per second of event XML, JSON lines and CSV, every event decoded in full.

usage: python -m tests.bench.bench_exports [EVENTS]

Exits with 1 where a million events would take more than a minute.
"""

import csv
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.event_xml import EVENT_XML
from diagnostics.parsers.format import Format, everything
from diagnostics.parsers.rows import CSV, NDJSON

_GOAL = 60.0  # seconds for a million events
_STARTED = 1_790_000_000  # seconds since 1970: where the generated log begins


class Sample:
    """One event of the mix that a server's System and Application logs hold."""

    def __init__(self, number: int) -> None:
        self.number = number
        moment = time.gmtime(_STARTED + number)
        self.iso = time.strftime("%Y-%m-%dT%H:%M:%S.1234567Z", moment)
        self.printed = time.strftime("%m/%d/%Y %H:%M:%S", moment)
        self.provider, self.event_id, self.level, self.data, self.message = _mix(number)


def _mix(number: int) -> tuple[str, int, int, dict[str, str], str]:
    if number % 50 == 0:
        reason = f"0x800705aa, Insufficient system resources exist to complete the requested service ({number})."
        data = {
            "": "QueryFullProcessImageNameW",
            " ": reason,
            "  ": "\nOperation:\n   Writer event\n\nContext:\n   Execution Context: Writer",
        }
        return "VSS", 8193, 2, data, f"Volume Shadow Copy Service error: Unexpected error. hr = {reason}"
    if number % 20 == 0:
        data = {
            "DeviceName": f"\\Device\\HarddiskVolumeShadowCopy{number}",
            "VolumeName": "C:",
            "NTSTATUS": "0xC000009A",
        }
        return (
            "Volsnap",
            25,
            2,
            data,
            f"The shadow copies of volume C: were deleted because storage could not grow in time ({number}).",
        )
    state = ("running", "stopped")[number % 2]
    data = {"param1": f"Service {number % 97}", "param2": state}
    return "Service Control Manager", 7036, 4, data, f"The Service {number % 97} service entered the {state} state."


def xml(samples: Iterator[Sample]) -> Iterator[str]:
    """As the Event Viewer saves it, with rendered messages."""
    yield '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>'
    for sample in samples:
        data = "".join(f"<Data{_name(name)}>{escape(value)}</Data>" for name, value in sample.data.items())
        yield (
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"
            f"<System><Provider Name={quoteattr(sample.provider)}/><EventID Qualifiers='0'>{sample.event_id}</EventID>"
            f"<Version>0</Version><Level>{sample.level}</Level><Task>0</Task><Opcode>0</Opcode>"
            f"<Keywords>0x80000000000000</Keywords><TimeCreated SystemTime='{sample.iso}'/>"
            f"<EventRecordID>{sample.number}</EventRecordID><Correlation/><Execution ProcessID='0' ThreadID='0'/>"
            "<Channel>System</Channel><Computer>HV01.contoso.com</Computer><Security/></System>"
            f"<EventData>{data}</EventData><RenderingInfo Culture='en-US'><Message>{escape(sample.message)}</Message>"
            "<Level>Error</Level><Task></Task><Opcode></Opcode><Channel></Channel><Provider></Provider>"
            "<Keywords><Keyword>Classic</Keyword></Keywords></RenderingInfo></Event>"
        )
    yield "</Events>"


def _name(name: str) -> str:
    return f" Name='{name}'" if name.strip() else ""


def ndjson(samples: Iterator[Sample]) -> Iterator[str]:
    """As winlogbeat writes it."""
    for sample in samples:
        shipped = {name.strip() or f"param{place}": value for place, (name, value) in enumerate(sample.data.items(), 1)}
        winlog = {
            "channel": "System",
            "event_id": sample.event_id,
            "provider_name": sample.provider,
            "record_id": sample.number,
            "computer_name": "HV01.contoso.com",
            "event_data": shipped,
        }
        log = {"level": ("error", "information")[sample.level == 4]}
        yield json.dumps({"@timestamp": sample.iso, "winlog": winlog, "log": log, "message": sample.message}) + "\n"


def as_csv(samples: Iterator[Sample]) -> Iterator[str]:
    """As the Event Viewer saves it."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    yield "Level,Date and Time,Source,Event ID,Task Category\n"
    for sample in samples:
        level = ("Error", "Information")[sample.level == 4]
        writer.writerow([level, sample.printed, sample.provider, sample.event_id, "None", sample.message])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def measured(kind: Format, path: Path, events: int) -> float:
    """Seconds for a million events, the better of two readings: a busy machine must not pass for a slow parser."""
    seconds = min(_once(kind, path, events) for _ in range(2)) / events * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{kind.kind:10} {1e6 / seconds:10,.0f} events/s {seconds:8.1f} s a million   peak {peak} MiB")
    return seconds


def _once(kind: Format, path: Path, events: int) -> float:
    tally, began = Tally(), time.perf_counter()
    read = sum(1 for _ in kind.read(Document(name=path.name, path=path, encoding="utf-8"), everything, tally))
    seconds = time.perf_counter() - began
    if read != events or tally.damage:
        sys.exit(f"{kind.kind}: {read} of {events} events read, {tally.damage[:3]}")
    return seconds


def main(events: int) -> int:
    """Write and read each kind; the exit code."""
    kinds: tuple[tuple[Format, Callable[[Iterator[Sample]], Iterator[str]]], ...] = (
        (EVENT_XML, xml),
        (NDJSON, ndjson),
        (CSV, as_csv),
    )
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        for kind, written in kinds:
            path = Path(folder) / kind.kind
            with path.open("w", encoding="utf-8") as file:
                file.writelines(written(Sample(number) for number in range(1, events + 1)))
            slow |= measured(kind, path, events) > _GOAL
            path.unlink()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))
