"""What an agent may say of an image: batch after batch of blocks that follow those before, until the last."""

from typing import NamedTuple

from blake3 import blake3

from engine.blocks import DIGEST_SIZE
from engine.dpm.maps import BlockMap
from engine.sync.messages import BATCH_BLOCKS, Digests
from engine.sync.scope import Pairs, Run
from engine.sync.wire import BrokenTransferError


class Batch(NamedTuple):
    """Some blocks, and the digests that the agent says they have."""

    runs: list[Run]
    digests: bytes

    def blocks(self) -> list[int]:
        """All of them, in order."""
        return [block for first, count in self.runs for block in range(first, first + count)]

    def digest(self, place: int) -> bytes:
        """That of the block in this place."""
        return nth(self.digests, place)


class Batches:
    """The batches that have come so far."""

    def __init__(self, blocks: int, *, everything: bool) -> None:
        """Of an image with so many blocks; where changes are tracked, not `everything` is spoken of."""
        self._blocks = blocks
        self._everything = everything
        self._runs = Pairs()
        self._next = 0
        self.complete = False

    def take(self, message: Digests, digests: bytes) -> Batch:
        """A batch whose turn it is.

        Raises:
            BrokenTransferError: it is not, or does not fit the image.
        """
        if self.complete:
            raise BrokenTransferError("nothing can follow the last batch")
        count = 0
        for first, length in message.runs:
            if first < self._next or (self._everything and first > self._next) or not length:
                raise BrokenTransferError(f"block {first} is not the one whose turn it is")
            self._next = first + length
            count += length
        if self._next > self._blocks or count > BATCH_BLOCKS:
            raise BrokenTransferError("there are more blocks than there can be")
        if message.last and self._everything and self._next != self._blocks:
            raise BrokenTransferError("there are fewer blocks than there have to be")
        if digests and len(digests) != count * DIGEST_SIZE:
            raise BrokenTransferError("the digests do not belong to the blocks")
        self._runs.extend(message.runs)
        self.complete = message.last
        return Batch(list(message.runs), digests or bytes(count * DIGEST_SIZE))

    def root(self, block_map: BlockMap) -> bytes:
        """One digest over those that a map has of all blocks that were spoken of."""
        found = blake3()
        for first, count in self._runs:
            found.update(block_map.digests_of(first, count))
        return found.digest()


def nth(digests: bytes, place: int) -> bytes:
    """One of digests that are joined."""
    return digests[place * DIGEST_SIZE : (place + 1) * DIGEST_SIZE]
