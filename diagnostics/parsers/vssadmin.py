r"""What `vssadmin list writers|providers|shadows|shadowstorage|volumes` prints, in any language of Windows.

Labels are localized, dates follow the regional settings, French puts a no-break blank before the colon, German double
quotes; what never changes is the order of the values and their shapes: a quoted name, `{GUID}`, `[8]`,
`\\?\Volume{...}\`, `7,52 GB (0%)`. So only these are looked at; `writer_errors.yml` has the few words.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.evidence.machines import listing_in
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.sieve import LABEL
from diagnostics.parsers.timestamps import Timestamp

# ruff: noqa: RUF001 - typographic quotes and full-width colons are what the logs hold

_QUOTES = "\"'“”„‟‘’‚«»「」＂＇"
_GUID = r"\{(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|…|\.\.\.|[0-9A-Fa-f]{2,}[0-9A-Fa-f.…-]*)\}"
"""Also as people shorten it."""
_LABEL = r"(?P<label>[^\W\d_][^:：{}\[\]]{0,59}?)[ \u00a0]?[:：][ \t\u00a0]*"
_ITEM = re.compile(rf"[ \t]*{_LABEL}(?P<value>.*)")
_NAMED = re.compile(
    rf"[ \t>*-]*{_LABEL}[{_QUOTES}](?P<name>[^{_QUOTES}].*?)[{_QUOTES}](?P<rest>[ \t.,;]*$|\.?[ \t]+\S.*)"
)
_IDENTIFIED = re.compile(rf"\s*{_LABEL}(?P<guid>{_GUID})\s*$")
_STATE = re.compile(r"\[(?P<number>\d{1,2})\][ \t\u00a0]*(?P<text>[^:：\[\]]*)")
_VERSION = re.compile(r"\d+(?:\.\d+){1,3}")
_VOLUME = re.compile(
    r"(?:\((?P<letter>[^)]{1,260})\))?(?P<path>\\\\\?\\Volume(?P<guid>\{[0-9A-Fa-f-]{1,36}\})\\?)|(?<![\w(])(?P<drive>[A-Za-z]:)\\?\s*$"
)
_DEVICE = re.compile(r"\\\\[?.]\\GLOBALROOT\\Device\\\S+", re.IGNORECASE)
_SIZE = re.compile(r"(?P<number>\d[\d.,\u00a0\u202f' ]*?)[ \u00a0\u202f]*(?P<unit>[^\W\d_]{1,9})\b")
_BANNER = re.compile(r"\s*vssadmin \d\.\d\b")
_COMMAND = re.compile(
    r"vssadmin(?:\.exe)?\s+list\s+(?P<listing>writers|providers|shadowstorage|shadows|volumes)\b", re.IGNORECASE
)
_DATE = re.compile(r"\d{1,4}[-/.年년]\s?\d{1,2}[-/.月월]\s?\d{1,4}.*")
_UNITS = "BKMGTPE"
_LOCAL_UNITS = {"о": "B", "o": "B", "б": "B", "к": "K", "м": "M", "г": "G", "т": "T"}  # octet, байт
_LONGEST_ENTRIES = {"writers": 5, "providers": 4, "volumes": 2, "shadowstorage": 6, "shadows": 2000}
"""Lines; a set of shadow copies has up to 64 of them."""
_CONSOLE = (79, 80)
"""A line that fills a console of 80 columns goes on in the next one."""


class _Words(msgspec.Struct, frozen=True):
    kinds: dict[str, list[str]]
    codes: dict[str, str]
    provider_types: dict[str, list[str]]
    labels: dict[str, list[str]]
    unbounded: list[str]


@cache
def _words() -> _Words:
    return msgspec.yaml.decode(Path(__file__).with_name("writer_errors.yml").read_bytes(), type=_Words)


def last_error_kind(text: str) -> str:
    """The kind of a writer's last error (docs/events.md), from its text in any language known, or its code."""
    lowered = text.lower().replace("\u2019", "'")
    for code in find_codes(text):
        if code in _words().codes:
            return _words().codes[code]
    return _containing(_words().kinds, lowered) or ("other" if lowered.strip() else "")


def code_of_kind(kind: str) -> str:
    """The code that says the same as a kind of last error, empty where none does."""
    return next((code for code, named in _words().codes.items() if named == kind), "")


