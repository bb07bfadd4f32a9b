"""Zip archives that lost their end, and with it their directory, as a transfer that broke off leaves them.

Every member has a header of its own before its bytes (APPNOTE.TXT 4.3.7), so they are read from header to header, as
far as they go. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from engine.sentence import Sentence

_HEADER = struct.Struct("<4s2x4H3L2H")
"""Signature, flags, method, time, date, checksum, packed and true size, lengths of name and extra field."""
_SIGNATURE = b"PK\x03\x04"
_UTF8_NAME = 0x800
_SIZE_LATER = 0x8
"""The sizes stand in a descriptor behind the bytes: whoever wrote them did not know yet."""
_DESCRIPTOR = 24
"""Bytes of the longest descriptor (4.3.9), in which the next header is looked for."""
_PIECE = 1 << 16
_MOST_SKIPPED = 1 << 28
"""Unpacked bytes that nobody wanted, in a whole archive: about a second; only a bomb has more."""
_IN_ZIP64 = 0xFFFFFFFF


class Bytes:
    """The bytes of a member, unpacked as they are read."""

    def __init__(self, packed: IO[bytes], member: zipfile.ZipInfo) -> None:
        self._packed = packed
        self._left = member.compress_size
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None

    def read1(self, size: int, /) -> bytes:
        """The next bytes, none behind the last; raises `EOFError` where the archive ends before them."""
        return self._inflated(self._inflating, size) if self._inflating else self._stored(size)

    def _stored(self, size: int) -> bytes:
        piece = self._packed.read(min(size, self._left))
        self._left -= len(piece)
        if not piece and self._left:
            raise EOFError(Sentence("the archive ends in it"))
        return piece

    def _inflated(self, inflating: "zlib._Decompress", size: int) -> bytes:
        while not inflating.eof:
            packed = inflating.unconsumed_tail or self._packed.read(_PIECE)
            piece = inflating.decompress(packed, size)
            if inflating.eof:
                self._packed.seek(-len(inflating.unused_data), 1)
            if piece:
                return piece
            if not packed:
                raise EOFError(Sentence("the archive ends in it"))
        return b""


def members_without_directory(packed: IO[bytes]) -> Iterator[tuple[zipfile.ZipInfo, Bytes]]:
    """The members of a zip archive by their own headers, each with its bytes, which may be read or not."""
    packed.seek(0)
    patience = _MOST_SKIPPED
    while patience > 0 and (member := _next(packed)) is not None:
        start, content = packed.tell(), Bytes(packed, member)
        yield member, content
        if _size_is_known(member):
            packed.seek(start + member.compress_size)
        else:
            patience -= _skip(content, patience)


def _size_is_known(member: zipfile.ZipInfo) -> bool:
    return member.compress_size != _IN_ZIP64 and not member.flag_bits & _SIZE_LATER


def _skip(content: Bytes, most: int) -> int:
    """Read on to the end of a member, since only its bytes tell where that is; returns how many there were."""
    skipped = 0
    with suppress(EOFError, zlib.error):
        while skipped < most and (piece := content.read1(_PIECE)):
            skipped += len(piece)
    return skipped


def _next(packed: IO[bytes]) -> zipfile.ZipInfo | None:
    """The member whose header comes next; None behind the last, and where nobody can tell how long it is."""
    start = packed.tell()
    skipped = packed.read(_DESCRIPTOR + len(_SIGNATURE)).find(_SIGNATURE)
    packed.seek(start + max(skipped, 0))
    header = packed.read(_HEADER.size)
    if skipped < 0 or len(header) < _HEADER.size:
        return None
    _, flags, method, time, date, checksum, packed_size, size, name_length, extra_length = _HEADER.unpack(header)
    name = packed.read(name_length)
    packed.seek(extra_length, 1)
    member = zipfile.ZipInfo(name.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace"), _moment(date, time))
    member.flag_bits, member.compress_type, member.CRC = flags, method, checksum
    member.compress_size, member.file_size = packed_size, size
    readable = method == zipfile.ZIP_DEFLATED or (method == zipfile.ZIP_STORED and _size_is_known(member))
    return member if readable and len(name) == name_length else None


def _moment(date: int, time: int) -> tuple[int, int, int, int, int, int]:
    """A time as MS-DOS packs it (4.4.6)."""
    return (date >> 9) + 1980, date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2
