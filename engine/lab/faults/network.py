"""What is wrong with what all machines share: domain controllers, names, clocks, certificates, the way between them."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.hresult import HResult
from engine.lab.faults.certificates import refused_handshake
from engine.lab.faults.kinds import Injection, among, fault, setting, together
from engine.lab.faults.telling import telling
from engine.lab.site import LabSite
from engine.occurrence import Happening
from engine.pipeline import Component, Stage
from engine.windows import (
    CertificateRejected,
    ComputerUnreachable,
    DomainControllerMissing,
    LinkLost,
    NameNotResolved,
    TicketRefused,
    TimeSourceLost,
    TrustBroken,
)


def _told(site: LabSite, *happenings: Happening) -> Injection:
    """The server notices something whenever it looks for an agent."""
    return among(site.directory.strikes, telling(site.computer, Stage.CONTACT_AGENT, *happenings))


def _domain(site: LabSite) -> str:
    return site.around.scenario.site.domain.partition(".")[0].upper()


def _names(site: LabSite) -> list[str]:
    return [f"{host}.{site.around.scenario.site.domain}" for host in site.hosts]


@fault(Component.IDENTITY_NETWORK)
def domain_controller_unreachable(site: LabSite) -> Injection:
    """No domain controller answers, and nobody gets a ticket."""
    told = [DomainControllerMissing(_domain(site))]
    return together(setting(site.directory, reachable=False), _told(site, *told))


@fault(Component.IDENTITY_NETWORK)
def dns_failure(site: LabSite) -> Injection:
    """No name server answers, and the server does not find its hosts."""
    told: list[Happening] = []
    for name in _names(site):
        told += [NameNotResolved(name), ComputerUnreachable(name)]
    return together(setting(site.directory, resolves=False), _told(site, *told))


@fault(Component.IDENTITY_NETWORK)
def clock_skew(site: LabSite, *, seconds: float = 420.0) -> Injection:
    """The server's clock differs from the domain's by more than the 5 minutes that Kerberos allows."""
    told = [TimeSourceLost(), *(TicketRefused(f"host/{name}", "KRB_AP_ERR_SKEW", "0x25") for name in _names(site))]
    return together(setting(site.directory, skew=seconds), _told(site, *told))


@fault(Component.IDENTITY_NETWORK)
def kerberos_identity_mismatch(site: LabSite) -> Injection:
    """Tickets are issued for another account than the one that the hosts run under."""
    told = [TicketRefused(f"host/{name}", "KRB_AP_ERR_MODIFIED", "0x29") for name in _names(site)]
    refuses = setting(site.directory, refuses=HResult.SEC_E_WRONG_PRINCIPAL)
    return together(refuses, _told(site, *told))


@fault(Component.IDENTITY_NETWORK)
def secure_channel_broken(site: LabSite) -> Injection:
    """The domain does not accept the server's machine account any more."""
    told = [TrustBroken(_domain(site), "\\\\DC01")]
    refuses = setting(site.directory, refuses=HResult.ERROR_TRUSTED_RELATIONSHIP_FAILURE)
    return together(refuses, _told(site, *told))


@fault(Component.IDENTITY_NETWORK)
@contextmanager
def tls_certificate_rejected(site: LabSite, *, why: str = "expired") -> Iterator[None]:
    """The server's certificate has expired, or is from an authority that hosts do not know (`why=foreign`)."""
    alert, hresult = refused_handshake(why)
    told = [CertificateRejected("DPMRA.exe", alert)]
    with setting(site.directory, refuses=hresult), _told(site, *told):
        yield


@fault(Component.IDENTITY_NETWORK)
def network_outage(site: LabSite) -> Injection:
    """The server's network is down: no host can be reached."""
    told = [LinkLost("Ethernet"), *map(ComputerUnreachable, _names(site))]
    links = [setting(host.link, up=False) for host in site.hosts.values()]
    return together(*links, _told(site, *told))
