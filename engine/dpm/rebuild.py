"""Making a lost catalog anew, from what the maps of recovery points say of themselves."""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.dpm.catalog import Catalog
from engine.dpm.errors import NotARepositoryError
from engine.dpm.locks import locked
from engine.dpm.maps import BlockMap, MapDamagedError
from engine.dpm.places import maps_of, replica_folders
from engine.dpm.records import MapLabel, PointState, RecoveryPoint, Replica, ReplicaState
from engine.dpm.repository import CATALOG, Clock
from engine.files import Files
from engine.sentence import Sentence


class Rebuilt(NamedTuple):
    """What a new catalog holds."""

    points: tuple[int, ...]
    lost: tuple[str, ...]
    """Maps that cannot be used, and why."""


class _Found(NamedTuple):
    image: str
    block_size: int
    point: RecoveryPoint


def rebuild(folder: Path, files: Files, clock: Clock) -> Rebuilt:
    """Put a new catalog in the place of the old one, which is kept under another name.

    What recovery points hold is not read; `verify` does. Which of them were known to be damaged is forgotten.

    Raises:
        NotARepositoryError: there is no map in the folder.
        BusyError: somebody writes a replica.
    """
    found: dict[int, list[_Found]] = {}
    lost = []
    for number, replica_folder in replica_folders(files, folder):
        for point in maps_of(files, replica_folder):
            try:
                found.setdefault(number, []).append(_read(files, replica_folder, number, point))
            except MapDamagedError as error:
                lost.append(str(error))
    if not found:
        raise NotARepositoryError(folder, Sentence("no map of a recovery point can be read"))
    with ExitStack() as held:
        for number, replica_folder in replica_folders(files, folder):
            held.enter_context(locked(replica_folder / "writer.lock", f"replica {number}"))
        catalog = Catalog(_emptied(folder, clock()))
        held.callback(catalog.close)
        catalog.prepare()
        for number, maps in found.items():
            replica = Replica(number, 1, maps[-1].image, maps[-1].block_size, ReplicaState.CONSISTENT)
            catalog.adopt(replica, [one.point for one in maps])
    return Rebuilt(tuple(sorted(one.point.id for maps in found.values() for one in maps)), tuple(lost))


def _read(files: Files, folder: Path, replica: int, point: int) -> _Found:
    path = folder / "maps" / f"{point:010}"
    block_map, checksum, raw_label = BlockMap.load(files, path, replica, point)
    try:
        label = msgspec.msgpack.decode(raw_label, type=MapLabel)
    except msgspec.MsgspecError as error:
        raise MapDamagedError(path, "has no label") from error
    made = RecoveryPoint(
        id=point,
        replica=replica,
        time=label.time,
        mode=label.mode,
        kind=label.kind,
        image_size=block_map.image_size,
        bytes_changed=label.bytes_changed,
        root=block_map.root(),
        map_checksum=checksum,
        state=PointState.GOOD,
    )
    return _Found(label.image, block_map.block_size, made)


def _emptied(folder: Path, now: int) -> Path:
    """Where the catalog has to be; what was there gets another name."""
    path = folder / CATALOG
    for old in (path, folder / f"{CATALOG}-journal"):
        if old.exists():
            old.rename(folder / f"{old.name}.{now}")
    return path
