"""What goes wrong while blocks travel: connections, sockets, files that others hold, and replicas that differ."""

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.lab.computers import LabHost
from engine.lab.faults.kinds import Injection, among, fault, setting
from engine.lab.faults.reading import broken_reading
from engine.lab.network import LinkBrokenError
from engine.pipeline import Component, Stage
from engine.windows import ControllerFailed, Device, PortsExhausted, RequestRetried, ServiceEnded, TargetLost


@fault(Component.TRANSFER)
def transfer_connection_reset(host: LabHost, *, kib: int = 128) -> Injection:
    """The connection is reset after a part of the blocks has travelled."""
    return setting(host.link, cut_after=kib << 10, cause=HResult.WSAECONNRESET)


@fault(Component.TRANSFER)
def transfer_too_slow(host: LabHost, *, bytes_per_second: float = 100.0) -> Injection:
    """The line is so slow that nothing comes for five minutes, and DPM gives up."""
    return setting(host.link, rate=bytes_per_second)


@fault(Component.TRANSFER)
def agent_stopped_mid_transfer(host: LabHost) -> Injection:
    """The agent's service ends while blocks travel."""

    async def stop() -> None:
        if host.link.carried:
            host.computer.announce(Stage.SEND_BLOCKS, ServiceEnded("DPMRA", "DPMRA"))
            raise JobFailedError(30187, HResult.E_FAIL, "the agent was shut down", Stage.SEND_BLOCKS)

    return among(host.link.faults, stop)


@fault(Component.RESOURCE_EXHAUSTION)
def sockets_exhausted(host: LabHost) -> Injection:
    """The host has no outgoing port and no socket buffer left."""

    async def refuse() -> None:
        if host.link.carried:
            host.computer.announce(Stage.SEND_BLOCKS, PortsExhausted())
            raise LinkBrokenError(HResult.WSAENOBUFS)

    return among(host.link.faults, refuse)


@fault(Component.FILTER_DRIVER_AV)
def antivirus_locks_files(host: LabHost) -> Injection:
    """A virus scanner holds the virtual disks while they are to be read."""
    return broken_reading(host, 37, HResult.ERROR_SHARING_VIOLATION)


@fault(Component.DISK_IO)
def storage_path_unstable(host: LabHost) -> Injection:
    """The path to the host's storage breaks again and again while the shadow copy is read."""
    lost = TargetLost("iqn.1991-05.com.microsoft:san"), ControllerFailed(Device(2)), RequestRetried(Device(2), 1 << 20)
    return broken_reading(host, 2033, HResult.ERROR_IO_DEVICE, *lost)
