"""`shindan image` shows what images are, whatever they are, and says where one is wrong."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tests.engine.image.making import MEBIBYTE, SECTOR, as_sectors, mbr, ntfs, write_vhd, write_vhdx
from tui.commands.image import image

SIZE = 16 * MEBIBYTE
DISK = as_sectors(mbr([(7, 64, 20_000)]) + bytes(63 * SECTOR) + ntfs(2_400, 777))


def run(*arguments: Path | str) -> Result:
    return CliRunner().invoke(image, [str(one) for one in arguments])


def test_an_image_with_its_parent_is_shown_with_its_volumes(tmp_path: Path):
    base = write_vhdx(tmp_path / "base.vhdx", SIZE, DISK)
    live = write_vhdx(tmp_path / "live.avhdx", SIZE, {5: b"5" * SECTOR}, parent="base.vhdx")
    ran = run(live)
    assert ran.output.splitlines() == [
        f"{live}: VHDX, differencing, 16.0 MiB (file: 6.0 MiB, blocks of 1.0 MiB, sectors of 512 bytes)",
        f"    parent: {base}",
        "    MBR, basic disk",
        "    partition 1: NTFS, 9.4 MiB, 6.3 MiB free",
    ]
    assert ran.exit_code == 0


def test_programs_get_one_object_a_line(tmp_path: Path):
    paths = [write_vhd(tmp_path / "a.vhd", SIZE, DISK), write_vhdx(tmp_path / "b.vhdx", SIZE, DISK)]
    told = [json.loads(line) for line in run(*paths, "--json").stdout.splitlines()]
    assert [(one["path"], one["format"]) for one in told] == [(str(paths[0]), "VHD"), (str(paths[1]), "VHDX")]
    (volume,) = told[1]["volumes"]
    assert (volume["file_system"], volume["free"]) == ("NTFS", (2_400 - 777) * 4096)


def test_a_missing_parent_is_named_and_the_rest_is_shown(tmp_path: Path):
    live = write_vhdx(tmp_path / "live.avhdx", SIZE, {}, parent="\x1b[31mbase.vhdx")
    ran = run(live)
    assert "its parent was once at .\\␛[31mbase.vhdx" in ran.stdout
    assert "is not beside it" in ran.stderr
    assert ran.exit_code == 4


def test_what_cannot_be_read_is_told_with_file_and_place(tmp_path: Path):
    path = write_vhdx(tmp_path / "cut.vhdx", SIZE, DISK)
    path.write_bytes(path.read_bytes()[:100_000])
    ran = run(path, tmp_path / "absent.vhdx")
    assert ran.stderr.splitlines() == [
        f"shindan: {path}: at byte 131072: 4096 bytes are not within the 100000 that there are",
        f"shindan: {tmp_path / 'absent.vhdx'}: No such file or directory",
    ]
    assert ran.exit_code == 3
