"""From documents to events as their parsers give them: choosing the format, folding repetitions, using all cores."""

import os
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from multiprocessing import current_process, get_context
from typing import ClassVar, NamedTuple, Protocol

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.evidence.clock import TELLING
from diagnostics.evidence.document import Document, Tally
from diagnostics.evidence.encoding import undecodable
from diagnostics.evidence.folding import Fold, Repeat
from diagnostics.evidence.inventory import NOT_READ, UNKNOWN
from diagnostics.evidence.signatures import signature
from diagnostics.ledger.pages import Pages
from diagnostics.ledger.register import Register
from diagnostics.parsers import all_formats
from diagnostics.parsers.format import Format, Interest, Relevance, Sample, everything
from engine.sentence import Sentence

_HEAD = 1 << 16
_YEARLESS = frozenset({"errlog"})
_DAY = 86_400_000_000
_TOLD = 1000
"""So many records that tell a machine's zone are enough for a source."""
_PARALLEL = "evtx"
"""The kind of documents that are worth another process."""
PARALLEL_FROM = 128 << 20
"""Bytes of them together from which starting other processes pays: each costs a second, as much as 30 MB of log."""


class Progress(Protocol):
    """Who wants to know how far the reading is. Called from the thread that reads."""

    def started(self, total_bytes: int) -> None:
        """All documents are known; so much is to be read."""

    def reading(self, name: str) -> None:
        """A document is begun."""

    def advanced(self, read_bytes: int) -> None:
        """So much more has been read."""

    def cancelled(self) -> bool:
        """Asked often; once true, the reading ends with what it has."""


class Unwatched:
    """The progress of a reading that nobody watches."""

    def started(self, total_bytes: int) -> None: ...
    def reading(self, name: str) -> None: ...
    def advanced(self, read_bytes: int) -> None: ...
    def cancelled(self) -> bool:
        """Never."""
        return False


class Part(NamedTuple):
    """One document, parsed."""

    document: Document
    kind: str
    events: list[Event]
    telling: list[Event]
    """Records that were read only because they tell the machine's time zone."""
    tally: Tally
    repeats: Counter[Repeat]
    register: Register | None = None
    """Every event of the document, where that was wanted."""
    rereadable: bool = False
    """Whether its positions are places in the document."""


_LINES = frozenset({Kind.ERRLOG, Kind.TEXT, Kind.WSB_LOG})


class Wanted:
    """An interest in what somebody wants, and in what tells time zones. Can be sent to another process."""

    def __init__(self, interest: Interest, relevant: Relevance | None = None, *, noted: bool = False) -> None:
        self.interest = interest
        self.relevant = relevant
        self.noted = noted
        """Whether every event is noted in a register, wanted or not."""

    def __call__(self, provider: str, event_id: int) -> bool:
        """Whether such records are to be decoded."""
        return self.interest(provider, event_id) or (provider, event_id) in TELLING

    def all_of_it(self) -> "Wanted":
        """The same of lines, but every record."""
        return Wanted(everything, self.relevant, noted=self.noted)

    def reads(self, event: Event) -> bool:
        """Whether somebody understands a line in which no format finds anything."""
        return self.relevant is not None and self.relevant.reads(event)

    @property
    def words(self) -> frozenset[str] | None:
        """What the lines hold that `reads` is true of."""
        return frozenset() if self.relevant is None else self.relevant.words

    def asks_for(self, event: Event) -> bool:
        """Whether somebody reads it, as far as its kind has many lines that nobody does."""
        return self.relevant is None or event.kind not in _LINES or self.relevant.reads(event)

    def keeps(self, event: Event) -> bool:
        """Whether an event belongs in the case; what is no event-log record always does."""
        return event.kind is not Kind.RECORD or not event.event_id or self.interest(event.provider, event.event_id)


def parse(
    documents: Sequence[Document],
    wanted: Wanted,
    progress: Progress,
    formats: Sequence[Format] | None = None,
    pages: Pages | None = None,
) -> Iterator[Part]:
    """Each document's events, logs without years last; with all of our formats unless others are given.

    Where `wanted` says so, every event is noted in its part's register; those of texts are kept in `pages`.
    """
    chosen = [(document, choose_format(document, formats)) for document in documents]
    chosen.sort(key=lambda pair: pair[1] is not None and pair[1].kind in _YEARLESS)
    latest: int | None = None
    ours = [document for document, known in chosen if known and known.kind == _PARALLEL and formats is None]
    progress.started(sum(_size(document) for document in documents))
    records_only = Wanted(wanted.interest, noted=wanted.noted)  # which relevance is not about
    with _read_ahead(ours, records_only) as ahead:
        for document, known in chosen:
            if progress.cancelled():
                yield _unread_part(document, NOT_READ, "cancelled before it was read")
                continue
            progress.reading(document.name)
            part = (
                _unread_part(document, UNKNOWN, _why_unknown(document))
                if known is None
                else _awaited(ahead.get(document.name), progress)
                or parse_document(_no_later_than(latest, document, known), known, wanted, progress, pages)
            )
            latest = max((time for time in (latest, part.tally.last) if time is not None), default=None)
            yield part


