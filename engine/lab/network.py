"""What joins a server and its hosts: the directory that both trust, the agents, and the lines between them."""

import asyncio
from dataclasses import dataclass, field

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.vss.faults import Fault

MOST_SKEW = 300.0
"""Seconds that clocks may differ for Kerberos (MaxClockSkew, by default)."""
VERSION = (2, 0)
"""Of the server, and of agents that fit."""


@dataclass
class Directory:
    """The domain controller, with its name service."""

    reachable: bool = True
    resolves: bool = True
    """Whether names of hosts lead to addresses."""
    skew: float = 0.0
    """Seconds by which the server's clock is ahead of the domain's."""
    refuses: HResult = HResult.S_OK
    """What asking for a ticket ends with."""
    strikes: list[Fault] = field(default_factory=list)
    """Happen whenever the server looks for an agent."""


@dataclass
class Agent:
    """DPM's agent on a host."""

    installed: bool = True
    running: bool = True
    hangs: bool = False
    reachable: bool = True
    """Whether the host's firewall lets the server in."""
    trusts_server: bool = True
    """Whether the server is in the groups that may use it."""
    version: tuple[int, int] = VERSION
    skew: float = 0.0
    """Seconds by which the host's clock is ahead of the domain's."""
    refuses: HResult = HResult.S_OK
    """What it answers instead of beginning the job."""
    number: int = 60
    """DPM's error ID for that."""
    strikes: list[Fault] = field(default_factory=list)
    """Happen whenever the server calls it."""
    claims: list[Fault] = field(default_factory=list)
    """Happen before it asks VSS for shadow copies of volumes."""


class LinkBrokenError(Exception):
    """The connection between agent and server ended."""

    def __init__(self, hresult: HResult) -> None:
        super().__init__(f"the connection ended ({hresult.name} {hresult})")
        self.hresult = hresult


@dataclass
class Link:
    """The way from a host to the server."""

    host: str
    rate: float
    """Bytes a second."""
    up: bool = True
    cut_after: int | None = None
    """So many bytes after a job's transfer began the connection ends."""
    cause: HResult = HResult.WSAECONNRESET
    """What it ends with."""
    patience: float = 300.0
    """Seconds without a byte after which DPM gives up."""
    faults: list[Fault] = field(default_factory=list)
    """Happen before each parcel."""
    carried: int = 0
    """Bytes, of the job under way."""

    async def carry(self, size: int) -> None:
        """Bring some bytes over. Raises LinkBrokenError."""
        for fault in self.faults:
            await fault()
        if self.cut_after is not None and self.carried + size > self.cut_after:
            raise LinkBrokenError(self.cause)
        if size / self.rate > self.patience:
            await asyncio.sleep(self.patience)
            raise LinkBrokenError(HResult.WSAETIMEDOUT)
        await asyncio.sleep(size / self.rate)
        self.carried += size


async def call_agent(directory: Directory, link: Link, agent: Agent) -> None:
    """Let the server reach an agent: name, way, ticket, rights, service, version. Raises JobFailedError."""
    for strike in (*directory.strikes, *agent.strikes):
        await strike()
    await _find(directory, link, agent)
    _trust(directory, agent)
    await _begin(link, agent)


async def _find(directory: Directory, link: Link, agent: Agent) -> None:
    if not directory.resolves:
        raise JobFailedError(41, HResult.WSAHOST_NOT_FOUND, "its name does not resolve")
    if not link.up:
        await asyncio.sleep(_CONNECT)
        raise JobFailedError(41, HResult.WSAEHOSTUNREACH, "no way leads to it")
    if not agent.reachable:
        await asyncio.sleep(_CONNECT)
        raise JobFailedError(41, HResult.WSAETIMEDOUT, "a firewall drops what comes")


def _trust(directory: Directory, agent: Agent) -> None:
    """Kerberos, and the groups that may use the agent."""
    if not directory.reachable:
        raise JobFailedError(42, HResult.ERROR_NO_LOGON_SERVERS, "no domain controller answers")
    if abs(agent.skew - directory.skew) > MOST_SKEW:
        raise JobFailedError(42, HResult.ERROR_TIME_SKEW, "the clocks differ by more than Kerberos allows")
    if directory.refuses is not HResult.S_OK:
        raise JobFailedError(42, directory.refuses, "the domain controller grants no ticket")
    if not agent.trusts_server:
        raise JobFailedError(42, HResult.ERROR_ACCESS_DENIED, "the server is not in the groups that may use the agent")


async def _begin(link: Link, agent: Agent) -> None:
    if not agent.installed:
        raise JobFailedError(45, HResult.E_FAIL, "there is no agent")
    if not agent.running:
        raise JobFailedError(41, HResult.WSAECONNREFUSED, "the agent's service is stopped")
    if agent.hangs:
        await asyncio.sleep(link.patience)
        raise JobFailedError(43, HResult.DPM_E_AGENT_NOT_RESPONDING, "the agent does not answer")
    if agent.version != VERSION:
        raise JobFailedError(296, HResult.ERROR_PRODUCT_VERSION, "the agent is of another version")
    if agent.refuses is not HResult.S_OK:
        raise JobFailedError(agent.number, agent.refuses, "the agent refuses the job")


_CONNECT = 21.0
"""Seconds until Windows gives up a connection (three SYN)."""
