"""What one side has to show and to ask for: three files in a folder that only its owner reads, and TLS made of them.

authority.pem   whose certificates are accepted
revoked.pem     which of them are not any more
server.pem or agent.pem   this side's key and certificate
"""

import ssl
from pathlib import Path
from typing import Literal, NamedTuple

from engine.files import SYSTEM, write_atomically
from engine.transport.errors import NotEnrolledError, UntrustedError

Role = Literal["server", "agent"]


class Identity(NamedTuple):
    """The folder of one side."""

    folder: Path
    role: Role

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def revoked(self) -> Path:
        return self.folder / "revoked.pem"

    @property
    def own(self) -> Path:
        """Key and certificate."""
        return self.folder / f"{self.role}.pem"

    def keep(self, path: Path, data: bytes) -> None:
        """Put one of the files in place, whole or not at all, readable to its owner only."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(SYSTEM, path, data)

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 for this side, as its files say now.

        A server takes connections without a certificate too: who wants one has none yet. What else such a
        connection may ask for is decided in one place, `engine.transport.service`.

        Raises:
            NotEnrolledError: a file is missing.
            UntrustedError: one is of no use.
        """
        for path in (self.own, self.authority, self.revoked):
            if not path.exists():
                raise NotEnrolledError(f"{path} is missing: this machine is not enrolled; run shindan agent enrol")
        context = plain_context(self.role)
        try:
            context.load_cert_chain(self.own)
            context.load_verify_locations(self.authority)
            context.load_verify_locations(self.revoked)
        except (ssl.SSLError, OSError) as error:
            raise UntrustedError(f"the key and certificates in {self.folder} are of no use: {error}") from error
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        context.verify_mode = ssl.CERT_REQUIRED if self.role == "agent" else ssl.CERT_OPTIONAL
        return context


def plain_context(role: Role) -> ssl.SSLContext:
    """TLS 1.3 and nothing older, strict about certificates; without sessions to resume, which would outlive them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if role == "agent" else ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if role == "server":
        context.num_tickets = 0
    return context
