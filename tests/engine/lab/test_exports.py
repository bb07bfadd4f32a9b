"""What machines of the lab export tells what they are: read as any export is, it gives their own conditions."""

import pytest

from diagnostics.diagnosis import Knowledge, load_knowledge, read_and_understand
from diagnostics.eligibility.facts import facts_of
from diagnostics.event import Kind
from diagnostics.reading import read_case
from diagnostics.request import Request
from engine.hyperv.conditions import Outcome, eligibility
from engine.lab import Lab, Scenario, parse_fault
from engine.lab.scenario import GuestVolume, Host, HostVolume, Job, VirtualMachine

BREAKING = {
    "backup-integration-disabled": "A",
    "guest-requestor-not-running": "A",
    "guest-dynamic-disk": "B",
    "guest-volume-not-supported": "C",
    "guest-volume-too-small": "D",
    "guest-shadow-storage-elsewhere": "E",
    "checkpoints-on-other-volume": "G",
}
"""Faults, and the condition of an online backup that each breaks."""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def site(language: str = "en", **job: object) -> Scenario:
    volumes = (GuestVolume(), GuestVolume(name="E:"))
    vms = tuple(VirtualMachine(name=name, volumes=volumes) for name in ("FILE01", "SQL01"))
    host = Host(name="HV01", volumes=(HostVolume(), HostVolume(name="E:")), virtual_machines=vms)
    return Scenario(title="two machines", hosts=(host,), language=language, job=Job(**job))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "de", "ja"])
@pytest.mark.parametrize("fault", ["", *BREAKING])
def test_exports_tell_the_conditions_as_the_machines_are(tmp_path, fault, language):
    faults = [parse_fault(f"{fault}@vm:SQL01")] if fault else []
    with Lab(site(language), tmp_path / "lab", faults=faults) as lab:
        lab.write_logs(tmp_path / "exports")
        own = {vm.name: vm.machine.eligibility() for vm in lab.site.vms.values()}
    told = {known.vm: eligibility(known.facts) for known in facts_of(read_case([tmp_path / "exports"]).events).machines}
    outcomes = {vm: [finding.outcome for finding in answer.findings] for vm, answer in told.items()}
    assert outcomes == {vm: [finding.outcome for finding in answer.findings] for vm, answer in own.items()}
    failed = [finding.letter.value for finding in told["SQL01"].findings if finding.outcome is Outcome.FAILED]
    assert failed == ([BREAKING[fault]] if fault else [])


@pytest.mark.parametrize("fault", BREAKING)
def test_causes_that_fail_a_job_alike_are_told_apart_by_the_exports(tmp_path, knowledge, fault):
    faults = [parse_fault(f"{fault}@vm:SQL01")]
    with Lab(site(offline_allowed=False), tmp_path / "lab", faults=faults) as lab:
        night = lab.run()
        lab.write_logs(tmp_path / "logs")
    assert [job.number for job in night.jobs if job.failed] == [30288]
    case = read_and_understand(Request(paths=(str(tmp_path / "logs"),)), knowledge)
    first = case.judgement.candidates[0]
    assert (first.plate, first.cause) == ("vm:SQL01", fault)


