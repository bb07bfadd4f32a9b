"""A handshake that fails because of the other side's certificate: a real one, of OpenSSL, in memory."""

import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from engine.hresult import HResult
from engine.transport.certificates import Issuer, key_pem, new_key

Flaw = Literal["expired", "foreign"]
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of openssl/x509_vfy.h."""


class Refusal(NamedTuple):
    """How the side that checks ends the handshake."""

    alert: int
    """Of TLS (RFC 8446, 6.2): certificate_expired or unknown_ca."""
    hresult: HResult


def refused_handshake(flaw: str) -> Refusal:
    """Let an agent check a server's certificate that has expired, or is from an authority that it does not know.

    Raises ValueError for another flaw.
    """
    if flaw not in ("expired", "foreign"):
        raise ValueError(f"no flaw of a certificate is called {flaw!r}; expected expired or foreign")
    now = datetime.now(UTC)  # OpenSSL asks the real clock, whatever time it is in the lab
    issuer = Issuer.new(_LONG_AGO if flaw == "expired" else now)
    trusted = issuer if flaw == "expired" else Issuer.new(now)
    key = new_key()
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "server.pem"
        chain.write_bytes(key_pem(key) + issuer.for_server(key, _LONG_AGO if flaw == "expired" else now).pem)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(chain)
    agent = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    agent.check_hostname = False
    agent.load_verify_locations(cadata=trusted.pem.decode("ascii"))
    try:
        _shake_hands(server, agent)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _EXPIRED:
            return Refusal(45, HResult.SEC_E_CERT_EXPIRED)
        return Refusal(48, HResult.SEC_E_UNTRUSTED_ROOT)
    raise AssertionError(f"a certificate that is {flaw} was accepted")


def _shake_hands(server: ssl.SSLContext, agent: ssl.SSLContext) -> None:
    to_agent, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        agent.wrap_bio(to_agent, to_server),
        server.wrap_bio(to_server, to_agent, server_side=True),
    ]
    while sides:
        for side in list(sides):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            sides.remove(side)
