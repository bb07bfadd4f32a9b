"""A hit belongs on the plate that its event speaks of, and is explained by causes that can sit there."""

import pytest

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import gather, links_of
from diagnostics.case.places import Places
from diagnostics.case.topology import Role, read_topology
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.localize.problem import OTHER
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import load_rules
from engine.pipeline import Mode, Scope, Stage

RULES = RuleSet(load_rules().rules)
CATALOG = load_catalog()
ROLES = {"DPM01": Role.DPM_SERVER, "HV01": Role.HOST, "SQL01": Role.GUEST, "WEB01": Role.GUEST}


def event(machine, provider="VSS", event_id=0, time=None, kind=Kind.RECORD, codes=(), **fields):
    return Event(
        kind=kind, source="s", record=1, machine=machine, provider=provider, event_id=event_id, time=time, codes=codes,
        fields=fields,
    )  # fmt: skip


def topology(*vms, roles=ROLES):
    listed = [event("HV01", kind=Kind.VM, provider="", VmName=vm) for vm in vms]
    return read_topology(listed, roles, roles)


def failed(vm, started, ended):
    return Job(
        id=vm, vm=vm, host="HV01", mode=Mode.ONLINE, outcome=Outcome.FAILED, failed=(Stage.SCHEDULE, Stage.SCHEDULE),
        started=started, ended=ended, bytes_sent=None, reports=(),
    )  # fmt: skip


def test_an_event_belongs_to_the_machine_that_logged_it():
    places = Places(topology("SQL01", "WEB01"))
    assert places.find(event("SQL01"), Scope.VM).name == "vm:SQL01"
    assert places.find(event("SQL01"), Scope.HOST).name == "host:HV01"
    assert places.find(event("HV01"), Scope.HOST).name == "host:HV01"
    assert places.find(event("HV01"), Scope.SITE).name == "site"


def test_a_machine_that_the_event_names_wins():
    assert Places(topology("SQL01", "WEB01")).find(event("HV01", VmName="web01"), Scope.VM).name == "vm:WEB01"


def test_what_a_host_says_of_an_unnamed_guest_is_of_the_one_whose_job_failed_then():
    jobs = [failed("SQL01", 100, 200), failed("WEB01", 1000, 1100)]
    places = Places(topology("SQL01", "WEB01"), jobs)
    assert places.find(event("HV01", time=150), Scope.VM).name == "vm:SQL01"
    assert places.find(event("HV01", time=990), Scope.VM).name == "vm:WEB01"
    assert places.find(event("HV01"), Scope.VM).name == "vm:WEB01", "a mere state is what the last job left"


def test_without_a_failed_job_an_unnamed_guest_stays_unnamed():
    assert Places(topology("SQL01", "WEB01")).find(event("HV01"), Scope.VM).name == "vm:?@HV01"


def test_a_dpm_report_is_about_the_host_that_it_names():
    report = event("DPM01", kind=Kind.JOB, provider="", Server="HV01.contoso.com")
    assert Places(topology("SQL01")).find(report, Scope.HOST).name == "host:HV01"
    assert Places(topology("SQL01")).home(report) is Scope.HOST


@pytest.mark.parametrize(("machine", "scope"), [("HV01", Scope.HOST), ("SQL01", Scope.VM)])
def test_what_a_machine_says_of_itself_is_explained_on_its_own_plate(machine, scope):
    volsnap = event(machine, "volsnap", 36)
    (rule,) = RULES.match(volsnap)
    links = links_of(volsnap, rule, Places(topology("SQL01")), CATALOG)
    assert {link.scope for link in links} == {scope}
    assert links[-1].cause == OTHER


@pytest.mark.parametrize(
    ("said", "cause", "scopes"),
    [
        (event("HV01", "Microsoft-Windows-Hyper-V-VMMS", 10111), "diff-area-no-space", {Scope.HOST, Scope.VM}),
        (event("HV01", "Microsoft-Windows-Hyper-V-VMMS", 10111), "hyperv-auto-recovery-failed", {Scope.HOST}),
        (event("HV01", "Microsoft-Windows-FailoverClustering", 1069), "cluster-failover", {Scope.HOST}),
    ],
)
def test_what_a_host_says_of_a_time_when_it_depends_on_a_guest_may_come_of_either(said, cause, scopes):
    links = [link for rule in RULES.match(said) for link in links_of(said, rule, Places(topology("SQL01")), CATALOG)]
    assert {link.scope for link in links if link.cause == cause} == scopes


def test_a_thousand_hits_of_one_rule_on_one_plate_are_one_sighting():
    hits = [(hit, rule) for hit in [event("HV01", "volsnap", 36)] * 1000 for rule in RULES.match(hit)]
    (sighting,) = gather(hits, Places(topology("SQL01")), CATALOG)
    assert len(sighting.events) == 1000


@pytest.mark.parametrize(("machine", "plates"), [("SQL01", ["vm:SQL01"]), ("HV01", []), ("DPM01", [])])
def test_what_a_host_lists_of_its_own_volumes_says_nothing_of_its_guests(machine, plates):
    listed = event(machine, provider="", kind=Kind.VOLUME, Volume="E:", FileSystem="FAT32", Reserved="false")
    places = Places(topology("SQL01", "WEB01"), [failed("WEB01", 100, 200)])
    sightings = gather([(listed, rule) for rule in RULES.match(listed)], places, CATALOG)
    assert [sighting.plate.name for sighting in sightings] == plates
