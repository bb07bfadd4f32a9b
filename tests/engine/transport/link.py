"""A link between agent and server that is as bad as a test wants it: it delays, flips a bit, and breaks.

As a program it delays only, on a host that lies between the two:
`python -m tests.engine.transport.link LISTEN_HOST SERVER_HOST SERVER_PORT SECONDS`; it prints its port.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Sequence
from queue import Queue

from engine.transport.names import Address

_PIECE = 1 << 16
_ON_ITS_WAY = 256
"""Pieces that are under way at once; who sends more has to wait."""
_NEVER = 1 << 60


class Link:
    """Connections to it go on to a server."""

    def __init__(
        self,
        target: Address,
        *limits: int,
        delay: float = 0,
        flips: Sequence[int] = (),
        host: str = "127.0.0.1",
    ) -> None:
        """Listen.

        Args:
            target: the server.
            limits: bytes that pass towards the server before the first connection breaks, the second, and so on.
            delay: seconds that everything takes, each way.
            flips: of which byte towards the server a bit is flipped on the first connection, the second, and so on.
            host: where to listen.
        """
        self._target = target
        self._limits, self._flips = list(limits), list(flips)
        self._delay = delay
        self._listening = socket.create_server((host, 0))
        self.address = Address(host, self._listening.getsockname()[1])
        self.passed: list[int] = []
        """Bytes towards the server, by connection."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return
            self.passed.append(0)
            limit = self._limits.pop(0) if self._limits else _NEVER
            flip = self._flips.pop(0) if self._flips else _NEVER
            threading.Thread(target=self._pass, args=(far, near), daemon=True).start()
            threading.Thread(
                target=self._pass, args=(near, far, limit, flip, len(self.passed) - 1), daemon=True
            ).start()

    def _pass(
        self, source: socket.socket, target: socket.socket, limit: int = _NEVER, flip: int = _NEVER, number: int = -1
    ) -> None:
        """Pass on what comes from one side, until it ends or may not go on; then nobody can."""
        passed = 0
        pieces: Queue[tuple[float, bytes]] = Queue(_ON_ITS_WAY)
        sending = threading.Thread(target=self._send, args=(pieces, target), daemon=True)
        sending.start()
        with contextlib.suppress(OSError):
            while passed < limit and (data := bytearray(source.recv(_PIECE))):
                if passed <= flip < passed + len(data):
                    data[flip - passed] ^= 1
                pieces.put((time.monotonic() + self._delay, bytes(data)))
                passed += len(data)
                if number >= 0:
                    self.passed[number] = passed
        pieces.put((0, b""))
        sending.join()
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _send(self, pieces: "Queue[tuple[float, bytes]]", target: socket.socket) -> None:
        broken = False
        while (piece := pieces.get())[1]:
            time.sleep(max(0, piece[0] - time.monotonic()))
            try:
                if not broken:
                    target.sendall(piece[1])
            except OSError:
                broken = True  # whoever puts must not wait for ever

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


if __name__ == "__main__":
    link = Link(Address(sys.argv[2], int(sys.argv[3])), delay=float(sys.argv[4]), host=sys.argv[1])
    print(link.address.port, flush=True)  # noqa: T201 - this is how others know
    threading.Event().wait()
