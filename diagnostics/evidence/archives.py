"""Zip, tar, gzip, bzip2 and xz archives, unpacked member by member to files that we name, within limits.

`extractall` and its filters are not used: several ways round them are known (CVE-2025-4517, CVE-2025-4330).
"""

import bz2
import errno
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import IO, NamedTuple, Protocol, cast

from diagnostics.evidence.encoding import guess_encoding
from diagnostics.evidence.members import Limits, identity, refusal
from diagnostics.evidence.salvage import Bytes, members_without_directory
from engine.sentence import Sentence

_PIECE = 1 << 16
_LONGEST_READ = 32 << 20
"""No directory or header of an honest archive is longer; a forged one must not fill the memory."""
_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, ArithmeticError, LookupError, RuntimeError),
)
"""What the standard library raises on broken archives (RuntimeError: unknown methods, endless nesting of headers)."""
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


class Container(Enum):
    """The archives that are opened."""

    ZIP = "zip"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    TAR = "tar"


class Unpacked(NamedTuple):
    """A member, stored."""

    name: str
    """As the archive calls it."""
    path: Path
    modified: int | None
    """Microseconds UTC; zip archives tell it by an unknown wall clock."""
    damage: str = ""
    """Why only a part of it could be unpacked."""


class Refused(NamedTuple):
    """A member, or with an empty name the rest of the archive, that is not read."""

    name: str
    why: str


