"""Drives the app as a person does: keys go in, state is looked at. Samples are read once, without a second process."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DirectoryTree
from textual.worker import WorkerCancelled

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.request import Request
from tests.bundled import SAMPLES
from tui.app import ShindanApp
from tui.case import OpenCase
from tui.errand import ErrandFailedError, Watching
from tui.session import Session

NARROW, WIDE = (80, 24), (120, 40)
Story = Callable[..., Awaitable[None]]


def read_here(request: Request, watching: Watching) -> Diagnosis | None:
    """Read a case without another process."""
    del watching
    try:
        return diagnose(request, ledger=True)
    except UnreadableInput as error:
        raise ErrandFailedError(str(error)) from error


def app_of(**settings: Any) -> ShindanApp:
    """An app in English and dark colours that remembers nothing, unless told otherwise."""
    return ShindanApp(**{"language": "en", "theme": "dark", "reader": read_here, "session": Session(None), **settings})


@cache
def sample_read(sample: str) -> Diagnosis:
    """What Shindan says on a sample, with the ledger of all events; not to be changed by a test."""
    return diagnose(Request(paths=(str(SAMPLES / sample / "logs"),)), ledger=True)


class SharedCase(OpenCase):
    """A case whose diagnosis other tests look at too: what it rests on stays."""

    def close(self) -> None:
        """Keep all."""


def case_of(diagnosis: Diagnosis, name: str = "/cases/night") -> SharedCase:
    """A case that a person has opened."""
    return SharedCase(Request(paths=(name,)), diagnosis)


@asynccontextmanager
async def running(sample: str = "", *, size: tuple[int, int] = WIDE, place: str = "verdict", **settings: Any):
    """A pilot of an app; with a sample, on its verdict or another place."""
    app = app_of(**settings)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        if sample:
            await app.show_case(case_of(sample_read(sample), f"/cases/{sample}/logs"), place)
            await settled(pilot)
        yield pilot


def story(sample: str = "", **settings: Any) -> Callable[[Story], Callable[..., None]]:
    """Makes an ordinary test of a story whose first argument is a pilot; further ones are the test's own."""

    def made(told: Story) -> Callable[..., None]:
        async def run(values: dict[str, Any]) -> None:
            async with running(sample, **settings) as pilot:
                await told(pilot, **values)

        def test(**values: Any) -> None:
            asyncio.run(run(values))

        _, *own = inspect.signature(told).parameters.values()
        test.__name__, test.__doc__ = told.__name__, told.__doc__
        test.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
        return test

    return made


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until nothing moves: workers are done, and what they said is drawn."""
    await pilot.pause()
    ending = [worker for worker in pilot.app.workers if not isinstance(worker.node, DirectoryTree)]  # its never ends
    for worker in ending:
        with suppress(WorkerCancelled):  # its screen has gone
            await worker.wait()
    await pilot.pause()


async def until(pilot: Pilot[Any], holds: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait for something that another process brings about."""
    for _ in range(round(seconds / 0.02)):
        if holds():
            return
        await pilot.pause(0.02)
    pytest.fail("it did not come about")


def seen(pilot: Pilot[Any]) -> str:
    """The text on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips())
