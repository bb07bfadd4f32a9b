"""A server is killed in the middle of a backup; `python -m tests.bench.durability` kills agents and cuts links too."""

from pathlib import Path

from tests.engine.transport.hosts import MIB, kill_one, pair


def test_kill_9_of_the_server_loses_no_recovery_point_and_the_retry_completes(tmp_path: Path):
    with pair(tmp_path, 32 * MIB) as made:
        assert made.backup(0).wait(30) == 0
        kill_one(made, "server", 8 * MIB, seed=2)
