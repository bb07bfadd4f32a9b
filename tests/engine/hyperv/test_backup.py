"""Backups of virtual machines: what they hold, how they fail, and in what state they leave all."""

import itertools
from collections.abc import Callable

import pytest

from engine.hresult import HResult
from engine.hyperv.applications import DatabaseFrozen
from engine.hyperv.backup import HostBackup
from engine.hyperv.database import unfinished
from engine.hyperv.hive import Hive
from engine.hyperv.machine import BackupService, PowerState, VmStep
from engine.hyperv.occurrences import (
    CheckpointFailed,
    ConfigurationUnreadable,
    DiskMissing,
    DiskReverted,
    GuestAsked,
    MergeFailed,
    MountFailed,
    VolumesDiffer,
)
from engine.pipeline import Mode, Stage
from engine.vss.faults import SlowVolume, delay, die, hang, refuse, veto
from engine.vss.occurrences import SessionBegan, ShadowCopyLost, WriterHandled
from engine.vss.states import Phase
from engine.windows import DiffAreaNotSet, ScopedSnapshotsEnabled
from tests.engine.hyperv.site import Restore, Site, failure, host_events

SQL = "SqlServerWriter"


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_lasts_as_long_as_the_backup_and_leaves_no_file(tmp_path):
    site, seen = Site(tmp_path), []
    files = site.host.volumes["D:"].files
    site.back_up(during=lambda _backup: seen.extend([len(site.vm.checkpoints), files.exists(site.vm.checkpoint_file)]))
    assert seen == [1, True]
    assert (site.vm.checkpoints, files.exists(site.vm.checkpoint_file)) == ([], False)


def test_a_checkpoint_that_cannot_be_merged_is_in_the_way_of_the_next_backup_until_it_can(tmp_path):
    site = Site(tmp_path)
    site.vm.faults = {VmStep.MERGE: refuse(HResult.ERROR_SHARING_VIOLATION)}
    site.back_up()
    assert [one.merging for one in site.vm.checkpoints] == [True]
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert [result for _, result in site.watcher.of(CheckpointFailed)] == [HResult.ERROR_FILE_EXISTS]
    assert {result for _, result in site.watcher.of(MergeFailed)} == {HResult.ERROR_SHARING_VIOLATION}
    site.vm.faults = {}
    site.back_up()
    assert site.vm.checkpoints == []


def test_a_backup_that_fails_ends_its_checkpoint(tmp_path):
    site = Site(tmp_path, guest_faults={SQL: {Phase.FREEZE: veto(HResult.VSS_E_WRITERERROR_NONRETRYABLE)}})
    failure(site)
    assert site.vm.checkpoints == []


def test_scoped_snapshots_keep_the_guest_out_of_the_backup(tmp_path):
    site = Site(tmp_path)
    site.vm.guest.scoped_snapshots = True
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE
    assert [result for _, result in site.watcher.of(ScopedSnapshotsEnabled)] == [HResult.ERROR_NOT_SUPPORTED]


@pytest.mark.parametrize(("free", "fails"), [((50 << 20) - 1, True), (50 << 20, False)])
def test_a_system_partition_without_room_for_its_shadow_copy_fails_the_guests_cycle(tmp_path, free, fails):
    site = Site(tmp_path)
    site.vm.guest.system_partition.free = free
    if fails:
        assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    else:
        site.back_up()
    assert [result for _, result in site.watcher.of(DiffAreaNotSet)] == [HResult.VSS_E_INSUFFICIENT_STORAGE] * fails


# --- online ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_an_online_backup_holds_exactly_what_was_committed_before_the_guests_freeze(tmp_path, journal):
    site, restore = Site(tmp_path, journal=journal), Restore(tmp_path, journal)
    before_freeze: list[int] = []
    freeze = site.database.freeze
    site.database.freeze = lambda: before_freeze.append(freeze()) or before_freeze[0]  # type: ignore[method-assign,func-returns-value]
    site.back_up(during=restore)
    assert restore.mode is Mode.ONLINE
    assert not unfinished(restore.files, "ledger")
    with restore.database() as database:
        assert (database.committed, database.verify()) == (before_freeze[0], [])
    assert site.database.committed > before_freeze[0] > 0
    assert Hive(restore.files, "SYSTEM").replayed == 0
    assert site.at_rest()


