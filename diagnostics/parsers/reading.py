"""A document's text, a bounded piece at a time."""

from collections.abc import Iterator

from diagnostics.evidence.document import Document, Tally

CHUNK = 1024 * 1024  # characters


def chunks_of(document: Document, tally: Tally) -> Iterator[str]:
    r"""The decoded text with `\n` as its line ends; what the encoding cannot hold becomes U+FFFD.

    A file that cannot be read at all (it vanished, or Python does not know the encoding) is damage.
    """
    try:
        with document.path.open(encoding=document.encoding or "utf-8", errors="replace") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, LookupError, UnicodeError) as error:
        tally.damaged("file", f"cannot be read: {error}")
