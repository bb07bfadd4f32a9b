"""Faults whose records tell them from their neighbours: what Windows writes of each, and nothing else."""

from engine.lab import Lab, Scenario, parse_fault
from engine.lab.scenario import Host, VirtualMachine
from engine.pipeline import Stage

SITE = Scenario(title="one guest", hosts=(Host(name="HV01", virtual_machines=(VirtualMachine(name="SQL01"),)),))


def night_with(fault, folder):
    """The first job, and the lab in which it failed."""
    with Lab(SITE, folder, faults=[parse_fault(fault)]) as lab:
        (first, *_) = lab.run().jobs
        return first, lab


def logged(lab, machine, channel):
    return [record.event_id for record in lab.logbook.records(machine, channel)]


def test_a_freeze_that_nobody_ends_is_complained_of_after_two_minutes_by_each_writer(tmp_path):
    job, lab = night_with("freeze-never-thawed:passes=1", tmp_path / "lab")
    assert job.stage is Stage.GUEST_FREEZE
    assert (job.ended - job.started).total_seconds() > 600, "the host gives up after ten minutes"
    events = [event for event in logged(lab, "SQL01", "Application") if event in (8229, 4003)]
    writers = len(VirtualMachine(name="X").writers)
    assert events == [8229] * writers + [4003] * writers, "they run out of time after one minute"


def test_a_window_that_is_only_exceeded_is_not(tmp_path):
    _, lab = night_with("freeze-window-exceeded:passes=1", tmp_path / "lab")
    assert 8229 in logged(lab, "SQL01", "Application")
    assert 4003 not in logged(lab, "SQL01", "Application")


def test_a_system_writer_that_cannot_identify_itself_is_missing_in_the_list(tmp_path):
    job, lab = night_with("system-writer-missing", tmp_path / "lab")
    assert job.stage is Stage.GUEST_PREPARE
    assert 513 in logged(lab, "SQL01", "Application")
    listed = {status.writer.name for status in lab.logbook.writers("SQL01")}
    assert listed == set(VirtualMachine(name="X").writers) - {"System Writer"}


def test_on_an_overloaded_machine_a_service_does_not_answer(tmp_path):
    _, lab = night_with("machine-overloaded@host:HV01:passes=1", tmp_path / "lab")
    assert 7011 in logged(lab, "HV01", "System")


def test_the_guests_broken_event_system_is_logged_as_the_hosts_is(tmp_path):
    _, lab = night_with("guest-vss-event-system-broken", tmp_path / "lab")
    _, hosts = night_with("vss-event-system-broken:passes=1", tmp_path / "other")
    told = [event for event in logged(lab, "SQL01", "Application") if event in (13, 22, 8193)]
    assert told == [event for event in logged(hosts, "HV01", "Application") if event in (13, 22, 8193)] == [8193, 13]
