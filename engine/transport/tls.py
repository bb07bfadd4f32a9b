"""A stream within TLS 1.3, over a plain socket, that one thread writes while another reads.

OpenSSL's object of a connection must not be used by two threads at once (openssl/openssl#20446), and CPython has not
always kept them apart (python/cpython#137583). So it works in memory, under a lock, and the threads wait for the
network outside of it.
"""

import contextlib
import errno
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import NamedTuple, cast

from engine.files import Data
from engine.sync.wire import drain, is_local
from engine.transport.errors import UntrustedError

_PIECE = 1 << 20


class Limits(NamedTuple):
    """How long to wait, in seconds."""

    link: float = 30.0
    """For any sign of life of the other machine, before a connection counts as broken."""
    silence: float = 600.0
    """For the other process, while its machine answers: it may be making much data durable."""
    greeting: float = 15.0
    """For all of the handshake and the first message."""


class TlsStream:
    """The bytes of a connection, encrypted. The first error of any thread is the end of it."""

    def __init__(
        self,
        connected: socket.socket,
        context: ssl.SSLContext,
        limits: Limits,
        server_name: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`server_name` is whom to talk to; None where this side is the server."""
        self._socket = connected
        self._limits = limits
        self._clock = clock
        self._deadline: float | None = clock() + limits.greeting
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_name is None, server_hostname=server_name
        )
        self._lock = Lock()
        self._arrived = memoryview(bytearray(_PIECE))
        _watch_link(connected, limits.link)

    @property
    def local(self) -> bool:
        return is_local(self._socket)

    def handshake(self) -> None:
        """Agree on keys, and see whom the other side shows itself to be.

        Raises:
            UntrustedError: one side does not accept what the other shows.
            OSError, EOFError: the other side is gone, or took too long.
        """
        with self._explaining():
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    self._send(self._outgoing.read())
                    self._fetch()
                except ssl.SSLError:
                    with contextlib.suppress(OSError):
                        self._send(self._outgoing.read())  # the alert: why
                    raise
                else:
                    self._send(self._outgoing.read())
                    return

    def greeted(self) -> None:
        """The other side is known and has said what it wants; from now on it may take its time."""
        self._deadline = None

    def names(self) -> list[str]:
        """The DNS names in the certificate that the other side has shown and that was accepted."""
        found = self._tls.getpeercert() or {}
        pairs = found.get("subjectAltName", ())
        return [str(pair[1]) for pair in pairs if isinstance(pair, tuple) and pair[0] == "DNS"]

    def write(self, parts: Sequence[Data]) -> None:
        """As `Stream.write`. UntrustedError and OSError where that fails."""
        with self._explaining():
            for part in parts:
                view = memoryview(part).cast("B")
                for start in range(0, len(view), _PIECE):
                    self._encrypt(view[start : start + _PIECE])
                    if self._outgoing.pending >= _PIECE:
                        self._send(self._encrypted())
            self._send(self._encrypted())

    def read_into(self, room: memoryview) -> None:
        """As `Stream.read_into`. UntrustedError where the other side has refused this one's certificate."""
        with self._explaining():
            while len(room):
                with self._lock:
                    try:
                        count = cast("int", self._tls.read(len(room), room))  # so with a buffer
                    except ssl.SSLWantReadError:
                        count = -1
                if not count:
                    raise EOFError("the other side has closed the connection")
                if count < 0:
                    self._fetch()
                else:
                    room = room[count:]

    def close(self) -> None:
        """As `Stream.close`. An end that no message announced is no end to the protocols above, so none is sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def linger(self) -> None:
        """As `Stream.linger`."""
        with contextlib.suppress(OSError):
            drain(self._socket, self._clock)
        self.close()

    def _encrypt(self, data: memoryview) -> None:
        with self._lock:
            while len(data):
                data = data[self._tls.write(data) :]  # a record at a time

    def _encrypted(self) -> bytes:
        with self._lock:
            return self._outgoing.read()

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._be_patient()
            view = view[self._socket.send(view) :]

    def _fetch(self) -> None:
        self._be_patient()
        count = self._socket.recv_into(self._arrived)
        if not count:
            raise EOFError("the other side has closed the connection")
        with self._lock:
            self._incoming.write(self._arrived[:count])

    def _be_patient(self) -> None:
        """Wait no longer than is left."""
        if self._socket.fileno() < 0:
            raise OSError("this side has ended the connection")
        left = self._limits.silence if self._deadline is None else self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLError as error:
            raise UntrustedError(_explained(error)) from error
        except TimeoutError as error:
            if self._deadline is not None:
                raise TimeoutError("the other side took too long to say who it is and what it wants") from error
            if error.errno == errno.ETIMEDOUT:
                raise TimeoutError(
                    f"the other machine gave no sign of life, or took in nothing, for {self._limits.link:g} s"
                ) from error
            raise TimeoutError(f"the other side has been silent for {self._limits.silence:g} s") from error


def _watch_link(connected: socket.socket, seconds: float) -> None:
    """Let the system notice that the other machine is gone, whether this side sends or waits (tcp(7))."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers are small, and waited for
    if sys.platform == "linux" and connected.family in (socket.AF_INET, socket.AF_INET6):
        step = max(1, round(seconds / 4))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, step)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, step)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


_REFUSED_HERE = {
    3: "there is no list of revoked certificates",
    9: "its certificate is not valid yet; compare the clocks",
    10: "its certificate has expired",
    18: "its certificate is of another authority",
    19: "its certificate is of another authority",
    20: "its certificate is of another authority",
    23: "its certificate has been revoked",
    26: "its certificate is for another purpose",
    47: "its certificate is for a name outside of its authority's domain",
    62: "its certificate carries another name",
}
"""What X509_V_ERR_* of OpenSSL (openssl/x509_vfy.h) mean here."""
_REFUSED_THERE = {
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it has expired; enrol this machine again",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "it has been revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it is not good for this",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it is for another purpose",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it is not good for this",
    "TLSV1_ALERT_UNKNOWN_CA": "it is of another authority; this machine is enrolled at another server",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "there is none",
}
_ELSEWHERE = {
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS",
    "HTTP_REQUEST": "the other side does not speak TLS",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the other side does not speak TLS 1.3",
    "UNSUPPORTED_PROTOCOL": "the other side does not speak TLS 1.3",
}


def _explained(error: ssl.SSLError) -> str:
    """In words of a person who did not read RFC 8446."""
    reason = error.reason or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the other side was refused: {_REFUSED_HERE.get(error.verify_code, error.verify_message)}"
    if reason in _REFUSED_THERE:
        return f"the other side refused the certificate of this one: {_REFUSED_THERE[reason]}"
    return _ELSEWHERE.get(reason, f"TLS failed: {reason.replace('_', ' ').lower()}")
