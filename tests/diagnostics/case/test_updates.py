"""Whether an update is there is said only as far as an inventory of that machine proves it."""

import pytest

from diagnostics.answer.advising import update_advice
from diagnostics.case.topology import Machine, Role, Topology
from diagnostics.case.updates import State, holders, read_inventories, standing
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.knowledge.updates import Holder, Product, Update

UPDATES = {update.kb: update for update in load_catalog().updates}
SERVER_2008 = {"Version": "6.0.6002"}
SERVER_2008_RTM = {"Version": "6.0.6001"}
SERVER_2012 = {"Version": "6.2.9200"}
SERVER_2012_R2 = {"Version": "6.3.9600"}
SERVER_2016 = {"Version": "10.0.14393"}
TOPOLOGY = Topology(
    machines={
        "DPM01": Machine("DPM01", Role.DPM_SERVER, ""),
        "HV01": Machine("HV01", Role.HOST, ""),
        "SQL01": Machine("SQL01", Role.GUEST, ""),
    },
    host_of={"SQL01": "HV01"},
)


def told(kind, fields, machine="HV01.contoso.com"):
    return Event(kind=kind, source="HV01/systeminfo.txt", record=7, machine=machine, fields=fields)


def listed(*kbs, system=SERVER_2012_R2, files=(), **more):
    events = [told(Kind.UPDATE, {"Kb": kb, "Installed": "true"}) for kb in kbs]
    events += [told(Kind.FILE_VERSION, {"File": name, "FileVersion": version}) for name, version in files]
    return [*events, *([told(Kind.OS, system | more)] if system else [])]


def state(kb, *events):
    found = standing(UPDATES[kb], "HV01", read_inventories(events).get("HV01"), UPDATES)
    return found and found.state


def test_a_listed_update_is_installed():
    assert state("KB3063283", *listed("KB2919355", "KB3063283")) is State.INSTALLED


def test_an_update_that_a_list_of_that_machine_lacks_is_missing():
    assert state("KB3063283", *listed("KB2919355")) is State.MISSING


def test_without_any_inventory_of_that_machine_nothing_is_known():
    assert state("KB3063283") is State.UNKNOWN
    elsewhere = read_inventories(listed("KB2919355"))
    found = standing(UPDATES["KB3063283"], "HV02", elsewhere.get("HV02"), UPDATES)
    assert found == (State.UNKNOWN, "no list of what is installed on HV02 is among the files: systeminfo tells")


def test_the_windows_version_alone_proves_no_list():
    assert state("KB3063283", *listed()) is State.UNKNOWN


def test_a_list_without_the_windows_version_proves_only_what_it_holds():
    assert state("KB3063283", *listed("KB2919355", system=None)) is State.UNKNOWN
    assert state("KB3063283", *listed("KB3063283", system=None)) is State.INSTALLED


def test_an_update_for_another_windows_is_not_spoken_of():
    assert state("KB2878635", *listed("KB2919355")) is None


def test_an_update_that_another_holds_is_superseded_on_the_product_that_this_is_true_of():
    assert state("KB2908415", *listed("KB2878635", system=SERVER_2012)) is State.SUPERSEDED
    assert state("KB3090343", *listed("KB3185280", system=SERVER_2012)) is State.SUPERSEDED
    assert state("KB3090343", *listed("KB3185280", system=SERVER_2012_R2)) is State.MISSING


def test_an_update_that_was_taken_away_is_not_installed():
    gone = told(Kind.UPDATE, {"Kb": "KB3063283", "Installed": "false"})
    assert state("KB3063283", gone, *listed("KB2919355")) is State.MISSING


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.0.6001.18124", State.MISSING),
        ("6.0.6001.18125", State.INSTALLED),
        ("6.0.6001.22246", State.MISSING),
        ("6.0.6001.22247", State.INSTALLED),
        ("6.0.6002.18005", State.INSTALLED),
        ("6.0.6000.16386", State.MISSING),
    ],
)
def test_the_version_of_a_file_is_compared_within_its_branch(version, expected):
    assert state("KB956697", *listed(system=SERVER_2008_RTM, files=[("vmms.exe", version)])) is expected


@pytest.mark.parametrize(
    ("revision", "expected"), [("953", State.INSTALLED), ("576", State.MISSING), ("", State.UNKNOWN)]
)
def test_cumulative_products_are_judged_by_their_build_alone(revision, expected):
    assert state("KB4013429", *listed("KB3186568", system=SERVER_2016, Revision=revision)) is expected


@pytest.mark.parametrize(
    ("role", "plate", "machines"),
    [
        (Holder.HOST, "vm:SQL01", ["HV01"]),
        (Holder.GUEST, "vm:SQL01", ["SQL01"]),
        (Holder.MACHINE, "vm:SQL01", ["SQL01"]),
        (Holder.MACHINE, "host:HV01", ["HV01"]),
        (Holder.GUEST, "host:HV01", []),
        (Holder.DPM_SERVER, "host:HV01", ["DPM01"]),
        (Holder.MACHINE, "site", ["DPM01"]),
        (Holder.HOST, "vm:?@HV01", ["HV01"]),
    ],
)
def test_an_update_belongs_on_the_machine_of_its_role(role, plate, machines):
    update = Update(kb="KB123456", title="x", applies=(), role=role, fixes=(), references=("x",))
    assert holders(update, plate, TOPOLOGY) == machines


def test_advice_names_what_is_missing_first_and_where_it_is_known_from():
    inventories = read_inventories(listed("KB3000850"))
    advice = update_advice(["csv-unavailable"], "host:HV01", list(UPDATES.values()), inventories, TOPOLOGY)
    assert [told.state for told in advice] == sorted((told.state for told in advice), key=[*map(str, State)].index)
    assert {told.kb for told in advice if told.state == "installed"} == {"KB3000850"}
    assert all(told.references and told.machine == "HV01" for told in advice)
    assert "systeminfo.txt" in advice[0].why


def test_updates_against_other_causes_are_not_named():
    assert update_advice(["dns-failure"], "site", list(UPDATES.values()), {}, TOPOLOGY) == []


def test_the_catalog_holds_sourced_updates_for_every_windows_that_it_knows():
    assert len(UPDATES) >= 40
    applied = {product for update in UPDATES.values() for product in update.applies}
    assert applied >= {Product.SERVER_2008, Product.SERVER_2008_R2, Product.SERVER_2012, Product.SERVER_2012_R2}
    assert all(len(update.references) > 1 for update in UPDATES.values())  # the article, and where it was read
