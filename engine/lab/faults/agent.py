"""What is wrong with DPM's agent on a host, or with the way into it."""

from engine.hresult import HResult
from engine.lab.computers import LabHost
from engine.lab.faults.kinds import Injection, among, fault, setting, together
from engine.lab.faults.telling import telling
from engine.occurrence import Happening
from engine.pipeline import Component, Stage
from engine.windows import ProgramCrashed, ServiceEnded, ServiceGaveUp

_SERVICE = ("DPMRA", "DPMRA")
"""Its name and its key."""


def _told(host: LabHost, *happenings: Happening) -> Injection:
    """The host notices something whenever its agent is called."""
    return among(host.agent.strikes, telling(host.computer, Stage.CONTACT_AGENT, *happenings))


@fault(Component.DPM_AGENT_COMM)
def agent_service_down(host: LabHost) -> Injection:
    """The agent's service crashed, and nothing listens on its port."""
    told = _told(host, ProgramCrashed("DPMRA.exe", "ntdll.dll", "c0000005"), ServiceEnded(*_SERVICE))
    return together(setting(host.agent, running=False), told)


@fault(Component.DPM_AGENT_COMM)
def agent_port_taken(host: LabHost) -> Injection:
    """Another program holds the agent's port, and its service ends with WSAEADDRINUSE."""
    return together(setting(host.agent, running=False), _told(host, ServiceGaveUp(*_SERVICE, HResult.WSAEADDRINUSE)))


@fault(Component.DPM_AGENT_COMM)
def agent_access_groups(host: LabHost) -> Injection:
    """The server is not in the groups on the host that may use the agent."""
    return setting(host.agent, trusts_server=False)


@fault(Component.DPM_AGENT_COMM)
def agent_blocked_by_firewall(host: LabHost) -> Injection:
    """The host's firewall drops what the server sends."""
    return setting(host.agent, reachable=False)


@fault(Component.DPM_AGENT_COMM)
def agent_version_mismatch(host: LabHost) -> Injection:
    """The agent is older than the server works with."""
    return setting(host.agent, version=(1, 0))


@fault(Component.DPM_AGENT_COMM)
def agent_not_ready(host: LabHost) -> Injection:
    """The agent is not installed, or waits for a restart of the host."""
    return setting(host.agent, installed=False)
