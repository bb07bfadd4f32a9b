"""Which machines are backed up offline, what that does to them, and in what state it leaves them."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from engine.hresult import HResult
from engine.hyperv.backup import HostBackup, OfflineForbiddenError, host_backup
from engine.hyperv.conditions import Letter
from engine.hyperv.machine import PowerAction, PowerState, VmStep
from engine.hyperv.occurrences import (
    GuestAsked,
    ModeDecided,
    PowerStateChanged,
    SaveFailed,
    StartFailed,
)
from engine.hyperv.writer import NAME
from engine.pipeline import Mode, Stage
from engine.vss.errors import VssError
from engine.vss.faults import hang, refuse
from engine.vss.occurrences import ProviderCalled, ServiceFailed
from engine.vss.requestor import Requestor
from engine.vss.states import Phase
from tests.engine.hyperv.site import GIB, Restore, Site, failure, host_events


def no_services(site: Site) -> None:
    site.vm.integration.installed = False


def dynamic_disk(site: Site) -> None:
    site.vm.guest.volumes[0].dynamic = True


def fat32(site: Site) -> None:
    site.vm.guest.volumes[0].file_system = "FAT32"


def almost_full(site: Site) -> None:
    files = site.vm.guest.volumes[0].files
    files.create("ballast", files.free() - (200 << 20))


def storage_elsewhere(site: Site) -> None:
    site.vm.guest.volumes[0].shadow_storage = "E:"


def paused(site: Site) -> None:
    site.vm.change(PowerAction.PAUSE)


def checkpoints_elsewhere(site: Site) -> None:
    site.vm.checkpoint_volume = "E:"


BREAKS = [
    (Letter.A, no_services),
    (Letter.B, dynamic_disk),
    (Letter.C, fat32),
    (Letter.D, almost_full),
    (Letter.E, storage_elsewhere),
    (Letter.F, paused),
    (Letter.G, checkpoints_elsewhere),
]


@pytest.mark.parametrize(("letter", "break_it"), BREAKS)
def test_a_machine_that_fails_a_condition_is_backed_up_offline_and_returns_to_its_state(
    tmp_path, letter: Letter, break_it: Callable[[Site], None]
):
    site, restore = Site(tmp_path), Restore(tmp_path)
    break_it(site)
    before = site.vm.state
    site.back_up(during=restore)
    assert restore.mode is Mode.OFFLINE
    assert [decided.failed for decided, _ in site.watcher.of(ModeDecided)] == [(letter,)]
    changes = [(changed.before, changed.after) for changed, _ in site.watcher.of(PowerStateChanged)]
    assert changes == [(before, PowerState.SAVED), (PowerState.SAVED, before)]
    assert site.vm.state is before
    assert site.at_rest()


@pytest.mark.parametrize(("letter", "break_it"), BREAKS)
def test_a_machine_that_fails_a_condition_is_refused_where_offline_is_forbidden(tmp_path, letter, break_it):
    site = Site(tmp_path)
    break_it(site)
    assert isinstance(failure(site, offline_allowed=False), OfflineForbiddenError)
    assert [decided.failed for decided, _ in site.watcher.of(ModeDecided)] == [(letter,)]
    assert not site.watcher.of(PowerStateChanged)


def test_an_offline_backup_holds_the_saved_state_and_the_guest_sees_a_gap_instead_of_vss(tmp_path):
    site, restore = Site(tmp_path), Restore(tmp_path)
    site.vm.integration.backup_enabled = False
    commits: list[tuple[float, int]] = []
    commit = site.database.commit
    site.database.commit = lambda: commits.append((site.clock.now().timestamp(), commit())) or 0  # type: ignore[method-assign,func-returns-value]
    site.back_up(during=restore)
    assert restore.names == ["SQL01-C.vhd", site.vm.state_file]
    gap = max(later[0] - earlier[0] for earlier, later in itertools.pairwise(commits))
    assert gap > site.vm.memory / site.host.save_rate
    assert not [seen for seen in site.watcher.seen if seen.machine == "SQL01"]
    restore.files.recall(restore.memory["C:"])
    with restore.database() as database:
        assert database.verify() == []
        assert 0 < database.committed < site.database.committed


@pytest.mark.parametrize("state", [PowerState.OFF, PowerState.PAUSED])
def test_a_machine_that_does_not_run_is_backed_up_as_it_is(tmp_path, state):
    site = Site(tmp_path)
    site.vm.change(PowerAction.TURN_OFF if state is PowerState.OFF else PowerAction.PAUSE)
    made: list[HostBackup] = []
    site.back_up(during=made.append)
    assert site.vm.state is state
    assert len(made[0].files["SQL01"]) == (1 if state is PowerState.OFF else 2)


def test_a_machine_that_somebody_saved_stays_saved_and_its_state_is_backed_up(tmp_path):
    site = Site(tmp_path)
    site.clock.run(site.host.save(site.vm))
    made: list[HostBackup] = []
    site.back_up(during=made.append)
    assert site.vm.state is PowerState.SAVED
    assert [file.name for file in made[0].files["SQL01"]] == ["SQL01-C.vhd", site.vm.state_file]
    assert site.host.volumes["D:"].files.exists(site.vm.state_file)


def test_without_room_for_the_saved_state_an_offline_backup_fails_and_the_machine_runs_on(tmp_path):
    site = Site(tmp_path, room=GIB + (32 << 20))
    site.vm.integration.backup_enabled = False
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state() == (8, "VSS_E_WRITERERROR_NONRETRYABLE")
    assert [hresult for _, hresult in site.watcher.of(SaveFailed)] == [HResult.ERROR_DISK_FULL]
    assert site.vm.state is PowerState.RUNNING


def test_a_machine_that_was_saved_for_nothing_runs_again_before_the_host_freezes(tmp_path):
    site = Site(tmp_path)
    site.add("APP01").faults = {VmStep.SAVE: refuse(HResult.ERROR_IO_DEVICE)}
    for vm in site.host.vms:
        vm.integration.backup_enabled = False
    failure(site, "SQL01", "APP01")
    started = [seen.time for seen in site.watcher.seen if isinstance(seen.happening, PowerStateChanged)][-1]
    vetoed = [seen.time for seen in host_events(site, Phase.PREPARE_SNAPSHOT) if seen.hresult.failed]
    assert [started] == vetoed


def test_a_save_that_hangs_is_given_up_and_the_machine_runs_on(tmp_path):
    site = Site(tmp_path)
    site.vm.integration.backup_enabled = False
    site.vm.faults = {VmStep.SAVE: hang}
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_TIMEOUT
    assert site.host_state() == (8, "VSS_E_WRITERERROR_TIMEOUT")


def test_a_machine_that_does_not_start_at_once_is_started_when_the_backup_is_given_up(tmp_path):
    site = Site(tmp_path)
    site.vm.integration.backup_enabled = False
    attempts = itertools.count()

    async def fail_once() -> None:
        if next(attempts) == 0:
            raise VssError(HResult.ERROR_OUTOFMEMORY, "not enough memory")

    site.vm.faults = {VmStep.START: fail_once}
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert site.host_state()[0] == 11
    assert len(site.watcher.of(StartFailed)) == 1


def test_a_transfer_that_breaks_releases_everything_and_the_machine_runs_on(tmp_path):
    site = Site(tmp_path)

    def break_off(_backup: HostBackup) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        site.back_up(during=break_off)
    assert site.at_rest()
    assert site.host_state() == (1, "S_OK")


def test_a_service_that_is_broken_in_the_guest_fails_its_machine(tmp_path):
    site = Site(tmp_path)
    site.vm.guest.coordinator.outage = ServiceFailed(
        "CoCreateInstance", HResult.ERROR_SERVICE_DISABLED, HResult.VSS_E_WRITER_INFRASTRUCTURE
    )
    assert failure(site).hresult is HResult.VSS_E_WRITERERROR_NONRETRYABLE
    assert [result for _, result in site.watcher.of(GuestAsked)] == [HResult.VSS_E_WRITER_INFRASTRUCTURE]


def test_a_backup_program_that_dies_leaves_the_writer_waiting_and_the_machine_running(tmp_path):
    site = Site(tmp_path)

    async def main() -> None:
        requestor = Requestor(site.host.coordinator, "DPMRA.exe")
        await requestor.gather_writer_metadata()
        requestor.add_component(NAME, site.vm.printed_id)
        requestor.start_snapshot_set()
        await requestor.add_to_snapshot_set(site.host.mounted["D:"])
        await requestor.prepare_for_backup()
        await requestor.do_snapshot_set()
        await requestor.vanish()

    site.clock.run(main())
    assert site.host_state() == (5, "S_OK")
    assert site.vm.state is PowerState.RUNNING
    assert site.at_rest()


def test_two_backups_of_one_host_at_once_are_one_too_many(tmp_path):
    site = Site(tmp_path)
    site.add("APP01")
    refused: list[HResult] = []

    async def one(name: str) -> None:
        try:
            async with host_backup(site.host, [name]):
                pass
        except VssError as error:
            refused.append(error.hresult)

    async def main() -> None:
        await asyncio.gather(one("SQL01"), one("APP01"))

    site.clock.run(main())
    assert refused == [HResult.VSS_E_SNAPSHOT_SET_IN_PROGRESS]
    assert site.at_rest()


def test_every_failure_of_a_provider_names_the_machine_it_happened_on(tmp_path):
    site = Site(tmp_path, guest_provider_faults={"CommitSnapshots": refuse(HResult.ERROR_IO_DEVICE)})
    failure(site)
    failed = [
        (seen.machine, seen.stage)
        for seen in site.watcher.seen
        if isinstance(seen.happening, ProviderCalled) and seen.hresult.failed
    ]
    assert failed == [("SQL01", Stage.GUEST_SNAPSHOT)]
