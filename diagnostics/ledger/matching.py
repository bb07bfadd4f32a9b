"""Which rows of a ledger a filter asks for.

What columns tell is answered for all rows at once. Words, patterns and codes of records that nobody decoded are looked
for in the events themselves, read again, and only in rows that all else has left: piece by piece, so that whoever
waits sees what is found, and how far it is, and may have had enough.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, tzinfo
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diagnostics.event import Event
from diagnostics.ledger import query
from diagnostics.ledger.ledger import Ledger, Mask, Rows
from diagnostics.ledger.query import Key, Query, Term
from diagnostics.ledger.register import NO_TIME
from diagnostics.ledger.rereading import GoneError, Reader

Places = Mapping[str, Rows]
"""Rows by component instance, e.g. `vm:SQL01/guest_writer`: which rule hits speak of it."""
_PIECE = 500
"""Rows that are searched between two looks at whether anybody still waits."""
_DEEP = (Key.WORD, Key.PATTERN, Key.CODE)
Says = Callable[[Event], bool]


class Found(NamedTuple):
    """What a filter found."""

    mask: Mask
    """For every row, whether all terms hold."""
    searched: float = 1.0
    """The part of the rows in question that has been searched; the others count as not found."""


def matching(ledger: Ledger, terms: Query, places: Places, zone: tzinfo = UTC) -> Found:
    """The rows for which all terms hold.

    Args:
        ledger: the case's.
        terms: what was asked.
        places: what `component:` finds.
        zone: of times that name none.
    """
    *_, found = finding(ledger, terms, places, zone)
    return found


def finding(ledger: Ledger, terms: Query, places: Places, zone: tzinfo = UTC) -> Iterator[Found]:
    """As `matching`, but what is found so far, again and again: in one mask, which fills up. At the end, all."""
    quick = [_quick(ledger, term, places, zone) for term in terms if term.key not in _DEEP]
    found = reduce(np.logical_and, quick, np.ones(len(ledger), bool))
    deep = [term for term in terms if term.key in _DEEP]
    if not deep:
        yield Found(found)
        return
    rows = np.flatnonzero(found)
    known, unknown = _by_codes(ledger, [term for term in deep if term.key is Key.CODE], rows)
    only_codes = all(term.key is Key.CODE for term in deep)
    asks = [says(term) for term in deep]
    found[:] = False
    found[known] = only_codes
    wanted = unknown if only_codes else np.concatenate([known, unknown])
    for searched in _search(ledger, wanted, lambda event: all(ask(event) for ask in asks), found):
        yield Found(found, searched)


def says(term: Term) -> Says:
    """A term of words, patterns or codes as a question to an event."""
    ask = _ask(term)
    return (lambda event: not ask(event)) if term.negated else ask


def words_of(event: Event) -> str:
    """Everything that an event says, in which words and patterns are looked for."""
    fields = (f"{name}={value}" for name, value in event.fields.items())
    number = str(event.event_id) if event.event_id else ""
    said = "\n".join((event.machine, f"{event.provider}/{number}", event.text, *fields, *event.codes))
    return said.encode("utf-8", "replace").decode("utf-8")  # RE2 refuses lone surrogates


def _ask(term: Term) -> Says:
    if term.key is Key.CODE:
        wanted = query.codes(term.value)
        return lambda event: not wanted.isdisjoint(event.codes)
    if term.key is Key.PATTERN:
        search = query.pattern(term.value).search
        return lambda event: search(words_of(event)) is not None
    word = term.value.casefold()
    return lambda event: word in words_of(event).casefold()


def _quick(ledger: Ledger, term: Term, places: Places, zone: tzinfo) -> Mask:
    found = _by_columns(ledger, term, places, zone)
    return ~found if term.negated else found


def _by_columns(ledger: Ledger, term: Term, places: Places, zone: tzinfo) -> Mask:
    columns, value = ledger.columns, term.value
    match term.key:
        case Key.MACHINE:
            found = _named(value, ledger.machines, columns.machines)
        case Key.PROVIDER:
            found = _named(value, ledger.providers, columns.providers)
        case Key.SOURCE:
            found = _named(value, [source.name for source in ledger.sources], columns.sources)
        case Key.LEVEL:
            found = np.isin(columns.levels, np.array(sorted(query.levels(value)), np.uint8))
        case Key.ID:
            asked = [(columns.event_ids >= ids.start) & (columns.event_ids < ids.stop) for ids in query.ids(value)]
            found = reduce(np.logical_or, asked)
        case Key.SINCE:
            found = (columns.times != NO_TIME) & (columns.times >= query.moment(value, zone))
        case Key.UNTIL:
            found = (columns.times != NO_TIME) & (columns.times <= query.moment(value, zone))
        case _:
            found = _placed(ledger, value, places)
    return found


def _named(value: str, names: Sequence[str], column: npt.NDArray[np.uint32]) -> Mask:
    asked = query.names(value)
    found: Mask = np.array([asked(name) for name in names], bool)[column]
    return found


def _placed(ledger: Ledger, value: str, places: Places) -> Mask:
    asked = query.names(value)
    found = np.zeros(len(ledger), bool)
    for instance, rows in places.items():
        if asked(instance) or asked(instance.rpartition("/")[2]):
            found[rows] = True
    return found


def _by_codes(ledger: Ledger, terms: Sequence[Term], rows: Rows) -> tuple[Rows, Rows]:
    """Of these rows, those whose codes are known and as asked, and those that nobody has decoded."""
    if not terms:
        return rows, rows[:0]
    lists = ledger.columns.codes[rows]
    right = np.zeros(len(ledger.code_lists), bool)
    for number, codes in enumerate(ledger.code_lists):
        right[number] = codes is not None and all(
            query.codes(term.value).isdisjoint(codes) is term.negated for term in terms
        )
    return rows[right[lists]], rows[lists == 0]


def _search(ledger: Ledger, rows: Rows, asks: Says, found: Mask) -> Iterator[float]:
    """Mark the rows whose events are as asked, piece by piece of the files; yields the part that is done.

    Each piece of a file is read once. What is gone says nothing.
    """
    columns = ledger.columns
    in_files = rows[np.lexsort((columns.positions[rows], columns.sources[rows]))]
    reader = Reader(ledger)
    for start in range(0, len(in_files), _PIECE):
        yield start / len(in_files)
        for row in in_files[start : start + _PIECE].tolist():
            with suppress(GoneError):
                found[row] = asks(reader.event(row))
    yield 1.0
