"""What every log format is made of."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally

Interest = Callable[[str, int], bool]
"""Asked with (provider, event id): is a record worth decoding in full? Parsers of formats where decoding is dear ask;
the others may yield everything. It must be cheap; providers are given as the log spells them."""


@runtime_checkable
class ReadsLines(Protocol):
    """An interest that also reads lines in which no format finds anything."""

    def reads(self, event: Event) -> bool:
        """Whether somebody understands this line."""

    @property
    def words(self) -> frozenset[str] | None:
        """One of which such a line holds, case-folded; None where it may hold none."""


class Relevance(NamedTuple):
    """Whether anybody reads a line of a trace or a text. Of the others a few are kept, to show who speaks."""

    reads: Callable[[Event], bool]
    words: frozenset[str] | None = None
    """One of which a line holds, case-folded, that is read though no format finds anything in it; None where it may
    hold none. Lines without any need not be asked about."""


def everything(provider: str, event_id: int) -> bool:  # noqa: ARG001 - the shape of an Interest
    """The interest of somebody who wants every record."""
    return True


class Sample(NamedTuple):
    """The beginning of a file, enough to tell its kind by."""

    head: bytes
    """The first 64 KiB."""
    text: str
    """The same decoded, empty for binary content; may end in the middle of a line."""


class Format(NamedTuple):
    """A file format: how to recognize it, and how to read it.

    `read` never raises for bad content: what cannot be read goes to `tally.damaged`, and reading goes on behind it.
    """

    kind: str
    """The word that the inventory uses, e.g. `evtx`."""
    recognizes: Callable[[Sample], bool]
    read: Callable[[Document, Interest, Tally], Iterator[Event]]
    registers: bool = False
    """Whether the reader itself notes every record in `tally.register`, with its place in the file."""
