"""What pseudonyms of addresses and identifiers are derived by: a key, without which nobody can try values out.

Where the user gives none, the key comes from the whole input: the same input gives the same bytes, and whoever does not
have it cannot compute a single pseudonym. (Without any key, all four billion IPv4 addresses are tried in minutes.)
"""

from collections.abc import Iterable
from hashlib import blake2b

from diagnostics.redaction.kinds import Kind


class Secret:
    """A key."""

    def __init__(self, material: bytes) -> None:
        self._key = blake2b(material, digest_size=64).digest()

    @classmethod
    def of_input(cls, digests: Iterable[bytes]) -> "Secret":
        """The key that comes from the contents of all documents, in whatever order."""
        return cls(b"".join(sorted(digests)))

    def digest(self, kind: Kind, value: str, size: int) -> bytes:
        """So many bytes that stand for a value of a kind."""
        return blake2b(f"{kind}\0{value}".encode(errors="replace"), key=self._key, digest_size=size).digest()

    def number(self, kind: Kind, value: str, most: int) -> int:
        """A number below `most` that stands for a value of a kind."""
        return int.from_bytes(self.digest(kind, value, 16), "big") % most
