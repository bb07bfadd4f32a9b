"""A volume is backed up again and again while its writer never pauses; there is a larger run in `tests.bench`."""

from pathlib import Path

from tests.bench.bench_backups_under_load import run


def test_every_recovery_point_is_of_its_instant_and_storage_grows_by_what_was_written(tmp_path: Path):
    assert run(tmp_path, 6 << 20, 4)
