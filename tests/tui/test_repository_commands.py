"""Backups from the command line: what comes back is what was there, and exit codes tell when it is not."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli import shindan

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with data, a hole, and an end that is not on a block boundary."""
    path = tmp_path / "disk [1].vhdx"
    dice = random.Random(7)
    with path.open("wb") as file:
        file.write(dice.randbytes(MIB))
        file.seek(3 * MIB)
        file.write(dice.randbytes(300 * KIB + 17))
    return path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return tmp_path / "repo"


def run(*words: object) -> Result:
    return CliRunner().invoke(shindan, [str(word) for word in words])


def points_in(repo: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("points", repo, "--json").stdout.splitlines()]


def slots(repo: Path) -> Path:
    return repo / "replicas" / "000001" / "slots"


def change(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_a_backup_is_restored_byte_for_byte_with_its_holes(image: Path, repo: Path, tmp_path: Path):
    assert run("backup", image, "--to", repo).exit_code == 0
    assert run("verify", repo).exit_code == 0
    assert run("restore", repo, 1, "--to", tmp_path / "restored").exit_code == 0
    assert (tmp_path / "restored").read_bytes() == image.read_bytes()
    assert (tmp_path / "restored").stat().st_blocks <= image.stat().st_blocks


def test_each_point_shows_its_instant_and_takes_only_what_changed(image: Path, repo: Path, tmp_path: Path):
    before = image.read_bytes()
    run("backup", image, "--to", repo)
    change(image, 100 * KIB, b"changed")
    assert run("backup", image, "--to", repo, "--trust-digests").exit_code == 0
    first, second = points_in(repo)
    assert (first["bytes_changed"], second["bytes_changed"]) == (21 * 64 * KIB, 64 * KIB)
    assert second.keys() >= {"id", "image", "time", "mode", "bytes_changed"}
    run("restore", repo, 1, "--to", tmp_path / "old")
    assert (tmp_path / "old").read_bytes() == before


def test_a_range_goes_to_standard_output(image: Path, repo: Path):
    run("backup", image, "--to", repo)
    result = run("restore", repo, 1, "--to", "-", "--range", f"{MIB - 3}:{MIB + 2}")
    assert result.stdout_bytes == image.read_bytes()[MIB - 3 : MIB + 2]
    assert run("restore", repo, 1, "--to", "-", "--range", "5:5").exit_code == 2


def test_damage_is_named_ends_with_1_and_the_next_backup_repairs_it(image: Path, repo: Path, tmp_path: Path):
    run("backup", image, "--to", repo)
    run("backup", image, "--to", repo)
    change(slots(repo), 2 * 64 * KIB + 5, b"rotten")
    result = run("verify", repo)
    assert result.exit_code == 1
    assert "block 2 (bytes 131072 to 196607) does not match its digest; affected: recovery points 1, 2" in result.stdout
    damage, *told = map(json.loads, run("verify", repo, "--json").stdout.splitlines())
    assert ("block 2" in damage["damage"], damage["points"]) == (True, [1, 2])
    assert told == points_in(repo)
    assert run("restore", repo, 2, "--to", tmp_path / "no").exit_code == 1
    assert not list(tmp_path.glob("*no*"))
    assert run("backup", image, "--to", repo, "--trust-digests").exit_code == 0
    assert points_in(repo)[-1]["job"] == "consistency-check"
    assert run("verify", repo).exit_code == 0
    assert {point["state"] for point in points_in(repo)} == {"good"}


def test_what_can_no_longer_be_repaired_is_told(image: Path, repo: Path):
    run("backup", image, "--to", repo)
    change(slots(repo), 0, b"rotten")
    change(image, 0, b"other data by now")
    result = run("backup", image, "--to", repo)
    assert "recovery point 1 cannot be restored whole" in result.stderr
    assert [point["state"] for point in points_in(repo)] == ["damaged", "good"]
    assert run("verify", repo, 2).exit_code == 0
    pruned = json.loads(run("prune", repo, "--keep", 1, "--json").stdout)
    assert (pruned["image"], pruned["dropped"], pruned["kept"]) == (str(image), [1], [2])
    assert pruned["bytes_given_back"] == 64 * KIB
    assert [point["id"] for point in points_in(repo)] == [2]


def test_pruning_never_drops_the_last_good_point(image: Path, repo: Path):
    run("backup", image, "--to", repo)
    change(image, 0, b"x")
    run("backup", image, "--to", repo)
    change(slots(repo), 21 * 64 * KIB, b"rotten")  # the slot that the second point added
    assert run("verify", repo).exit_code == 1
    run("prune", repo, "--keep", 1)
    assert [(point["id"], point["state"]) for point in points_in(repo)] == [(1, "good"), (2, "damaged")]


def test_writers_are_held_and_let_go_however_the_backup_ends(image: Path, repo: Path, tmp_path: Path):
    hooks = ("--freeze-command", f"touch {tmp_path}/frozen", "--thaw-command", f"rm {tmp_path}/frozen")
    assert run("backup", image, "--to", repo, *hooks).exit_code == 0
    assert points_in(repo)[0]["mode"] == "application-consistent"
    assert not (tmp_path / "frozen").exists()
    broken = run("backup", image, "--to", tmp_path, *hooks)
    assert (broken.exit_code, (tmp_path / "frozen").exists()) == (3, False)
    refused = run("backup", image, "--to", repo, "--freeze-command", "false", "--thaw-command", "true")
    assert (refused.exit_code, len(points_in(repo))) == (1, 1)


def test_a_damaged_or_missing_catalog_is_made_anew_from_the_maps(image: Path, repo: Path, tmp_path: Path):
    before = image.read_bytes()
    run("backup", image, "--to", repo)
    change(image, 0, b"x")
    run("backup", image, "--to", repo)
    told = points_in(repo)
    assert "the catalog is sound" in run("rebuild", repo).stderr
    catalog = repo / "catalog.sqlite"
    change(catalog, 0, b"gone")
    damaged = run("points", repo)
    assert (damaged.exit_code, "can be rebuilt" in damaged.stderr) == (1, True)
    assert run("rebuild", repo).exit_code == 0
    assert points_in(repo) == told
    catalog.unlink()
    (repo / "replicas" / "000001" / "maps" / "0000000002").write_bytes(b"lost too")
    assert run("rebuild", repo).exit_code == 1
    assert [point["id"] for point in points_in(repo)] == [1]
    run("restore", repo, 1, "--to", tmp_path / "restored")
    assert (tmp_path / "restored").read_bytes() == before
    assert run("backup", image, "--to", repo).exit_code == 0
    assert [point["id"] for point in points_in(repo)] == [1, 2]
    assert run("verify", repo).exit_code == 0


def test_ctrl_c_keeps_what_was_transferred(tmp_path: Path, repo: Path):
    big = tmp_path / "big.raw"
    big.write_bytes(random.Random(3).randbytes(1 * MIB) * 192)
    command = [sys.executable, "-m", "tui", "backup", str(big), "--to", str(repo)]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (slots(repo).exists() and slots(repo).stat().st_size):
        assert first.poll() is None
    first.send_signal(signal.SIGINT)
    _, told = first.communicate(timeout=60)
    assert (first.returncode, points_in(repo)) == (130, [])
    assert "what was transferred is kept" in told
    assert "holds no recovery point yet" in run("points", repo).stderr
    second = run("backup", big, "--to", repo)
    assert second.exit_code == 0
    assert "MiB were there from an attempt that was broken off" in second.stderr
    assert run("verify", repo).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("points", "nothing-here"), 3),
        (("verify", "nothing-here"), 3),
        (("prune", "nothing-here", "--keep", 1), 3),
        (("prune", "nothing-here", "--keep", 0), 2),
        (("backup", "no-image", "--to", "r"), 3),
        (("backup", "/dev/zero", "--to", "r"), 3),
        (("backup", "x", "--to", "r", "--freeze-command", "true"), 2),
    ],
)
def test_what_is_not_there_is_told_by_the_exit_code(words: tuple[object, ...], code: int, tmp_path: Path):
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert run(*words).exit_code == code
        assert list(tmp_path.iterdir()) == []
    finally:
        os.chdir(before)


def test_a_point_that_is_not_there_is_wrong_usage(image: Path, repo: Path):
    run("backup", image, "--to", repo)
    result = run("restore", repo, 7, "--to", "x")
    assert (result.exit_code, "there is recovery point 1" in result.stderr) == (2, True)
