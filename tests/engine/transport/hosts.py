"""Server and agent as processes of their own, on one host or on two with a link between them that can be cut.

The two hosts are network namespaces (ip-netns(8)) on a bridge; they need root. A third one between them can delay what
passes: kernels without netem have no other way.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.dpm import Repository, verify
from engine.progress import Unwatched
from engine.transport.authority import Authority
from engine.transport.names import Address, address_of
from tests.engine.dpm.disk import content

MIB = 1 << 20


class Host(NamedTuple):
    """Where a process runs."""

    prefix: tuple[str, ...] = ()
    address: str = "127.0.0.1"

    def start(self, *words: object, module: str = "tui") -> "subprocess.Popen[str]":
        command = [*self.prefix, sys.executable, "-m", module, *map(str, words)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Hosts(NamedTuple):
    """Two hosts, and what joins them."""

    server: Host
    agent: Host
    between: Host
    device: str

    def cut(self) -> None:
        ip("link", "set", self.device, "down")

    def mend(self) -> None:
        ip("link", "set", self.device, "up")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def two_hosts() -> Iterator[Hosts]:
    """Two hosts for the time of the block. Raises OSError or CalledProcessError where there can be none."""
    names = [f"shindan-{os.getpid()}-{side}" for side in ("server", "agent", "between")]
    middle = f"sh{os.getpid()}"
    made = []
    try:
        for name in names:
            ip("netns", "add", name)
            made.append(("netns", "del", name))
        ip("link", "add", middle, "type", "bridge")
        made.append(("link", "del", middle))
        for number, name in enumerate(names, 1):
            ip("link", "add", f"{middle}-{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"{middle}-{number}", "master", middle, "up")
            ip("-n", name, "addr", "add", f"10.213.7.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        ip("link", "set", middle, "up")
        server, agent, between = (
            Host(("ip", "netns", "exec", name), f"10.213.7.{number}") for number, name in enumerate(names, 1)
        )
        yield Hosts(server, agent, between, f"{middle}-1")
    finally:
        for words in reversed(made):
            subprocess.run(["ip", *words], check=False, capture_output=True)


@contextmanager
def delayed(link: Hosts, server: str, seconds: float) -> Iterator[Address]:
    """Where an agent finds the server such that everything takes so long, each way."""
    started = link.between.start(
        link.between.address, *address_of(server), seconds, module="tests.engine.transport.link"
    )
    try:
        assert started.stdout
        yield Address(link.between.address, int(started.stdout.readline()))
    finally:
        started.kill()
        started.wait()


class Pair:
    """A server that runs, an enrolled agent, and the agent's image."""

    def __init__(self, folder: Path, server: Host, agent: Host, size: int) -> None:
        self.folder, self.on_server, self.on_agent = folder, server, agent
        self.state, self.repo, self.image = folder / "server", folder / "repo", folder / "image"
        self.image.write_bytes(random.Random(1).randbytes(size))
        self.address = ""
        """Of the server."""
        self.server = self.serve()
        token = str(Authority(self.state).new_token("hv01"))
        state = ("--state", folder / "agent")
        enrolling = agent.start("agent", "enrol", self.address, "--token", token, *state)
        assert enrolling.wait(20) == 0, enrolling.communicate()

    def serve(self) -> "subprocess.Popen[str]":
        """Start the server, where it was before if it was."""
        listen = self.address.removeprefix("shindan://") or f"{self.on_server.address}:0"
        words = ("serve", "--repo", self.repo, "--state", self.state, "--listen", listen, "--timeout", 2)
        started = self.on_server.start(*words)
        assert started.stderr
        self.address = next(line for line in started.stderr if "listening" in line).split()[-1]
        return started

    def backup(self, retry_after: float, at: str = "") -> "subprocess.Popen[str]":
        """Begin a backup; `at`: where the server is found instead."""
        server = at or self.address
        words = ("backup", self.image, "--to", server, "--state", self.folder / "agent", "--timeout", 2)
        return self.on_agent.start(*words, "--retry-after", retry_after)

    def change(self, seed: int) -> None:
        """Let most of the image be another."""
        self.image.write_bytes(random.Random(seed).randbytes(self.image.stat().st_size))

    def wait_until_received(self, size: int, running: "subprocess.Popen[str]") -> None:
        """Until so much more than before is in the replica."""
        slots = self.repo / "replicas" / "000001" / "slots"
        before = slots.stat().st_size if slots.exists() else 0
        while not slots.exists() or slots.stat().st_size < before + size:
            assert running.poll() is None, running.communicate()
            time.sleep(0.005)

    def contents(self) -> list[bytes]:
        """All recovery points, each verified, oldest first."""
        with Repository.open(self.repo) as repository:
            assert verify(repository, [], Unwatched()) == []
            return [content(repository, point.id) for point in repository.points()]

    def stop(self) -> None:
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(40)


@contextmanager
def pair(folder: Path, size: int, server: Host | None = None, agent: Host | None = None) -> Iterator[Pair]:
    """A server and an agent for the time of the block."""
    made = Pair(folder, server or Host(), agent or Host(), size)
    try:
        yield made
    finally:
        made.stop()


def kill_one(made: Pair, victim: str, received: int, seed: int) -> str:
    """Kill one side with -9 in the middle of a backup, see that nothing is lost or half, and let the retry complete.

    What the retry told is returned.
    """
    before = made.contents()
    made.change(seed)
    running = made.backup(retry_after=3)
    made.wait_until_received(received, running)
    if victim == "server":
        made.server.kill()
        made.server.wait()
        made.server = made.serve()
        told, errors = running.communicate(timeout=60)
        assert running.returncode == 0, errors
        assert "once more" in errors
    else:
        running.kill()
        running.communicate()
        assert made.contents() == before
        again = made.backup(retry_after=5)
        told, errors = again.communicate(timeout=60)
        assert again.returncode == 0, errors
    assert made.contents() == [*before, made.image.read_bytes()]
    return told
