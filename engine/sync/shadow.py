"""A volume's shadow copy as something to bring a replica in step with."""

from collections.abc import Iterator

from engine.files import Room
from engine.sync.scope import Tracked
from engine.volume import ShadowCopy


class ShadowSource:
    """The blocks of a shadow copy."""

    def __init__(self, copy: ShadowCopy) -> None:
        self._copy = copy

    def pread(self, room: Room, offset: int) -> int:
        """Fill `room` from `offset`; ShadowCopyLostError once the copy is gone."""
        count = max(0, min(len(room), self._copy.size - offset))
        self._copy.read_into(offset, memoryview(room)[:count])
        return count

    def size(self) -> int:
        return self._copy.size

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        return self._copy.extents(start, min(end, self._copy.size))


def tracked_since(copy: ShadowCopy, reference: str, base_root: bytes) -> Tracked | None:
    """What the volume recorded since an earlier copy, of which a recovery point with this root was made.

    None where it does not know: then everything has to be compared.
    """
    changed = copy.changed_since(reference)
    return None if changed is None else Tracked(base_root, tuple(changed))
