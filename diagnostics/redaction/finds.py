"""The names of a case, collected from fields, paths, addresses and file names, each with what it is a name of."""

import re
from collections.abc import Iterable, Iterator

from diagnostics.redaction.folding import fold
from diagnostics.redaction.kinds import RANK, Kind
from diagnostics.redaction.known import GUID, known

_HOST = re.compile(r"[^\W_](?:[\w-]{0,62}\w)?")
_DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,10}")
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:.%]*:[0-9a-f:.%]*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"%%|[-–.*?<%{(]|s-1-", re.IGNORECASE)
_PIECES = re.compile(r"[-_ .()\[\]+,&;~]+")
_PATH = re.compile(r"[\\/]+")
_IDENTIFIER = re.compile(GUID, re.IGNORECASE)
_LONGEST = 256
_MOST_CANDIDATES = 200_000


class Finds:
    """Names, folded -> what they are names of."""

    def __init__(self, keep: Iterable[str] = (), also: Iterable[str] = ()) -> None:
        self._keep = {part for name in keep for part in (fold(name), *_ends(fold(name)), *fold(name).split("."))}
        self.forced = {fold(name) for name in also}
        """Names that the user wants gone wherever they stand."""
        self.kinds: dict[str, Kind] = dict.fromkeys(self.forced, Kind.NAME)
        self.spelled: dict[str, str] = {fold(name): name for name in also}
        """The spelling that is shown, of several the first in order."""
        self.guids: set[str] = set()
        """Of providers, writers and classes that the logs speak of: they are everybody's."""
        self.versions: set[str] = set()
        """Numbers that look like addresses, but were called versions."""
        self._pairs: set[tuple[str, str]] = set()
        self._dotted: set[str] = set()

    def name(self, kind: Kind, text: str) -> None:
        """A name as it stands; placeholders, numbers, codes and what everybody has are none."""
        text = text.strip().strip("\"'")
        folded = fold(text)
        if not text or len(text) > _LONGEST or folded in self._keep or _IDENTIFIER.fullmatch(text):
            return
        if _PLACEHOLDER.match(text) or _ADDRESS.fullmatch(text) or not any(map(str.isalnum, text)) or text.isdigit():
            return
        if kind is not Kind.SERIAL and len(text) < 2:
            return
        other = self.kinds.get(folded, kind)
        self.kinds[folded] = min(kind, other, key=RANK.__getitem__)
        self.spelled[folded] = min(text, self.spelled.get(folded, text))

    def machine(self, text: str) -> None:
        r"""`HV01`, `hv01.contoso.com`, `\\HV01`, `HV01$`."""
        text = text.strip().strip("\\/\"'").rstrip("$.")
        if _ADDRESS.fullmatch(text):
            return
        label, _, domain = text.partition(".")
        if _HOST.fullmatch(label) and fold(label) not in known().machines | known().devices:
            self.name(Kind.MACHINE, label)
        if domain:
            self.domain(domain)

    def virtual_machine(self, text: str) -> None:
        """Any name; that of a computer with its domain as such."""
        text = text.strip()
        if _DOMAIN.fullmatch(text) and fold(text).rpartition(".")[2] in known().endings:
            self.machine(text)
        elif fold(text) not in known().machines:
            self.name(Kind.MACHINE, text)

    def domain(self, text: str) -> None:
        """`contoso.com` with those that it lies in, or `CONTOSO`."""
        text = text.strip().strip("\\").rstrip(".")
        folded = fold(text)
        if folded in known().domains or known().is_site(folded):
            return
        if _DOMAIN.fullmatch(text):
            for part in _suffixes(text):
                self.name(Kind.DOMAIN, part)
            label = text.partition(".")[0]
            if fold(label) not in known().domains:
                self.name(Kind.DOMAIN, label)
        elif _HOST.fullmatch(text) and not folded.endswith(("$", ".")):
            self.name(Kind.DOMAIN, text)

    def account(self, text: str) -> None:
        r"""`CONTOSO\svc`, `svc@contoso.com`, `svc`, or the account of a machine, `HV01$`."""
        text = text.strip()
        domain, separator, user = text.rpartition("\\")
        if "@" in user:
            user, _, after = user.partition("@")
            self.domain(after)
        if separator and fold(domain) in known().domains | known().machines and not user.endswith("$"):
            return
        if domain:
            self.domain(domain)
        if user.endswith("$"):
            self.machine(user)
        elif fold(user) not in known().accounts:
            self.name(Kind.USER, user)

    def pair(self, left: str, right: str) -> None:
        r"""`LEFT\right` in a text: an account, if `LEFT` turns out to be a machine or a domain; else part of a path."""
        if len(self._pairs) < _MOST_CANDIDATES:
            self._pairs.add((fold(left), right))

    def dotted(self, text: str) -> None:
        """`sql01.contoso.com`, or `System.Management.Automation`: a machine, if it ends in what turns out a domain."""
        labels = text.split(".")
        if fold(labels[-1]) in known().endings:
            if not known().is_site(fold(text)):
                self.machine(text) if len(labels) > 2 else self.domain(text)
        elif len(self._dotted) < _MOST_CANDIDATES:
            self._dotted.add(text)

    def share(self, text: str) -> None:
        """The share of a server."""
        if fold(text) not in known().shares and not text.endswith("$"):
            self.name(Kind.SHARE, text)

    def volume(self, text: str) -> None:
        """The label of a volume, or its folder below `ClusterStorage`."""
        plain = fold(text.strip().rstrip("0123456789 "))
        if not known().is_common(plain) and not any(label.startswith(plain) for label in known().volumes):
            self.name(Kind.VOLUME, text)

    def path(self, text: str) -> None:
        r"""Where files of virtual machines lie: `C:\ClusterStorage\Volume1\Customer\SQL01\SQL01-payroll.vhdx`."""
        text = text.strip().strip("\"'")
        *folders, last = _PATH.split(text)
        if text.startswith("\\\\"):
            _, server, *folders = [*folders, ""]
            if fold(server) not in known().devices:
                self.machine(server)
        before = ""
        for folder in [*folders, "" if "." in last else last]:
            self._folder(folder, before)
            before = fold(folder)
        stem, dot, _ = last.rpartition(".")
        if dot:
            self._pieces(Kind.DISK, stem)

    def _folder(self, folder: str, before: str) -> None:
        if before in {"users", "documents and settings"}:
            self.account(folder)
        elif before == "clusterstorage":
            self.volume(folder)
        elif not folder.endswith(":") and fold(folder) not in known().devices:
            self._pieces(Kind.FOLDER, folder)

    def _pieces(self, kind: Kind, text: str) -> None:
        """What in a file's or folder's name is no word that everybody uses there."""
        folded = fold(text)
        if self.kinds.get(folded) is Kind.MACHINE or _IDENTIFIER.search(text):
            text = _IDENTIFIER.sub(" ", text)
        for piece in _PIECES.split(text):
            plain = fold(piece).rstrip("0123456789")
            if len(plain) > 1 and not known().is_common(plain):
                self.name(kind, piece)

    def settle(self) -> None:
        """Decide what could not be decided before everything was seen."""
        homes = {name for name, kind in self.kinds.items() if kind in {Kind.MACHINE, Kind.DOMAIN}}
        for left, right in sorted(self._pairs):
            if left in homes and fold(right) not in known().shares:
                self.account(right)
        for text in sorted(self._dotted):
            if any(suffix in homes for suffix in _suffixes(fold(text).partition(".")[2])):
                self.machine(text)
        for name in self._keep:
            self.kinds.pop(name, None)


def _ends(name: str) -> Iterator[str]:
    """The domains that a name with dots lies in."""
    labels = name.split(".")
    return (".".join(labels[at:]) for at in range(1, len(labels) - 1))


def _suffixes(domain: str) -> Iterator[str]:
    """The domain, and those that it lies in, down to what can be registered."""
    labels = domain.split(".")
    least = 3 if len(labels) > 2 and len(labels[-1]) == 2 and fold(labels[-2]) in known().second_level else 2
    for at in range(len(labels) - least + 1):
        yield ".".join(labels[at:])
