"""Who is who is read from what the machines logged."""

import pytest

from diagnostics.case.topology import UNKNOWN, Role, read_topology
from diagnostics.event import Event, Kind
from engine.pipeline import Scope


def record(machine, provider, **fields):
    return Event(kind=Kind.RECORD, source="s", record=1, machine=machine, provider=provider, fields=fields)


def test_a_machine_that_logs_as_vmms_is_a_host_and_runs_the_vms_it_names():
    topology = read_topology([record("HV01.contoso.com", "Microsoft-Windows-Hyper-V-VMMS", VmName="sql01")], [], {})
    assert topology.role("hv01") is Role.HOST
    assert topology.role("SQL01") is Role.GUEST
    assert topology.host("SQL01") == "HV01"


def test_short_and_full_names_are_one_machine():
    topology = read_topology([], ["HV01.contoso.com", "hv01"], {})
    assert list(topology.machines) == ["HV01"]


@pytest.mark.parametrize("address", ["10.0.0.1", "FE80::1", "::FFFF:10.0.0.1", "2001:DB8::1%12"])
def test_an_address_is_a_name_as_it_stands(address):
    topology = read_topology([record(address.lower(), "Hyper-V-VMMS", VmName="sql01")], ["10.0.0.2"], {})
    assert topology.role(address) is Role.HOST
    assert topology.host("SQL01") == address
    assert topology.plate_of(address) == (Scope.HOST, f"host:{address}")
    assert "10.0.0.2" in topology.machines


def test_a_role_that_a_person_gives_wins_over_every_clue():
    topology = read_topology([record("A", "Hyper-V-VMMS")], [], {"A": Role.DPM_SERVER})
    assert topology.role("A") is Role.DPM_SERVER
    assert topology.plate_of("A") == (Scope.SITE, "site")


def test_a_dpm_server_that_is_also_a_guest_is_a_dpm_server():
    topology = read_topology([record("D", "MSDPM"), record("D", "vmicvss"), record("D", "vmicvss")], [], {})
    assert topology.role("D") is Role.DPM_SERVER


def test_a_name_is_only_a_guess_and_says_so():
    topology = read_topology([], ["HV07"], {})
    assert topology.machines["HV07"].role is Role.HOST
    assert topology.machines["HV07"].basis == "guessed from its name"


def test_a_machine_of_unknown_role_is_its_own_host_and_its_own_guest():
    topology = read_topology([record("SRV01", "VSS")], ["SRV01"], {})
    assert topology.hosts == topology.vms == ["SRV01"]
    assert topology.host("SRV01") == "SRV01"


def test_a_domain_controller_serves_the_site_and_its_own_shadow_copies_are_its_own():
    topology = read_topology([record("DC01", "NTDS ISAM"), record("DC01", "VSS")], ["DC01"], {})
    assert topology.role("DC01") is Role.DOMAIN_CONTROLLER
    assert topology.plate_of("DC01") == (Scope.HOST, "host:DC01")
    assert topology.hosts == topology.vms == ["DC01"]


def test_a_guest_belongs_to_the_only_host_and_to_none_of_several():
    one = read_topology([record("HV01", "Hyper-V-VMMS"), record("G", "vmicvss")], [], {})
    assert one.host("G") == "HV01"
    two = read_topology(
        [record("HV01", "Hyper-V-VMMS"), record("HV02", "Hyper-V-VMMS"), record("G", "vmicvss")], [], {}
    )
    assert two.host("G") == UNKNOWN


def test_placeholders_of_documentation_name_no_machine():
    topology = read_topology([record("DPM01", "MSDPM", VmName="<VirtualMachineName>")], [], {})
    assert topology.vms == []