def provider_type(text: str, guid: str = "") -> str:
    """`system`, `software`, `hardware`, `fileshare`, or `unknown`."""
    if guid.lower() == "{b5946137-7b9f-4925-af80-51abd60b20d5}":  # Microsoft Software Shadow Copy provider 1.0
        return "system"
    return _containing(_words().provider_types, text.lower()) or "unknown"


def _containing(kinds: dict[str, list[str]], lowered: str) -> str:
    return next((kind for kind, words in kinds.items() if any(word in lowered for word in words)), "")


class _Entry(NamedTuple):
    """A writer, provider or association: its first line's number, and its lines, unwrapped."""

    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def values(self) -> list[str]:
        """What stands behind the labels."""
        return [match["value"].strip() for line in self.lines if (match := _ITEM.match(line))]


# --- how entries begin -----------------------------------------------------------------------------------------------


def _listing_at(lines: Lines) -> str:
    """Which listing the next line is an entry of; empty where it is none."""
    line = lines.peek() or ""
    if not line or (":" not in line and "：" not in line and not _ahead_is_volume(lines)):
        return ""
    if named := _NAMED.match(line):
        return _named_listing(named, lines)
    if _IDENTIFIED.match(line):
        return "shadows" if _begins_shadow_set(lines) else ""
    if _ahead_is_volume(lines):
        return _volumes_listing(line, lines)
    return ""


def _named_listing(named: re.Match[str], lines: Lines) -> str:
    rest, following = named["rest"], lines.peek(1) or ""
    if rest.strip(" \t.,;"):
        following, third = rest, rest
    else:
        third = lines.peek(2) or ""
    if _STATE.search(following) or (re.search(r"[:：]\s*(?:\{|$)", following) and _ITEM.match(following.strip())):
        return "writers" if "[" in following or _STATE.search(third) or third is not rest else "providers"
    if _ITEM.match(following.strip()) and re.search(_GUID, third):
        return "providers" if not _STATE.search(third) else "writers"
    label = named["label"].lower()
    return _containing(_words().labels, label) if not following.strip() or following is rest else ""


def _begins_shadow_set(lines: Lines) -> bool:
    second, third = lines.peek(1) or "", lines.peek(2) or ""
    return second[:1].isspace() and any(character.isdigit() for character in second) and bool(_IDENTIFIED.match(third))


def _ahead_is_volume(lines: Lines) -> bool:
    ahead = lines.peek(1) or ""
    return "Volume{" in ahead and "\\\\?\\" in ahead


def _volumes_listing(line: str, lines: Lines) -> str:
    here, ahead = "Volume{" in line, lines.peek(1) or ""
    item = _ITEM.match(line)
    if not ahead[:1].isspace() and not here:
        return ""
    if item and not here and re.fullmatch(r"(?:[A-Za-z]:\\.*|\\\\\?\\.*)", item["value"].strip()):
        return "volumes"
    third = lines.peek(2) or ""
    pairs = here or "Volume{" in third or _is_wrapped(ahead)
    return "shadowstorage" if pairs and _ITEM.match(ahead) and not line.lstrip().startswith(("-", "*")) else ""


def _is_wrapped(line: str) -> bool:
    return line.count("{") > line.count("}")


# --- the listing -----------------------------------------------------------------------------------------------------


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    if "vssadmin" in line[:200].lower() and (_BANNER.match(line) or _COMMAND.search(line)):
        return True
    return bool(_listing_at(lines))


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    asked, message = _preamble(lines, page)
    listing, count = asked, 0
    while kind := _listing_at(lines):
        if listing and kind != listing and count:
            break
        listing = kind
        for event in _READERS[kind](_entry(lines, kind), page):
            count += event.kind is not Kind.VSS_LISTING
            yield event
        count += kind == "volumes"
        lines.skip_blank()
    fields = {"Listing": listing or _asked_by(page.document.name), "Count": str(count)}
    yield page.event(Kind.VSS_LISTING, at, "\n".join(message), provider="vssadmin", fields=fields)


def _asked_by(name: str) -> str:
    """Which listing an empty one is: by the file's name; else of writers, the only one that says nothing when empty."""
    return listing_in(name) or "writers"


