"""Images of a machine's disks tell B, C and D by themselves, alone or beside exports."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diagnostics.commands.eligibility import eligibility
from tests.diagnostics.eligibility.test_command import DRIVES, GOOD, SERVICES, VM_LIST
from tests.engine.image.making import MEBIBYTE, SECTOR, as_sectors, mbr, ntfs, write_vhdx

CLUSTERS = 400_000
SIZE = 2048 * MEBIBYTE


def disk(path: Path, used: int = 1000, kind: int = 7) -> Path:
    """A VHDX of 2 GiB with one NTFS volume of 1.5 GiB."""
    bits = -(-CLUSTERS // 8 // 4096)
    volume = ntfs(CLUSTERS, used, [(20, bits)])
    content = as_sectors(mbr([(kind, 64, CLUSTERS * 8)])) | as_sectors(volume, 64)
    return write_vhdx(path, SIZE, content, block_size=32 * MEBIBYTE)


def run(*paths: Path, options: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(eligibility, [*map(str, paths), *options])


def outcomes(ran: Result) -> dict[str, str]:
    (machine,) = json.loads(ran.stdout)["machines"]
    return {condition["letter"]: condition["outcome"] for condition in machine["conditions"]}


def test_a_disk_alone_tells_b_c_and_d(tmp_path: Path):
    ran = run(disk(tmp_path / "sql01.vhdx"), options=("--json",))
    assert outcomes(ran) == dict.fromkeys("AEFG", "unknown") | dict.fromkeys("BCD", "met")
    assert ran.exit_code == 4


@pytest.mark.parametrize(("used", "kind", "letter"), [(CLUSTERS - 100, 7, "D"), (1000, 0x42, "B")])
def test_a_full_or_dynamic_disk_means_offline(used: int, kind: int, letter: str, tmp_path: Path):
    ran = run(disk(tmp_path / "sql01.vhdx", used, kind), options=("--json", "--vm", "SQL01"))
    assert [one for one, outcome in outcomes(ran).items() if outcome == "failed"] == [letter]
    assert ran.exit_code == 1


def test_images_and_exports_of_the_host_answer_together(tmp_path: Path):
    for name in ("HV01/vm.txt", "HV01/integration.txt", "HV01/disks.txt", "SQL01/vssadmin-shadowstorage.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text({"HV01/vm.txt": VM_LIST, "HV01/integration.txt": SERVICES}.get(name, GOOD[name]))
    image = disk(tmp_path / "Disk.vhdx")
    ran = run(tmp_path / "HV01", tmp_path / "SQL01", image)
    assert ran.output.splitlines()[0] == "SQL01 on HV01: can be backed up online"
    assert ran.exit_code == 0


def test_a_disk_that_no_image_was_given_of_leaves_the_lists_open(tmp_path: Path):
    (tmp_path / "HV01").mkdir()
    second = DRIVES.splitlines()[-1].replace("disk.vhdx", "data.vhdx")
    (tmp_path / "HV01" / "disks.txt").write_text(f"{DRIVES}{second}\n")
    ran = run(tmp_path / "HV01", disk(tmp_path / "disk.vhdx"), options=("--json",))
    assert {letter: outcomes(ran)[letter] for letter in "BCD"} == dict.fromkeys("BCD", "unknown")


def test_what_bitlocker_hides_is_not_known(tmp_path: Path):
    path = disk(tmp_path / "sql01.vhdx")
    content = path.read_bytes()
    assert content.count(b"NTFS    ") == 1
    path.write_bytes(content.replace(b"NTFS    ", b"-FVE-FS-"))
    assert {letter: outcomes(run(path, options=("--json",)))[letter] for letter in "BCD"} == {
        "B": "met", "C": "unknown", "D": "unknown"
    }  # fmt: skip


def test_a_parent_is_no_disk_of_its_own_and_is_asked_for_where_it_is_missing(tmp_path: Path):
    base = disk(tmp_path / "base.vhdx")
    (tmp_path / "live").mkdir()
    live = write_vhdx(
        tmp_path / "live" / "sql01.avhdx", SIZE, {5: b"5" * SECTOR}, block_size=32 * MEBIBYTE, parent="base.vhdx"
    )
    alone = run(live)
    assert "give the parent's file as well" in alone.stderr
    both = run(live, base, options=("--json",))
    (machine,) = json.loads(both.stdout)["machines"]
    assert [reason["text"] for reason in machine["conditions"][1]["reasons"]] == ["Disk sql01.avhdx is basic"]


def test_an_image_that_cannot_be_read_decides_nothing_and_says_why(tmp_path: Path):
    path = disk(tmp_path / "sql01.vhdx")
    path.write_bytes(path.read_bytes()[:100_000])
    ran = run(path, options=("--json",))
    assert {letter: outcomes(ran)[letter] for letter in "BCD"} == dict.fromkeys("BCD", "unknown")
    assert f"{path}: at byte 131072: 4096 bytes are not within" in ran.stderr
    assert ran.exit_code == 4