def _no_later_than(latest: int | None, document: Document, known: Format) -> Document:
    """A log without years, as old as the other logs: its own date is often that of a copy made years later."""
    if known.kind not in _YEARLESS or latest is None or document.modified is None:
        return document
    return msgspec.structs.replace(document, modified=min(document.modified, latest + _DAY))


@contextmanager
def _read_ahead(documents: Sequence[Document], wanted: Wanted) -> Iterator[Mapping[str, Future[Part]]]:
    """Documents that other processes are reading, by name: none where that would not pay, or cannot be."""
    workers = min(os.cpu_count() or 1, len(documents))
    pays = workers > 1 and sum(_size(document) for document in documents) >= PARALLEL_FROM
    if not pays or current_process().daemon or not _can_be_sent(wanted):
        yield {}
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - slow to import, and few logs are so large

    # Not forked: the reading may run in one of several threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _Worker.begin, (wanted,)) as pool:
        largest_first = sorted(documents, key=lambda document: (-_size(document), document.name))
        ahead = {document.name: pool.submit(_Worker.parse, document) for document in largest_first}
        try:
            yield ahead
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _can_be_sent(wanted: Wanted) -> bool:
    try:
        pickle.dumps(wanted)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


class _Worker:
    """What another process does: it is told once what is wanted, and then documents one by one."""

    wanted: ClassVar[Wanted]

    @classmethod
    def begin(cls, wanted: Wanted) -> None:
        cls.wanted = wanted

    @classmethod
    def parse(cls, document: Document) -> Part:
        known = next(known for known in all_formats() if known.kind == _PARALLEL)
        return parse_document(document, known, cls.wanted, Unwatched())


def _awaited(ahead: Future[Part] | None, progress: Progress) -> Part | None:
    """What another process has read; None if none does, if it failed, or if the user will not wait."""
    while ahead is not None and not progress.cancelled():
        try:
            return ahead.result(timeout=0.2)
        except TimeoutError:
            continue
        except BrokenExecutor:
            return None
    return None


def choose_format(document: Document, formats: Sequence[Format] | None = None) -> Format | None:
    """The first format that recognizes a document by its first 64 KiB."""
    head = _head(document)
    sample = Sample(head, head.decode(document.encoding, "replace") if document.encoding else "")
    return next((known for known in formats or all_formats() if known.recognizes(sample)), None)


class _CancelledError(Exception):
    """Ends the reading of a document in the middle."""


class _Watch:
    """Tells how far one document has been read, and ends its reading when the user has had enough."""

    def __init__(self, progress: Progress, tally: Tally) -> None:
        self._progress = progress
        self._tally = tally
        self._told = 0

    def __call__(self) -> None:
        if self._progress.cancelled():
            raise _CancelledError
        self.advance_to(self._tally.position())

    def advance_to(self, position: int) -> None:
        """Tell what was read since the last time."""
        self._progress.advanced(max(position - self._told, 0))
        self._told = max(position, self._told)


def parse_document(
    document: Document, known: Format, wanted: Wanted, progress: Progress, pages: Pages | None = None
) -> Part:
    """Parse one document; repetitions beyond a burst are counted only, but noted as all are."""
    tally, fold = Tally(), Fold()
    register = tally.register = Register() if wanted.noted else None
    asked = wanted.all_of_it() if register is not None and not known.registers else wanted
    tally.watch = watch = _Watch(progress, tally)
    events: list[Event] = []
    telling: list[Event] = []
    broken = 0
    try:
        for event in known.read(document, asked, tally):
            tally.channels.add(event.channel)
            if register is not None and pages is not None and not known.registers:
                register.add(event, pages.put(event))
            if not wanted.keeps(event):
                if (event.provider, event.event_id) in TELLING and len(telling) < _TOLD:
                    telling.append(event)
            elif fold.keeps(event) if wanted.asks_for(event) else fold.keeps_unasked(event):
                events.append(event)
        broken = undecodable(document.path, document.encoding) if document.encoding else 0
    except _CancelledError:
        tally.damaged(Sentence("the rest"), Sentence("cancelled while it was being read"))
    except OSError as error:
        tally.damaged(Sentence("the rest"), Sentence("it became unreadable: {error}", error=error.strerror))
    if broken:
        told = Sentence("{count} places are not {encoding}", count=broken, encoding=document.encoding)
        tally.damaged(Sentence("text"), told)
    watch.advance_to(_size(document))
    del tally.watch, tally.position, tally.register  # they belong to this process; a part may go to another
    return Part(document, known.kind, events, telling, tally, fold.repeats, register, known.registers)


def _size(document: Document) -> int:
    try:
        return document.path.stat().st_size
    except OSError:
        return 0


def _head(document: Document) -> bytes:
    try:
        with document.path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _unread_part(document: Document, kind: str, why: str) -> Part:
    tally = Tally()
    tally.damaged("", why)
    return Part(document, kind, [], [], tally, Counter())


def _why_unknown(document: Document) -> str:
    known = signature(_head(document))
    if known:
        return known.told
    return Sentence("text, but of no known format" if document.encoding else "neither text nor an event log")
