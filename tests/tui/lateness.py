"""What holds up a loop: how long a person waits before anything that is pressed can be answered.

Told in processor time of this process: other work on the machine makes a loop late, too, but uses none of ours.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_EVERY = 0.01


class Lateness:
    """Ticks of a loop, and what was used between two of them; in seconds."""

    def __init__(self) -> None:
        self.worst = 0.0
        """The longest that the loop could not tick."""
        self.beside = 0.0
        """What threads beside the loop's own used. Python runs one of them at a time: the loop waits for each turn."""

    async def tick(self) -> None:
        """Until it is cancelled."""
        own, all_ = time.thread_time(), time.process_time()
        while True:
            await asyncio.sleep(_EVERY)
            own_now, all_now = time.thread_time(), time.process_time()
            self.worst = max(self.worst, all_now - all_)
            self.beside += (all_now - all_) - (own_now - own)
            own, all_ = own_now, all_now


@asynccontextmanager
async def lateness() -> AsyncIterator[Lateness]:
    """That of the running loop while the block runs."""
    measured = Lateness()
    ticking = asyncio.create_task(measured.tick())
    try:
        yield measured
    finally:
        ticking.cancel()
