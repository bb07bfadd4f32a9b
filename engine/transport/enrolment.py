"""How an agent comes to its identity, and keeps it: enrolment with a token, renewal while the certificate is good.

First contact: the agent asks, of whoever answers, which certificates are accepted there, and believes the answer only
if it is the one whose fingerprint is in its token. Then it connects again, and accepts nobody but a server with a
certificate of that authority; only to that one it sends the token's secret.
"""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from engine.transport.control import AskAuthority, Enrol, Enrolled, ItsAuthority, Renew, ask
from engine.transport.errors import NotEnrolledError, TokenError, UnreachableError
from engine.transport.identity import Identity, plain_context
from engine.transport.names import SERVER, Address, address_of
from engine.transport.tls import Limits, TlsStream
from engine.transport.tokens import Token

_MEMBERSHIP = "agent.json"


class Membership:
    """What an agent's folder says: who it is, and where its server is."""

    def __init__(self, folder: Path) -> None:
        """Raises NotEnrolledError where it says nothing."""
        self.identity = Identity(folder, "agent")
        path = folder / _MEMBERSHIP
        try:
            found = json.loads(path.read_text())
            self.name: str = found["name"]
            self.server: Address = address_of(found["server"])
        except FileNotFoundError as error:
            raise NotEnrolledError(
                f"this machine is not enrolled at any server ({path} is missing): run shindan agent enrol"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotEnrolledError(f"{path} cannot be read; enrol again: {error}") from error


def enrol(folder: Path, server: Address, token: Token, limits: Limits) -> Membership:
    """Become an agent of a server.

    Raises:
        TokenError: the server is not the one that the token is for.
        RefusedError: the server does not take the token.
        UnreachableError, UntrustedError, BrokenTransferError: there is no safe connection.
    """
    from engine.transport.certificates import key_pem, new_key, signing_request  # noqa: PLC0415 - not for every backup

    authority = _authority_at(server, token, limits)
    context = plain_context("agent")
    context.load_verify_locations(cadata=authority.decode("ascii"))
    key = new_key()
    with connected(server, context, limits) as stream:
        done = ask(stream, Enrol(token.secret, signing_request(key)), Enrolled)
    identity = Identity(folder, "agent")
    identity.keep(identity.own, key_pem(key) + done.certificate)
    identity.keep(identity.authority, authority)
    identity.keep(identity.revoked, done.revoked)
    identity.keep(folder / _MEMBERSHIP, json.dumps({"name": done.agent, "server": str(server)}).encode())
    identity.context()  # what cannot be used is better told now
    return Membership(folder)


def _authority_at(server: Address, token: Token, limits: Limits) -> bytes:
    """Nothing but its fingerprint makes the answer credible."""
    from engine.transport.certificates import fingerprint  # noqa: PLC0415 - not for every backup

    context = plain_context("agent")
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with connected(server, context, limits) as stream:
        told = ask(stream, AskAuthority(), ItsAuthority).certificate
    try:
        right = fingerprint(told) == token.fingerprint
    except ValueError:
        right = False
    if not right:
        raise TokenError(
            f"who answers at {server} is not the server that the token is for; nothing was sent to it. "
            "Is the address right?"
        )
    return told


def renew(member: Membership, now: datetime, limits: Limits) -> bool:
    """Get another certificate if less than a third of the life of this one is left; whether that was so.

    Raises:
        UnreachableError, UntrustedError, BrokenTransferError: there is no safe connection.
    """
    from engine.transport.authority import is_old  # noqa: PLC0415 - not for every backup
    from engine.transport.certificates import key_pem, new_key, signing_request  # noqa: PLC0415 - as above

    if not is_old(member.identity.own.read_bytes(), now):
        return False
    key = new_key()
    with connected(member.server, member.identity.context(), limits) as stream:
        done = ask(stream, Renew(signing_request(key)), Enrolled)
    member.identity.keep(member.identity.own, key_pem(key) + done.certificate)
    learn(member.identity, done.revoked)
    return True


def learn(identity: Identity, revoked: bytes) -> None:
    """Take over a list of revoked certificates, if it is the authority's and newer."""
    old = identity.revoked.read_bytes()
    if revoked == old:
        return
    from engine.transport.certificates import is_newer_list  # noqa: PLC0415 - seldom needed

    if is_newer_list(revoked, old, identity.authority.read_bytes()):
        identity.keep(identity.revoked, revoked)


@contextmanager
def connected(server: Address, context: ssl.SSLContext, limits: Limits) -> Iterator[TlsStream]:
    """A connection to the server, after the handshake, for the time of the block.

    Raises:
        UnreachableError: there is none.
        UntrustedError: the server was refused.
    """
    try:
        plain = socket.create_connection((server.host, server.port), timeout=limits.greeting)
    except OSError as error:
        raise UnreachableError(f"{server} cannot be reached: {error.strerror or error}") from error
    stream = TlsStream(plain, context, limits, SERVER)
    try:
        try:
            stream.handshake()
        except (OSError, EOFError) as error:
            raise UnreachableError(f"{server} does not answer as a server: {error}") from error
        stream.greeted()
        yield stream
    finally:
        stream.close()
