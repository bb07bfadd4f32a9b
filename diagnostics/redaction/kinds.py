"""What is taken out of a case, and what pseudonyms of it look like."""

from enum import StrEnum


class Kind(StrEnum):
    """A sort of name or address. Names that were found as several are of the first of these kinds."""

    MACHINE = "machine"
    DOMAIN = "domain"
    USER = "user"
    ORGANIZATION = "organization"
    GROUP = "group"
    SHARE = "share"
    VOLUME = "volume"
    DISK = "disk"
    FOLDER = "folder"
    SERIAL = "serial"
    NAME = "name"  # given by hand
    MAIL = "mail"
    ADDRESS = "address"
    HARDWARE_ADDRESS = "hardware-address"
    SID = "sid"
    GUID = "guid"
    LICENCE = "licence"
    THUMBPRINT = "thumbprint"
    BYTES = "bytes"  # binary data, as digits, that held a name


RANK = {kind: rank for rank, kind in enumerate(Kind)}

PREFIXES = {
    Kind.MACHINE: "SRV",
    Kind.DOMAIN: "CORP",
    Kind.USER: "USER",
    Kind.ORGANIZATION: "ORG",
    Kind.GROUP: "GROUP",
    Kind.SHARE: "SHARE",
    Kind.VOLUME: "VOL",
    Kind.DISK: "DISK",
    Kind.FOLDER: "FOLDER",
    Kind.SERIAL: "SERIAL",
    Kind.NAME: "NAME",
}
"""What pseudonyms begin with; a number follows."""
