"""What things are called on the wire: agents and images by short names of their own, never by paths."""

import re
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from engine.dpm.errors import RepositoryError

SCHEME = "shindan://"
DEFAULT_PORT = 7719
DOMAIN = "shindan.internal"
"""A domain that is nobody's: .internal is reserved for private use. Certificates are good for names in it only."""
SERVER = f"server.{DOMAIN}"
AGENTS = f".agent.{DOMAIN}"

AGENT_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"
IMAGE_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,79}\Z"
AGENT_IN_WORDS = "up to 63 of a-z, 0-9 and -, not first or last"
IMAGE_IN_WORDS = "up to 80 of a-z, 0-9, dot, - and _, beginning with a letter or digit"


class BadNameError(RepositoryError):
    """A name or address that cannot be one."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written, with the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}{host}:{self.port}"


def address_of(text: str, *, scheme: str = SCHEME) -> Address:
    """The address in `shindan://HOST[:PORT]`; an IPv6 host stands in brackets.

    Raises:
        BadNameError: there is none in it.
    """
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:/\[\]]+))(?::([0-9]{1,5}))?/?", text.removeprefix(scheme))
    if not text.startswith(scheme) or not found or int(found[3] or DEFAULT_PORT) > 65535:
        raise BadNameError(f"{text} is not an address: {scheme}HOST or {scheme}HOST:PORT was expected")
    return Address(found[1] or found[2], int(found[3] or DEFAULT_PORT))


def agent_named(name: str) -> str:
    """The name, if an agent can have it; BadNameError otherwise."""
    if not re.match(AGENT_PATTERN, name):
        raise BadNameError(f"{name!r} cannot be an agent's name: {AGENT_IN_WORDS} was expected")
    return name


def image_named(path: Path) -> str:
    """A name for an image that nobody has named: what can be said of its file's, and a digest of its path."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", path.name.lower()).strip("-._")[:64] or "image"
    return f"{plain}-{blake3(str(path).encode('utf-8', 'surrogateescape')).hexdigest(length=5)}"


def replica_named(agent: str, image: str) -> str:
    """What the catalog calls the replica of an agent's image; no path of this machine begins so."""
    return f"{agent}:{image}"


def agent_in(names: list[str]) -> str | None:
    """Which agent's certificate has these DNS names; None where it is no agent's."""
    if len(names) == 1 and names[0].endswith(AGENTS):
        return names[0].removesuffix(AGENTS)
    return None