def _preamble(lines: Lines, page: Page) -> tuple[str, list[str]]:
    """The listing that the command names, and what vssadmin says before the first entry, or instead of any."""
    asked, blanks = "", 0
    message: list[str] = []
    while (line := lines.peek()) is not None and len(message) < 6 and not _listing_at(lines):
        command = _COMMAND.search(line)
        banner = bool(_BANNER.match(line))
        if not command and not banner and (not (asked or message) or blanks > 1 or page.opened(lines)):
            break
        if (command and asked) or (banner and any(_BANNER.match(said) for said in message)):
            break
        asked = command["listing"].lower() if command else asked
        blanks = 0 if line.strip() else blanks + 1
        if line.strip():
            message.append(line.strip())
        lines.take()
    return asked, message


def _entry(lines: Lines, kind: str) -> _Entry:
    """The lines of one entry, wrapped ones joined; it ends at a blank line or where the next one begins."""
    entry = _Entry(lines.number, [_unwrapped(lines)])
    while (line := lines.peek()) is not None and line.strip() and len(entry.lines) < _LONGEST_ENTRIES[kind]:
        if _ends_entry(kind, line, lines):
            break
        entry.lines.append(_unwrapped(lines))
    return entry


def _ends_entry(kind: str, line: str, lines: Lines) -> bool:
    if kind == "shadows":
        return not line[:1].isspace()
    if kind == "shadowstorage":
        return not line[:1].isspace() or not _ITEM.match(line)
    return bool(_listing_at(lines)) or not _ITEM.match(line) or bool(_BANNER.match(line) or _COMMAND.search(line))


def _unwrapped(lines: Lines) -> str:
    line = lines.take()
    for _ in range(3):
        ahead = lines.peek()
        wrapped = _is_wrapped(line) or (len(line) in _CONSOLE and not _ITEM.match(ahead or ""))
        if not ahead or not wrapped or _BANNER.match(ahead):
            break
        line = line.rstrip() + lines.take().strip()
    return line


# --- the entries -----------------------------------------------------------------------------------------------------


def _guids(text: str) -> list[str]:
    return re.findall(_GUID, text)


def _writer(entry: _Entry, page: Page) -> Iterator[Event]:
    named = _NAMED.match(entry.lines[0])
    text = entry.text
    guids, state = _guids(text), _STATE.search(text, named.start("rest") if named else 0)
    last_error = _after_state(text, state)
    fields = {
        "WriterName": named["name"] if named else "",
        "WriterId": guids[0] if guids else "",
        "WriterInstanceId": guids[1] if len(guids) > 1 else "",
        "State": state["number"] if state else "",
        "StateText": _state_text(text, state) if state else "",
        "LastError": last_error,
        "LastErrorKind": last_error_kind(last_error),
    }
    yield page.event(Kind.VSS_WRITER, entry.line, text, provider=fields["WriterName"], fields=fields)


def _state_text(text: str, state: re.Match[str]) -> str:
    """The words behind `[n]`; only the first of them where the next label follows on the same line."""
    words = state["text"].split("\n")[0].strip()
    inline = text[state.end() : state.end() + 1] in {":", "："} and "\n" not in state["text"]
    return words.split(" ")[0] if inline else words


def _after_state(text: str, state: re.Match[str] | None) -> str:
    """The value of the last label, behind the state."""
    rest = text[state.start() :] if state else ""
    item = re.search(r"[:：][ \t\u00a0]*([^:：]*)", rest)
    return item[1].strip().split("\n")[0].strip() if item else ""


def _provider(entry: _Entry, page: Page) -> Iterator[Event]:
    named = _NAMED.match(entry.lines[0])
    text, rest = entry.text, entry.text[named.start("rest") :] if named else entry.text
    guid = next(iter(_guids(text)), "")
    version = _VERSION.findall(re.sub(_GUID, "", rest))
    kind = re.search(r"[:：][ \t\u00a0]*([^{}:：\n]*)", rest)
    fields = {
        "ProviderName": named["name"] if named else "",
        "ProviderId": guid,
        "ProviderType": provider_type(kind[1] if kind else "", guid),
        "Version": version[-1] if version else "",
    }
    yield page.event(Kind.VSS_PROVIDER, entry.line, text, provider=fields["ProviderName"], fields=fields)


def _shadow_set(entry: _Entry, page: Page) -> Iterator[Event]:
    set_id = next(iter(_guids(entry.lines[0])), "")
    created = _printed_date(entry.lines[1:2])
    moment = page.moment(created) if created else None
    shadows: list[list[str]] = []
    for line in entry.lines[1:]:
        if _IDENTIFIED.match(line):
            shadows.append([line])
        elif shadows:
            shadows[-1].append(line)
    for shadow in shadows:
        yield _shadow(entry.line, set_id, moment, shadow, page)


