"""A document's text, a bounded piece at a time."""

from collections.abc import Iterator
from io import TextIOWrapper
from typing import TextIO

from diagnostics.evidence.document import Document, Tally
from engine.sentence import Sentence

CHUNK = 1024 * 1024  # characters
LONGEST_LINE = 16 * 1024 * 1024  # characters


def chunks_of(document: Document, tally: Tally) -> Iterator[str]:
    r"""The decoded text with `\n` as its line ends; what the encoding cannot hold becomes U+FFFD.

    A file that cannot be read at all (it vanished, or Python does not know the encoding) is damage.
    """
    try:
        with _opened(document, tally) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, LookupError, UnicodeError) as error:
        tally.damaged(Sentence("file"), Sentence("cannot be read: {error}", error=str(error)))


def lines_of(document: Document, tally: Tally) -> Iterator[str]:
    r"""The decoded lines with their `\n`, without a byte-order mark; a line beyond 16 Mi characters is cut there."""
    try:
        with _opened(document, tally) as file:
            line = file.readline(LONGEST_LINE).removeprefix("\ufeff")
            while line:
                yield line
                line = file.readline(LONGEST_LINE)
    except (OSError, LookupError, UnicodeError) as error:
        tally.damaged(Sentence("file"), Sentence("cannot be read: {error}", error=str(error)))


def _opened(document: Document, tally: Tally) -> TextIO:
    raw = document.path.open("rb")
    tally.position = raw.tell
    return TextIOWrapper(raw, document.encoding or "utf-8", "replace")
