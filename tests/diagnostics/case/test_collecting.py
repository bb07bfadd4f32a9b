"""What could still be collected, and with which command."""

from diagnostics.case.collecting import missing, retries
from diagnostics.case.topology import Role, read_topology
from diagnostics.event import Event, Kind

ROLES = {"HV01": Role.HOST, "SQL01": Role.GUEST}


def lacking(*events, channels=(), roles=ROLES):
    found = missing(read_topology(events, roles, roles), events, channels)
    return {(item.machine, item.export.id) for item in found}


def test_what_was_handed_in_is_not_asked_for_again():
    listing = Event(kind=Kind.VSS_LISTING, source="s", record=1, machine="HV01", fields={"Listing": "writers"})
    before, after = lacking(), lacking(listing, channels=[("HV01.contoso.com", "System")])
    assert before - after == {("HV01", "writers"), ("HV01", "system-log")}


def test_a_guest_is_not_asked_for_what_only_hosts_have():
    assert not any(machine == "SQL01" and what == "vmms-log" for machine, what in lacking())


def test_commands_name_the_machine():
    (item,) = [item for item in missing(read_topology([], ROLES, ROLES), [], []) if item.export.id == "vmms-log"]
    assert "HV01-VMMS-Admin.evtx" in item.option.command


def test_a_hostile_name_never_becomes_part_of_a_command():
    for name in ("X & DEL /S *", "A';RM -RF ~;'", '"|CALC', "$(X)", "A\nB", "`X`", "A%PATH%"):
        commands = [option.command for _, option in retries("vm:x", name)]
        machines = read_topology([], [], {name: Role.HOST})
        commands += [item.option.command for item in missing(machines, [], [])]
        assert commands
        assert not any(name in command for command in commands)
