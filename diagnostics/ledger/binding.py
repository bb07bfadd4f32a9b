"""Binds the registers of documents into one ledger: machines by their names, times in UTC, rows in true order."""

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from diagnostics.evidence.clock import Clock
from diagnostics.ledger.ledger import Columns, Ledger, LedgerSource
from diagnostics.ledger.pages import Pages
from diagnostics.ledger.register import NO_TIME, Codes, Names, Register

Number = TypeVar("Number", bound=np.generic)
_LAST = np.iinfo(np.int64).max


class Bound(NamedTuple):
    """One document's register, and what the reading found out about it."""

    source: LedgerSource
    register: Register
    clock: Clock | None
    """The clock that its times are by; None where they are UTC."""
    machine: Callable[[str], str]
    """From names as printed to names as the case calls machines."""


def bind(documents: Sequence[Bound], pages: Pages, cleanup: Callable[[], None]) -> Ledger:
    """One ledger of all documents. Registers are emptied on the way, so that memory holds each column once."""
    ordered = sorted(documents, key=lambda document: document.source.name)
    machines, providers, code_lists = Names[str](), Names[str](), Names[Codes | None]({None: 0})
    tables = [
        (
            _table([machines[document.machine(name)] for name in document.register.machine_names]),
            _table([providers[name] for name in document.register.provider_names]),
            _table([code_lists[codes] for codes in document.register.code_lists]),
        )
        for document in ordered
    ]
    registers = [document.register for document in ordered]
    sizes = [len(register) for register in registers]
    columns = Columns(
        times=_joined([_in_utc(document) for document in ordered], np.int64),
        records=_taken(registers, "records", np.uint64),
        positions=_taken(registers, "positions", np.uint64),
        event_ids=_taken(registers, "event_ids", np.uint32),
        levels=_taken(registers, "levels", np.uint8),
        kinds=_taken(registers, "kinds", np.uint8),
        machines=_renamed(registers, "machines", [table[0] for table in tables]),
        providers=_renamed(registers, "providers", [table[1] for table in tables]),
        codes=_renamed(registers, "codes", [table[2] for table in tables]),
        likenesses=_taken(registers, "likenesses", np.uint32),
        sources=np.repeat(np.arange(len(ordered), dtype=np.uint32), sizes),
    )
    order = _order(columns)
    columns = Columns._make(column[order] for column in columns)
    kept = _firsts(columns)
    copies = len(kept) - int(np.count_nonzero(kept))
    if copies:
        columns = Columns._make(column[kept] for column in columns)
    sources = [document.source for document in ordered]
    return Ledger(
        columns, sources, list(machines), list(providers), list(code_lists), pages, copies=copies, cleanup=cleanup
    )


def _in_utc(document: Bound) -> npt.NDArray[np.int64]:
    register, clock = document.register, document.clock
    times = np.array(_take(register, "times"), np.int64)
    if clock is not None and register.local:
        told = times != NO_TIME
        # many lines of a text share their second; each is asked of the calendar once
        seconds, which = np.unique(times[told] // 1_000_000, return_inverse=True)
        shifts = np.array([clock.utc(second) - second for second in (seconds * 1_000_000).tolist()], np.int64)
        times[told] += shifts[which]
    return times


def _order(columns: Columns) -> npt.NDArray[np.int64]:
    """By time (none is last), source and record."""
    times = np.where(columns.times == NO_TIME, _LAST, columns.times)
    return np.lexsort((columns.records, columns.sources, times))


def _firsts(columns: Columns) -> npt.NDArray[np.bool_]:
    """Which rows are no copies: the same record of the same machine, exported twice, is listed once."""
    kept = np.ones(len(columns.times), bool)
    numbered = np.flatnonzero((columns.times != NO_TIME) & (columns.event_ids != 0))
    keys = (columns.times, columns.machines, columns.event_ids, columns.records)
    columns_of = [column[numbered] for column in keys]
    order = np.lexsort((columns.sources[numbered], *reversed(columns_of)))
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in columns_of:
        same &= column[order][1:] == column[order][:-1]
    sources = columns.sources[numbered][order]
    same &= sources[1:] != sources[:-1]
    kept[numbered[order[1:][same]]] = False
    return kept


def _take(register: Register, name: str) -> "array[int]":
    """A column, taken out of its register."""
    column: array[int] = getattr(register, name)
    setattr(register, name, array(column.typecode))
    return column


def _taken(registers: Sequence[Register], name: str, kind: type[Number]) -> npt.NDArray[Number]:
    return _joined([np.array(_take(register, name), kind) for register in registers], kind)


def _renamed(
    registers: Sequence[Register], name: str, tables: Sequence[npt.NDArray[np.uint32]]
) -> npt.NDArray[np.uint32]:
    """A column of numbers of names, by the numbers that the whole ledger has for them."""
    pieces = [
        table[np.array(_take(register, name), np.uint32)] for register, table in zip(registers, tables, strict=True)
    ]
    return _joined(pieces, np.uint32)


def _table(numbers: list[int]) -> npt.NDArray[np.uint32]:
    return np.array(numbers, np.uint32)


def _joined(pieces: Sequence[npt.NDArray[Number]], kind: type[Number]) -> npt.NDArray[Number]:
    return np.concatenate([np.empty(0, kind), *pieces])