def test_a_service_that_hangs_is_told_from_one_that_speaks_another_version(tmp_path):
    said = {}
    for fault in ("guest-does-not-answer", "integration-services-outdated", "guest-requestor-not-running"):
        with Lab(site(), tmp_path / fault, faults=[parse_fault(f"{fault}@vm:SQL01")]) as lab:
            lab.write_logs(tmp_path / "exports" / fault)
        events = read_case([tmp_path / "exports" / fault]).events
        (service,) = (
            event.fields
            for event in events
            if event.kind is Kind.INTEGRATION_SERVICE
            and (event.fields["Service"], event.fields["VmName"]) == ("vss", "SQL01")
        )
        said[fault] = (service["PrimaryStatus"], service.get("SecondaryStatus", ""))
    assert said == {
        "guest-does-not-answer": ("Communication Timed Out", ""),
        "integration-services-outdated": ("OK", "Protocol Mismatch"),
        "guest-requestor-not-running": ("No Contact", ""),
    }


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_machine_tells_its_windows_providers_and_limits_in_its_language(tmp_path, language):
    scenario = site(language)
    faults = [parse_fault("diff-area-limit@host:HV01:kib=524288"), parse_fault("third-party-provider-interferes")]
    with Lab(scenario, tmp_path / "lab", faults=faults) as lab:
        lab.write_logs(tmp_path / "exports")
    events = read_case([tmp_path / "exports"]).events
    systems = {event.machine: event.fields["Version"] for event in events if event.kind is Kind.OS}
    assert systems == {"DPM01": "6.2.9200", "HV01": "6.2.9200", "FILE01": "6.1.7601", "SQL01": "6.1.7601"}
    providers = {(event.machine, event.fields["ProviderType"]) for event in events if event.kind is Kind.VSS_PROVIDER}
    assert providers == {("HV01", "hardware"), ("HV01", "system"), ("FILE01", "software"), ("SQL01", "software")}
    storages = [event for event in events if event.kind is Kind.SHADOW_STORAGE]
    assert {(event.machine, event.fields["MaximumBytes"]) for event in storages} == {("HV01", str(512 << 20))}


def test_copies_that_nobody_released_are_listed_each_with_its_set(tmp_path):
    faults = [parse_fault("csv-snapshots-pile-up:copies=3")]
    with Lab(site("de"), tmp_path / "lab", faults=faults) as lab:
        lab.write_logs(tmp_path / "exports")
    events = read_case([tmp_path / "exports"]).events
    copies = [event for event in events if event.kind is Kind.SHADOW_COPY]
    assert {event.machine for event in copies} == {"HV01"}
    assert len({event.fields["ShadowCopyId"] for event in copies}) == 3
    assert len({event.time for event in copies}) == 3
    counts = {event.machine: event.fields["Count"] for event in events if event.fields.get("Listing") == "shadows"}
    assert counts == {"HV01": "3", "SQL01": "0", "FILE01": "0"}


def test_a_checkpoint_that_was_left_is_listed_and_one_that_waits_to_be_merged_is_not(tmp_path):
    faults = [parse_fault("recovery-checkpoint-left@vm:SQL01"), parse_fault("disk-merge-failed@vm:FILE01")]
    with Lab(site("ja"), tmp_path / "lab", faults=faults) as lab:
        lab.write_logs(tmp_path / "exports")
    (checkpoint,) = [event for event in read_case([tmp_path / "exports"]).events if event.kind is Kind.CHECKPOINT]
    assert (checkpoint.fields["VmName"], checkpoint.fields["SnapshotType"]) == ("SQL01", "Recovery")
    assert checkpoint.fields["CheckpointName"].startswith("SQL01 - バックアップ - (")


def test_a_machine_that_is_off_exports_nothing_and_its_host_says_so(tmp_path):
    with Lab(site(), tmp_path / "lab", faults=[parse_fault("offline-backup-forbidden@vm:SQL01")]) as lab:
        lab.write_logs(tmp_path / "exports")
    assert not (tmp_path / "exports" / "SQL01").exists()
    events = read_case([tmp_path / "exports"]).events
    states = {event.fields["VmName"]: event.fields["State"] for event in events if event.kind is Kind.VM}
    assert states == {"SQL01": "Off", "FILE01": "Running"}


def test_a_machine_whose_configuration_cannot_be_read_is_in_no_list(tmp_path):
    with Lab(site(), tmp_path / "lab", faults=[parse_fault("vm-config-invalid@vm:SQL01")]) as lab:
        lab.write_logs(tmp_path / "exports")
    events = read_case([tmp_path / "exports"]).events
    assert {event.fields["VmName"] for event in events if event.kind is Kind.VM} == {"FILE01"}
