"""What is asked and answered before a transfer: one request a connection, in the same frames, without payloads."""

import contextlib
from typing import Annotated, TypeVar

import msgspec

from engine.blocks import DEFAULT_BLOCK_SIZE, GROUP_SIZE
from engine.dpm.errors import RepositoryError, encodable
from engine.sync.messages import MAX_MESSAGE, Refused
from engine.sync.wire import BrokenTransferError, RefusedError, Stream, in_words, read_frame, write_frame
from engine.transport.names import IMAGE_PATTERN
from engine.transport.tokens import SECRET_SIZE

MAX_IMAGES = 512

_Certificate = Annotated[bytes, msgspec.Meta(max_length=8 << 10)]
_Revocations = Annotated[bytes, msgspec.Meta(max_length=56 << 10)]
_Image = Annotated[str, msgspec.Meta(max_length=80, pattern=IMAGE_PATTERN)]
_Run = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
"""Which process asks: what it began before, on a connection that broke, is over when it asks again."""


class AskAuthority(msgspec.Struct, tag=True, frozen=True):
    """Anybody: whose certificates are accepted here?"""


class Enrol(msgspec.Struct, tag=True, frozen=True):
    """Who has a token: a certificate, please."""

    secret: Annotated[bytes, msgspec.Meta(min_length=SECRET_SIZE, max_length=SECRET_SIZE)]
    request: _Certificate


class Renew(msgspec.Struct, tag=True, frozen=True):
    """Agent: another certificate, please."""

    request: _Certificate


class Push(msgspec.Struct, tag=True, frozen=True):
    """Agent: I want to back up an image."""

    run: _Run
    image: _Image
    block_size: Annotated[int, msgspec.Meta(ge=512, le=GROUP_SIZE)] = DEFAULT_BLOCK_SIZE
    trust_digests: bool = False
    check: bool = False


class Offer(msgspec.Struct, tag=True, frozen=True):
    """Agent: is there work for me?"""

    run: _Run
    images: Annotated[tuple[_Image, ...], msgspec.Meta(max_length=MAX_IMAGES)]
    """What I can back up."""


class ItsAuthority(msgspec.Struct, tag=True, frozen=True):
    """Server: this one's. Believe it if your token does."""

    certificate: _Certificate


class Enrolled(msgspec.Struct, tag=True, frozen=True):
    """Server: here it is."""

    agent: str
    certificate: _Certificate
    revoked: _Revocations


class Start(msgspec.Struct, tag=True, frozen=True):
    """Server: begin; what follows is a transfer (`engine.sync.messages`)."""

    image: _Image | None
    """None: there is nothing to do at the moment; nothing follows, ask again."""
    revoked: _Revocations


Request = AskAuthority | Enrol | Renew | Push | Offer
Answer = ItsAuthority | Enrolled | Start | Refused
_Wanted = TypeVar("_Wanted", bound=ItsAuthority | Enrolled | Start)

_requests: "msgspec.msgpack.Decoder[Request]" = msgspec.msgpack.Decoder(Request)
_answers: "msgspec.msgpack.Decoder[Answer]" = msgspec.msgpack.Decoder(Answer)


def requested(stream: Stream) -> Request:
    """What the other side asks for.

    Raises:
        BrokenTransferError: it is gone, or not understood.
    """
    return _heard(stream, _requests)


def answer(stream: Stream, message: Answer) -> None:
    """Answer; BrokenTransferError where the other side is gone."""
    try:
        write_frame(stream, msgspec.msgpack.encode(message))
    except OSError as error:
        raise BrokenTransferError(f"the connection is broken: {in_words(error)}") from error


def refuse_request(stream: Stream, error: Exception) -> None:
    """Say why not, if the other side still listens."""
    retryable = isinstance(error, RepositoryError) and error.retryable
    with contextlib.suppress(BrokenTransferError):
        answer(stream, Refused(encodable(in_words(error)), retryable))


def ask(stream: Stream, request: Request, kind: type[_Wanted]) -> _Wanted:
    """Ask; the answer, which has to be of this kind.

    Raises:
        RefusedError: the other side says no, and why.
        UntrustedError: it does not accept this side's certificate.
        BrokenTransferError: it is gone, or not understood.
    """
    with contextlib.suppress(OSError):  # who has refused this side does not listen any more, but has said why
        write_frame(stream, msgspec.msgpack.encode(request))
    found = _heard(stream, _answers)
    if isinstance(found, Refused):
        raise RefusedError(found.why, retryable=found.retryable)
    if not isinstance(found, kind):
        raise BrokenTransferError(f"{type(found).__name__} is no answer to {type(request).__name__}")
    return found


_Message = TypeVar("_Message")


def _heard(stream: Stream, decoder: "msgspec.msgpack.Decoder[_Message]") -> _Message:
    try:
        body, _ = read_frame(stream, memoryview(bytearray(MAX_MESSAGE)), memoryview(b""))
        return decoder.decode(body)
    except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
        raise BrokenTransferError(f"the connection is broken: {in_words(error)}") from error
