"""Work of several threads whose results come in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

THREADS = max(1, min(4, os.cpu_count() or 1))
"""More do not help: reading and hashing meet the limits of memory and disks first."""


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int = THREADS, ahead: int = 2
) -> Iterator[_Result]:
    """What `work` makes of each item, in the order of the items; so many per thread are begun `ahead`.

    An exception of `work` comes where its result would. A reader that stops early ends the work. Without threads the
    work is done when its result is asked for, so that a run can be repeated call by call.
    """
    if not threads:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[Future[_Result]] = deque()
        try:
            for item in items:
                begun.append(pool.submit(work, item))
                if len(begun) >= threads * ahead:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
