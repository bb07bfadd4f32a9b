"""Windows event logs as Windows keeps them: EVTX."""

from diagnostics.parsers.evtx.chunks import CHUNK_MAGIC, FILE_MAGIC, FIRST_CHUNK
from diagnostics.parsers.evtx.reader import read
from diagnostics.parsers.format import Format, Sample

__all__ = ["EVTX", "read"]


def _recognizes(sample: Sample) -> bool:
    """By the file's signature, or its first chunk's where the header was lost."""
    return sample.head.startswith(FILE_MAGIC) or sample.head.startswith(CHUNK_MAGIC, FIRST_CHUNK)


EVTX = Format("evtx", _recognizes, read, registers=True)
