r"""On which volume of a host a file lies, by its path alone."""

import re
from collections.abc import Iterable

_LONG = re.compile(r"^\\\\\?\\(?=[A-Za-z]:)")
_ROOTS = (
    re.compile(r"(?P<root>[A-Za-z]:\\ClusterStorage\\[^\\]+)(?=\\|$)", re.IGNORECASE),
    re.compile(r"(?P<root>\\\\\?\\Volume\{[0-9a-f-]+\})", re.IGNORECASE),
    re.compile(r"(?P<root>\\\\[^\\?.][^\\]*\\[^\\]+)"),  # a share
    re.compile(r"(?P<root>[A-Za-z]:)(?=\\|$)"),
)


def volume_of(path: str, folders: Iterable[str] = ()) -> str:
    r"""The volume that a path lies on, as a comparable name; empty where the path does not tell (a pass-through disk).

    `folders` are the ones that volumes are mounted in, as far as exports of the host name them. A cluster shared volume
    is the folder below `C:\ClusterStorage`; a share counts as one volume.
    """
    plain = _LONG.sub("", path.strip().strip('"').replace("/", "\\"))
    lowered = plain.lower()
    mounted = [folder for folder in folders if lowered.startswith(folder.lower().rstrip("\\") + "\\")]
    if mounted:
        return max(mounted, key=len).lower().rstrip("\\")
    for root in _ROOTS:
        if match := root.match(plain):
            return match["root"].lower()
    return ""


def mount_folders(volumes: Iterable[str]) -> list[str]:
    """Of the names of a host's volumes, those that are folders in which they are mounted."""
    return [name for name in volumes if name[1:3] == ":\\" and len(name) > 3]


def beside_checkpoints(checkpoints: str, disks: Iterable[str], folders: Iterable[str] = ()) -> str:
    """Whether all disks lie on the volume that checkpoint files go to: `true`, `false`, or empty where nobody knows."""
    mounted = list(folders)
    volumes = {volume_of(disk, mounted) for disk in disks}
    root = volume_of(checkpoints, mounted)
    if not root or not volumes or "" in volumes:
        return ""
    return "true" if volumes == {root} else "false"
