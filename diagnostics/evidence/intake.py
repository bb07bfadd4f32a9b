"""Opens what a person handed in: files, folders, archives within archives, standard input.

Nothing outside the private work folder is written, and nothing in archives decides a path. Whatever cannot be read
becomes a line of the inventory with the reason; only an input that does not exist at all is an error.
"""

import os
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from diagnostics.evidence.archives import Container, LimitError, Refused, Store, Unpacked, container, reason, unpack
from diagnostics.evidence.document import Damage, Document
from diagnostics.evidence.encoding import encoding_of
from diagnostics.evidence.inventory import DUPLICATE, EMPTY, REFUSED, UNREADABLE, SourceReport, unread
from diagnostics.evidence.machines import listing_in, machine_in
from diagnostics.evidence.mails import is_mail, unpack_mail
from diagnostics.evidence.members import DEFAULT_LIMITS, Limits
from diagnostics.evidence.signatures import signature
from engine.sentence import Sentence

STANDARD_INPUT = "standard input"
_HEAD = 512
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, which `stat` has on Windows only


class UnreadableInput(Exception):  # noqa: N818 - it names a state of affairs, not a fault of the program
    """An input that the user named cannot be read at all."""


class _File(NamedTuple):
    """A file on disk that may become a document."""

    name: str
    path: Path
    modified: int | None
    nesting: int = 0
    """How many archives it lies in."""


class Intake:
    """Turns paths into documents. A context manager: documents from archives live until it ends."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, stdin: IO[bytes] | None = None) -> None:
        self.damage: dict[str, list[Damage]] = {}
        """Damage done to documents on their way out of archives, by the document's name."""
        self._limits = limits
        self._stdin = stdin
        self._folder = tempfile.TemporaryDirectory(prefix="shindan-", ignore_cleanup_errors=True)
        self._kept = False
        self._store = Store(Path(self._folder.name), limits)
        self._first_of_size: dict[int, Document] = {}
        self._by_content: dict[int, dict[bytes, list[Document]]] = {}
        """By size and digest, where several documents have one size; without those that are copies."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self._folder.cleanup()

    def outlive(self) -> Callable[[], None]:
        """Keep what was unpacked beyond the end of the intake; returns what removes it."""
        self._kept = True
        return self._folder.cleanup

    def documents(self, paths: Iterable[str | Path]) -> Iterator[Document | SourceReport]:
        """What is to be parsed, and a report on what is not; in an order that does not depend on that of `paths`.

        Raises:
            UnreadableInput: one of `paths` does not exist, or there are none. Nothing is read then.
        """
        for name, path in sorted(_named(paths)):
            if path is None:
                yield from self._spooled(name, self._stdin or sys.stdin.buffer)
            elif path.is_dir() or path.is_file():
                yield from self._folder_or_file(name, path)
            else:
                yield from self._piped(name, path)

    def _folder_or_file(self, name: str, root: Path) -> Iterator[Document | SourceReport]:
        found = False
        for item in self._walk(name, root):
            found = True
            yield item
        if not found:
            yield unread(name, EMPTY, Sentence("the folder holds no files"))

    def _walk(self, name: str, root: Path) -> Iterator[Document | SourceReport]:
        pending = [(name, root)]
        while pending:
            name, path = pending.pop()
            try:
                status = path.stat() if path == root else path.lstat()
                if stat.S_ISDIR(status.st_mode) and getattr(status, "st_reparse_tag", 0) != _JUNCTION:
                    entries = sorted(path.iterdir(), key=lambda entry: entry.name, reverse=True)
                    pending += [(f"{name}/{_printable(entry.name)}", entry) for entry in entries]
                elif stat.S_ISREG(status.st_mode):
                    yield from self._file(_File(name, path, status.st_mtime_ns // 1000))
                elif stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode):
                    yield from _link(name, path, root)
                else:
                    yield unread(name, REFUSED, Sentence("neither file nor folder"))
            except OSError as error:
                yield unread(name, UNREADABLE, reason(error))

    def _piped(self, name: str, path: Path) -> Iterator[Document | SourceReport]:
        """A named pipe, as `<(command)` makes them."""
        try:
            with path.open("rb") as stream:
                yield from self._spooled(name, stream)
        except OSError as error:
            yield unread(name, UNREADABLE, reason(error))

    def _spooled(self, name: str, stream: IO[bytes]) -> Iterator[Document | SourceReport]:
        """A stream that can be read only once."""
        try:
            path, damage = self._store.write(stream)
        except LimitError as error:
            yield unread(name, REFUSED, error.why)
            return
        if damage:
            self.damage[name] = [Damage(Sentence("end"), damage)]
        yield from self._file(_File(name, path, None))

    def _file(self, file: _File) -> Iterator[Document | SourceReport]:
        """An archive's documents, or the one document that a file is, or why it is none."""
        try:
            with file.path.open("rb") as stream:
                head = stream.read(_HEAD)
                size = os.fstat(stream.fileno()).st_size
            known = signature(head)
            kind = container(head)
            if not head:
                yield unread(file.name, EMPTY, Sentence("the file is empty"))
            elif known and known.archive:
                yield unread(file.name, REFUSED, known.told)
            elif kind or is_mail(file.name, head, size):
                yield from self._archive(file, kind)
            else:
                yield self._document(file)
        except OSError as error:
            yield unread(file.name, UNREADABLE, reason(error))

    def _archive(self, file: _File, kind: Container | None) -> Iterator[Document | SourceReport]:
        """The documents of an archive; of a mail, where it is of no kind."""
        if file.nesting > self._limits.nesting:
            yield unread(file.name, REFUSED, _nested(self._limits.nesting))
            return
        members = 0
        name = file.name.rpartition("/")[2]
        for item in unpack(file.path, kind, name, self._store) if kind else unpack_mail(file.path, self._store):
            members += 1
            name = f"{file.name}/{_member_name(item.name)}" if item.name else file.name
            if isinstance(item, Refused):
                yield unread(name, REFUSED, item.why)
                continue
            if item.damage:
                self.damage[name] = [Damage(Sentence("end of the member"), item.damage)]
            yield from self._file(_member(name, item, file))
        if not members:
            yield unread(file.name, EMPTY, Sentence("the archive holds no files"))

    def _document(self, file: _File) -> Document | SourceReport:
        guess = encoding_of(file.path)
        document = Document(
            name=file.name,
            path=file.path,
            encoding=guess.codec if guess else None,
            machine=machine_in(file.name),
            modified=file.modified,
        )
        other = self._copied(document)
        return unread(file.name, DUPLICATE, Sentence("duplicate of {file}", file=other.name)) if other else document

    def _copied(self, document: Document) -> Document | None:
        """The document before it that it is a copy of. Contents are only looked at where two files have one size."""
        size = document.path.stat().st_size
        first = self._first_of_size.setdefault(size, document)
        if first is document:
            return None
        if size not in self._by_content:
            self._by_content[size] = {_digest(first.path): [first]}
        equal = self._by_content[size].setdefault(_digest(document.path), [])
        for other in equal:
            if _may_be_copies(document, other):
                return other
        equal.append(document)
        return None


