"""Tokens: handed from the server's operator to an agent's, they make the first contact safe for both."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from engine.transport.errors import TokenError

SECRET_SIZE = 24
_FINGERPRINT_SIZE = 32


class Token(NamedTuple):
    """What enrols one agent once: whom to trust, and why to be trusted."""

    fingerprint: bytes
    """SHA-256 of the authority's certificate."""
    secret: bytes

    def __str__(self) -> str:
        """As it is handed over."""
        return urlsafe_b64encode(self.fingerprint + self.secret).decode().rstrip("=")

    @classmethod
    def of(cls, text: str) -> "Token":
        """The token that was handed over; TokenError where it is none."""
        try:
            data = urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
        except ValueError:
            data = b""
        if len(data) != _FINGERPRINT_SIZE + SECRET_SIZE:
            raise TokenError("this is not a token, or not all of it; shindan serve --new-token makes one")
        return cls(data[:_FINGERPRINT_SIZE], data[_FINGERPRINT_SIZE:])
