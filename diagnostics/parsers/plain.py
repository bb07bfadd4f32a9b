"""Lines that no format claims: codes, events, writers and their states, told from the words around them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.parsers.codes import find_codes, hint
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.messages import spoken_by
from diagnostics.parsers.sieve import any_of
from diagnostics.parsers.vss_context import context_of

_CONTEXT_LINES = 40
"""How many lines an Operation/Context block may have."""
_STATE_SYMBOL = re.compile(r"\bvss_ws_([a-z_]+)|\b(failed_at_[a-z_]+)")
_STATE_NUMBER = re.compile(
    r"(?:state|状態|status|état|stato|estado|상태|狀態|状态|stav|состояние)\w*(?: is|\s*[:：])"
    r"\s*\[?(\d{1,2})\b(?![.,:/]\d)"
)
_QUOTED_WRITER = re.compile(r"[\"'“‘„«\[](?P<name>[^\"'“”‘’„«»\[\]]{2,60})[\"'”’“»\]]")


class _Words(msgspec.Struct, frozen=True):
    providers: dict[str, str]
    ordinary: list[str]
    event_words: list[str]
    writer_words: list[str]
    writers: list[str]
    writer_aliases: dict[str, str]
    states: dict[str, int]
    state_phrases: dict[str, int]
    trouble: list[str]
    subjects: list[str]


class _Vocabulary(NamedTuple):
    """The data file, turned round for look-up."""

    providers: Mapping[str, str]
    named: re.Pattern[str]
    """`volsnap 25`, `VSS error 12293`."""
    numbered: re.Pattern[str]
    """`Event ID 8229`, `イベント ID: 8229`."""
    prefixed: re.Pattern[str]
    """`VSS: A Shadow Copy LUN was not detected`."""
    mentioned: re.Pattern[str]
    """Any of those that are no ordinary word."""
    writers: Mapping[str, str]
    words: _Words


@cache
def _vocabulary() -> _Vocabulary:
    words = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=_Words)
    every = _any_of(words.providers)
    own = _any_of([name for name in words.providers if name not in words.ordinary])
    event = _any_of(words.event_words)
    number = r"[\s:：#=(\[\"']{0,4}(?P<id>\d{1,5})(?![\w%]|[.,:/-]\d)"
    return _Vocabulary(
        words.providers,
        re.compile(
            rf"(?<![\w-])(?:microsoft-windows-)?(?P<provider>{own})(?: error| warning| id|[ -]?(?:{event}))?{number}"
        ),
        re.compile(rf"(?<!wsb )(?:{event}){number}"),
        re.compile(rf"\s*(?:microsoft-windows-)?(?P<provider>{every})\s*[:：](?!\\)"),
        re.compile(rf"(?<![\w-])(?:microsoft-windows-)?(?P<provider>{own})(?![\w-])"),
        {name.lower(): name for name in words.writers} | words.writer_aliases,
        words,
    )


def _any_of(words: Iterator[str] | list[str] | Mapping[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


class Finding(NamedTuple):
    """What a text says, as far as it can be told without knowing its format."""

    provider: str
    event_id: int
    fields: dict[str, str]
    """`WriterName`, `State`."""


def look_at(text: str) -> Finding:
    """Event source and id, writer and state that a text names; empty where it names none."""
    lowered = text.lower()
    provider, event_id = _event(lowered)
    return Finding(provider, event_id, _writer(text, lowered))


def _event(lowered: str) -> tuple[str, int]:
    known = _vocabulary()
    names_provider = _holds_any(lowered, known.providers)
    if names_provider and (match := known.named.search(lowered)):
        return known.providers[match["provider"]], int(match["id"])
    match = known.numbered.search(lowered) if _holds_any(lowered, known.words.event_words) else None
    if match is None and (spoken := spoken_by(lowered)):
        return spoken
    source = (known.prefixed.match(lowered) or known.mentioned.search(lowered)) if names_provider else None
    return (known.providers[source["provider"]] if source else ""), (int(match["id"]) if match else 0)


def _holds_any(lowered: str, words: Iterable[str]) -> bool:
    """Words are looked for before patterns are: ten times as fast, and most lines hold none."""
    return any(map(lowered.__contains__, words))


def _writer(text: str, lowered: str) -> dict[str, str]:
    name, state = _writer_name(text, lowered), _state(lowered)
    fields = {"WriterName": name} if name else {}
    return fields | {"State": str(state)} if state is not None else fields


def _writer_name(text: str, lowered: str) -> str:
    known = _vocabulary()
    if _holds_any(lowered, known.writers):
        return next(name for writer, name in known.writers.items() if writer in lowered)
    if len(lowered) == len(text) and _holds_any(lowered, known.words.writer_words):
        match = _QUOTED_WRITER.search(text)
        if match and not match["name"].isdigit() and "\\" not in match["name"]:
            return match["name"].strip()
    return ""


def _state(lowered: str) -> int | None:
    words = _vocabulary().words
    if match := _STATE_SYMBOL.search(lowered):
        return words.states.get((match[1] or match[2]).upper())
    if _holds_any(lowered, words.state_phrases):
        return next(number for phrase, number in words.state_phrases.items() if phrase in lowered)
    is_of_writer = _holds_any(lowered, words.writer_words)
    match = _STATE_NUMBER.search(lowered) if is_of_writer or "[" in lowered else None
    return int(match[1]) if match and int(match[1]) <= 15 else None


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at, tells = lines.number, lines.may_tell()
    text = lines.take()
    if not text.strip():
        return
    event = None if not tells else _event_of(page, at, text, lines) or _read_by_others(page, at, text)
    if event:
        yield event
    else:
        page.tally.not_understood(at)


def _read_by_others(page: Page, at: int, text: str) -> Event | None:
    """A line that says nothing here may still be what a rule looks for: words in any language."""
    if page.reader is None:
        return None
    event = page.event(Kind.TEXT, at, text, codes=())
    return event if page.reader.reads(event) else None


def _event_of(page: Page, at: int, text: str, lines: Lines) -> Event | None:
    codes = find_codes(text)
    finding = look_at(text) if codes or _worth_a_look(text) else None
    if finding is None:
        return None
    worth = bool(codes) or any(finding) or _speaks_of_trouble(text)
    if not worth and not text.lstrip().startswith(_HEADINGS):
        return None
    text, context = _with_context(text, lines)
    if not worth and not context:
        return None
    provider = finding.provider or ("VSS" if "Operation" in context else _program(page.document.name))
    return page.event(
        Kind.TEXT,
        at,
        text,
        provider=provider,
        event_id=finding.event_id,
        fields=context | finding.fields,
        codes=codes if not context else None,
    )


def _program(name: str) -> str:
    """Whose output a file holds, where its name says so: `vssadmin` prints errors without its name."""
    return "vssadmin" if "vssadmin" in name.lower() else ""


def _with_context(text: str, lines: Lines) -> tuple[str, dict[str, str]]:
    """The text with the Operation/Context block behind it, and what that block says."""
    taken = [text]
    while (line := _further(lines)) is not None and len(taken) < _CONTEXT_LINES:
        taken.append(line)
    whole = "\n".join(taken)
    return whole, context_of(whole) if ":" in whole or "：" in whole else {}


def _further(lines: Lines) -> str | None:
    """The next line, taken, where it belongs to an Operation/Context block: a heading, or indented below one."""
    ahead = lines.peek()
    if ahead is None:
        return None
    blank = not ahead.strip()
    heading = (lines.peek(1) or "") if blank else ahead
    if heading[:1].isspace() and heading.strip() and not blank:
        return lines.take()
    if not heading.startswith(_HEADINGS):
        return None
    if blank:
        lines.take()
    return lines.take()


_HEADINGS = ("Operation:", "Context:", "操作:", "コンテキスト:", "Opération", "Contexte", "Vorgang:", "Kontext:")


@cache
def _trouble(*, ascii_only: bool) -> tuple[str, ...]:
    """The words of trouble; a line of ASCII is not asked for the others."""
    return tuple(word for word in _vocabulary().words.trouble if word.isascii() or not ascii_only)


@cache
def _interesting(*, ascii_only: bool) -> tuple[str, ...]:
    return (
        *(word for word in _vocabulary().words.subjects if word.isascii() or not ascii_only),
        *_trouble(ascii_only=ascii_only),
    )


def _worth_a_look(text: str) -> bool:
    lowered = text.lower()
    return _holds_any(lowered, _interesting(ascii_only=lowered.isascii()))


def _speaks_of_trouble(text: str) -> bool:
    lowered = text.lower()
    return _holds_any(lowered, _trouble(ascii_only=lowered.isascii()))


def telling() -> str:
    """A pattern for the sieve: lines in which something is found here."""
    return f"{hint()}|{any_of(_interesting(ascii_only=False))}"


BLOCK = Block("text", lambda lines: lines.peek() is not None, _read, "")
