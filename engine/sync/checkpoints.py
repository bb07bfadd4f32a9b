"""Making durable, now and then and meanwhile, what a transfer has brought."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

EVERY = 64 << 20
"""Bytes of changed blocks between checkpoints: what an interruption may cost at most, twice."""


class CheckpointedDraft(Protocol):
    """What is asked of a draft here."""

    def pending_bytes(self) -> int:
        """How much was put since the last checkpoint."""
        ...

    def checkpoint(self) -> None:
        """Let what was put so far survive."""
        ...


class Checkpoints:
    """Checkpoints of one draft, in a thread of their own: the disk writes while more is read."""

    def __init__(self, draft: CheckpointedDraft, pool: ThreadPoolExecutor) -> None:
        self._draft = draft
        self._pool = pool
        self._running: Future[None] | None = None

    def consider(self) -> None:
        """Begin a checkpoint when enough has come; an error of the last one is raised here."""
        if self._running and self._running.done():
            self._running.result()
            self._running = None
        if self._running is None and self._draft.pending_bytes() >= EVERY:
            self._running = self._pool.submit(self._draft.checkpoint)

    def finish(self) -> None:
        """Wait for the one that is under way."""
        if self._running:
            self._running.result()


@contextmanager
def checkpoints(draft: CheckpointedDraft) -> Iterator[Checkpoints]:
    """Checkpoints for the time of the block."""
    with ThreadPoolExecutor(1) as pool:
        made = Checkpoints(draft, pool)
        yield made
        made.finish()
