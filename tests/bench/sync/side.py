"""One side of a transfer over a local socket (as rsync uses between its processes), as a process of its own.

usage: python -m tests.bench.sync.side server REPOSITORY IMAGE SOCKET [--trust]
       python -m tests.bench.sync.side agent IMAGE SOCKET [RANGES_FILE]

Each prints, as JSON, the seconds that its session took.
"""

import json
import socket
import sys
import time
from pathlib import Path

from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync.scope import Tracked
from engine.sync.wire import Framed, SocketStream


def server(repository: str, image: str, place: str, *options: str) -> None:
    from engine.dpm import Repository  # noqa: PLC0415 - not of the agent
    from engine.sync.server import receive_image  # noqa: PLC0415 - as above

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place + ".new")
    listening.listen()
    Path(place + ".new").rename(place)
    with Repository.create(Path(repository)) as opened:
        replica = opened.replica_of(image)
        connected, _ = listening.accept()
        begun = time.perf_counter()
        transport = Framed(SocketStream(connected))
        done = receive_image(transport, opened, replica, Unwatched(), trust_digests="--trust" in options)
        told = {"seconds": time.perf_counter() - begun, "blocks": done.blocks, "root": done.point.root.hex()}
    print(json.dumps(told))


def agent(image: str, place: str, ranges_file: str = "") -> None:
    from engine.sync.agent import send_image  # noqa: PLC0415 - not of the server

    while not Path(place).exists():
        time.sleep(0.001)
    tracked = None
    if ranges_file:
        root, ranges = json.loads(Path(ranges_file).read_text())
        tracked = Tracked(bytes.fromhex(root), tuple(map(tuple, ranges)))
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(place)
    begun = time.perf_counter()
    send_image(Framed(SocketStream(connected)), SYSTEM.open(Path(image), "read"), Unwatched(), tracked)
    print(json.dumps({"seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    (server if sys.argv[1] == "server" else agent)(*sys.argv[2:])
