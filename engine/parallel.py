"""Work of several threads: results that come in order, and parts that fail together."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, Thread
from typing import Self, TypeVar

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


class Together:
    """Threads that work on one thing: when one fails, `stop` is called, and the first error is raised at the end."""

    def __init__(self, stop: Callable[[BaseException], None]) -> None:
        self._stop = stop
        self._threads: list[Thread] = []
        self._lock = Lock()
        self._error: BaseException | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin a part of the work."""

        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - it is raised where the work is waited for
                self._failed(error)

        thread = Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait for all parts.

        Raises:
            BaseException: the first that any part ended with.
        """
        for thread in self._threads:
            thread.join()
        if self._error:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error:
            self._failed(error)
        self.join()

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            if self._error:
                return
            self._error = error
        self._stop(error)
