"""Servers and agents are killed in the middle of backups; `python -m tests.bench.durability` does so for long."""

import random
import tempfile
from pathlib import Path

from tests.engine.dpm.disk import MEMORY
from tests.engine.transport.forked import forked_site
from tests.engine.transport.hosts import MIB, kill_one, pair


def test_kill_9_of_the_server_loses_no_recovery_point_and_the_retry_completes(tmp_path: Path):
    with pair(tmp_path, 32 * MIB) as made:
        assert made.backup(0).wait(30) == 0
        kill_one(made, "server", 8 * MIB, seed=2)


def test_whoever_is_killed_whenever_nothing_is_lost_and_the_retry_sends_what_is_missing():
    dice = random.Random(3)
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, forked_site(Path(name)) as made:
        assert {made.kill_one(dice).victim for _ in range(5)} == {"server", "agent"}
