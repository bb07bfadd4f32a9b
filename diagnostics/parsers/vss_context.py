r"""What a VSS event says besides its message: its "Operation / Context" block, and the text in its binary data.

The block ends the event's message (and is its last data value). It is localized, but its shape is not:

    Operation:
       PrepareForSnapshot Event

    Context:
       Execution Context: Writer
       Writer Class Id: {a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}
       Writer Name: SqlServerWriter

So it is read by its shape: a line that ends with a colon is a heading; the section of `label: value` lines is the
context, and the section before it the operations, innermost first. `vss_context.yml` knows the words.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.event import Event

_GUID = re.compile(r"\{[0-9a-fA-F-]{36}\}")
_ITEM = re.compile(r"(?P<label>[^:：]{1,60}?)[ \u00a0]?[:：](?!\\)\s*(?P<value>.*)")
_LONGEST_BLOCK = 8192
"""Characters; the block is a few hundred."""
_LONGEST_BINARY = 2048
_BINARY = re.compile(
    r"- Code: .*?- PID:\s*(?P<ProcessId>\d+)\s*- TID:\s*\d+\s*(?:- CMD:\s*(?P<CommandLine>.*?)\s*)?"
    r"(?:- User: (?:Name: )?(?P<User>.*?)(?:, SID:.*)?)?$",
    re.DOTALL,
)


class _Words(msgspec.Struct, frozen=True):
    operation: list[str]
    context: list[str]
    items: dict[str, list[str]]
    data: dict[int, dict[int, str]]


class _Vocabulary(NamedTuple):
    """The data file, turned round for look-up."""

    headings: dict[str, str]
    labels: dict[str, str]
    data: dict[int, dict[int, str]]
    breaks: re.Pattern[str]
    """Where a line begins (and, behind a heading, ends) in a text that has lost its line breaks."""


class _Section(NamedTuple):
    heading: str
    lines: list[str]


@cache
def _vocabulary() -> _Vocabulary:
    words = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=_Words)
    headings = dict.fromkeys(words.operation, "operation") | dict.fromkeys(words.context, "context")
    labels = {label: field for field, spellings in words.items.items() for label in spellings}
    breaks = re.compile(
        rf"(?<=\s)(?:(?P<heading>{_any_of(headings)})|{_any_of(labels)})[ \u00a0]?[:：](?=\s|$)", re.IGNORECASE
    )
    return _Vocabulary(headings, labels, words.data, breaks)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def enrich(event: Event) -> Event:
    """The event with the fields that docs/events.md promises for VSS events; names that it has already are kept."""
    found = {**_meant(event), **_in_binary(event.fields.get("Binary", "")), **context_of(_block(event))}
    fields = {name: value for name, value in found.items() if value and name not in event.fields}
    return msgspec.structs.replace(event, fields={**event.fields, **fields}) if fields else event


def context_of(text: str) -> dict[str, str]:
    """The fields in an "Operation / Context" block; `text` may have a message before it. Empty where there is none."""
    sections = _sections(_lines(text[-_LONGEST_BLOCK:]))
    at = _context_at(sections)
    fields = _items(sections[at].lines) if at is not None else {}
    operations = _operations(sections, at)
    if operations:
        fields["Operation"] = "; ".join(operations)
    return fields


def _block(event: Event) -> str:
    """The text that ends with the block: the message, or the last data value."""
    unnamed = [value for name, value in event.fields.items() if name.startswith("Data[")]
    return event.text or (unnamed[-1] if unnamed else "")


def _meant(event: Event) -> dict[str, str]:
    meanings = _vocabulary().data.get(event.event_id, {})
    return {name: event.fields.get(f"Data[{at}]", "").strip() for at, name in meanings.items()}


def _in_binary(digits: str) -> dict[str, str]:
    r"""`- Code: ...- Call: ...- PID:  00002956- TID: ...- CMD:  vssvc.exe- User: Name: NT AUTHORITY\SYSTEM, SID:`."""
    try:
        text = bytes.fromhex(digits).decode("utf-8", "replace")
    except ValueError:
        return {}
    match = _BINARY.match(text[:_LONGEST_BINARY].rstrip("\0 \r\n"))
    if not match:
        return {}
    fields = {name: value.strip() for name, value in match.groupdict(default="").items()}
    return fields | {"ProcessId": str(int(fields["ProcessId"]))}


def _lines(text: str) -> list[str]:
    """Trimmed lines; those that a copy has joined are parted before each word that begins one."""
    if not any(_heading(line) for line in text.splitlines()):
        if not any(map(text.lower().__contains__, _vocabulary().headings)):
            return []  # without a heading there is no block, and most texts have none
        text = _vocabulary().breaks.sub(_broken, f" {text}")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _broken(label: re.Match[str]) -> str:
    return f"\n{label[0]}\n" if label["heading"] else f"\n{label[0]}"


def _heading(line: str) -> str:
    """The heading's words, empty where the line is none."""
    bare = line.rstrip()
    if not bare.endswith((":", "：")) or len(bare) > 60:
        return ""
    word = bare[:-1].strip().lower()
    return "" if word in _vocabulary().labels else word


def _sections(lines: Iterable[str]) -> list[_Section]:
    sections = [_Section("", [])]
    for line in lines:
        if heading := _heading(line):
            sections.append(_Section(heading, []))
        else:
            sections[-1].lines.append(line.strip())
    return sections[1:]


def _context_at(sections: list[_Section]) -> int | None:
    """The section that is called so, else the first after another that has only `label: value` lines."""
    headings = _vocabulary().headings
    for at, section in enumerate(sections):
        if headings.get(section.heading) == "context":
            return at
    for at, section in enumerate(sections):
        if at and section.lines and all(_ITEM.fullmatch(line) for line in section.lines):
            return at
    return None


def _operations(sections: list[_Section], context_at: int | None) -> list[str]:
    headings = _vocabulary().headings
    for section in sections:
        if headings.get(section.heading) == "operation":
            return section.lines
    return sections[context_at - 1].lines if context_at else []


def _items(lines: list[str]) -> dict[str, str]:
    """Known labels by name. Of others the first is the execution context, a GUID the writer's; its name follows."""
    labels = _vocabulary().labels
    fields: dict[str, str] = {}
    for number, line in enumerate(lines):
        match = _ITEM.fullmatch(line)
        if not match:
            continue
        label, value = match["label"].strip().lower(), match["value"].strip()
        name = labels.get(label) or _by_shape(number, value, fields)
        if not name or not value or value in fields.get(name, "").split("; "):
            continue
        fields[name] = f"{fields[name]}; {value}" if name in fields else value
    return fields


def _by_shape(number: int, value: str, fields: dict[str, str]) -> str | None:
    if _GUID.fullmatch(value):
        return "WriterId" if "WriterId" not in fields else None
    if number == 0:
        return "ExecutionContext"
    return "WriterName" if "WriterId" in fields and "WriterName" not in fields else None
