"""PowerShell's XML, as `Export-Clixml` writes objects ([MS-PSRP] 2.2.5): properties by name, enumerations by both.

The file is UTF-16 with a byte order mark, as Windows PowerShell writes it.
"""

import re
from codecs import BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

_IMPOSSIBLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Choice(NamedTuple):
    """A value of an enumeration."""

    type: str
    name: str
    number: int


class Version(NamedTuple):
    """Of a program: `6.2.9200.16433`."""

    numbers: tuple[int, ...]


Plain = str | bool | int | UUID | Version | datetime | None
Property = Plain | Choice


class Thing(NamedTuple):
    """An object with its properties."""

    types: tuple[str, ...]
    """Its class, and those that it is derived from."""
    shown: str
    """What it prints as; empty where it has no text of its own."""
    properties: Mapping[str, Property]


def clixml(things: Iterable[Thing]) -> bytes:
    """The file."""
    writer = _Writer()
    lines = [
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">',
        *(line for thing in things for line in writer.thing(thing)),
        "</Objs>",
    ]
    return BOM_UTF16_LE + "\r\n".join(lines).encode("utf-16-le")


class _Writer:
    """Numbers objects and lists of types, which are spelled out once."""

    def __init__(self) -> None:
        self._objects = 0
        self._types: dict[tuple[str, ...], int] = {}

    def thing(self, thing: Thing) -> Iterator[str]:
        yield f"  <Obj{self._number()}>"
        yield from self._named(thing.types, "    ")
        if thing.shown:
            yield f"    <ToString>{_text(thing.shown)}</ToString>"
        yield "    <Props>"
        for name, value in thing.properties.items():
            yield from self._property(name, value)
        yield "    </Props>"
        yield "  </Obj>"

    def _number(self) -> str:
        self._objects += 1
        return f' RefId="{self._objects - 1}"'

    def _named(self, types: tuple[str, ...], indent: str) -> Iterator[str]:
        if types in self._types:
            yield f'{indent}<TNRef RefId="{self._types[types]}" />'
            return
        self._types[types] = len(self._types)
        yield f'{indent}<TN RefId="{self._types[types]}">'
        yield from (f"{indent}  <T>{_text(name)}</T>" for name in types)
        yield f"{indent}</TN>"

    def _property(self, name: str, value: Property) -> Iterator[str]:
        named, indent = f" N={quoteattr(name)}", " " * 6
        if not isinstance(value, Choice):
            yield indent + _plain(named, value)
            return
        yield f"{indent}<Obj{named}{self._number()}>"
        yield from self._named((value.type, "System.Enum", "System.ValueType", "System.Object"), indent + "  ")
        yield f"{indent}  <ToString>{_text(value.name)}</ToString>"
        yield f"{indent}  <I32>{value.number}</I32>"
        yield f"{indent}</Obj>"


def _plain(named: str, value: Plain) -> str:
    """A value that needs no object."""
    if value is None:
        return f"<Nil{named} />"
    if isinstance(value, bool):
        return f"<B{named}>{str(value).lower()}</B>"
    if isinstance(value, Version):
        return f"<Version{named}>{'.'.join(map(str, value.numbers))}</Version>"
    if isinstance(value, datetime):
        return f"<DT{named}>{value:%Y-%m-%dT%H:%M:%S.%f}0Z</DT>"
    tag = "U64" if isinstance(value, int) else "G" if isinstance(value, UUID) else "S"
    return f"<{tag}{named}>{_text(str(value))}</{tag}>"


def _text(text: str) -> str:
    """Escaped; what XML cannot hold by its number, as PowerShell does."""
    return escape(_IMPOSSIBLE.sub(lambda match: f"_x{ord(match[0]):04X}_", text))
