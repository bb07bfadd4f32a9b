"""Pseudonyms of what has a form of its own: addresses, SIDs, GUIDs, keys. The form stays, and with it the structure.

Two addresses that share their first octets (groups, in IPv6) share as many afterwards: what is one subnet stays one.
Ranges that mean something by themselves stay: loopback, link-local, private ones, masks, the network's and broadcast's
last octet; the maker's half of a MAC address where that is Hyper-V's; the RID of a SID.
"""

import ipaddress
import re
import struct
import uuid

from diagnostics.redaction.kinds import Kind
from diagnostics.redaction.known import GUID
from diagnostics.redaction.secret import Secret

_LINK_LOCAL = 169, 254
_PRIVATE = {10: 1, 172: 2, 192: 2}
"""First octet of networks of which some are private -> how many octets tell that."""
_PUBLIC = [octet for octet in range(1, 224) if octet not in {*_PRIVATE, *_LINK_LOCAL, 127}]
_HYPER_V = "00155d"
_VM_SID = re.compile(r"(?i)S-1-(?:5-83-1|12-1)-(\d+)-(\d+)-(\d+)-(\d+)$")
"""SIDs that spell a GUID: of virtual machines, and of accounts in Entra ID."""
_DOMAIN_SID = re.compile(r"(?i)(S-1-5-21)-(\d+)-(\d+)-(\d+)((?:-\d+)*)$")
_IDENTIFIER = re.compile(GUID, re.IGNORECASE)


class Addresses:
    """Pseudonyms by one key."""

    def __init__(self, secret: Secret, kept_guids: frozenset[str] = frozenset()) -> None:
        self._secret = secret
        self._kept = kept_guids

    def guid(self, text: str) -> str:
        """Another GUID (of version 4), in the same case; those that everybody has stay."""
        folded = text.lower()
        if folded in self._kept or not _IDENTIFIER.fullmatch(text) or not folded.strip("0-"):
            return text
        other = str(uuid.UUID(bytes=self._secret.digest(Kind.GUID, folded, 16), version=4))
        return other.upper() if any(letter.isupper() for letter in text) else other

    def sid(self, text: str) -> str:
        """The SID of an account with another domain, or of another virtual machine; others are everybody's."""
        if match := _DOMAIN_SID.match(text):
            authority, *parts, rest = match.groups()
            domain = struct.unpack(">3I", self._secret.digest(Kind.SID, "-".join(parts), 12))
            return "-".join((authority, *map(str, domain))) + rest
        if match := _VM_SID.match(text):
            numbers = [int(part) for part in match.groups()]
            if max(numbers) >> 32:
                return text
            other = uuid.UUID(self.guid(str(uuid.UUID(bytes_le=struct.pack("<4I", *numbers)))))
            return text[: match.start(1)] + "-".join(map(str, struct.unpack("<4I", other.bytes_le)))
        return text

    def ipv4(self, text: str) -> str:
        """Another IPv4 address in the same structure; the text itself where it is none, or one that names nobody."""
        try:
            octets = list(ipaddress.IPv4Address(text).packed)
        except ValueError:
            return text
        first, second, *_ = octets
        if first in {0, 127} or first >= 224:
            return text
        told = _PRIVATE.get(first, 2 if (first, second) == _LINK_LOCAL else 0)
        made = [self._octet(octets, place) if place >= told else octet for place, octet in enumerate(octets)]
        if not told and first in _PUBLIC:
            turn = self._secret.number(Kind.ADDRESS, "", len(_PUBLIC))
            made[0] = _PUBLIC[(_PUBLIC.index(first) + turn) % len(_PUBLIC)]
        return ".".join(map(str, made))

    def _octet(self, octets: list[int], place: int) -> int:
        """Of an octet in its subnet; 0 and 255 are the subnet's own."""
        prefix = ".".join(map(str, octets[:place]))
        return _turned(octets[place], 255, self._secret.number(Kind.ADDRESS, prefix, 254))

    def ipv6(self, text: str) -> str:
        """Another IPv6 address in the same structure; a first group that tells the scope stays."""
        try:
            address = ipaddress.IPv6Address(text.partition("%")[0])
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return text
        groups = struct.unpack(">8H", address.packed)
        made = [0x2001 if address.is_global else groups[0]]
        for place in range(1, 8):
            prefix = ":".join(map(str, groups[:place]))
            made.append(_turned(groups[place], 0x10000, self._secret.number(Kind.ADDRESS, prefix, 0xFFFF)))
        return str(ipaddress.IPv6Address(struct.pack(">8H", *made)))

    def hardware(self, text: str) -> str:
        """Another MAC address or world-wide name, written alike."""
        digits = re.sub(r"[-:]", "", text).lower()
        if len(digits) not in {12, 16} or not digits.strip("0") or not digits.strip("f"):
            return text
        told = _HYPER_V if digits.startswith(_HYPER_V) else "02"
        made = told + self._secret.digest(Kind.HARDWARE_ADDRESS, digits, 8).hex()[: len(digits) - len(told)]
        separator = text[2]
        pairs = separator.join(made[at : at + 2] for at in range(0, len(made), 2))
        return pairs.upper() if any(letter.isupper() for letter in text) else pairs

    def thumbprint(self, text: str) -> str:
        """Other hexadecimal digits."""
        made = self._secret.digest(Kind.THUMBPRINT, text.lower(), 32).hex()[: len(text)]
        return made.upper() if any(letter.isupper() for letter in text) else made

    def licence(self, text: str) -> str:
        """Digits in place of the letters and digits of a product id or key."""
        number = str(self._secret.number(Kind.LICENCE, text.upper(), 10 ** len(text))).zfill(len(text))
        return "".join(digit if letter.isalnum() else letter for letter, digit in zip(text, number, strict=True))


def _turned(value: int, most: int, by: int) -> int:
    """A permutation of the numbers below `most` that keeps 0 where it is (and `most`, which is beyond)."""
    return 1 + (value - 1 + by) % (most - 1) if 0 < value < most else value
