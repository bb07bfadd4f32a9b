"""The server's authority over its agents: it is made on first use, and says who is one, and who is not any more."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from engine.dpm.errors import BusyError
from engine.dpm.locks import locked
from engine.transport.certificates import LIFE, Issued, Issuer, fingerprint, key_pem, lifetime, new_key
from engine.transport.errors import TokenError, UntrustedError
from engine.transport.identity import Identity
from engine.transport.ledger import Certificate, Ledger
from engine.transport.names import SERVER, agent_named
from engine.transport.tokens import SECRET_SIZE, Token

TOKEN_MINUTES = 15
_PATIENCE = 10.0


def system_time() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


class Authority:
    """The authority in a folder; use it from any thread."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = system_time) -> None:
        """Open it, or make it on first use.

        Raises:
            BusyError: another process has held it for long.
            UntrustedError: its key or certificate cannot be read.
        """
        self._now = now
        self.identity = Identity(folder, "server")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            self._issuer = self._opened(folder / "authority.key.pem")
            self.ledger = Ledger(folder / "ledger.sqlite")
            if not self.identity.revoked.exists():
                self._publish()
        self.renew_server()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Write the authority's files alone, among all threads and processes; nobody does so for long."""
        until = time.monotonic() + _PATIENCE
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(locked(self.identity.folder / "authority.lock", "the authority"))
                    break
                except BusyError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.02)
            yield

    def _opened(self, private: Path) -> Issuer:
        if not private.exists():
            self.identity.keep(private, Issuer.new(self._now()).private_pem())
        try:
            issuer = Issuer.loaded(private.read_bytes())
        except ValueError as error:
            raise UntrustedError(f"{private} does not hold the authority's key and certificate: {error}") from error
        self.identity.keep(self.identity.authority, issuer.pem)
        return issuer

    @property
    def certificate(self) -> bytes:
        """The authority's own, in PEM; everybody may have it."""
        return self._issuer.pem

    def revocations(self) -> bytes:
        """The list of revoked certificates, in PEM, signed."""
        return self.identity.revoked.read_bytes()

    def new_token(self, agent: str, minutes: int = TOKEN_MINUTES) -> Token:
        """A token with which an agent of this name can enrol, once, within so many minutes.

        Raises:
            BadNameError: no agent can have the name.
        """
        token = Token(fingerprint(self.certificate), secrets.token_bytes(SECRET_SIZE))
        now = self._seconds()
        self.ledger.add_token(sha256(token.secret).digest(), agent_named(agent), now + minutes * 60, now)
        return token

    def enrol(self, secret: bytes, request: bytes) -> tuple[str, bytes]:
        """Take a token and issue a certificate; whose, and the certificate. Older ones of the name are revoked.

        Raises:
            TokenError: there is no such token any more.
            UntrustedError: the request is of no use; the token still is.
        """
        self._issuer.for_agent(request, "nobody", self._now())  # before the token is spent
        agent = self.ledger.take_token(sha256(secret).digest(), self._seconds())
        if agent is None:
            raise TokenError("the token is unknown, was used before, or has expired; make another with --new-token")
        self.revoke(agent)
        return agent, self.renew(agent, request)

    def renew(self, agent: str, request: bytes) -> bytes:
        """Another certificate for an agent that has shown one.

        Raises:
            UntrustedError: the request is of no use.
        """
        issued = self._issuer.for_agent(request, agent, self._now())
        self._remember(issued, agent)
        return issued.pem

    def revoke(self, agent: str) -> int:
        """Let nobody accept the certificates of an agent any more; how many there were.

        Raises:
            BadNameError: no agent can have the name.
        """
        return self._revoke(agent_named(agent))

    def replace_server(self) -> None:
        """Revoke the server's own certificate, and go on with another key."""
        self._revoke(SERVER)
        self.renew_server()

    def renew_server(self) -> None:
        """Let the server have a certificate that is good for a while and not revoked."""
        if self._is_good(self.identity.own):
            return
        with self._alone():
            key = new_key()
            issued = self._issuer.for_server(key, self._now())
            self._remember(issued, SERVER)
            self.identity.keep(self.identity.own, key_pem(key) + issued.pem)

    def is_revoked(self, agent: str) -> bool:
        """Whether no certificate of an agent is left that was not revoked."""
        return all(found.revoked is not None for found in self.ledger.certificates() if found.name == agent)

    def agents(self) -> list[Certificate]:
        """The newest certificate of each agent, by name."""
        newest = {found.name: found for found in self.ledger.certificates() if found.name != SERVER}
        return [newest[name] for name in sorted(newest)]

    def _is_good(self, path: Path) -> bool:
        if not path.exists():
            return False
        pem = path.read_bytes()
        known = [found for found in self.ledger.certificates() if found.name == SERVER]
        return bool(known) and known[-1].revoked is None and not is_old(pem, self._now())

    def _revoke(self, name: str) -> int:
        with self._alone():
            count = self.ledger.revoke(name, self._seconds())
            if count:
                self._publish()
        return count

    def _publish(self) -> None:
        known = self.ledger.certificates()
        now = self._seconds()
        revoked = [
            (found.serial, datetime.fromtimestamp(found.revoked, UTC))
            for found in known
            if found.revoked is not None and found.expires > now
        ]
        number = 1 + sum(found.revoked is not None for found in known)
        self.identity.keep(self.identity.revoked, self._issuer.revocations(revoked, number, self._now()))

    def _remember(self, issued: Issued, name: str) -> None:
        self.ledger.add_certificate(issued.serial, name, int(issued.expires.timestamp()))

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def is_old(pem: bytes, now: datetime) -> bool:
    """Whether less than a third of a certificate's life is left, or it cannot be read."""
    try:
        return lifetime(pem)[1] - now < LIFE / 3
    except ValueError:
        return True
