"""Certificates: what the authority, the server and the agents have in theirs (RFC 5280), with ECDSA on P-256.

The authority's certificate is constrained to a domain that is nobody's, so its key, stolen, is of no use elsewhere. An
agent's certificate is good for clients only and the server's for servers only: none can take the other's part.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from engine.transport.errors import UntrustedError
from engine.transport.names import AGENTS, DOMAIN, SERVER

Key = ec.EllipticCurvePrivateKey

_AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=90)
"""Of the certificates of server and agents; they are renewed when a third of it is left."""
_CLOCKS_DIFFER = timedelta(hours=1)
"""Certificates begin earlier, so that a machine whose clock is behind does not refuse them."""


class Issued(NamedTuple):
    """A certificate, and what the authority remembers of it."""

    pem: bytes
    serial: int
    expires: datetime


def new_key() -> Key:
    """A private key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    """The key as it lies in a file that only its owner reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Issuer:
    """The authority's key and certificate."""

    def __init__(self, key: Key, certificate: x509.Certificate) -> None:
        self.key = key
        self.certificate = certificate
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def new(cls, now: datetime) -> "Issuer":
        """A new authority."""
        key = new_key()
        name = _common_name("Shindan authority")
        usage = _key_usage(signs_certificates=True)
        builder = (
            _builder(name, name, key.public_key(), now, now + _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.NameConstraints([x509.DNSName(DOMAIN)], None), critical=True)
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def loaded(cls, pem: bytes) -> "Issuer":
        """From a file with both; ValueError where they are not in it."""
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is of another kind")  # noqa: TRY004 - of a value in a file, not of an argument
        return cls(key, x509.load_pem_x509_certificate(pem))

    def private_pem(self) -> bytes:
        """Both, for the authority's own file."""
        return key_pem(self.key) + self.pem

    def for_server(self, key: Key, now: datetime) -> Issued:
        """A certificate for the server."""
        return self._issued(key.public_key(), SERVER, ExtendedKeyUsageOID.SERVER_AUTH, now)

    def for_agent(self, request: bytes, agent: str, now: datetime) -> Issued:
        """A certificate for an agent; of its request (a CSR) nothing but the key is taken.

        Raises:
            UntrustedError: it is no request, or not signed by the key in it.
        """
        try:
            found = x509.load_der_x509_csr(request)
            key = found.public_key()
            sound = found.is_signature_valid
        except (ValueError, TypeError, InvalidSignature) as error:  # what is malformed, and keys that nobody knows
            raise UntrustedError(f"what came is no request for a certificate: {error}") from error
        if not sound or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise UntrustedError("a request for a certificate has to be signed by its own key, on P-256")
        return self._issued(key, agent + AGENTS, ExtendedKeyUsageOID.CLIENT_AUTH, now)

    def revocations(self, revoked: Iterable[tuple[int, datetime]], number: int, now: datetime) -> bytes:
        """The list of revoked certificates, by serial number, with the time of revocation."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _CLOCKS_DIFFER)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_key_of_issuer(self.key), critical=False)
        )
        for serial, when in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issued(self, key: ec.EllipticCurvePublicKey, name: str, use: x509.ObjectIdentifier, now: datetime) -> Issued:
        expires = min(now + LIFE, self.certificate.not_valid_after_utc)
        subject = _common_name(name if len(name) <= 64 else name[:64])  # the most that a common name may have
        builder = (
            _builder(subject, self.certificate.subject, key, now, expires)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(_key_of_issuer(self.key), critical=False)
        )
        made = builder.sign(self.key, hashes.SHA256())
        return Issued(made.public_bytes(serialization.Encoding.PEM), made.serial_number, expires)


def signing_request(key: Key) -> bytes:
    """What an agent sends to get a certificate. It names nobody: the token, or the old certificate, does."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def fingerprint(pem: bytes) -> bytes:
    """SHA-256 of a certificate; ValueError where it is none."""
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())


def lifetime(pem: bytes) -> tuple[datetime, datetime]:
    """From when and until when a certificate is good; ValueError where it is none."""
    found = x509.load_pem_x509_certificate(pem)
    return found.not_valid_before_utc, found.not_valid_after_utc


def is_newer_list(new: bytes, old: bytes, authority: bytes) -> bool:
    """Whether a list of revocations is signed by the authority and follows an older one; never raises."""
    try:
        issuer = x509.load_pem_x509_certificate(authority).public_key()
        found = x509.load_pem_x509_crl(new)
        return (
            isinstance(issuer, ec.EllipticCurvePublicKey)
            and found.is_signature_valid(issuer)
            and _number(found) > _number(x509.load_pem_x509_crl(old))
        )
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return False


def _number(found: x509.CertificateRevocationList) -> int:
    number = found.extensions.get_extension_for_oid(ExtensionOID.CRL_NUMBER).value
    return number.crl_number if isinstance(number, x509.CRLNumber) else 0


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_of_issuer(key: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
