"""Whether to compress what is sent: it pays where the link is slower than zstd gains.

A fast link is never waited for; on a slower one a small part of each payload is compressed, and what that gained and
took decides for the whole.
"""

import time
from collections.abc import Callable

import zstandard

_LEVEL = 1
_PROBE = 16 << 10
_WARM_UP = 8 << 20
"""Bytes that go into the buffers of a connection before it can be told how fast that is."""
_FAST_LINK = 600e6
"""Bytes a second that zstd does not reach on one core."""


class Packer:
    """Decides for each payload, by what sending and packing have cost so far."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter, *, local: bool = False) -> None:
        """`local`: both ends are on one machine, and one that is slow to take what is sent is no slow link."""
        self._clock = clock
        self._local = local
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._sent_bytes = 0
        self._sent_seconds = 0.0

    def packed(self, data: memoryview) -> bytes | None:
        """The data as one frame; None where that does not pay."""
        if self._local or self._sent_bytes < _WARM_UP or self._link_rate() > _FAST_LINK:
            return None
        probe = data[:_PROBE]
        begun = self._clock()
        gain = 1 - len(self._compressor.compress(probe)) / len(probe)
        cost = (self._clock() - begun) / len(probe)
        if gain / self._link_rate() <= cost:
            return None
        frame = self._compressor.compress(data)
        return frame if len(frame) < len(data) else None

    def sent(self, count: int, seconds: float) -> None:
        """Sending so many bytes took so long. Older experience counts half as much every 64 MiB."""
        if self._sent_bytes > 64 << 20:
            self._sent_bytes //= 2
            self._sent_seconds /= 2
        self._sent_bytes += count
        self._sent_seconds += seconds

    def _link_rate(self) -> float:
        return self._sent_bytes / max(self._sent_seconds, 1e-9)


def unpacked(frame: memoryview, size: int) -> memoryview:
    """The data of a frame that has to have `size` bytes.

    Raises:
        ValueError: it has not, or is damaged.
    """
    try:
        if zstandard.frame_content_size(frame) != size:
            raise ValueError("a frame has not the size that it should have")
        return memoryview(zstandard.ZstdDecompressor().decompress(frame, max_output_size=size))
    except zstandard.ZstdError as error:
        raise ValueError(f"a frame cannot be unpacked: {error}") from error
