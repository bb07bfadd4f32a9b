"""What agent and server say to each other. Every list and text has a largest size; so has the payload of a message.

The server begins: `Begin`, and the agent answers `Describe`. Then the agent sends `Digests` of batch after batch, each
answered by `Need`, and that by `Blocks` (as many as it takes). A server that has nothing yet says so, and answers none:
`Blocks` with all that is not zeros come after each `Digests`. At the end the agent sends `Finished`, and the server
`Committed`. Either may send `Refused` at any time, and is then gone.
"""

from typing import Annotated

import msgspec

from engine.blocks import DIGEST_SIZE, GROUP_SIZE
from engine.dpm.records import JobKind, PointMode

VERSION = 3
BATCH_BLOCKS = 512
"""The most blocks whose digests travel together."""
BATCH_SIZE = 16 << 20
"""Bytes of the image whose digests travel together, unless that would be too many blocks."""
MAX_MESSAGE = 64 << 10
MAX_PAYLOAD = GROUP_SIZE

_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
_Digest = Annotated[bytes, msgspec.Meta(min_length=DIGEST_SIZE, max_length=DIGEST_SIZE)]
_Numbers = Annotated[tuple[_Number, ...], msgspec.Meta(max_length=BATCH_BLOCKS)]
_Runs = Annotated[tuple[tuple[_Number, _Number], ...], msgspec.Meta(max_length=BATCH_BLOCKS)]
_Text = Annotated[str, msgspec.Meta(max_length=1024)]


class Begin(msgspec.Struct, tag=True, frozen=True):
    """Server: how the image is to be cut, and the root of the newest recovery point."""

    version: int
    block_size: Annotated[int, msgspec.Meta(ge=512, le=GROUP_SIZE)]
    base_root: _Digest | None
    """Blocks that did not change since this point may be left out; None: none may."""
    empty: bool = False
    """There is nothing to compare with: contents are to come without being asked for."""


class Describe(msgspec.Struct, tag=True, frozen=True):
    """Agent: what there is."""

    image_size: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    tracked: bool
    """Only blocks that changed since the point in `Begin` will be spoken of."""


class Digests(msgspec.Struct, tag=True, frozen=True):
    """Agent: the digests of some blocks, joined in the payload; no payload means that all of them are zeros."""

    runs: _Runs
    """Blocks that follow one another: the first, and how many."""
    last: bool


class Need(msgspec.Struct, tag=True, frozen=True):
    """Server: which blocks of the oldest unanswered `Digests` differ."""

    blocks: _Numbers


class Blocks(msgspec.Struct, tag=True, frozen=True):
    """Agent: the contents of some blocks, joined in the payload."""

    blocks: _Numbers
    packed: bool
    """The payload is one zstd frame."""


class Finished(msgspec.Struct, tag=True, frozen=True):
    """Agent: everything has been sent; one digest over all digests that were."""

    root: _Digest
    mode: PointMode
    """What instant was read, which is known at the end only."""


class Committed(msgspec.Struct, tag=True, frozen=True):
    """Server: there is a new recovery point; what the agent cannot know of it."""

    point: int
    root: _Digest
    time: int
    kind: JobKind
    bytes_changed: int


class Refused(msgspec.Struct, tag=True, frozen=True):
    """Either: it ends here, and why."""

    why: _Text
    retryable: bool = False
    """It may go better when it is tried again as it is."""


Message = Begin | Describe | Digests | Need | Blocks | Finished | Committed | Refused


def batch_blocks(block_size: int) -> int:
    """How many blocks make a batch."""
    return max(1, min(BATCH_BLOCKS, BATCH_SIZE // block_size))
