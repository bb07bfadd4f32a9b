"""The conditions of an online backup decide as the article says, and never guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hyperv.conditions import (
    LEAST_FREE,
    LEAST_SIZE,
    Disk,
    Facts,
    Letter,
    Outcome,
    ShadowStorage,
    VirtualDisk,
    Volume,
    eligibility,
)
from engine.pipeline import Mode

ROOMY = Volume("C:", "NTFS", 40 << 30, 10 << 30)
GOOD = Facts(
    integration_installed=True,
    backup_service_enabled=True,
    backup_service_answers=True,
    disks=(Disk("Disk 0", dynamic=False),),
    all_disks=True,
    volumes=(ROOMY,),
    all_volumes=True,
    all_shadow_storages=True,
    running=True,
    virtual_disks=(VirtualDisk("D:\\SQL01.vhdx", beside_checkpoints=True),),
    all_virtual_disks=True,
)

TRUTHS = st.sampled_from([None, True, False])
SIZES = st.sampled_from([None, 0, LEAST_FREE - 1, LEAST_FREE, LEAST_SIZE - 1, LEAST_SIZE])
NAMES = st.sampled_from(["C:", "D:"])
VOLUMES = st.builds(Volume, NAMES, st.sampled_from([None, "NTFS", "ReFS", ""]), SIZES, SIZES, TRUTHS)
FACTS = st.builds(
    Facts,
    integration_installed=TRUTHS,
    backup_service_enabled=TRUTHS,
    backup_service_answers=TRUTHS,
    disks=st.lists(st.builds(Disk, NAMES, TRUTHS), max_size=3).map(tuple),
    all_disks=st.booleans(),
    volumes=st.lists(VOLUMES, max_size=3).map(tuple),
    all_volumes=st.booleans(),
    shadow_storages=st.lists(st.builds(ShadowStorage, NAMES, NAMES, TRUTHS), max_size=2).map(tuple),
    all_shadow_storages=st.booleans(),
    running=TRUTHS,
    virtual_disks=st.lists(st.builds(VirtualDisk, NAMES, TRUTHS), max_size=2).map(tuple),
    all_virtual_disks=st.booleans(),
)
LISTS = {"disks": "all_disks", "volumes": "all_volumes", "shadow_storages": "all_shadow_storages",
         "virtual_disks": "all_virtual_disks"}  # fmt: skip


def outcomes(facts: Facts) -> dict[Letter, Outcome]:
    return {finding.letter: finding.outcome for finding in eligibility(facts).findings}


def broken(facts: Facts) -> set[Letter]:
    return {letter for letter, outcome in outcomes(facts).items() if outcome is Outcome.FAILED}


def test_a_machine_that_meets_every_condition_is_backed_up_online():
    assert set(outcomes(GOOD).values()) == {Outcome.MET}
    assert eligibility(GOOD).mode is Mode.ONLINE


@pytest.mark.parametrize(
    ("change", "letter"),
    [
        ({"integration_installed": False}, Letter.A),
        ({"backup_service_enabled": False}, Letter.A),
        ({"backup_service_answers": False}, Letter.A),
        ({"disks": (Disk("Disk 0", dynamic=False), Disk("Disk 1", dynamic=True))}, Letter.B),
        ({"volumes": (ROOMY, Volume("E:", "FAT32", 4 << 30, 1 << 30))}, Letter.C),
        ({"volumes": (ROOMY, Volume("E:", "", 4 << 30, None))}, Letter.C),
        ({"volumes": (Volume("C:", "NTFS", LEAST_SIZE - 1, LEAST_FREE),)}, Letter.D),
        ({"volumes": (Volume("C:", "NTFS", LEAST_SIZE, LEAST_FREE - 1),)}, Letter.D),
        ({"shadow_storages": (ShadowStorage("C:", "D:", same=False),)}, Letter.E),
        ({"running": False}, Letter.F),
        ({"virtual_disks": (VirtualDisk("E:\\data.vhdx", beside_checkpoints=False),)}, Letter.G),
    ],
)
def test_one_broken_condition_fails_under_its_letter_alone_and_takes_the_machine_offline(change, letter):
    facts = GOOD._replace(**change)
    assert broken(facts) == {letter}
    assert eligibility(facts).mode is Mode.OFFLINE


def test_the_limits_of_condition_d_are_met_exactly():
    assert outcomes(GOOD._replace(volumes=(Volume("C:", "NTFS", LEAST_SIZE, LEAST_FREE),)))[Letter.D] is Outcome.MET


def test_shadow_copies_on_the_volume_itself_meet_condition_e():
    assert not broken(GOOD._replace(shadow_storages=(ShadowStorage("C:", "C:", same=True),)))


def test_a_partition_that_windows_keeps_for_itself_breaks_nothing():
    efi = Volume("EFI", "FAT32", 100 << 20, 70 << 20, reserved=True)
    assert not broken(GOOD._replace(volumes=(ROOMY, efi)))


def test_what_nobody_knows_is_unknown_and_says_so():
    answer = eligibility(Facts())
    assert {finding.outcome for finding in answer.findings} == {Outcome.UNKNOWN}
    assert answer.mode is Mode.UNKNOWN


@pytest.mark.parametrize("field", [*LISTS.values(), "integration_installed", "running"])
def test_a_single_gap_leaves_the_mode_unknown(field):
    gap: dict[str, Any] = {field: False if field in LISTS.values() else None}
    assert eligibility(GOOD._replace(**gap)).mode is Mode.UNKNOWN


def test_only_what_decides_is_given_as_the_reason():
    finding = eligibility(GOOD._replace(disks=(Disk("Disk 0", dynamic=False), Disk("Disk 1", dynamic=True)))).findings[
        1
    ]
    assert [(reason.fact, reason.item, reason.text) for reason in finding.reasons] == [
        ("disks", "Disk 1", "Disk 1 is dynamic")
    ]


@given(FACTS)
def test_every_condition_is_decided_with_a_reason(facts):
    answer = eligibility(facts)
    assert [finding.letter for finding in answer.findings] == list(Letter)
    assert all(finding.reasons and all(reason.text for reason in finding.reasons) for finding in answer.findings)
    assert (answer.mode is Mode.ONLINE) == (set(outcomes(facts).values()) == {Outcome.MET})
    assert (answer.mode is Mode.OFFLINE) == bool(broken(facts))


@given(FACTS, st.data())
def test_learning_a_fact_never_changes_a_condition_that_is_decided(facts, data):
    before = outcomes(facts)
    after = outcomes(refined(facts, data.draw))
    assert all(before[letter] in {Outcome.UNKNOWN, after[letter]} for letter in Letter)


def refined(facts: Facts, draw: Any) -> Facts:
    """The same facts, with some that were not known; lists that were not complete may have grown."""
    known: dict[str, Any] = {}
    for field, value in facts._asdict().items():
        if field in LISTS:
            more = draw(FACTS)._asdict()[field] if not getattr(facts, LISTS[field]) else ()
            known[field] = (*(learned(item, draw) for item in value), *more)
        else:
            known[field] = value or draw(st.booleans()) if value is None or field in LISTS.values() else value
    return Facts(**known)


def learned(item: Any, draw: Any) -> Any:
    """A disk or volume, with some of what was not known of it."""
    pool = {"file_system": st.sampled_from(["NTFS", "FAT32", ""]), "size": SIZES, "free": SIZES}
    return item._replace(
        **{field: draw(pool.get(field, TRUTHS)) for field, value in item._asdict().items() if value is None}
    )
