"""What a file is that no log format reads, told by its first bytes: the inventory says it, and what to do instead."""

from functools import cache
from pathlib import Path

import msgspec

from engine.sentence import Sentence


class Signature(msgspec.Struct, frozen=True):
    """One entry of `signatures.yml`."""

    starts: str
    """Hexadecimal."""
    what: str = msgspec.field(name="is")
    do: str = ""
    archive: bool = False

    @property
    def told(self) -> Sentence:
        """What it is, and what to do."""
        return Sentence("{what}: {do}", what=Sentence(self.what), do=Sentence(self.do))


class _Signatures(msgspec.Struct, frozen=True):
    signatures: list[Signature]


@cache
def signatures() -> list[tuple[bytes, Signature]]:
    """All of them, each with its bytes."""
    data = Path(__file__).with_name("signatures.yml").read_bytes()
    entries = msgspec.yaml.decode(data, type=_Signatures).signatures
    return [(bytes.fromhex(entry.starts), entry) for entry in entries]


def signature(head: bytes) -> Signature | None:
    """The known kind of file that begins with these bytes, None if there is none."""
    return next((entry for start, entry in signatures() if head.startswith(start)), None)
