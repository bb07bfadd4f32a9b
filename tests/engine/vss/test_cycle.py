"""The order of a shadow copy set's creation, its rules, and what each failure leaves behind."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

import pytest

from engine.hresult import HResult
from engine.vss import Requestor, VssError, shadow_copies
from engine.vss.coordinator import MOST_VOLUMES
from engine.vss.errors import BadStateError, WritersFailedError
from engine.vss.faults import SlowVolume, delay, die, hang, refuse, veto
from engine.vss.identities import SYSTEM_PROVIDER, ProviderIdentity, ProviderType
from engine.vss.occurrences import ProviderCalled, ServiceFailed, TransactionsNotFrozen, WriterHandled, WritesReleased
from engine.vss.shadow_set import SetState, ShadowSet, Volume
from engine.vss.states import Phase
from engine.vss.writer import EXCHANGE_FREEZE_LIMIT, Level
from tests.engine.vss.machines import Box, Bytes, Copier

SQL = "SqlServerWriter"
SYSTEM = "System Writer"


def back_up(box: Box, volume: Volume | None = None, during: Callable[[ShadowSet], None] | None = None) -> None:
    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", [volume or box.volume]) as made:
            if during:
                during(made)

    box.clock.run(main())


def failure(box: Box, volume: Volume | None = None) -> VssError:
    with pytest.raises(VssError) as caught:
        back_up(box, volume)
    assert box.at_rest()
    return caught.value


def test_a_backup_passes_writers_and_provider_in_the_documented_order():
    box = Box()
    states = []
    back_up(box, during=lambda made: states.append((made.state, box.states()[SQL])))
    assert box.diary == [
        "SqlServerWriter prepares",
        "System Writer prepares",
        "SqlServerWriter freezes",
        "System Writer freezes",
        "SqlServerWriter thaws",
        "System Writer thaws",
        "SqlServerWriter looks at the copy",
        "System Writer looks at the copy",
    ]
    assert box.copier.routines == [
        "begin_prepare",
        "end_prepare",
        "pre_commit",
        "commit",
        "post_commit",
        "pre_final_commit",
        "post_final_commit",
    ]
    assert states == [(SetState.CREATED, (5, "S_OK"))]
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}
    assert box.at_rest()


def test_front_ends_freeze_before_what_they_write_into():
    box = Box(levels={"System Writer": Level.SYSTEM, "SqlServerWriter": Level.BACK_END, "WMI Writer": Level.FRONT_END})
    back_up(box)
    freezes = [entry for entry in box.diary if entry.endswith("freezes")]
    assert freezes == ["WMI Writer freezes", "SqlServerWriter freezes", "System Writer freezes"]


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        (Phase.IDENTIFY, 6),
        (Phase.PREPARE_BACKUP, 7),
        (Phase.PREPARE_SNAPSHOT, 8),
        (Phase.FREEZE, 9),
        (Phase.THAW, 10),
        (Phase.POST_SNAPSHOT, 11),
    ],
)
@pytest.mark.parametrize(
    "hresult",
    [
        HResult.VSS_E_WRITERERROR_RETRYABLE,
        HResult.VSS_E_WRITERERROR_NONRETRYABLE,
        HResult.VSS_E_WRITERERROR_OUTOFRESOURCES,
        HResult.VSS_E_WRITERERROR_INCONSISTENTSNAPSHOT,
    ],
)
def test_a_writer_that_vetoes_stays_in_the_state_of_the_phase_and_ends_the_backup(phase, state, hresult):
    box = Box(faults={SQL: {phase: veto(hresult)}})
    error = failure(box)
    assert isinstance(error, WritersFailedError)
    assert error.failures == ((SQL, hresult),)
    assert box.states() == {SQL: (state, hresult.name), SYSTEM: (1, "S_OK")}
    rejected = [(handled.phase, result) for handled, result in box.watcher.of(WriterHandled) if result.failed]
    assert rejected == [(phase, hresult)]


def test_a_writer_that_fails_at_backup_complete_does_not_spoil_the_backup():
    box = Box(faults={SQL: {Phase.BACKUP_COMPLETE: veto(HResult.VSS_E_WRITERERROR_RETRYABLE)}})
    back_up(box)
    assert box.states()[SQL] == (12, "VSS_E_WRITERERROR_RETRYABLE")
    assert box.at_rest()


@pytest.mark.parametrize(
    ("phase", "state"),
    [(Phase.PREPARE_BACKUP, 7), (Phase.PREPARE_SNAPSHOT, 8), (Phase.FREEZE, 9), (Phase.THAW, 10)],
)
def test_a_writer_that_hangs_times_out_in_the_phase(phase, state):
    box = Box(faults={SQL: {phase: hang}})
    assert failure(box).hresult is HResult.VSS_E_WRITERERROR_TIMEOUT
    assert box.states()[SQL] == (state, "VSS_E_WRITERERROR_TIMEOUT")


def test_a_freeze_of_more_than_60_seconds_times_out_and_so_do_those_who_wait_frozen_for_it():
    box = Box(faults={SYSTEM: {Phase.FREEZE: delay(70)}})
    assert failure(box).hresult is HResult.VSS_E_WRITERERROR_TIMEOUT
    assert box.states() == {SQL: (10, "VSS_E_WRITERERROR_TIMEOUT"), SYSTEM: (9, "VSS_E_WRITERERROR_TIMEOUT")}
    assert box.clock.elapsed == pytest.approx(60, abs=1)


def test_a_freeze_of_59_seconds_does_not():
    box = Box(faults={SYSTEM: {Phase.FREEZE: delay(59)}})
    back_up(box)
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}


def test_exchange_gives_up_after_20_seconds_of_its_own():
    exchange = "Microsoft Exchange Writer"
    box = Box(
        levels={exchange: Level.BACK_END, SYSTEM: Level.SYSTEM},
        freeze_limits={exchange: EXCHANGE_FREEZE_LIMIT},
        faults={SYSTEM: {Phase.FREEZE: delay(25)}},
    )
    error = failure(box)
    assert isinstance(error, WritersFailedError)
    assert error.failures == ((exchange, HResult.VSS_E_WRITERERROR_TIMEOUT),)
    assert box.states() == {exchange: (10, "VSS_E_WRITERERROR_TIMEOUT"), SYSTEM: (1, "S_OK")}


def test_a_writer_that_dies_answers_no_more_and_is_gone_in_the_next_session():
    box = Box(faults={SQL: {Phase.FREEZE: die}})
    error = failure(box)
    assert error.hresult is HResult.VSS_E_WRITER_NOT_RESPONDING
    assert box.states() == {SQL: (0, "VSS_E_WRITER_NOT_RESPONDING"), SYSTEM: (1, "S_OK")}
    back_up(box)
    assert list(box.states()) == [SYSTEM]


def test_a_failed_writer_begins_the_next_session_anew():
    box = Box(faults={SQL: {Phase.FREEZE: veto(HResult.VSS_E_WRITERERROR_RETRYABLE)}})
    failure(box)
    assert box.states()[SQL][0] == 9

    async def look_around() -> None:
        await Requestor(box.coordinator, "vssadmin.exe").gather_writer_metadata()

    box.clock.run(look_around())
    assert box.states()[SQL] == (1, "S_OK")


@pytest.mark.parametrize(
    ("routine", "hresult", "returned"),
    [
        ("BeginPrepareSnapshot", HResult.VSS_E_PROVIDER_VETO, HResult.VSS_E_PROVIDER_VETO),
        ("BeginPrepareSnapshot", HResult.VSS_E_INSUFFICIENT_STORAGE, HResult.VSS_E_INSUFFICIENT_STORAGE),
        ("EndPrepareSnapshots", HResult.VSS_E_PROVIDER_VETO, HResult.VSS_E_PROVIDER_VETO),
        ("PreCommitSnapshots", HResult.ERROR_IO_DEVICE, HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR),
        ("CommitSnapshots", HResult.ERROR_IO_DEVICE, HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR),
        ("PostCommitSnapshots", HResult.VSS_E_PROVIDER_VETO, HResult.VSS_E_PROVIDER_VETO),
        ("PreFinalCommitSnapshots", HResult.VSS_E_BAD_STATE, HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR),
        ("PostFinalCommitSnapshots", HResult.VSS_E_PROVIDER_VETO, HResult.VSS_E_PROVIDER_VETO),
    ],
)
def test_a_provider_that_fails_in_a_routine_undoes_the_set(routine, hresult, returned):
    box = Box(provider_faults={routine: refuse(hresult)})
    assert failure(box).hresult is returned
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}
    failed = [(called.routine, result) for called, result in box.watcher.of(ProviderCalled) if result.failed]
    assert failed == [(routine, hresult)]


def test_a_provider_that_hangs_is_given_up():
    box = Box(provider_faults={"EndPrepareSnapshots": hang})
    assert failure(box).hresult is HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR


def test_a_provider_that_cannot_even_abort_does_not_keep_the_writers_waiting():
    io = refuse(HResult.ERROR_IO_DEVICE)
    box = Box(provider_faults={"CommitSnapshots": io, "AbortSnapshots": io})
    assert failure(box).hresult is HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR


def test_writes_are_let_go_after_10_seconds_and_the_set_fails():
    box = Box(provider_faults={"CommitSnapshots": delay(11)})
    assert failure(box).hresult is HResult.VSS_E_HOLD_WRITES_TIMEOUT
    assert box.volume.longest_hold == pytest.approx(10)
    assert [result for _, result in box.watcher.of(WritesReleased)] == [HResult.VSS_E_HOLD_WRITES_TIMEOUT]


def test_a_commit_of_9_seconds_is_in_time():
    box = Box(provider_faults={"CommitSnapshots": delay(9)})
    back_up(box)
    assert box.volume.longest_hold == pytest.approx(9)


def test_a_file_system_that_cannot_flush_fails_the_set_before_writes_are_held():
    box = Box(freeze_limits={SQL: 90, SYSTEM: 90})
    assert failure(box, SlowVolume(box.volume, delay(61))).hresult is HResult.VSS_E_FLUSH_WRITES_TIMEOUT
    assert box.volume.longest_hold == 0


def test_transactions_that_do_not_come_to_rest_fail_the_set_and_writers_go_on():
    box = Box()
    box.coordinator.settle = delay(11)
    assert failure(box).hresult is HResult.VSS_E_TRANSACTION_FREEZE_TIMEOUT
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}
    assert [result for _, result in box.watcher.of(TransactionsNotFrozen)] == [HResult.VSS_E_TRANSACTION_FREEZE_TIMEOUT]


def test_transactions_that_rest_within_10_seconds_are_in_time():
    box = Box()
    box.coordinator.settle = delay(9)
    back_up(box)


def test_a_second_set_on_a_machine_is_refused_until_the_first_is_made():
    box = Box(faults={SYSTEM: {Phase.PREPARE_SNAPSHOT: delay(30)}})
    refused = []

    async def intrude() -> None:
        await asyncio.sleep(10)
        for _ in range(2):
            try:
                async with shadow_copies(box.coordinator, "other.exe", [box.volume]):
                    pass
            except VssError as error:
                refused.append(error.hresult)
            await asyncio.sleep(60)

    async def main() -> None:
        intruder = asyncio.create_task(intrude())
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume]):
            pass
        await intruder

    box.clock.run(main())
    assert refused == [HResult.VSS_E_SNAPSHOT_SET_IN_PROGRESS]
    assert box.diary.count("SqlServerWriter freezes") == 2
    assert box.at_rest()


def test_a_backup_that_is_given_up_does_not_thaw_the_writers_of_another():
    box = Box(provider_faults={"CommitSnapshots": delay(5)})
    seen: list[bool] = []

    async def given_up() -> None:
        async with shadow_copies(box.coordinator, "other.exe", [box.volume]):
            await asyncio.sleep(4)
            seen.append(box.stores[SQL].frozen)
            raise ConnectionResetError

    async def main() -> None:
        other = asyncio.create_task(given_up())
        await asyncio.sleep(6)
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume]):
            with pytest.raises(ConnectionResetError):
                await other

    thaw = box.stores[SQL].thaw

    async def notice() -> None:
        seen.append(box.stores[SQL].frozen)
        await thaw()

    box.stores[SQL].thaw = notice  # type: ignore[method-assign]
    box.clock.run(main())
    assert seen == [True, True, True]
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}
    assert box.at_rest()


def test_the_65th_volume_is_refused():
    box = Box()
    volumes = [Bytes(f"V{number}:", box.clock) for number in range(MOST_VOLUMES + 1)]

    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", volumes):
            pass

    with pytest.raises(VssError) as caught:
        box.clock.run(main())
    assert caught.value.hresult is HResult.VSS_E_MAXIMUM_NUMBER_OF_VOLUMES_REACHED
    assert box.at_rest()


def test_a_volume_that_no_provider_supports_is_refused():
    box = Box(unsupported=["C:"])
    assert failure(box).hresult is HResult.VSS_E_VOLUME_NOT_SUPPORTED


def test_a_service_that_cannot_reach_its_writers_ends_every_backup_at_once():
    box = Box()
    box.coordinator.outage = ServiceFailed(
        "CoCreateInstance", HResult.ERROR_SERVICE_DISABLED, HResult.VSS_E_WRITER_INFRASTRUCTURE
    )
    assert failure(box).hresult is HResult.VSS_E_WRITER_INFRASTRUCTURE
    assert [failed.cause for failed, _ in box.watcher.of(ServiceFailed)] == [HResult.ERROR_SERVICE_DISABLED]


def test_a_hardware_provider_is_asked_before_the_systems_own():
    box = Box()
    hardware = Copier(random.Random(1))
    hardware.identity = ProviderIdentity("Array", UUID(int=7), ProviderType.HARDWARE, "1.0")
    box.coordinator.providers.append(hardware)
    back_up(box)
    assert "commit" in hardware.routines
    assert box.copier.routines == []
    assert hardware.left == 0


@pytest.mark.parametrize(
    ("provider", "hresult"),
    [
        (UUID(int=7), HResult.VSS_E_PROVIDER_NOT_REGISTERED),
        (SYSTEM_PROVIDER.id, HResult.VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER),
    ],
)
def test_a_provider_that_is_asked_for_must_be_there_and_support_the_volume(provider, hresult):
    box = Box(unsupported=["C:"])

    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume], provider=provider):
            pass

    with pytest.raises(VssError) as caught:
        box.clock.run(main())
    assert caught.value.hresult is hresult
    assert box.at_rest()


def test_calls_out_of_order_are_refused():
    box = Box()
    requestor = Requestor(box.coordinator, "backup.exe")
    with pytest.raises(BadStateError):
        box.clock.run(requestor.do_snapshot_set())
    assert requestor.state == "initialized"


def test_only_writers_with_chosen_components_are_needed():
    box = Box(faults={SYSTEM: {Phase.FREEZE: veto(HResult.VSS_E_WRITERERROR_RETRYABLE)}})

    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume], components=[(SQL, "data")]):
            pass

    box.clock.run(main())
    assert box.states()[SYSTEM][0] == 9


def test_a_writer_that_nobody_needs_goes_on_even_if_that_takes_longer_than_its_freeze_may():
    slow = {Phase.FREEZE: delay(59.5), Phase.THAW: delay(5), Phase.ABORT: delay(1)}
    box = Box(faults={SYSTEM: slow})

    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume], components=[(SQL, "data")]):
            assert not box.stores[SYSTEM].frozen

    box.clock.run(main())
    assert box.states()[SYSTEM] == (10, "VSS_E_WRITERERROR_TIMEOUT")
    assert box.at_rest()


def test_a_component_that_nobody_offers_cannot_be_chosen():
    box = Box()

    async def main() -> None:
        async with shadow_copies(box.coordinator, "backup.exe", [box.volume], components=[(SQL, "else")]):
            pass

    with pytest.raises(VssError, match="offers no component"):
        box.clock.run(main())


def test_a_requestor_that_dies_after_the_copies_were_made_leaves_writers_waiting_for_ever():
    box = Box()

    async def main() -> None:
        requestor = Requestor(box.coordinator, "backup.exe")
        await requestor.gather_writer_metadata()
        requestor.start_snapshot_set()
        await requestor.add_to_snapshot_set(box.volume)
        await requestor.prepare_for_backup()
        await requestor.do_snapshot_set()
        await requestor.vanish()

    box.clock.run(main())
    assert box.states() == {SQL: (5, "S_OK"), SYSTEM: (5, "S_OK")}
    assert box.at_rest()


def test_a_requestor_that_stops_waiting_cancels_the_set():
    box = Box(faults={SQL: {Phase.FREEZE: hang}})

    async def main() -> None:
        async with asyncio.timeout(5):
            async with shadow_copies(box.coordinator, "backup.exe", [box.volume]):
                pass

    with pytest.raises(TimeoutError):
        box.clock.run(main())
    assert box.at_rest()
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}


def test_a_backup_that_fails_while_it_reads_the_copies_releases_them():
    box = Box()

    def break_off(_made: ShadowSet) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        back_up(box, during=break_off)
    assert box.at_rest()
    assert box.states() == {SQL: (1, "S_OK"), SYSTEM: (1, "S_OK")}