def test_the_hosts_copy_is_later_than_the_guests_and_is_brought_back_to_it(tmp_path):
    site, restore = Site(tmp_path, host_provider_faults={"EndPrepareSnapshots": delay(30)}), Restore(tmp_path)
    frozen: list[int] = []
    freeze = site.database.freeze
    site.database.freeze = lambda: frozen.append(freeze()) or frozen[0]  # type: ignore[method-assign,func-returns-value]
    site.back_up(during=restore)
    with restore.database() as database:
        assert (database.committed, database.verify()) == (frozen[0], [])
    (reverted, result) = site.watcher.of(DiskReverted)[0]
    assert reverted.bytes_reverted > 0
    assert result is HResult.S_OK


def test_the_guests_whole_cycle_lies_within_the_hosts_prepare_for_snapshot(tmp_path):
    site = Site(tmp_path)
    site.back_up()
    told = [
        (seen.machine, getattr(seen.happening, "phase", type(seen.happening)))
        for seen in site.watcher.seen
        if isinstance(seen.happening, WriterHandled | SessionBegan)
    ]
    order = [key for key, _ in itertools.groupby(told)]
    assert order == [
        ("HV01", SessionBegan),
        ("HV01", Phase.IDENTIFY),
        ("HV01", Phase.PREPARE_BACKUP),
        ("SQL01", SessionBegan),
        *[("SQL01", phase) for phase in Phase if phase is not Phase.ABORT],
        ("HV01", Phase.PREPARE_SNAPSHOT),
        ("HV01", Phase.FREEZE),
        ("HV01", Phase.THAW),
        ("HV01", Phase.POST_SNAPSHOT),
        ("HV01", Phase.BACKUP_COMPLETE),
    ]
    assert site.host_state() == (1, "S_OK")
    assert set(site.guest_states().values()) == {(1, "S_OK")}
    assert [frozen.database for frozen, _ in site.watcher.of(DatabaseFrozen)] == ["ledger"]


def test_two_machines_are_backed_up_at_one_moment_each_in_its_own_mode(tmp_path):
    site = Site(tmp_path)
    other = site.add("APP01")
    other.integration.backup_enabled = False
    made: list[HostBackup] = []
    site.back_up("SQL01", "APP01", during=made.append)
    assert made[0].modes == {"SQL01": Mode.ONLINE, "APP01": Mode.OFFLINE}
    assert [len(files) for files in made[0].files.values()] == [1, 2]
    assert site.at_rest()


@pytest.mark.parametrize(
    ("phase", "stage", "state"),
    [
        (Phase.PREPARE_BACKUP, Stage.GUEST_PREPARE, 7),
        (Phase.PREPARE_SNAPSHOT, Stage.GUEST_PREPARE, 8),
        (Phase.FREEZE, Stage.GUEST_FREEZE, 9),
        (Phase.THAW, Stage.GUEST_THAW, 10),
        (Phase.POST_SNAPSHOT, Stage.GUEST_THAW, 11),
    ],
)
def test_one_failed_writer_in_the_guest_fails_the_hyperv_writer_in_prepare_for_snapshot(tmp_path, phase, stage, state):
    site = Site(tmp_path, guest_faults={SQL: {phase: veto(HResult.VSS_E_WRITERERROR_NONRETRYABLE)}})
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state() == (8, "VSS_E_WRITERERROR_NONRETRYABLE")
    assert site.guest_states()[SQL] == (state, "VSS_E_WRITERERROR_NONRETRYABLE")
    assert [seen.stage for seen in host_events(site, Phase.PREPARE_SNAPSHOT)] == [stage]


