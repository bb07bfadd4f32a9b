"""Carrying messages between agent and server.

A frame is the lengths of message and payload (32 bits each, little-endian), the message as MessagePack, the payload.
The payload is received where it is wanted, without a copy. Whatever carries bytes both ways is a `Stream`: a socket
here, one inside TLS elsewhere.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from engine.dpm.errors import RepositoryError, encodable, explained
from engine.files import Data
from engine.sync.messages import MAX_MESSAGE, Message, Refused

_LENGTHS = struct.Struct("<II")
_ALL = getattr(socket, "MSG_WAITALL", 0)
"""Wake up once for all that is wanted, and not for each part of it."""
_LINGER = 2.0
_Wanted = TypeVar("_Wanted", bound=Message)


class BrokenTransferError(RepositoryError):
    """The other side is gone, or says what cannot be understood; what was transferred is kept."""

    retryable = True


class RefusedError(BrokenTransferError):
    """The other side ended it, and said why."""

    def __init__(self, why: str, *, retryable: bool = False) -> None:
        super().__init__(f"the other side ended it: {why}")
        self.retryable = retryable


class Stream(Protocol):
    """Bytes both ways. One thread at a time writes, one reads; both at once."""

    @property
    def local(self) -> bool:
        """Whether both ends are on this machine."""
        ...

    def write(self, parts: Sequence[Data]) -> None:
        """Send all parts, one after another."""
        ...

    def read_into(self, room: memoryview) -> None:
        """Fill `room`. Raises EOFError where the other side has ended."""
        ...

    def close(self) -> None:
        """End; whoever waits in `write` or `read_into` gets an error."""
        ...

    def linger(self) -> None:
        """As `close`, when what was written last has arrived, or after a while."""
        ...


class Transport(Protocol):
    """Messages both ways."""

    @property
    def local(self) -> bool:
        """Whether both ends are on this machine: then they share its processors, and no link is worth sparing."""
        ...

    def send(self, message: Message, payload: Sequence[Data] = ()) -> None:
        """Send; any thread may."""
        ...

    def receive(self, room: memoryview) -> tuple[Message, memoryview]:
        """The next message, and its payload in `room`, which has to have `MAX_PAYLOAD` bytes."""
        ...

    def close(self) -> None:
        """End; whoever waits gets an error."""
        ...

    def linger(self) -> None:
        """As `close`, when what was sent last has arrived, or after a while."""
        ...


class SocketStream:
    """The bytes of a connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        if connected.family in (socket.AF_INET, socket.AF_INET6):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers are small, and waited for

    @property
    def local(self) -> bool:
        return is_local(self._socket)

    def write(self, parts: Sequence[Data]) -> None:
        left = [memoryview(part) for part in parts]
        while left:
            sent = self._socket.sendmsg(left)
            while left and sent >= len(left[0]):
                sent -= len(left.pop(0))
            if sent:
                left[0] = left[0][sent:]

    def read_into(self, room: memoryview) -> None:
        while len(room):
            count = self._socket.recv_into(room, len(room), _ALL)
            if not count:
                raise EOFError("the other side has closed the connection")
            room = room[count:]

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the other side may have been quicker
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in another thread
        self._socket.close()

    def linger(self) -> None:
        with contextlib.suppress(OSError):
            drain(self._socket)
        self.close()


def drain(connected: socket.socket, clock: Callable[[], float] = time.monotonic) -> None:
    """Say no more, and take what still comes, until the other side ends too, or for a while.

    What is unread when a TCP socket is closed makes the system cut off what has not been sent yet (RFC 2525, 2.17).
    """
    connected.shutdown(socket.SHUT_WR)
    until, room = clock() + _LINGER, bytearray(1 << 16)
    while (left := until - clock()) > 0:
        connected.settimeout(left)
        if not connected.recv_into(room):
            return


