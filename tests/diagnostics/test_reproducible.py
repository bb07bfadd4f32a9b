"""What `diagnose` prints is the same to the byte, whatever the order of files, the hash seed and the processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundled import SAMPLES
from tests.shared import needs_shared, shared

LOGS = SAMPLES / "guest-sql-writer" / "logs"
EVTX = ("museum-srv2022-System.evtx", "win10-disk51-System.evtx", "museum-w10-VolumeSnapshot-Driver-Operational.evtx")

COMMAND = """
import os, sys
from diagnostics import parsing
cores, parsing.PARALLEL_FROM = int(sys.argv.pop(1)), int(sys.argv.pop(1))
os.cpu_count = lambda: cores
if parsing.PARALLEL_FROM == 0 and cores > 1:
    import concurrent.futures
    pool = concurrent.futures.ProcessPoolExecutor
    def told(*arguments):
        print("reads ahead", file=sys.stderr)
        return pool(*arguments)
    concurrent.futures.ProcessPoolExecutor = told
from diagnostics.cli import main
main()
"""
"""`diagnose` as if on a machine with so many cores, where parallel reading pays from so many bytes."""


def printed(paths, folder: Path, *, seed: str, cores: int = 1, parallel_from: int = 1 << 40) -> tuple[bytes, bytes]:
    """What `diagnose` writes to stdout and to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(cores), str(parallel_from), *paths, "--format", "json"],
        cwd=folder, capture_output=True, check=False, env=os.environ | {"PYTHONHASHSEED": seed},
    )  # fmt: skip
    assert b"internal error" not in done.stderr
    assert b'"verdict"' in done.stdout
    return done.stdout, done.stderr


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Logs as XML, text and traces."""
    shutil.copytree(LOGS, tmp_path, dirs_exist_ok=True)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_neither_the_order_of_single_files_nor_the_hash_seed_changes_a_byte(bundle):
    paths = files(bundle)
    assert printed(paths, bundle, seed="1")[0] == printed(paths[::-1], bundle, seed="2")[0]


@needs_shared
def test_reading_event_logs_in_several_processes_changes_no_byte(bundle):
    for name in EVTX:
        shutil.copy(shared("evtx", name), bundle)
    paths = files(bundle)
    alone, _ = printed(paths, bundle, seed="1")
    together, said = printed(paths[::-1], bundle, seed="2", cores=3, parallel_from=0)
    assert b"reads ahead" in said
    assert together == alone
