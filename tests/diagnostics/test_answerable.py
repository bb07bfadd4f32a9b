"""A role is given to a machine of the logs; a name that no log knows is a slip of the pen, and is told."""

from collections import Counter
from pathlib import Path

import pytest

from diagnostics.answerable import check_roles
from diagnostics.case.topology import Role
from diagnostics.event import Event, Kind
from diagnostics.reading import Reading
from diagnostics.request import Options, Request, UsageError, request_of


def reading_of(*told: tuple[str, str], named_only: tuple[str, ...] = ()) -> Reading:
    """What (machine, event source) logged; of some machines only records that nobody asks for."""
    events = [Event(kind=Kind.RECORD, source="s", record=1, machine=name, provider=source) for name, source in told]
    machines = {name: name.upper() for name in (*named_only, *(name for name, _ in told)) if name}
    return Reading(events=events, sources=[], tallies={}, repeats=Counter(), machines=machines)


def asked(*roles: str, topology: Path | None = None) -> Request:
    return request_of(Options(paths=("logs",), roles=roles, topology=topology))


def complaint(request: Request, reading: Reading) -> str:
    """What is said against the roles of a request; empty where nothing is."""
    try:
        check_roles(request, reading)
    except UsageError as wrong:
        return str(wrong)
    return ""


SITE = reading_of(("HV01", "Microsoft-Windows-Hyper-V-VMMS"), ("SQL01", "vmicvss"))
GUEST = reading_of(("SQL01", "vmicvss"))


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("HV1=host", "--role HV1: no log is of such a machine, and none names it; there are HV01"),
        (
            "backup.contoso.com=dpm-server",
            "BACKUP: no log is of such a machine, and none names it; there are HV01, SQL01",
        ),
        ("NOSUCH=guest", "there are HV01, SQL01"),
    ],
)
def test_a_machine_that_no_log_knows_is_refused_with_those_that_are_called_alike(role, told):
    with pytest.raises(UsageError, match=told):
        check_roles(asked("SQL01=guest", role), SITE)


def test_a_machine_is_known_by_any_spelling_and_by_records_that_nobody_looks_for():
    known = reading_of(("HV01", "x"), named_only=("collector.x",))
    assert complaint(asked("hv01.contoso.com=host", "COLLECTOR=dc"), known) == ""


@pytest.mark.parametrize(("address", "other"), [("10.0.0.1", "10.0.0.2"), ("fe80::1", "fe80::2")])
def test_a_machine_that_logs_its_address_is_known_by_the_whole_of_it(address, other):
    known = reading_of((address, "Microsoft-Windows-Hyper-V-VMMS"))
    request = asked(f"{address}=host")
    assert request.roles == {address.upper(): Role.HOST}
    assert complaint(request, known) == ""
    assert f"--role {other.upper()}: no log" in complaint(asked(f"{other}=dpm-server"), known)


def test_a_machine_that_only_a_job_names_may_be_given_a_role():
    job = Event(kind=Kind.JOB, source="s", record=1, machine="DPM01", fields={"VmName": "SQL01", "Server": "HV07"})
    only_a_job = Reading(events=[job], sources=[], tallies={}, repeats=Counter(), machines={"DPM01": "DPM01"})
    assert complaint(asked("HV07=host", "SQL01=guest"), only_a_job) == ""
    assert "HV08" in complaint(asked("HV08=guest"), only_a_job)


def test_the_host_of_guests_may_be_named_where_no_log_knows_a_host():
    assert complaint(asked("HV09=host"), GUEST) == ""
    assert "HV09" in complaint(asked("HV09=dpm-server"), GUEST)


def test_logs_that_name_no_machine_may_be_given_any():
    assert complaint(asked("SQL01=guest"), reading_of(("", "VSS"))) == ""


def test_a_topology_file_may_know_machines_of_which_no_log_is(tmp_path):
    site = tmp_path / "site.yml"
    site.write_text("roles: {BACKUP: dpm-server}\nhosts: {HV09: [WEB01]}\n")
    assert complaint(asked("BACKUP=dpm-server", "HV09=host", "WEB01=guest", topology=site), SITE) == ""
    assert "BACKUP" in complaint(asked("BACKUP=dpm-server"), SITE)