@pytest.mark.parametrize(("fault", "state"), [(hang, 9), (die, 0), (delay(61), 9)])
def test_a_guests_writer_that_hangs_dies_or_takes_more_than_60_seconds_gives_a_retryable_error(tmp_path, fault, state):
    site = Site(tmp_path, guest_faults={SQL: {Phase.FREEZE: fault}})
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE
    assert site.host_state() == (8, "VSS_E_WRITERERROR_RETRYABLE")
    assert site.guest_states()[SQL][0] == state


def test_a_database_that_cannot_be_frozen_fails_the_whole_backup(tmp_path):
    site = Site(tmp_path)
    site.database.close()
    site.database.commit = lambda: 0  # type: ignore[method-assign]
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.guest_states()[SQL] == (9, "VSS_E_WRITERERROR_NONRETRYABLE")


def test_writes_in_the_guest_that_are_held_for_more_than_10_seconds_fail_the_backup(tmp_path):
    site = Site(tmp_path, guest_provider_faults={"CommitSnapshots": delay(11)})
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE
    assert site.host_state() == (8, "VSS_E_WRITERERROR_RETRYABLE")


def test_a_slow_disk_in_the_guest_shows_as_a_late_flush(tmp_path):
    site = Site(tmp_path)
    guest = site.vm.guest
    guest.mounted["C:"] = SlowVolume(guest.volumes[0].mounted, delay(61))
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE
    asked = [(seen.reason, result) for seen, result in site.watcher.of(GuestAsked)]
    assert [result for _, result in asked] == [HResult.VSS_E_FLUSH_WRITES_TIMEOUT]


@pytest.mark.parametrize(
    ("service", "version", "result"),
    [
        (BackupService.HUNG, (6, 1), HResult.ERROR_TIMEOUT),
        (BackupService.RUNNING, (5, 2), HResult.ERROR_NOT_SUPPORTED),
    ],
)
def test_a_guest_that_does_not_answer_or_is_too_old_gives_a_retryable_error(tmp_path, service, version, result):
    site = Site(tmp_path)
    site.host.guest_limit = 60
    site.vm.integration.backup_service = service
    site.vm.integration.version = version
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE
    assert [hresult for _, hresult in site.watcher.of(GuestAsked)] == [result]


def test_a_backup_service_that_stops_after_the_mode_was_decided_gives_a_retryable_error(tmp_path):
    site = Site(tmp_path)

    async def stop() -> None:
        site.vm.integration.backup_service = BackupService.STOPPED

    site.vm.faults = {VmStep.CONTACT_GUEST: stop}
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_RETRYABLE


# --- the host's part -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routine", "fault", "hresult"),
    [
        ("PreCommitSnapshots", refuse(HResult.VSS_E_PROVIDER_VETO), HResult.VSS_E_PROVIDER_VETO),
        ("CommitSnapshots", refuse(HResult.ERROR_IO_DEVICE), HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR),
        ("CommitSnapshots", delay(11), HResult.VSS_E_HOLD_WRITES_TIMEOUT),
    ],
)
def test_a_provider_that_fails_on_the_host_leaves_the_guest_alone(tmp_path, routine, fault, hresult):
    site = Site(tmp_path, host_provider_faults={routine: fault})
    assert failure(site).hresult is hresult
    assert site.host_state() == (1, "S_OK")
    assert set(site.guest_states().values()) == {(1, "S_OK")}


@pytest.mark.parametrize(("step", "kind"), [(VmStep.MOUNT, MountFailed), (VmStep.REVERT, DiskReverted)])
def test_a_disk_that_cannot_be_mounted_or_reverted_fails_at_post_snapshot(tmp_path, step, kind):
    site = Site(tmp_path)
    site.vm.faults = {step: refuse(HResult.ERROR_IO_DEVICE)}
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state() == (11, "VSS_E_WRITERERROR_NONRETRYABLE")
    assert site.watcher.of(kind)[0][1].failed