def _digest(path: Path) -> bytes:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.digest()


def _may_be_copies(one: Document, other: Document) -> bool:
    """Equal texts of two machines (a list of providers, say) are two pieces of evidence; binary logs name theirs.

    So are two listings of a machine that hold nothing: only their names tell what was asked.
    """
    if one.encoding is None:
        return True
    ours, theirs = (_whose(document) for document in (one, other))
    return (not ours or not theirs or ours == theirs) and listing_in(one.name) == listing_in(other.name)


def _whose(document: Document) -> str:
    """The machine, or what may be one: the folder."""
    return document.machine or "".join(document.name.split("/")[-2:-1])


def _named(paths: Iterable[str | Path]) -> set[tuple[str, Path | None]]:
    """Each input with the shortest end of its path that tells it from the others."""
    given = list(paths)
    if not given:
        raise UnreadableInput(Sentence("nothing to read was named"))
    absolute = {Path(os.path.abspath(path)) for path in given if str(path) != "-"}  # noqa: PTH100 - resolve() follows links
    for path in sorted(absolute):
        if not os.path.lexists(path):
            raise UnreadableInput(Sentence("{path} does not exist", path=path))
    tails = Counter(path.parts[-length:] for path in absolute for length in range(1, len(path.parts) + 1))
    named: set[tuple[str, Path | None]] = {(_short_name(path, tails), path) for path in absolute}
    return named | ({(STANDARD_INPUT, None)} if any(str(path) == "-" for path in given) else set())


def _short_name(path: Path, tails: Mapping[tuple[str, ...], int]) -> str:
    for length in range(1, len(path.parts)):
        tail = path.parts[-length:]
        if tails[tail] == 1:
            return _printable("/".join(tail))
    return _printable(path.as_posix())


def _printable(name: str) -> str:
    """A name that every encoding of Unicode can carry; undecodable bytes are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _member_name(name: str) -> str:
    parts = (part for part in name.replace("\\", "/").split("/") if part not in {"", "."})
    return _printable("/".join(parts))


def _member(name: str, item: Unpacked, archive: _File) -> _File:
    modified = archive.modified if item.modified is None else item.modified
    return _File(name, item.path, modified, archive.nesting + 1)


def _link(name: str, path: Path, root: Path) -> Iterator[SourceReport]:
    """A link within the folder needs no mention: what it points to is read where it lies."""
    target = path.resolve()
    if not target.exists():
        yield unread(name, UNREADABLE, Sentence("link to nothing"))
    elif not target.is_relative_to(root.resolve()):
        yield unread(name, REFUSED, Sentence("link that leaves the folder: not followed"))


def _nested(most: int) -> Sentence:
    return Sentence("an archive in more than {most} others: unpack it first", most=most)
