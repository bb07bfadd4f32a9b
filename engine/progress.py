"""How the engine tells of long work, and is told to stop. It prints nothing itself."""

from typing import Protocol


class Progress(Protocol):
    """What watches a long piece of work."""

    def started(self, total_bytes: int) -> None:
        """So much is to be gone through."""
        ...

    def advanced(self, done_bytes: int) -> None:
        """So much more is done."""
        ...

    def cancelled(self) -> bool:
        """Whether to stop, keeping what there is."""
        ...


class Unwatched:
    """Nobody watches."""

    def started(self, total_bytes: int) -> None:
        pass

    def advanced(self, done_bytes: int) -> None:
        pass

    def cancelled(self) -> bool:
        return False
