"""What an image holds: partitions, dynamic disks, file systems and free space, checked against other people's tools."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

import pytest

from engine.image import FoundVolume, ImageError, inspect
from tests.engine.image.making import (
    MEBIBYTE,
    NTFS_CLUSTER,
    SECTOR,
    as_sectors,
    mbr,
    ntfs,
    write_gpt,
    write_vhd,
    write_vhdx,
)

BASIC = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"
EFI = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
RESERVED = "e3c9e316-0b5c-4db8-817d-f92df00215ae"
LDM_DATA = "af9b60a0-1431-4f62-bc68-3311714a69ad"


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)} here")


def sparse(path: Path, size: int, *contents: tuple[int, bytes]) -> Path:
    with path.open("w+b") as file:
        file.truncate(size)
        for offset, content in contents:
            file.seek(offset)
            file.write(content)
    return path


def volume(number: int, clusters: int, used: int) -> FoundVolume:
    return FoundVolume(number, clusters * NTFS_CLUSTER, "NTFS", (clusters - used) * NTFS_CLUSTER, reserved=False)


def test_the_size_and_free_space_of_ntfs_are_counted_in_any_container(tmp_path: Path):
    content = mbr([(7, 64, 20_000)]) + bytes(63 * SECTOR) + ntfs(2_400, 777)
    size = 16 * MEBIBYTE
    paths = (
        sparse(tmp_path / "a.raw", size, (0, content)),
        write_vhd(tmp_path / "a.vhd", size, as_sectors(content)),
        write_vhdx(tmp_path / "a.vhdx", size, as_sectors(content)),
    )
    for path in paths:
        found = inspect(path)
        assert (found.scheme, found.dynamic, found.volumes) == ("mbr", False, (volume(1, 2_400, 777),))


def test_a_gpt_disk_shows_its_volumes_and_what_windows_keeps_for_itself(tmp_path: Path):
    parts = [(EFI, 2048, 2048), (RESERVED, 4096, 2048), (BASIC, 8192, 40_000)]
    path = write_gpt(tmp_path / "disk", 32 * MEBIBYTE, parts)
    with path.open("r+b") as file:
        file.seek(8192 * SECTOR)
        file.write(ntfs(4_000, 100))
    found = inspect(path)
    assert (found.scheme, found.dynamic) == ("gpt", False)
    assert [one.reserved for one in found.volumes] == [True, True, False]
    assert found.volumes[2] == volume(3, 4_000, 100)


def test_a_small_active_partition_beside_another_is_the_one_that_windows_starts_from(tmp_path: Path):
    both = mbr([(7, 64, 1000), (7, 2000, 9000)], active=1)
    found = inspect(sparse(tmp_path / "both", 8 * MEBIBYTE, (0, both)))
    assert [one.reserved for one in found.volumes] == [True, False]
    alone = inspect(sparse(tmp_path / "alone", 8 * MEBIBYTE, (0, mbr([(7, 64, 1000)], active=1))))
    assert [one.reserved for one in alone.volumes] == [False]


def test_a_gpt_in_sectors_of_4096_bytes_is_found_in_a_raw_image(tmp_path: Path):
    path = write_gpt(tmp_path / "disk", 8 * MEBIBYTE, [(BASIC, 256, 512)], sector=4096)
    assert [one.size for one in inspect(path).volumes] == [512 * 4096]


def test_the_copy_of_a_gpt_serves_where_the_first_is_damaged(tmp_path: Path):
    path = write_gpt(tmp_path / "disk", 8 * MEBIBYTE, [(BASIC, 2048, 2048)])
    with path.open("r+b") as file:
        file.seek(SECTOR + 60)
        file.write(b"\xff\xff")
    assert len(inspect(path).volumes) == 1
    with path.open("r+b") as file:
        file.seek(8 * MEBIBYTE - SECTOR + 60)
        file.write(b"\xff\xff")
    with pytest.raises(ImageError, match="at byte 512: no GPT with right checksums"):
        inspect(path)


def test_dynamic_disks_are_told_by_their_marks(tmp_path: Path):
    gpt = write_gpt(tmp_path / "gpt", 8 * MEBIBYTE, [(LDM_DATA, 2048, 2048)])
    by_type = sparse(tmp_path / "type", MEBIBYTE, (0, mbr([(0x42, 63, 1000)])))
    by_header = sparse(tmp_path / "header", MEBIBYTE, (0, mbr([(7, 63, 1000)])), (6 * SECTOR, b"PRIVHEAD"))
    basic = sparse(tmp_path / "basic", MEBIBYTE, (0, mbr([(7, 63, 1000)])))
    assert [inspect(path).dynamic for path in (gpt, by_type, by_header, basic)] == [True, True, True, False]


def test_logical_partitions_are_followed_and_a_chain_without_end_is_refused(tmp_path: Path):
    link = [(7, 10, 20), (5, 100, 200)]
    chained = sparse(
        tmp_path / "chain", MEBIBYTE,
        (0, mbr([(5, 1000, 900)])), (1000 * SECTOR, mbr(link)), (1100 * SECTOR, mbr([(7, 10, 20)])),
    )  # fmt: skip
    assert [one.partition for one in inspect(chained).volumes] == [5, 6]
    circle = sparse(tmp_path / "circle", MEBIBYTE, (0, mbr([(5, 1000, 900)])),
                    (1000 * SECTOR, mbr(link)), (1100 * SECTOR, mbr(link)))  # fmt: skip
    with pytest.raises(ImageError, match="does not end"):
        inspect(circle)


def test_a_blank_disk_has_no_volumes_and_a_strange_one_an_unknown(tmp_path: Path):
    blank = inspect(sparse(tmp_path / "blank", MEBIBYTE))
    assert (blank.volumes, blank.dynamic) == ((), False)
    strange = inspect(sparse(tmp_path / "strange", MEBIBYTE, (5000, b"?")))
    assert (strange.volumes[0].file_system, strange.volumes[0].free, strange.dynamic) == (None, None, None)


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        ([(20, 1)], "$Bitmap has 32768 bits for 40000 clusters"),
        ([(39_999, 2)], "a run of $Bitmap at cluster 39999 leaves the volume"),
        ([(-1, 2)], "leaves the volume"),
    ],
)
def test_a_damaged_file_system_is_told_with_its_place_and_the_rest_is_kept(
    runs: Sequence[tuple[int, int]], problem: str, tmp_path: Path
):
    path = sparse(tmp_path / "disk", 40_000 * NTFS_CLUSTER + SECTOR, (0, ntfs(40_000, 5, runs)))
    (found,) = inspect(path).volumes
    assert (found.file_system, found.free) == ("NTFS", None)
    assert problem in found.problem
    assert found.problem.startswith(f"{path}: at byte ")


def test_a_huge_volume_is_counted_without_reading_it(tmp_path: Path):
    clusters = 1 << 28
    path = sparse(tmp_path / "tebibyte", clusters * NTFS_CLUSTER + SECTOR, (0, ntfs(clusters, 3, [(20, 8192)])))
    assert inspect(path).volumes == (volume(0, clusters, 3),)


# --- against other people's tools -------------------------------------------------------------------------------------


def run(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


@needs("mkntfs", "ntfsinfo", "qemu-img")
@pytest.mark.parametrize("cluster", [512, 4096, 65536])
def test_ntfsinfo_counts_the_same_free_clusters(cluster: int, tmp_path: Path):
    raw = sparse(tmp_path / "raw", 200 * MEBIBYTE)
    run("mkntfs", "-q", "-F", "-f", "-c", str(cluster), raw)
    told = run("ntfsinfo", "-m", "-f", raw)
    total, free = (
        int(found[1])
        for found in (re.search(rf"{name}: (\d+)", told) for name in ("in Clusters", "Free Clusters"))
        if found
    )
    expected = (FoundVolume(0, total * cluster, "NTFS", free * cluster, reserved=False),)
    assert inspect(raw).volumes == expected
    for name in ("vpc", "vhdx"):
        run("qemu-img", "convert", "-f", "raw", "-O", name, raw, tmp_path / name)
        assert inspect(tmp_path / name).volumes == expected


@needs("sfdisk")
@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_sfdisk_makes_the_partitions_that_are_found(label: str, tmp_path: Path):
    path = sparse(tmp_path / "disk", 64 * MEBIBYTE)
    script = f"label: {label}\nstart=2048, size=4096\nstart=8192, size=2048\n"
    script += "start=20480, size=40960, type=5\nstart=22528, size=2048\n" if label == "dos" else ""
    subprocess.run(["sfdisk", "-q", path], input=script, text=True, check=True)
    found = inspect(path)
    assert found.scheme == {"gpt": "gpt", "dos": "mbr"}[label]
    assert [(one.partition, one.size) for one in found.volumes] == [
        (1, 4096 * SECTOR), (2, 2048 * SECTOR), *([(5, 2048 * SECTOR)] if label == "dos" else [])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["mkfs.ext4", "-q"], "ext4"),
        (["mkfs.ext2", "-q"], "ext2"),
        (["mkfs.ext3", "-q"], "ext3"),
        (["mkfs.vfat", "-F", "16"], "FAT"),
        (["mkfs.vfat", "-F", "32"], "FAT32"),
        (["mkfs.xfs", "-q"], "XFS"),
        (["mkfs.btrfs", "-q"], "btrfs"),
        (["mkswap"], "swap"),
    ],
)
def test_file_systems_are_recognized(command: list[str], name: str, tmp_path: Path):
    if which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    path = sparse(tmp_path / "disk", 320 * MEBIBYTE)
    run(*command, path)
    (found,) = inspect(path).volumes
    assert found.file_system == name
