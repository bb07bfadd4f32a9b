"""How long things take when all is well, by chance: applications, and copies of volumes."""

import asyncio
from collections.abc import Mapping
from random import Random

from engine.vss.faults import Fault, FaultyApplication
from engine.vss.states import Phase
from engine.vss.writer import Application

_SECONDS: Mapping[Phase, tuple[float, float]] = {
    Phase.IDENTIFY: (0.2, 1.5),
    Phase.PREPARE_BACKUP: (0.05, 0.4),
    Phase.PREPARE_SNAPSHOT: (0.1, 0.8),
    Phase.FREEZE: (0.05, 0.6),
    Phase.THAW: (0.02, 0.2),
    Phase.POST_SNAPSHOT: (0.05, 0.5),
    Phase.BACKUP_COMPLETE: (0.05, 0.4),
}
"""At least and at most; far below all limits."""


def paced(application: Application, random: Random) -> Application:
    """An application that takes some time for each event."""

    def pause(phase: Phase) -> Fault:
        async def wait() -> None:
            await asyncio.sleep(random.uniform(*_SECONDS[phase]))

        return wait

    return FaultyApplication(application, {phase: pause(phase) for phase in _SECONDS})


def paced_provider(random: Random) -> dict[str, Fault]:
    """What a provider takes its time for, by routine."""

    async def wait() -> None:
        await asyncio.sleep(random.uniform(0.05, 0.5))

    return dict.fromkeys(("EndPrepareSnapshots", "CommitSnapshots", "PostFinalCommitSnapshots"), wait)
