from pathlib import Path

from diagnostics.diagnosis import diagnose
from diagnostics.inspection.settings import MachineSettings, settings_of
from diagnostics.request import Request
from tests.bundled import diagnosis_of
from tests.diagnostics.parsers.test_updates import ENGLISH, OLD

STORAGE = r"""vssadmin 1.1 - Volume Shadow Copy Service administrative command-line tool
(C) Copyright 2001-2013 Microsoft Corp.

Shadow Copy Storage association
   For volume: (C:)\\?\Volume{2ffe8ab5-0000-0000-0000-100000000000}\
   Shadow Copy Storage volume: (D:)\\?\Volume{2ffe8ab5-0000-0000-0000-200000000000}\
   Used Shadow Copy Storage space: 9.8 GB (98%)
   Allocated Shadow Copy Storage space: 9.9 GB (99%)
   Maximum Shadow Copy Storage space: 10.0 GB (10%)
"""


def of_machine(name: str, settings: tuple[MachineSettings, ...]) -> MachineSettings:
    return next(machine for machine in settings if machine.machine == name)


def test_a_writer_in_trouble_comes_first_with_what_its_state_and_its_error_mean() -> None:
    sql = of_machine("SQL01", settings_of(diagnosis_of("guest-sql-writer").case))
    first = sql.writers[0]
    assert (first.name, first.state, first.symbol) == (
        "SqlServerWriter",
        "[8] 失敗",
        "VSS_WS_FAILED_AT_PREPARE_SNAPSHOT",
    )
    assert (first.last_error, first.code, first.well) == ("再試行できないエラー", "0x800423F4", False)
    assert "retry will fail" in first.error_means
    assert [event.event for event in first.events] == ["VSS/8229"]
    assert (first.source, first.record) == ("logs/SQL01/vssadmin-writers.txt", 58)
    assert len(sql.writers) == 10
    assert all(writer.well for writer in sql.writers[1:])


def test_a_machine_says_how_full_its_shadow_storage_is_and_what_runs_on_it(tmp_path: Path) -> None:
    (tmp_path / "HV01").mkdir()
    (tmp_path / "HV02").mkdir()
    (tmp_path / "HV01" / "storage.txt").write_text(STORAGE)
    (tmp_path / "HV01" / "systeminfo.txt").write_text(ENGLISH)
    (tmp_path / "HV02" / "systeminfo.txt").write_text(OLD)
    settings = settings_of(diagnose(Request(paths=(str(tmp_path),))).case)
    host = of_machine("HV01", settings)
    (storage,) = host.storage
    assert (storage.used, storage.maximum, storage.same_volume) == ("9.8 GB (98 %)", "10.0 GB", False)
    assert host.windows == "Windows Server 2012 R2 (6.3.9600)"
    assert host.updates == ("KB2894856", "KB2919355")
    assert of_machine("HV02", settings).storage == ()


def test_what_a_machine_has_not_given_is_named_with_the_command_that_exports_it() -> None:
    host = of_machine("HV01", settings_of(diagnosis_of("guest-sql-writer").case))
    titles = {lacking.title: lacking.command for lacking in host.lacking}
    assert titles["System event log"] == "wevtutil epl System HV01-System.evtx"
    assert "VSS writers" not in titles
