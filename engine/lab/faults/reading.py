"""Reading a host's shadow copy fails in the middle of a transfer."""

from engine.hresult import HResult
from engine.lab.computers import LabHost
from engine.lab.disks import Access
from engine.lab.failures import StorageError
from engine.lab.faults.kinds import Injection, among
from engine.occurrence import Happening
from engine.pipeline import Stage

_PARCEL = 1 << 14
"""Bytes of a request that only a transfer makes; databases ask for less."""


def broken_reading(host: LabHost, number: int, hresult: HResult, *happenings: Happening) -> Injection:
    """Once a job has sent something, nothing more can be read; `number` is DPM's error ID for that."""
    images = {volume.block.path for volume in host.machine.volumes.values()}

    def fail(access: Access) -> None:
        if access.path in images and host.link.carried and not access.writes and access.length >= _PARCEL:
            for happening in happenings:
                host.computer.announce(Stage.READ_SOURCE, happening)
            raise StorageError(number, hresult, f"{access.path.name} cannot be read", Stage.READ_SOURCE)

    return among(host.around.files.rules, fail)
