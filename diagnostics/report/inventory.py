"""What was read, folded: one paragraph a machine, in place of a line for each of its files."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from diagnostics.language import say
from diagnostics.report.phrases import counted, damage_text, span_text
from diagnostics.verdict import SourceLine

_RECORDED_IN_UTC = "UTC"


def by_machine(sources: Iterable[SourceLine]) -> list[tuple[str, list[SourceLine]]]:
    """Sources and the machine that they are of, in the order of machines; of no machine, the last."""
    found: defaultdict[str, list[SourceLine]] = defaultdict(list)
    for source in sources:
        found[source.machine].append(source)
    return sorted(found.items(), key=lambda pair: (not pair[0], pair[0]))


def machine_text(machine: str, sources: list[SourceLine]) -> str:
    """`SQL01: 8 files, 25 records, 2026-11-20 01:00:05Z to 2026-11-20 01:03:09Z`."""
    first = min((source.first for source in sources if source.first), default=None)
    last = max((source.last for source in sources if source.last), default=None)
    told = [
        counted(len(sources), "1 file", "{count} files"),
        counted(sum(source.records for source in sources), "1 record", "{count} records"),
        *([span_text(first, last)] if first else []),
    ]
    return f"{machine or say('of no machine')}: {', '.join(told)}"


def files_texts(sources: Iterable[SourceLine]) -> list[str]:
    """The files of each folder: `logs/SQL01: Application.evtx, System.evtx`."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources:
        path = PurePath(source.path)
        folders[str(path.parent)].append(path.name)
    shown = ((folder, ", ".join(names)) for folder, names in sorted(folders.items()))
    return [names if folder == "." else f"{folder}: {names}" for folder, names in shown]


def zones_texts(sources: Iterable[SourceLine]) -> list[str]:
    """The files whose times are not written in UTC, by the zone that they were read in."""
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source.time_zone and source.time_zone != _RECORDED_IN_UTC:
            zones[source.time_zone].append(PurePath(source.path).name)
    return [f"{say('time zone {zone}', zone=zone)}: {', '.join(names)}" for zone, names in zones.items()]


def remarks_texts(sources: Iterable[SourceLine]) -> list[str]:
    """What is unusual, though nothing is lost: `System.evtx: copied while in use: ...`."""
    return [f"{PurePath(source.path).name}: {one}" for source in sources for one in source.remarks]


def damages_texts(sources: Iterable[SourceLine]) -> list[str]:
    """What is wrong, file by file: `System.evtx: damaged: chunk 3: its checksum differs`."""
    return [f"{PurePath(source.path).name}: {damage_text(one)}" for source in sources for one in source.damage]