def _printed_date(lines: Sequence[str]) -> str:
    match = _DATE.search(lines[0]) if lines else None
    return match[0].strip() if match else ""


def _shadow(line: int, set_id: str, moment: Timestamp | None, shadow: list[str], page: Page) -> Event:
    text = "\n".join(shadow)
    named = next((match for part in shadow if (match := _NAMED.match(part))), None)
    device, volume = _DEVICE.search(text), _VOLUME.search(text, len(shadow[0]))
    behind_name = [item["value"].strip() for item in map(_ITEM.match, _behind(shadow, named)) if item]
    fields = {
        "ShadowCopyId": next(iter(_guids(shadow[0])), ""),
        "ShadowSetId": set_id,
        "OriginalVolume": _volume_name(volume),
        "DeviceName": device[0] if device else "",
        "CreationTime": _printed(moment),
        "ProviderName": named["name"] if named else "",
        "Type": behind_name[0] if behind_name else "",
    }
    return page.event(Kind.SHADOW_COPY, line, text, moment=moment, provider=fields["ProviderName"], fields=fields)


def _printed(moment: Timestamp | None) -> str:
    """ISO 8601, without a zone: it is the machine's wall clock."""
    if moment is None:
        return ""
    return (datetime(1970, 1, 1) + timedelta(microseconds=moment.microseconds)).isoformat()


def _behind(lines: list[str], named: re.Match[str] | None) -> list[str]:
    return lines[lines.index(named.string) + 1 :] if named else []


def _volume_name(volume: re.Match[str] | None) -> str:
    """A drive letter or mount point where there is one, else the volume's GUID path."""
    if volume is None:
        return ""
    return volume["drive"] or volume["letter"] or f"\\\\?\\Volume{volume['guid']}\\"


def _association(entry: _Entry, page: Page) -> Iterator[Event]:
    values = entry.values()
    volumes = [match for value in values if (match := _VOLUME.search(value))]
    sizes = [size for value in values if not _VOLUME.search(value) and (size := bytes_of(value))]
    if len(volumes) < 2:
        return
    used, allocated, maximum = (*sizes, "", "", "")[:3]
    fields = {
        "ForVolume": _volume_name(volumes[0]),
        "StorageVolume": _volume_name(volumes[1]),
        "UsedBytes": used,
        "AllocatedBytes": allocated,
        "MaximumBytes": maximum,
        "UsedPercentOfMaximum": _percent(used, maximum),
        "SameVolume": "true" if _identity(volumes[0]) == _identity(volumes[1]) else "false",
    }
    yield page.event(Kind.SHADOW_STORAGE, entry.line, entry.text, provider="vssadmin", fields=fields)


def _identity(volume: re.Match[str]) -> str:
    return (volume["guid"] or volume["drive"]).lower()


def bytes_of(value: str) -> str:
    """`7,52 GB (0%)` -> `8074538516`; `unbounded` where there is no limit; empty where it is no size."""
    if any(word in value.lower() for word in _words().unbounded):
        return "unbounded"
    match = _SIZE.match(value)
    if match is None:
        return ""
    unit = match["unit"][:1].lower()
    power = _UNITS.find(_LOCAL_UNITS.get(unit, unit.upper()))
    return str(round(_decimal(match["number"]) * 1024**power)) if power >= 0 else ""


def _decimal(printed: str) -> float:
    """A number with either decimal sign: vssadmin goes to the next unit at 1024, so a lone sign parts no thousands."""
    digits = re.sub(r"[\s']", "", printed).rstrip(".,")
    whole, _, fraction = digits.replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '') or '0'}.{fraction}") if whole else float(fraction)


def _percent(used: str, maximum: str) -> str:
    if not (used.isdecimal() and maximum.isdecimal() and int(maximum)):
        return ""
    return f"{100 * int(used) / int(maximum):.1f}".removesuffix(".0")


def _no_events(entry: _Entry, page: Page) -> Iterator[Event]:  # noqa: ARG001 - a reader like the others
    """Volumes are only counted."""
    return iter(())


_READERS = {
    "writers": _writer,
    "providers": _provider,
    "shadows": _shadow_set,
    "shadowstorage": _association,
    "volumes": _no_events,
}
BLOCKS = (Block("vssadmin", _opens, _read, rf"vssadmin|volume\{{|{LABEL}"),)