def is_local(connected: socket.socket) -> bool:
    """Whether both ends of a connected socket are on this machine (the near end of a tunnel is one of them).

    False where the system cannot say.
    """
    if connected.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    with contextlib.suppress(OSError):  # it may have ended
        return bool(connected.getpeername()[0] == connected.getsockname()[0])
    return False


def write_frame(stream: Stream, body: bytes, payload: Sequence[Data] = ()) -> None:
    """Send one frame; OSError where that fails."""
    stream.write([_LENGTHS.pack(len(body), sum(len(part) for part in payload)) + body, *payload])


def read_frame(stream: Stream, body: memoryview, payload: memoryview) -> tuple[memoryview, memoryview]:
    """Receive one frame; its body and its payload, in the places for them, whose lengths are the most that may come.

    Raises:
        BrokenTransferError: it is larger; nothing of it was read.
        OSError, EOFError: as the stream does.
    """
    head = memoryview(bytearray(_LENGTHS.size))
    stream.read_into(head)
    body_size, payload_size = _LENGTHS.unpack(head)
    if body_size > len(body) or payload_size > len(payload):
        raise BrokenTransferError(f"a message of {body_size} and {payload_size} bytes is too large")
    stream.read_into(body[:body_size])
    stream.read_into(payload[:payload_size])
    return body[:body_size], payload[:payload_size]


class Framed:
    """Messages over a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._sending = threading.Lock()
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Message)
        self._body = memoryview(bytearray(MAX_MESSAGE))

    @property
    def local(self) -> bool:
        return self._stream.local

    def send(self, message: Message, payload: Sequence[Data] = ()) -> None:
        """As `Transport.send`.

        Raises:
            BrokenTransferError: the other side is gone.
        """
        with self._sending:
            body = self._encoder.encode(message)
            try:
                write_frame(self._stream, body, payload)
            except OSError as error:
                raise BrokenTransferError(f"the connection is broken: {in_words(error)}") from error

    def receive(self, room: memoryview) -> tuple[Message, memoryview]:
        """As `Transport.receive`.

        Raises:
            BrokenTransferError: the other side is gone, or not understood.
        """
        try:
            body, payload = read_frame(self._stream, self._body, room)
            return self._decoder.decode(body), payload
        except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
            raise BrokenTransferError(f"the connection is broken: {in_words(error)}") from error

    def close(self) -> None:
        """End."""
        self._stream.close()

    def linger(self) -> None:
        """End, when what was sent last has arrived, or after a while."""
        self._stream.linger()


def pair() -> tuple[Framed, Framed]:
    """Two ends of a connection within this machine."""
    one, other = socket.socketpair()
    return Framed(SocketStream(one)), Framed(SocketStream(other))


def expect(kind: type[_Wanted], message: Message) -> _Wanted:
    """The message, if it is of the kind that has to come now.

    Raises:
        RefusedError: the other side has ended the transfer.
        BrokenTransferError: it is something else.
    """
    if isinstance(message, Refused):
        raise RefusedError(message.why, retryable=message.retryable)
    if not isinstance(message, kind):
        raise BrokenTransferError(f"{kind.__name__} was expected, {type(message).__name__} came")
    return message


def refuse(transport: Transport, error: BaseException) -> None:
    """Tell the other side why this one ends, if it still listens; then nobody waits here any more."""
    if isinstance(error, BrokenTransferError):
        transport.close()
        return
    with contextlib.suppress(BrokenTransferError):
        retryable = isinstance(error, RepositoryError) and error.retryable
        transport.send(Refused(encodable(in_words(error)) or type(error).__name__, retryable))
    transport.linger()


def in_words(error: BaseException) -> str:
    """What went wrong, without numbers, and without paths, which are nothing for the other side."""
    return explained(error, place=False)


@contextlib.contextmanager
def refusing(transport: Transport) -> Iterator[None]:
    """Tell the other side when the block fails."""
    try:
        yield
    except BaseException as error:
        refuse(transport, error)
        raise
