"""What machines log by themselves when all is well, and what they log loudly though it means nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from engine.lab.scenario import Noise
from engine.lab.site import LabSite
from engine.occurrence import Happening, Observer, Occurrence
from engine.pipeline import Stage
from engine.vss.occurrences import SessionBegan, SessionEnded
from engine.windows import CallbackDenied, Device, RequestRetried, ServiceChanged, VssIdle

IDLE = 180.0
"""Seconds without work after which VSS ends (KB 972623)."""
_VSS = ("Volume Shadow Copy", "VSS")

NOISES: dict[str, Callable[[], Happening]] = {
    "callback-denied": CallbackDenied,
    "disk-retried": lambda: RequestRetried(Device(4), 0x3F5A18),
}
"""By the name that a scenario calls it."""


class Background:
    """Starts VSS when a backup wants it, and ends it when nobody has wanted it for a while."""

    def __init__(self, log: Observer) -> None:
        self._log = log
        self._sessions: dict[str, int] = {}
        """How many backups a machine's VSS has; it runs while there is an entry."""
        self._ending: dict[str, asyncio.TimerHandle] = {}

    def occurred(self, occurrence: Occurrence) -> None:
        """See whether VSS is wanted."""
        machine = occurrence.machine
        if isinstance(occurrence.happening, SessionBegan):
            if machine not in self._sessions:
                self._log.occurred(_now(occurrence, ServiceChanged(*_VSS, running=True)))
            self._sessions[machine] = self._sessions.get(machine, 0) + 1
            if machine in self._ending:
                self._ending.pop(machine).cancel()
        elif isinstance(occurrence.happening, SessionEnded) and self._sessions.get(machine):
            self._sessions[machine] -= 1
            if not self._sessions[machine]:
                loop = asyncio.get_running_loop()
                self._ending[machine] = loop.call_later(IDLE, self._end, occurrence)

    def _end(self, last: Occurrence) -> None:
        self._ending.pop(last.machine, None)
        self._sessions.pop(last.machine, None)
        for happening in (VssIdle(), ServiceChanged(*_VSS, running=False)):
            self._log.occurred(_now(last, happening, IDLE))


def _now(occurrence: Occurrence, happening: Happening, later: float = 0.0) -> Occurrence:
    return replace(occurrence, time=occurrence.time + timedelta(seconds=later), happening=happening)


async def make_noise(site: LabSite, noise: Noise) -> None:
    """Log something harmless so many times."""
    machine, chance = site.part(noise.plate).computer, site.around.random(f"noise/{noise.plate}/{noise.what}")
    for _ in range(noise.times):
        await asyncio.sleep(chance.expovariate(noise.times / noise.seconds))
        machine.announce(Stage.SCHEDULE, NOISES[noise.what]())
