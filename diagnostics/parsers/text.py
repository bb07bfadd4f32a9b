"""Text, of any kind and any mixture: a sequence of blocks, each read by the format whose beginning it shows.

People paste a writer list, the job's message and a copied event into one file; so the format is decided per block, not
per file. What no format claims goes to the plain reader, which still knows codes, event ids and writer states.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from io import StringIO, TextIOWrapper
from itertools import islice

import msgspec

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers import (
    diskpart,
    diskshadow,
    dism,
    dpm_job,
    errlog,
    event_text,
    fsutil,
    plain,
    powershell,
    requestors,
    systeminfo,
    vssadmin,
    wmic,
    wsb,
)
from diagnostics.parsers.format import Format, Interest, Sample
from diagnostics.parsers.html_text import HtmlText, is_html
from diagnostics.parsers.lines import Block, Lines, Page, Readable
from diagnostics.parsers.sieve import Sieve, any_of
from diagnostics.parsers.timestamps import day_first_in
from engine.sentence import Sentence

_BLOCKS: tuple[Block, ...] = (
    errlog.BLOCK,
    *event_text.BLOCKS,
    *vssadmin.BLOCKS,
    diskshadow.BLOCK,
    diskpart.BLOCK,
    fsutil.BLOCK,
    dism.BLOCK,
    systeminfo.BLOCK,
    wsb.BLOCK,
    *powershell.BLOCKS,
    *wmic.BLOCKS,
    *requestors.BLOCKS,
    *dpm_job.BLOCKS,
)
"""In the order in which they are asked: the narrower first."""
_LINES_FOR_DATES = 5000
"""How many lines are looked through for a date that proves the order of day and month."""
_PIECES_FOR_DATES = 8
_LINES_FOR_KIND = 40


def read_text(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    """The events of a text document, in order; memory does not grow with its length."""
    encoding = document.encoding or "utf-8-sig"
    try:
        with document.path.open(encoding=encoding, errors="replace", newline=None) as stream:
            day_first = day_first_in(islice(stream, _LINES_FOR_DATES))
        with document.path.open("rb") as raw, TextIOWrapper(raw, encoding, "replace") as stream:
            tally.position = raw.tell
            yield from _read_page(stream, Page(document, interest, tally, _BLOCKS, day_first))
    except (OSError, UnicodeError, LookupError) as problem:
        _cannot_be_read(encoding, problem, tally)


def read_html(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    """The events of the text of an HTML page; they stand in the lines of the page."""
    encoding = document.encoding or "utf-8-sig"
    try:
        with document.path.open(encoding=encoding, errors="replace") as stream:
            day_first = day_first_in(islice(HtmlText(stream), _PIECES_FOR_DATES))
        with document.path.open("rb") as raw, TextIOWrapper(raw, encoding, "replace") as stream:
            tally.position = raw.tell
            text = HtmlText(stream)
            for event in _read_page(text, Page(document, interest, tally, _BLOCKS, day_first)):
                yield msgspec.structs.replace(event, record=text.line_in_source(event.record))
            if tally.first_line_not_understood is not None:
                tally.first_line_not_understood = text.line_in_source(tally.first_line_not_understood)
    except (OSError, UnicodeError, LookupError) as problem:
        _cannot_be_read(encoding, problem, tally)


def _read_page(stream: Readable, page: Page) -> Iterator[Event]:
    sieve = _sieve(frozenset() if page.reader is None else page.reader.words)
    yield from _read(Lines(stream, sieve), page)


def _cannot_be_read(encoding: str, problem: Exception, tally: Tally) -> None:
    told = Sentence("cannot be read as {encoding} text: {problem}", encoding=encoding, problem=str(problem))
    tally.damaged(Sentence("the file"), told)


@lru_cache(maxsize=4)
def _sieve(words: frozenset[str] | None) -> Sieve:
    """What lets pass the lines that a block, the plain reader or whoever else reads a page, in `words`, looks for."""
    return Sieve(_openings(), None if words is None else "|".join(filter(None, (plain.telling(), any_of(words)))))


@cache
def _openings() -> str:
    hints = (block.hint if isinstance(block.hint, str) else block.hint() for block in _BLOCKS)
    return "|".join(dict.fromkeys(hints))


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    while lines.peek() is not None:
        block = page.opened(lines)
        for event in (block or plain.BLOCK).read(lines, page):
            page.tally.saw(event.time, event.machine)
            yield event


def _first_kind(sample: Sample) -> str:
    """The kind of the first block that opens near the beginning, empty where none does."""
    lines = Lines(StringIO(sample.text, newline=None))
    while lines.peek() is not None and lines.number <= _LINES_FOR_KIND:
        for block in _BLOCKS:
            if block.opens(lines):
                return block.kind
        lines.take()
    return ""


def _recognizer(kind: str) -> Callable[[Sample], bool]:
    return lambda sample: _first_kind(sample) == kind


HTML = Format("html", lambda sample: is_html(sample.text), read_html)
TEXT = Format("text", lambda sample: bool(sample.text), read_text)
"""The last resort: any text at all."""
TEXT_FORMATS: tuple[Format, ...] = (
    *(Format(kind, _recognizer(kind), read_text) for kind in dict.fromkeys(block.kind for block in _BLOCKS)),
    TEXT,
)
"""All text formats, for an inventory that calls files by what they begin with; each reads any mixture."""
