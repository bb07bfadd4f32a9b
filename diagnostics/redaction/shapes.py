r"""The forms in which names and addresses stand in texts: `\\\\SERVER\share`, `C:\Users\name`, `CONTOSO\svc`, `a@b.c`.

All quantifiers are bounded or possessive, and searches begin at places that RE2 has found: the time is linear in the
text. Backslashes may be doubled, as JSON and source code write them.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import re2

from diagnostics.redaction.known import GUID, known

_SEPARATOR = r"[\\/]{1,4}"
_PART = r"[^\\/:*?\"<>|\r\n\t]{1,255}"
"""Of a path, with blanks; the last one of a path in running text has none: who knows where it ends?"""
_LAST = r"[^\\/:*?\"<>|\r\n\t \x27,;)\]]{1,255}"
_LABEL = r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?"
_MAIL = r"[0-9a-z][\w.+-]{0,63}@[0-9a-z][0-9a-z-]{0,62}(?:\.[0-9a-z][0-9a-z-]{0,62}){1,8}"
_UNC = rf"(?<![\w:.)}}\]%$\\/-])\\{{2,4}}(?=[0-9a-z]){_LABEL}(?:\.{_LABEL}){{0,8}}(?:\\{{1,2}}{_LAST})?+"
_PROFILE = rf"(?<=[\\/])(?:Users|Documents and Settings){_SEPARATOR}(?:{_PART}{_SEPARATOR}){{0,40}}+(?:{_LAST})?+"
_CLUSTER = rf"ClusterStorage{_SEPARATOR}(?:{_PART}(?=[\\/])|{_LAST})"
_DISK_ENDINGS = "avhdx|vhdx|avhd|vhds|vhd|vmcx|vmrs|vmgs|vsv"
_DISK_PATH = (
    rf"(?:[a-z]:|\\{{1,2}}[\w.-]{{1,80}}){_SEPARATOR}(?:{_PART}{_SEPARATOR}){{0,40}}+[^\\/:*?\"<>|\r\n\t]{{1,255}}?"
    rf"\.(?:{_DISK_ENDINGS})(?![0-9a-z])"
)
_DISK = rf"[^\s\\/:*?\"<>|\x27(\[=,;]{{1,200}}?\.(?:{_DISK_ENDINGS})(?![0-9a-z])"
_HOST = rf"(?:{_LABEL}\.){{1,8}}[a-z][a-z0-9-]{{1,17}}(?![0-9a-z-]|\.[0-9a-z])"
_PAIR = r"(?<![\\/:])[0-9a-z][\w.-]{0,62}\\{1,2}[0-9a-z_][\w.$-]{0,62}"
_ACCOUNT = r"[0-9a-z][\w.-]{0,62}\\{1,2}[\w.$-]{1,64}"
_VALUE = r"(?=\S)(?P<value>[^\r\n\t\"<>]{1,120}?)[ \t]*(?=[\r\n]|$)"
_THEIRS = (
    rf"(?:(?:Writer|Provider|Class|Interface|Type)[ _]?(?:Class[ _]?)?(?:Guid|Id)|CLSID|APPID"
    rf"|<Provider [^>]{{0,200}}Guid|(?:ライター|プロバイダー)[ _]?Id)\W{{1,6}}{GUID}"
)
"""Identifiers of what everybody has."""
_VERSION = (
    r"(?:version|versi[oó]ne?|バージョン|버전|版本|верси[яи]|ver\.?|build)[^\w\r\n]{1,4}"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){3})(?![\w.])"
)

_WINDOW, _OVERLAP = 1 << 14, 1 << 9
"""Characters: a search looks ahead as far as a line goes."""


@cache
def _labels() -> str:
    return "|".join(sorted(map(re.escape, known().labels), key=len, reverse=True))


@cache
def _finding() -> re.Pattern[str]:
    begins = r"(?<![0-9a-z])"
    alternatives = (
        rf"(?P<theirs>{_THEIRS})",
        rf"(?P<version>{_VERSION})",
        rf"(?P<labelled>^[ \t]*(?P<label>{_labels()})[ \t]*(?:[:：=][ \t]*|[ \t]{{3,}}){_VALUE})",
        rf"(?P<datum>Name=[\x27\"](?P<field>{'|'.join(known().fields)})[\x27\"]>(?P<content>[^<\r\n]{{1,200}})<)",
        rf"(?P<who>(?:\bName|User|Account(?: Name)?)[ \t]*[:=][ \t]*[\x27\"]?(?P<account>{_ACCOUNT}))",
        r"(?P<directory>(?:CN|OU|DC)=[^,=\r\n\"<>;]{1,64}(?:,[ ]?(?:CN|OU|DC|O)=[^,=\r\n\"<>;]{1,64}){1,20})",
        rf"(?P<mail>{begins}{_MAIL})",
        rf"(?P<profile>{_PROFILE})",
        rf"(?P<disk>{_DISK_PATH}|{begins}{_DISK})",
        rf"(?P<cluster>{_CLUSTER})",
        rf"(?P<unc>{_UNC})",
        rf"(?P<host>{begins}{_HOST})",
        rf"(?P<pair>{begins}{_PAIR})",
    )
    return re.compile("|".join(alternatives), re.IGNORECASE | re.MULTILINE)


@cache
def _worth_a_look() -> Any:  # noqa: ANN401 - re2 has no types
    """Stretches of text in which one of the forms may stand, within a line."""
    rest = r"[^\r\n\t\"<>|*?;,=]*"
    alternatives = (
        rf"^[ \t]*(?:{_labels()})[ \t]*(?:[:：=]|[ \t]{{3}})[^\r\n]*",
        r"(?:guid|id|clsid|appid)[^\w\r\n]{1,6}[0-9a-f]{8}-[0-9a-f-]{27}",
        r"<Provider [^>\r\n]*>",
        rf"name=['\"](?:{'|'.join(known().fields)})['\"]>[^<\r\n]*<",
        r"(?:ver|version|versi[^\s]{1,5}|バージョン|버전|版本|build)[^\w\r\n]{1,6}[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
        r"(?:name|user|account)[ \t]*[:=][ \t]*['\"]?[0-9a-z][0-9a-z_.-]*\\+[0-9a-z_.$-]+",
        r"(?:CN|OU|DC)=[^\r\n\"<>;]*",
        r"[0-9a-z_.+-]+@[0-9a-z.-]+",
        rf"(?:[a-z]:[\\/]|[0-9a-z_.$-]*\\){rest}",
        rf"[^\s\\/:*?\"<>|'(\[=,;]+\.(?:{_DISK_ENDINGS})",
        r"(?:[0-9a-z_-]+\.)+[a-z][a-z0-9-]+",
    )
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = 1 << 26
    options.log_errors = False
    return re2.compile(f"(?m){'|'.join(alternatives)}", options)


def finds_in(text: str, seen: set[str]) -> Iterator[re.Match[str]]:
    """Where a text speaks of names; the group that matched last says how. What was `seen` is not looked at again."""
    for window in _windows(text):
        for place in _worth_a_look().finditer(window):
            start = place.start()
            stretch = window[start - 1 if start else 0 : place.end()]
            if stretch not in seen:
                seen.add(stretch)
                yield from _finding().finditer(stretch)


def _windows(text: str) -> Iterator[str]:
    """The text in pieces of whole lines; a line that is longer is cut, and what lies at the cut is looked at twice."""
    at = 0
    while at < len(text):
        end = at + _WINDOW
        cut = text.rfind("\n", at, end) + 1 if end < len(text) else len(text)
        yield text[at : cut or end]
        at = cut or end - _OVERLAP
