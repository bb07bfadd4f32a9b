"""A file system that clones files, for the tests that need one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest


@contextmanager
def on_xfs(folder: Path, size: int = 320 << 20) -> Iterator[Path]:
    """A folder on XFS of its own, for the time of the block; where there can be none, the test is skipped."""
    if os.geteuid() != 0 or which("mkfs.xfs") is None:
        pytest.skip("a file system that can clone needs root and mkfs.xfs (Debian: xfsprogs)")
    image, mounted = folder / "xfs.img", folder / "xfs"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.xfs", "-q", str(image)], check=True)
    mount = ["mount", "-o", "loop", str(image), str(mounted)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no loop mount here: {done.stderr.strip()}")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
