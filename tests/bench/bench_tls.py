"""What TLS costs: one image of 1 GiB sent over loopback, plain and within TLS 1.3, between two processes.

usage: python -m tests.bench.bench_tls [--mib N] [--rounds N]
"""

import argparse
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from engine.dpm import Repository
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync.agent import send_image
from engine.sync.server import receive_image
from engine.sync.wire import Framed, SocketStream, Stream
from engine.transport.authority import Authority
from engine.transport.names import SERVER
from engine.transport.tls import Limits, TlsStream
from tests.engine.transport.site import identity

MIB = 1 << 20
GOAL = 0.3
"""Of the plain throughput, at least."""

Wrap = Callable[[socket.socket], Stream]


def sender(port: int, image: Path, wrap: Wrap) -> None:
    stream = wrap(socket.create_connection(("127.0.0.1", port)))
    send_image(Framed(stream), SYSTEM.open(image, "read"), Unwatched())


def stream_only(port: int, size: int, wrap: Wrap) -> None:
    stream = wrap(socket.create_connection(("127.0.0.1", port)))
    block = bytes(MIB)
    for _ in range(size // MIB):
        stream.write([block])


def one(wrap_here: Wrap, target: Callable[..., None], *args: object, receive: Callable[[Stream], None]) -> list[float]:
    """Seconds on the clock, and of processors on both sides."""
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        child = multiprocessing.get_context("fork").Process(target=target, args=(listening.getsockname()[1], *args))
        child.start()
        connected, _ = listening.accept()
        begun, processor = time.perf_counter(), time.process_time()
        receive(wrap_here(connected))
        seconds, own = time.perf_counter() - begun, time.process_time() - processor
        child.join()
        connected.close()
    return [seconds, own, sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before]


def plain(connected: socket.socket) -> Stream:
    return SocketStream(connected)


def measured(folder: Path, mib: int, rounds: int) -> dict[str, list[list[float]]]:
    """Runs by what they were, in turn, so that a noisy machine is noisy to all."""
    image = folder / "image"
    image.write_bytes(os.urandom(mib * MIB))
    authority = Authority(folder / "server")
    shown = identity(folder / "agent", authority, "hv01")

    def here(connected: socket.socket) -> Stream:
        stream = TlsStream(connected, authority.identity.context(), Limits())
        stream.handshake()
        return stream

    def there(connected: socket.socket) -> Stream:
        stream = TlsStream(connected, shown.context(), Limits(), SERVER)
        stream.handshake()
        return stream

    def received(stream: Stream) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as name, Repository.create(Path(name)) as repository:
            receive_image(Framed(stream), repository, repository.replica_of("disk"), Unwatched())

    def drained(stream: Stream) -> None:
        room = memoryview(bytearray(MIB))
        for _ in range(mib):
            stream.read_into(room)

    runs: dict[str, list[list[float]]] = {}
    for _ in range(rounds):
        for title, ours, theirs in (("plain", plain, plain), ("TLS 1.3", here, there)):
            runs.setdefault(f"stream, {title}", []).append(one(ours, stream_only, mib * MIB, theirs, receive=drained))
            runs.setdefault(f"first backup, {title}", []).append(one(ours, sender, image, theirs, receive=received))
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_tls")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        runs = measured(Path(name), wishes.mib, wishes.rounds)
    print(f"medians of {wishes.rounds}; {wishes.mib} MiB   s    MB/s   processor s: server, agent")
    for title, found in runs.items():
        seconds, own, child = (median(values) for values in zip(*found, strict=True))
        print(f"{title:24}{seconds:8.2f}{wishes.mib * MIB / 1e6 / seconds:8.0f}{own:16.2f}{child:8.2f}")
    slow, quick = (median(run[0] for run in runs[f"first backup, {title}"]) for title in ("TLS 1.3", "plain"))
    print(f"a backup within TLS runs at {quick / slow:.0%} of the plain one (goal {GOAL:.0%})")
    return 0 if quick / slow >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
