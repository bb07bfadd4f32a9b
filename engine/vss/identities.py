"""Who takes part, by the identifiers that Windows prints."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WriterIdentity:
    """A writer, as in `vssadmin list writers` and in the context of VSS 8229."""

    name: str
    class_id: UUID
    instance_id: UUID
    instance_name: str = ""
    process: str = ""
    """The program that hosts it."""


class ProviderType(StrEnum):
    """Kinds of providers, as `vssadmin list providers` names them; declared in the order in which VSS asks them."""

    HARDWARE = "Hardware"
    SOFTWARE = "Software"
    SYSTEM = "System"


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """A provider, as in `vssadmin list providers` and in VSS 12293."""

    name: str
    id: UUID
    type: ProviderType
    version: str


SYSTEM_PROVIDER = ProviderIdentity(
    "Microsoft Software Shadow Copy provider 1.0",
    UUID("b5946137-7b9f-4925-af80-51abd60b20d5"),
    ProviderType.SYSTEM,
    "1.0.0.7",
)
GUEST_PROVIDER = ProviderIdentity(
    "Hyper-V IC Software Shadow Copy Provider",
    UUID("74600e39-7dc5-4567-a03b-f091d6c7b092"),
    ProviderType.SOFTWARE,
    "1.0.0.0",
)

CLASS_IDS = {
    "ASR Writer": UUID("be000cbe-11fe-4426-9c58-531aa6355fc4"),
    "COM+ REGDB Writer": UUID("542da469-d3e1-473c-9f4f-7847f01fc64f"),
    "Microsoft Exchange Writer": UUID("76fe1ac4-15f7-4bcd-987e-8e1acb462fb7"),
    "Microsoft Hyper-V VSS Writer": UUID("66841cd4-6ded-4f4b-8f17-fd23f8ddc3de"),
    "NTDS": UUID("b2014c9e-8711-4c5c-a5a9-3cf384484757"),
    "Registry Writer": UUID("afbab4a2-367d-4d15-a586-71dbb18f8485"),
    "SqlServerWriter": UUID("a65faa63-5ea8-4ebc-9dbd-a0c4db26912a"),
    "System Writer": UUID("e8132975-6f93-4464-a53e-1050253ae220"),
    "WMI Writer": UUID("a6ad56c2-b509-4e6c-bb19-49d8f43532f0"),
}
"""Class identifiers of writers by name; they are the same on every Windows.

Source: *In-Box VSS Writers*, https://learn.microsoft.com/windows/win32/vss/in-box-vss-writers; of SQL Server, Exchange
and Hyper-V: the pages of these products.
"""