class LimitError(Exception):
    """An archive asks for more than the limits grant."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """A `Sentence`, which the message is no more."""


def container(head: bytes) -> Container | None:
    """The kind of archive that begins with these bytes (512 are enough)."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Container.ZIP
    if head.startswith(b"\x1f\x8b\x08"):
        return Container.GZIP
    if head.startswith(b"BZh") and head[4:10] in {b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"}:
        return Container.BZIP2
    if head.startswith(b"\xfd7zXZ\x00"):
        return Container.XZ
    return Container.TAR if head[257:262] == b"ustar" else None


Stream = IO[bytes] | io.BufferedIOBase


class _Pieces(Protocol):
    """What every buffered stream can: give what one read yields, so that damage costs no more than the last piece."""

    def read1(self, size: int, /) -> bytes: ...


class Store:
    """A folder that unpacked files go to, and what is left of the limits of a reading."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.limits = limits
        self._folder = folder
        self._files = 0
        self._members = 0
        self._bytes = 0

    def count_member(self) -> None:
        """Take note of one more member; raises `LimitError`."""
        self._members += 1
        if self._members > self.limits.members:
            raise LimitError(Sentence("more than {most:,} members", most=self.limits.members))

    def write(self, source: Stream | Bytes, consumed: Callable[[], int] | None = None) -> tuple[Path, str]:
        """Store a stream; returns the file and the damage that ended it early, if any did. Raises `LimitError`.

        `consumed` tells how many packed bytes the stream has taken so far; None: it is not packed.
        """
        self._files += 1
        path = self._folder / f"{self._files:06d}"
        with path.open("xb") as target:
            try:
                self._copy(cast("_Pieces", source), target, consumed)
            except LimitError:
                target.truncate(0)
                raise
            except _DAMAGE as error:
                return path, reason(error)
        return path, ""

    def discard(self, path: Path) -> None:
        """Remove a stored file that was only an intermediate, and grant its bytes again."""
        self._bytes -= path.stat().st_size
        path.unlink()

    def _copy(self, source: _Pieces, target: IO[bytes], consumed: Callable[[], int] | None) -> None:
        start, written = consumed() if consumed else 0, 0
        while piece := source.read1(_PIECE):
            written += len(piece)
            self._bytes += len(piece)
            if self._bytes > self.limits.total:
                raise LimitError(Sentence("more than {most:,} bytes when unpacked", most=self.limits.total))
            if consumed and written > max(self.limits.ratio_floor, self.limits.ratio * (consumed() - start)):
                raise LimitError(
                    Sentence("expands more than {ratio}:1, as only an archive bomb does", ratio=self.limits.ratio)
                )
            target.write(piece)


class _Packed(io.FileIO):
    """An archive on disk that counts what is read from it, and refuses to be read in one gulp."""

    consumed = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_READ:
            raise LimitError(Sentence("a header of {size:,} bytes", size=size))
        data = super().read(-1 if size is None else size) or b""
        self.consumed += len(data)
        return data


def unpack(archive: Path, kind: Container, name: str, store: Store) -> Iterator[Unpacked | Refused]:
    """The members of an archive in its own order, each stored or refused; never raises for what is inside."""
    try:
        with _Packed(archive) as packed:
            if kind is Container.ZIP:
                yield from _unpack_zip(packed, store)
            elif kind is Container.TAR:
                yield from _unpack_tar(packed, store)
            else:
                yield from _inflate(packed, kind, name, store)
    except LimitError as error:
        yield Refused("", Sentence("the rest of the archive is not read: {error}", error=error.why))
    except _DAMAGE as error:
        yield Refused("", Sentence("the archive is damaged: {why}", why=reason(error)))


_INFLATERS: dict[Container, Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    Container.GZIP: lambda packed: gzip.GzipFile(fileobj=packed),
    Container.BZIP2: bz2.BZ2File,
    Container.XZ: lzma.LZMAFile,
}


def _inflate(packed: _Packed, kind: Container, name: str, store: Store) -> Iterator[Unpacked | Refused]:
    with _INFLATERS[kind](packed) as stream:
        path, damage = store.write(stream, lambda: packed.consumed)
    with path.open("rb") as file:
        is_tar = container(file.read(512)) is Container.TAR
    if not is_tar:
        store.count_member()
        yield Unpacked(Path(name.replace("\\", "/")).stem, path, None, damage)
        return
    if damage:
        yield Refused("", Sentence("the archive is damaged: {why}", why=damage))
    with _Packed(path) as tar:
        yield from _unpack_tar(tar, store)
    store.discard(path)


_Opened = Callable[[], AbstractContextManager[Stream | Bytes]]


def _unpack_zip(packed: _Packed, store: Store) -> Iterator[Unpacked | Refused]:
    try:
        archive = zipfile.ZipFile(packed)
    except zipfile.BadZipFile:
        found = members_without_directory(packed)
        yield from _unpack_zip_members(((one, partial(_as_it_is, content)) for one, content in found), packed, store)
        yield Refused(
            "", Sentence("the archive is damaged or cut off: without its directory, only its first members were found")
        )
        return
    with archive:
        members = archive.infolist()
        if any(member.filename == "[Content_Types].xml" for member in members):
            yield Refused("", Sentence("it is an Office document: save its text as a .txt or .csv file"))
            return
        yield from _unpack_zip_members(((member, partial(archive.open, member)) for member in members), packed, store)


def _as_it_is(content: Bytes) -> AbstractContextManager[Bytes]:
    return nullcontext(content)


def _unpack_zip_members(
    members: Iterable[tuple[zipfile.ZipInfo, _Opened]], packed: _Packed, store: Store
) -> Iterator[Unpacked | Refused]:
    seen: set[str] = set()
    for member, opened in members:
        store.count_member()
        name = _zip_name(member)
        why = refusal(name, store.limits) or _zip_refusal(member) or _collision(name, seen)
        if why:
            yield Refused(name, why)
        elif not name.endswith(("/", "\\")):
            yield _unpack_zip_member(opened, member, name, packed, store)


def _unpack_zip_member(
    opened: _Opened, member: zipfile.ZipInfo, name: str, packed: _Packed, store: Store
) -> Unpacked | Refused:
    try:
        with opened() as stream:
            path, damage = store.write(stream, lambda: packed.consumed)
    except _DAMAGE as error:
        return Refused(name, Sentence("it cannot be unpacked: {why}", why=reason(error)))
    return Unpacked(name, path, _zip_time(member), damage)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name as its author saw it: many tools write it in the system's code page without saying so."""
    name = member.orig_filename
    if member.flag_bits & _UTF8_NAME or name.isascii():
        return name
    raw = name.encode("cp437")
    guess = guess_encoding(raw)
    return raw.decode(guess.codec, errors="replace") if guess else name


def _zip_refusal(member: zipfile.ZipInfo) -> str | None:
    if member.flag_bits & _ENCRYPTED:
        return Sentence("encrypted: unpack it with its password and hand in the folder")
    return _refusal_of_type(stat.S_IFMT(member.external_attr >> 16))


def _refusal_of_type(file_type: int) -> str | None:
    if file_type in {0, stat.S_IFREG, stat.S_IFDIR}:
        return None
    return Sentence("link") if file_type == stat.S_IFLNK else Sentence("neither file nor folder")


def _collision(name: str, seen: set[str]) -> str | None:
    known = len(seen)
    seen.add(identity(name))
    return Sentence("its name differs from another member's in case at most") if len(seen) == known else None


def _zip_time(member: zipfile.ZipInfo) -> int | None:
    try:
        moment = datetime(*member.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000


def _unpack_tar(packed: _Packed, store: Store) -> Iterator[Unpacked | Refused]:
    with tarfile.open(fileobj=packed, mode="r:") as archive:
        seen: set[str] = set()
        end = -1
        while (member := archive.next()) is not None:
            if member.size < 0 or member.offset <= end:
                yield Refused("", Sentence("the archive is damaged: a member lies before the one that it follows"))
                return
            end = member.offset
            store.count_member()
            why = refusal(member.name, store.limits) or _tar_refusal(member)
            why = why or (None if member.isdir() else _collision(member.name, seen))
            if why:
                yield Refused(member.name, why)
            elif not member.isdir():
                yield _unpack_tar_member(archive, member, packed, store)
        packed.seek(archive.offset)
        if packed.read(tarfile.BLOCKSIZE).strip(b"\0") or archive.offset >= packed.seek(0, io.SEEK_END):
            yield Refused("", Sentence("the archive is damaged or cut off at byte {offset}", offset=archive.offset))


def _unpack_tar_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, packed: _Packed, store: Store
) -> Unpacked | Refused:
    stream = archive.extractfile(member)
    if stream is None:
        return Refused(member.name, Sentence("neither file nor folder"))
    path, damage = store.write(stream, lambda: packed.consumed)
    return Unpacked(member.name, path, int(member.mtime * 1_000_000), damage)


def _tar_refusal(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return Sentence("link")
    return None if member.isfile() or member.isdir() else Sentence("neither file nor folder")


def reason(error: BaseException) -> str:
    """What an error of the standard library says, for the inventory."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Sentence("no room for it in {folder} (TMPDIR names another folder)", folder=gettempdir())
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    told = error.args[0] if error.args else None
    return told if isinstance(told, Sentence) else str(error) or type(error).__name__
