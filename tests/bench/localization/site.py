"""The machines of a night."""

from random import Random
from typing import NamedTuple

from diagnostics.case.topology import Role
from engine.pipeline import Scope
from tests.bench.localization.setting import Setting

SERVER = "DPM01"
CONTROLLER = "DC01"
_WORK = ("SQL", "EX", "FS", "WEB", "APP", "ERP", "PRINT", "MAIL")


class Site(NamedTuple):
    """Who runs where."""

    hosts: dict[str, tuple[str, ...]]
    """Virtual machines by host."""
    cluster: tuple[str, ...]
    """Hosts that share a volume; empty where none do."""
    offline: frozenset[str]
    """Virtual machines that are backed up by saving their state."""

    @property
    def vms(self) -> list[str]:
        return [vm for vms in self.hosts.values() for vm in vms]

    def host(self, vm: str) -> str:
        return next(host for host, vms in self.hosts.items() if vm in vms)

    def machines(self) -> list[tuple[str, Role]]:
        """Every machine that logs something."""
        return [
            (SERVER, Role.DPM_SERVER),
            (CONTROLLER, Role.DOMAIN_CONTROLLER),
            *((host, Role.HOST) for host in self.hosts),
            *((vm, Role.GUEST) for vm in self.vms),
        ]


def make_site(setting: Setting, chance: Random) -> Site:
    names = [f"HV{number:02}" for number in range(1, chance.randint(*setting.hosts) + 1)]
    hosts: dict[str, tuple[str, ...]] = {}
    number = 0
    for host in names:
        vms = []
        for _ in range(chance.randint(*setting.machines)):
            number += 1
            vms.append(f"{chance.choice(_WORK)}{number:02}")
        hosts[host] = tuple(vms)
    cluster = tuple(names[: chance.randint(2, len(names))]) if chance.random() < setting.clustered else ()
    everybody = [vm for vms in hosts.values() for vm in vms]
    return Site(hosts, cluster, frozenset(vm for vm in everybody if chance.random() < setting.offline))


def scope_of(role: Role) -> Scope:
    """The plate of what a machine of this role logs about itself."""
    return {Role.HOST: Scope.HOST, Role.GUEST: Scope.VM}.get(role, Scope.SITE)
