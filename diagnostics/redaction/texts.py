"""Texts of any encoding, piece by piece; encoding, byte-order mark and ends of lines stay as they are.

What an encoding cannot explain is a replacement character afterwards: bytes that nobody can read may be a name in
another encoding. NULs, which every reader of texts passes over, are left out: names may be spelled across them.
"""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from diagnostics.evidence.document import Document
from diagnostics.redaction.rewriting import Rewriter

_PIECE = 1 << 19
_LONGEST = 1 << 22
"""Characters without an end of line after which a text is cut elsewhere."""
_CUTS = "\n>}, \t"
"""Where a text is cut, the best place first."""


def codec_of(document: Document) -> str:
    """The codec that reads and writes a document piece by piece; a mark is its first character then."""
    encoding = document.encoding or "utf-8"
    if encoding == "utf-8-sig":
        return "utf-8"
    if encoding != "utf-16":
        return encoding
    with document.path.open("rb") as file:
        return "utf-16-be" if file.read(2) == codecs.BOM_UTF16_BE else "utf-16-le"


def pieces_of(document: Document, advanced: Callable[[int], None]) -> Iterator[str]:
    """The text in pieces that end where a line does. Raises `OSError`."""
    decoder = codecs.getincrementaldecoder(codec_of(document))("replace")
    rest = ""
    with document.path.open("rb") as file:
        while raw := file.read(_PIECE):
            rest += decoder.decode(raw).replace("\0", "")
            end = _end_of_piece(rest)
            if end:
                yield rest[:end]
                rest = rest[end:]
            advanced(len(raw))
    if rest := rest + decoder.decode(b"", final=True).replace("\0", ""):
        yield rest


def copy_text(document: Document, target: Path, rewriter: Rewriter, advanced: Callable[[int], None]) -> None:
    """Write a text with pseudonyms. Raises `OSError`."""
    encoder = codecs.getincrementalencoder(codec_of(document))("replace")
    with target.open("wb") as file:
        for piece in pieces_of(document, advanced):
            file.write(encoder.encode(rewriter.text(piece)))
        file.write(encoder.encode("", final=True))


def _end_of_piece(text: str) -> int:
    """Where a piece can end; 0 where more has to be read first."""
    for cut in _CUTS if len(text) > _LONGEST else _CUTS[:1]:
        if end := text.rfind(cut) + 1:
            return end
    return len(text) if len(text) > _LONGEST else 0
