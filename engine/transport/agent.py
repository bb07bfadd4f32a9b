"""The agent: backs up images of this machine at its server, because a person wants it or because the server does."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, Protocol

from engine.dpm.errors import RepositoryError, TransferCancelled, explained
from engine.progress import Progress
from engine.sync.agent import Sent, send_image
from engine.sync.backup import Wishes
from engine.sync.instant import Instant, Writers, instant_of
from engine.sync.wire import Framed, refusing
from engine.transport.control import Offer, Push, Start, ask
from engine.transport.enrolment import Membership, connected, learn, renew
from engine.transport.errors import UntrustedError
from engine.transport.names import replica_named
from engine.transport.tls import Limits, TlsStream

_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_TICK = 0.25

Tell = Callable[[str], None]


class Protected(Protocol):
    """An image of this machine, which the server knows by a name only."""

    def instant(self) -> AbstractContextManager[Instant]:
        """A point in time of it, for the time of the block. RepositoryError and OSError where there is none."""
        ...


class LocalImage(NamedTuple):
    """An image that is a file; `engine.sync.shadow.TrackedVolume` is one that knows what was written."""

    path: Path
    writers: Writers | None = None
    allow_torn: bool = False
    track: bool = False

    def instant(self) -> AbstractContextManager[Instant]:
        """As `Protected.instant`."""
        path = self.path.resolve(strict=True)
        return instant_of(path, self.writers, allow_torn=self.allow_torn, track=self.track)


class Retry(NamedTuple):
    """As DPM does it: a retryable error is tried once more."""

    after: float
    """Seconds."""
    tell: Tell


def push(
    member: Membership, image: str, local: Protected, wishes: Wishes, progress: Progress, retry: Retry, limits: Limits
) -> Sent:
    """Make a recovery point of an image on the server.

    Raises:
        TransferCancelled: on request. What was transferred is kept there.
        RepositoryError, OSError: there is none, for a second time or for a reason that stays; likewise.
    """
    asked = Push(os.urandom(16), image, wishes.block_size, wishes.trust_digests, wishes.check)
    try:
        return _push(member, asked, local, progress, limits)
    except RepositoryError as error:
        if not error.retryable:
            raise
        retry.tell(f"{error}; once more in {retry.after:g} s")
        _wait(retry.after, progress)
        return _push(member, asked, local, progress, limits)


def _push(member: Membership, asked: Push, local: Protected, progress: Progress, limits: Limits) -> Sent:
    with connected(member.server, member.identity.context(), limits) as stream:
        learn(member.identity, ask(stream, asked, Start).revoked)
        return _send(stream, local, progress)


def _send(stream: TlsStream, local: Protected, progress: Progress) -> Sent:
    transport = Framed(stream)
    with refusing(transport), local.instant() as instant:
        sent = send_image(transport, instant.source, progress, instant.tracked, confirmed=instant.confirmed)
        instant.committed(sent.committed.root)
        return sent


def work(
    member: Membership,
    images: Mapping[str, Protected],
    progress: Progress,
    tell: Tell,
    now: Callable[[], datetime],
    limits: Limits,
) -> None:
    """Do what the server wants of these images, until `progress` is cancelled.

    What goes wrong with a job or a connection is told, and the server is asked again.

    Raises:
        UntrustedError: the server does not accept this machine, or this machine not the server.
        NotEnrolledError: there is no identity to show.
    """
    run = os.urandom(16)
    pause = _PAUSE
    while not progress.cancelled():
        try:
            if renew(member, now(), limits):
                tell("the certificate of this machine was renewed")
            _work_once(member, images, run, progress, tell, limits)
            pause = _PAUSE
        except UntrustedError:
            raise
        except (RepositoryError, OSError) as error:
            if progress.cancelled():
                return
            tell(f"{explained(error)}; the server is asked again in {pause:g} s")
            _pause(pause, progress)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _work_once(
    member: Membership,
    images: Mapping[str, Protected],
    run: bytes,
    progress: Progress,
    tell: Tell,
    limits: Limits,
) -> None:
    """Ask for a job, which may take a while, and do it."""
    with connected(member.server, member.identity.context(), limits) as stream:
        with _closed_when(progress.cancelled, stream):
            answer = ask(stream, Offer(run, tuple(images)), Start)
        learn(member.identity, answer.revoked)
        if answer.image is None:
            return
        local = images.get(answer.image)
        if local is None:
            raise UntrustedError(f"the server wants an image {answer.image} that was not offered")
        tell(f"{answer.image}: a backup begins")
        done = _send(stream, local, progress)
        name = replica_named(member.name, answer.image)
        tell(f"{name}: recovery point {done.committed.point}, {done.blocks} blocks sent")


@contextmanager
def _closed_when(enough: Callable[[], bool], stream: TlsStream) -> Iterator[None]:
    """Close a stream on which somebody waits, when that is not wanted any more."""
    over = Event()

    def watch() -> None:
        while not over.wait(_TICK):
            if enough():
                stream.close()
                return

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _wait(seconds: float, progress: Progress) -> None:
    _pause(seconds, progress)
    if progress.cancelled():
        raise TransferCancelled


def _pause(seconds: float, progress: Progress) -> None:
    """Wait, but not longer than somebody wants to."""
    until = time.monotonic() + seconds
    while not progress.cancelled() and (left := until - time.monotonic()) > 0:
        time.sleep(min(_TICK, left))
