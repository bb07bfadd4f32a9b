"""Texts with pseudonyms in place of names and addresses.

A text is cut at blanks, quotes, brackets, slashes and what JSON and XML escape; what is between is looked up, in time
that does not depend on how many names there are, and remembered: logs say the same over and over. A name begins and
ends where words do. Names that are also words of logs (a machine called `Backup`) are replaced only where they stand
alone between quotes, slashes, tags, or behind a colon.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from diagnostics.redaction.addresses import Addresses
from diagnostics.redaction.folding import fold, is_edge
from diagnostics.redaction.kinds import Kind
from diagnostics.redaction.known import GUID, known
from diagnostics.redaction.layout import fitted, stretches
from diagnostics.redaction.phrases import CUT, behind, openers, stands_alone
from diagnostics.redaction.pseudonyms import Pseudonym

_SHAPES = re.compile(
    rf"(?P<sid>(?<![0-9a-z])S-1(?:-\d{{1,15}}){{2,15}})"
    rf"|(?P<guid>(?<![0-9a-z]){GUID}(?![0-9a-z]))"
    r"|(?P<mail>(?<![0-9a-z])[0-9a-z][\w.+-]{0,63}@[0-9a-z][0-9a-z-]{0,62}(?:\.[0-9a-z][0-9a-z-]{0,62}){1,8})"
    r"|(?P<hardware>(?<![0-9a-z:-])[0-9a-f]{2}(?:(?:-[0-9a-f]{2}){5}|(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){7}|(?::[0-9a-f]{2}){7})(?![-:.\w]))"
    r"|(?P<ipv6>(?<![\w:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}|(?:[0-9a-f]{1,4}:){1,7}:)(?![\w:]))"
    r"|(?P<ipv4>(?<![0-9a-z])(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?![0-9a-z]|\.\d))"
    r"|(?P<licence>(?<![0-9a-z-])(?:\d{5}-(?:\d{3}|\d{5}|OEM)-\d{5,7}-[0-9A-Z]{5}|[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4})(?![0-9a-z-]))"
    r"|(?P<hex>(?<![0-9a-z])[0-9a-f]{16,}(?![0-9a-z]))",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"(?!.*::)[0-9:,+TZ-]{1,14}(?:\.\d{1,9}Z?)?|\d+|0x[0-9a-fA-F]+|[-.:_#$%+@~]+")
_THUMBPRINTS = frozenset({32, 40, 64})
_DUMP = re.compile(
    r"^([ \t]*[0-9a-f]{4,8}:?[ \t]{1,4})((?:[0-9a-f]{2} ){4,16}|(?:[0-9a-f]{8} ?){1,4})(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_SHORTEST_BEGINNING = 4
_LONGEST_REMEMBERED, _MOST_REMEMBERED = 300, 200_000
_NONE: Counter[Kind] = Counter()


class Rewriter:
    """Replaces; counts what it replaced."""

    def __init__(
        self,
        pseudonyms: Mapping[str, Pseudonym],
        addresses: Addresses,
        *,
        forced: Iterable[str] = (),
        keep: Iterable[str] = (),
        versions: Iterable[str] = (),
    ) -> None:
        self.shapes: dict[Kind, dict[str, str]] = defaultdict(dict)
        """Addresses and identifiers that were replaced, and what stands for them."""
        self._names = pseudonyms
        self._addresses = addresses
        self._keep = {fold(name) for name in (*keep, *versions)}
        common = {name for name in pseudonyms if known().is_common(name)} - set(forced)
        self.common = frozenset(common)
        """Names that are words of logs, too."""
        self._anywhere = {name: it for name, it in pseudonyms.items() if name not in common}
        self._longest = max(map(len, pseudonyms), default=0)
        self._initials = frozenset(name[0] for name in pseudonyms)
        self._ordered = sorted(self._anywhere)
        self._openers = openers(pseudonyms, self.common)
        self._longest_opener = max(map(len, self._openers), default=0)
        self._untouched: set[str] = set()
        self._memory: dict[str, str] = {}
        self._uses: Counter[str] = Counter()
        self._counts: dict[str, Counter[Kind]] = {}
        self._counted: Counter[Kind] = Counter()

    def text(self, text: str) -> str:
        """The text with pseudonyms."""
        if ": " in text and _DUMP.search(text):
            text = _DUMP.sub(_blanked, text)
        return "".join(self._stretch(stretch, in_table=in_table) for stretch, in_table in stretches(text))

    def _stretch(self, text: str, *, in_table: bool) -> str:
        parts = CUT.split(text)
        untouched, memory, uses = self._untouched, self._memory, self._uses
        column = " " if in_table else "  "
        skipped = 0
        for at in range(0, len(parts), 2):
            part = parts[at]
            if part in untouched or at < skipped:
                continue
            if part in memory:
                uses[part] += 1
                took, made = 1, memory[part]
            else:
                took, made = self._new(parts, at)
                if made == part:
                    continue
            skipped = at + took
            before = "".join(parts[at:skipped]) if took > 1 else part
            parts[at:skipped] = [made, *([""] * (took - 1))]
            if skipped < len(parts) and parts[skipped].startswith(column):
                parts[skipped] = fitted(before, made, parts[skipped])
        return "".join(parts)

    def _new(self, parts: list[str], at: int) -> tuple[int, str]:
        """A part that is not remembered: how many it takes with it, and what stands for them."""
        part = parts[at]
        folded = fold(part)
        if found := self._by_neighbours(parts, at, folded):
            return found
        is_plain = not part or (_PLAIN.fullmatch(part) and folded not in self._anywhere)
        made, counted = (part, _NONE) if is_plain else self._rewritten(part, self._anywhere)
        if len(part) > _LONGEST_REMEMBERED or self._openings(folded):
            self._counted.update(counted)
        elif made == part:
            if len(self._untouched) > _MOST_REMEMBERED:
                self._untouched.clear()
            self._untouched.add(part)
        else:
            self._remember(part, made, counted)
        return 1, made

    def _remember(self, part: str, made: str, counted: Counter[Kind]) -> None:
        if len(self._memory) > _MOST_REMEMBERED:
            self._counted = self.places
            self._memory.clear()
            self._counts.clear()
            self._uses.clear()
        self._memory[part] = made
        self._counts[part] = counted
        self._uses[part] += 1

    @property
    def untouched(self) -> frozenset[str]:
        """Pieces of text that stayed as they were, as far as they are remembered."""
        return frozenset(self._untouched)

    @property
    def places(self) -> Counter[Kind]:
        """How many places were replaced, by what stood there."""
        found = Counter(self._counted)
        for part, uses in self._uses.items():
            for kind, count in self._counts[part].items():
                found[kind] += uses * count
        return found

    def words(self, text: str) -> str:
        """The same of what is nothing but names: parts of the names of files."""
        parts = CUT.split(text)
        skipped = 0
        for at in range(0, len(parts), 2):
            if at >= skipped:
                found = self._by_neighbours(parts, at, fold(parts[at]), anywhere=True)
                took, made = found or (1, self._rewritten(parts[at], self._names)[0])
                skipped = at + took
                parts[at:skipped] = [made, *([""] * (took - 1))]
        return "".join(parts)

    def binary(self, data: bytes) -> bytes:
        """Bytes that may be text: with pseudonyms, where they are."""
        for codec in ("utf-16-le", "cp1252"):
            text = _as_text(data, codec)
            if text is not None and (made := self.text(text)) != text:
                self._counted[Kind.BYTES] += 1
                return made.encode(codec, "replace")
        return data

    def _rewritten(self, part: str, names: Mapping[str, Pseudonym]) -> tuple[str, Counter[Kind]]:
        """A piece of text without blanks: its addresses and identifiers, and the names between them."""
        counted: Counter[Kind] = Counter()
        written: list[str] = []
        end = 0
        for match in _SHAPES.finditer(part):
            written += self._named(part[end : match.start()], names, counted)
            written.append(self._shaped(match, counted))
            end = match.end()
        written += self._named(part[end:], names, counted)
        made = "".join(written)
        return (self._begun(part, counted) if made == part else made), counted

    def _named(self, text: str, names: Mapping[str, Pseudonym], counted: Counter[Kind]) -> Iterator[str]:
        """The longest names first, from edge to edge."""
        folded, at, done = fold(text), 0, 0
        while at < len(text):
            found = self._at(text, folded, at, names)
            if found is None:
                at += 1
                continue
            name, stop = found
            counted[name.kind] += 1
            yield text[done:at]
            yield _spelled(text[at:stop], name.stands)
            at = done = stop
        yield text[done:]

    def _at(self, text: str, folded: str, at: int, names: Mapping[str, Pseudonym]) -> tuple[Pseudonym, int] | None:
        """The longest name that begins there."""
        if folded[at] not in self._initials or not _may_begin(text, at):
            return None
        for stop in range(min(len(text), at + self._longest), at, -1):
            if is_edge(text, stop) and (name := names.get(folded[at:stop])):
                return name, stop
        return None

    def _begun(self, part: str, counted: Counter[Kind]) -> str:
        """The beginning of a name that a console has cut: `SQL01-Produ...`."""
        stem = part.rstrip(".")
        folded = fold(stem)
        if len(part) - len(stem) != 3 or len(stem) < _SHORTEST_BEGINNING or known().is_common(folded):
            return part
        place = bisect_left(self._ordered, folded)
        if place == len(self._ordered) or not self._ordered[place].startswith(folded):
            return part
        name = self._anywhere[self._ordered[place]]
        counted[name.kind] += 1
        return f"{name.stands}..."

    def _by_neighbours(
        self, parts: list[str], at: int, folded: str, *, anywhere: bool = False
    ) -> tuple[int, str] | None:
        """Names of several words, and names that are words: how many parts they take, and what stands for them.

        The first word may be the end of a part (`VM_File Server 7: failed`), and the last one the beginning of one:
        what follows it is left in the parts, to be looked at next.
        """
        for start in self._openings(folded):
            for phrase, name in self._openers[folded[start:]]:
                length = len(phrase)
                rest = behind(parts[at : at + length], phrase)
                if rest is None or (length == 1 and (start or rest)):
                    continue
                if anywhere or fold(name.name) not in self.common or stands_alone(parts, at, length):
                    self._counted[name.kind] += 1
                    made = self._rewritten(parts[at][:start], self._anywhere)[0] + _spelled(
                        parts[at][start:], name.stands
                    )
                    if not rest:
                        return length, made
                    parts[at + length - 1] = rest
                    return length - 1, made
        return None

    def _openings(self, folded: str) -> list[int]:
        """Where in a part the first word of such a name begins, if that is all that follows."""
        nearest = max(0, len(folded) - self._longest_opener)
        places = range(nearest, len(folded)) if self._openers else ()
        return [at for at in places if folded[at:] in self._openers and _may_begin(folded, at)]

    def _shaped(self, match: re.Match[str], counted: Counter[Kind]) -> str:
        kind, make = self._makers[match.lastgroup or ""]
        text = match[0]
        if fold(text) in self._keep:
            return text
        made = make(self, text)
        if made != text:
            counted[kind] += 1
            self.shapes[kind][text.lower()] = made
        return made

    def _mail(self, text: str) -> str:
        user, _, domain = text.partition("@")
        if known().is_site(domain.lower()):
            return text
        nobody = Counter[Kind]()
        return "@".join("".join(self._named(part, self._names, nobody)) for part in (user, domain))

    def _hex(self, text: str) -> str:
        if len(text) % 2 == 0:
            data = bytes.fromhex(text)
            made = self.binary(data)
            if made != data:
                return made.hex().upper() if text.isupper() else made.hex()
            if _as_text(data, "utf-16-le") or _as_text(data, "cp1252"):
                return text
        return self._addresses.thumbprint(text) if len(text) in _THUMBPRINTS and "0000" not in text else text

    _makers: Mapping[str, tuple[Kind, Callable[["Rewriter", str], str]]] = {
        "sid": (Kind.SID, lambda self, text: self._addresses.sid(text)),
        "guid": (Kind.GUID, lambda self, text: self._addresses.guid(text)),
        "mail": (Kind.MAIL, _mail),
        "hardware": (Kind.HARDWARE_ADDRESS, lambda self, text: self._addresses.hardware(text)),
        "ipv6": (Kind.ADDRESS, lambda self, text: self._addresses.ipv6(text)),
        "ipv4": (Kind.ADDRESS, lambda self, text: self._addresses.ipv4(text)),
        "licence": (Kind.LICENCE, lambda self, text: self._addresses.licence(text)),
        "hex": (Kind.THUMBPRINT, _hex),
    }


def _may_begin(text: str, at: int) -> bool:
    """Whether a name may begin there: at an edge, or behind the letter left of an escaped tab or end of a line."""
    return is_edge(text, at) or (at == 1 and text[0] in "nrt")


def _spelled(text: str, stands: str) -> str:
    """A name in small letters stays so."""
    return stands.lower() if text.islower() else stands


def _blanked(match: re.Match[str]) -> str:
    """A line of a dump of bytes, without them: names may be cut by its end."""
    place, digits, _ = match.groups()
    return place + re.sub("[0-9a-fA-F]", "0", digits)


def _as_text(data: bytes, codec: str) -> str | None:
    """Bytes as text, None where they are none."""
    if len(data) < 6 or (codec == "utf-16-le" and (len(data) % 2 or 2 * data[1::2].count(0) < len(data) // 2)):
        return None
    text = data.decode(codec, "replace")
    plain = sum(character.isprintable() or character in "\r\n\t\0" for character in text)
    return text if plain >= 0.9 * len(text) and not (codec == "cp1252" and data.count(0)) else None