def test_one_of_two_machines_that_cannot_be_reverted_is_a_partial_failure(tmp_path):
    site = Site(tmp_path)
    site.add("APP01").faults = {VmStep.REVERT: refuse(HResult.ERROR_IO_DEVICE)}
    assert failure(site, "SQL01", "APP01").hresult is HResult.VSS_E_WRITERERROR_PARTIAL_FAILURE
    assert site.host_state()[1] == "VSS_E_WRITERERROR_PARTIAL_FAILURE"


def test_one_of_two_machines_whose_guest_fails_leaves_none_backed_up(tmp_path):
    site = Site(tmp_path)
    site.add("APP01").integration.version = (5, 2)
    assert failure(site, "SQL01", "APP01").hresult is HResult.VSS_E_WRITERERROR_RETRYABLE


def test_a_guest_that_copies_fewer_volumes_than_it_has_disks_fails_at_post_snapshot(tmp_path):
    site = Site(tmp_path)
    site.vm.guest.mounted = {}
    failure(site)
    assert site.host_state()[0] == 11
    assert [(differ.disks, differ.copies) for differ, _ in site.watcher.of(VolumesDiffer)] == [(1, 0)]


def test_a_missing_disk_fails_at_prepare_for_backup(tmp_path):
    site = Site(tmp_path)
    site.host.volumes["D:"].files.remove("SQL01-C.vhd")
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state()[0] == 7
    assert [missing.disk for missing, _ in site.watcher.of(DiskMissing)] == ["SQL01-C.vhd"]


def test_an_unreadable_configuration_hides_its_machine_and_no_other(tmp_path):
    site = Site(tmp_path)
    site.add("WEB01")
    site.vm.configuration_valid = False
    assert failure(site, "SQL01").hresult is HResult.VSS_E_OBJECT_NOT_FOUND
    assert [unreadable.vm for unreadable, _ in site.watcher.of(ConfigurationUnreadable)] == ["SQL01"]
    assert site.host_state() == (1, "S_OK")
    site.back_up("WEB01")


def test_a_dead_management_service_offers_nothing(tmp_path):
    site = Site(tmp_path, host_faults={Phase.IDENTIFY: die})
    assert failure(site).hresult is HResult.VSS_E_OBJECT_NOT_FOUND


def large_file(site: Site) -> Callable[[], None]:
    """A file of 16 MiB in the guest, and what overwrites it."""
    files = site.vm.guest.volumes[0].files
    file = files.create("large", 16 << 20)

    def overwrite(content: bytes = b"y") -> None:
        file.write(0, content * (16 << 20))
        files.flush()

    overwrite(b"x")
    return overwrite


def test_a_diff_area_that_fills_up_during_the_backup_loses_the_copy_and_says_so(tmp_path):
    site = Site(tmp_path, diff_area=4 << 20)
    overwrite_all = large_file(site)

    def overwrite(backup: HostBackup) -> None:
        overwrite_all()
        backup.files["SQL01"][0].read_into(0, bytearray(512))

    with pytest.raises(Exception, match="no more"):
        site.back_up(during=overwrite)
    lost = site.watcher.of(ShadowCopyLost)
    assert [(loss.volume, loss.event_id) for loss, _ in lost] == [("D:", 36)]
    assert site.at_rest()
    assert site.vm.state is PowerState.RUNNING


def test_a_guests_diff_area_that_fills_up_before_the_revert_fails_at_post_snapshot(tmp_path):
    site = Site(tmp_path, guest_diff_area=1 << 20, host_provider_faults={"EndPrepareSnapshots": delay(3)})
    overwrite = large_file(site)

    async def fill() -> None:
        overwrite()

    site.host.mounted["D:"] = SlowVolume(site.host.volumes["D:"].mounted, fill)
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state()[0] == 11
    assert [loss.event_id for loss, _ in site.watcher.of(ShadowCopyLost)] == [36]
