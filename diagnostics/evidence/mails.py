"""Mails saved as files (.eml, .mht): MIME messages, whose texts and attachments become documents of their own.

The parts are taken out here, decoded; what a text holds is for the parsers.
"""

import io
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import NamedTuple

from diagnostics.evidence.archives import LimitError, Refused, Store, Unpacked
from diagnostics.evidence.members import identity, refusal
from engine.sentence import Sentence

_LONGEST = 64 << 20
"""Bytes: a mail is held in memory, and hardly a server delivers a longer one."""
_MOST = {b"\n": 2_000_000, b"\n--": 10_000, b"multipart/": 50, b"message/": 50}
"""Of which no honest mail has more: lines, borders of parts, parts in parts. All of them cost time."""
_ENDINGS = (".eml", ".mht", ".mhtml")
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[!-9;-~]{1,76}:[ \t]?[^\r\n]*\r?\n")
_TEXTS = {"text/plain": "text.txt", "text/html": "text.html"}


class _Part(NamedTuple):
    name: str
    content: bytes
    why: str | None = None
    """Why it is not read."""


def is_mail(name: str, head: bytes, size: int) -> bool:
    """Whether a file is a mail, by its name, its beginning and its length in bytes."""
    return name.lower().endswith(_ENDINGS) and size <= _LONGEST and _HEADER.match(head) is not None


def unpack_mail(mail: Path, store: Store) -> Iterator[Unpacked | Refused]:
    """The subject, the texts and the attachments of a mail; never raises for what is inside."""
    content = mail.read_bytes()
    if any(content.count(what) > most for what, most in _MOST.items()):
        yield Refused("", Sentence("it has more lines or parts than any mail"))
        return
    seen: set[str] = set()
    try:
        for part in _parts(message_from_bytes(content)):
            store.count_member()
            name = part.name if identity(part.name) not in seen else f"{len(seen)}-{part.name}"
            seen.add(identity(name))
            why = part.why or refusal(name, store.limits)
            if why:
                yield Refused(name, why)
            else:
                path, damage = store.write(io.BytesIO(part.content))
                yield Unpacked(name, path, None, damage)
    except LimitError as error:
        yield Refused("", Sentence("the rest of the archive is not read: {error}", error=error.why))
    except (RecursionError, MessageError, LookupError, ValueError, TypeError, AttributeError) as error:
        # What the standard library raises on broken messages.
        yield Refused("", Sentence("the archive is damaged: {why}", why=str(error)))


def _parts(message: "Message[str, str]") -> Iterator[_Part]:
    subject = str(make_header(decode_header(message.get("Subject", "")))).strip()
    if subject:
        yield _Part("subject.txt", f"{subject}\n".encode("utf-8", "replace"))
    pending = [(message, False)]
    while pending:
        part, said = pending.pop()
        if part.is_multipart():
            children = [child for child in part.get_payload() if isinstance(child, Message)]
            said = said or (part.get_content_subtype() == "alternative" and any(map(_is_plain, children)))
            pending += [(child, said) for child in reversed(children)]
        elif content := _content(part):
            kind = part.get_content_type()
            name = part.get_filename() or _TEXTS.get(kind) or f"{part.get_content_maintype()}.bin"
            repeats = said and kind == "text/html" and not part.get_filename()
            yield _Part(name, content, Sentence("the same as the mail's plain text") if repeats else None)


def _is_plain(part: "Message[str, str]") -> bool:
    return part.get_content_type() == "text/plain" and bool(_content(part).strip())


def _content(part: "Message[str, str]") -> bytes:
    """A part's bytes; of a text in a character set that Python knows, in UTF-8."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return b""
    charset = part.get_content_charset()
    if part.get_content_maintype() != "text" or part.get_filename() or not charset:
        return content
    try:
        return content.decode(charset).encode("utf-8", "replace")
    except (LookupError, UnicodeError):
        return content
