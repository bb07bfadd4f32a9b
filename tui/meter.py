"""How far long work is: written by the thread that works, looked at by a screen."""

from threading import Event as Flag


class Meter:
    """Counts bytes, or pieces; work that looks at it ends once `stop` is set."""

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


class ErrandMeter(Meter):
    """How far an errand is; once it is stopped, how far it was then."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        """What is being worked on."""
        self.rules = (0, 0)
        """How many rules have been read anew, of how many; nothing where they were read before."""
        self.answer: object = None
        """What is known of the answer so far, where the work tells that."""
        self.gone = Flag()
        """Set once nobody wants the answer any more."""

    def preparing(self, done: int, total: int) -> None:
        self.rules = (done, total)

    def advanced(self, done_bytes: int) -> None:
        if not self.stop.is_set():  # what is counted from now on is what is left out
            super().advanced(done_bytes)

    def reading(self, name: str) -> None:
        self.name = name

    def so_far(self, answer: object) -> None:
        self.answer = answer

    def abandoned(self) -> bool:
        return self.gone.is_set()
