"""How far long work is: written by the thread that works, looked at by a screen."""

from threading import Event as Flag


class Meter:
    """Counts bytes; work that looks at it ends once `stop` is set."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.stop = Flag()

    def started(self, total_bytes: int) -> None:
        self.total = total_bytes

    def advanced(self, done_bytes: int) -> None:
        self.done += done_bytes

    def cancelled(self) -> bool:
        return self.stop.is_set()
