"""Which names a case holds: as the project's own readers tell by fields, and by the forms that names have in texts."""

import re
from collections.abc import Callable

import msgspec

from diagnostics.case.topology import Topology, read_topology
from diagnostics.event import Event
from diagnostics.evidence.machines import by_label, known_machine_in
from diagnostics.knowledge.events import named_values
from diagnostics.redaction.finds import Finds
from diagnostics.redaction.kinds import Kind
from diagnostics.redaction.known import GUID, known
from diagnostics.redaction.shapes import finds_in

_NUMBERED = re.compile(r"\[\d+\]$|[ _]")
_BATCH = 1 << 16
_REMEMBERED = 100_000
_SEPARATED = re.compile(r"[\\/]+")
_IN_DIRECTORY = re.compile(r"(CN|OU|DC|O)=([^,=;]+)", re.IGNORECASE)
_ONE_WORD = frozenset({"machine", "domain", "user"})
_WORD = re.compile(r"(?:[^\s\\]+ ?[^\s\\]*\\{1,2}|\\\\)?[^\s\\:]+")
_MOST_WORDS = 5
"""Of names with blanks; what is longer is a sentence."""
_CONTAINERS = frozenset(
    {"users", "computers", "configuration", "schema", "system", "partitions", "sites", "services", "builtin"}
    | {"domain controllers", "servers", "managed service accounts", "program data", "microsoft", "deleted objects"}
)


class Survey:
    """Takes events and texts, and finds the names in them."""

    def __init__(self, finds: Finds) -> None:
        self.finds = finds
        self._clues: dict[tuple[str, ...], Event] = {}
        self._machines: set[str] = set()
        self._hints: dict[str, str] = {}
        self._seen: set[int] = set()
        self._stretches: set[str] = set()
        self._waiting: list[str] = []
        self._waits = 0
        self._by_word: dict[str, Callable[[str], None]] = {
            "machine": finds.machine,
            "vm": finds.virtual_machine,
            "user": finds.account,
            "domain": finds.domain,
            "organization": lambda text: finds.name(Kind.ORGANIZATION, text),
            "group": lambda text: finds.name(Kind.GROUP, text),
            "serial": lambda text: finds.name(Kind.SERIAL, text),
            "label": finds.volume,
            "path": self._paths,
        }

        self._by_form: dict[str, Callable[[re.Match[str]], None]] = {
            "theirs": lambda match: finds.guids.update(re.findall(GUID, match[0].lower())),
            "version": lambda match: finds.versions.add(match["number"]),
            "labelled": lambda match: self._labelled(match["label"], match["value"]),
            "datum": lambda match: self._by_word[known().fields[match["field"].lower()]](match["content"]),
            "who": lambda match: finds.account(match["account"].replace("\\\\", "\\")),
            "directory": lambda match: self._directory(match[0]),
            "mail": lambda match: self._mail(match[0]),
            "profile": lambda match: finds.path(match[0]),
            "cluster": lambda match: finds.path(match[0]),
            "disk": lambda match: finds.path(match[0]),
            "unc": lambda match: self._unc(match[0]),
            "host": lambda match: finds.dotted(match[0].lstrip("_")),
            "pair": lambda match: finds.pair(*_SEPARATED.split(match[0], maxsplit=1)),
        }

    def document(self, name: str, machine: str) -> None:
        """What a document is called, and the machine that this suggests."""
        if machine:
            self._hints[name] = machine

    def machine(self, name: str, suggested: str = "") -> None:
        """A machine that a record is of; what a document's name has only `suggested` is weighed in the end."""
        if not name or name == suggested:
            return
        self._machines.add(name)
        self.finds.machine(name)

    def event(self, event: Event) -> None:
        """The names in an event's fields, and in the texts that these hold."""
        key = (event.machine, event.provider, event.kind, *map(event.fields.get, _CLUES, ("",) * len(_CLUES)))
        if key not in self._clues:
            self._clues[key] = msgspec.structs.replace(event, text="", codes=())
            self.machine(event.machine, self._hints.get(event.source, ""))
        asked = known().records.get(f"{event.provider.lower()}/{event.event_id}", {})
        for name, value in named_values(event):
            if not value or len(value) > _BATCH:
                continue
            word = _field(name) if not asked else asked.get(name.lower()) or _field(name)
            if word:
                self._by_word[word](value)
            self._later(value)
        self._later(event.text)

    def _later(self, value: str) -> None:
        """Search a value, once, together with others."""
        mark = hash(value)
        if len(value) < 4 or mark in self._seen:
            return
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        self._seen.add(mark)
        self._waiting.append(value)
        self._waits += len(value)
        if self._waits > _BATCH:
            self.flush()

    def flush(self) -> None:
        """Search what still waits."""
        waiting, self._waiting, self._waits = self._waiting, [], 0
        self.text("\n".join(waiting))

    def finish(self) -> None:
        """Everything has been seen: a document's name suggests a machine where it holds none that is known."""
        self.flush()
        told = by_label(self._machines - set(self._hints.values()))
        for name, machine in sorted(self._hints.items()):
            self.machine(known_machine_in(name, told) or machine)
        self.finds.settle()

    def text(self, text: str) -> None:
        """The names that stand in a text in their own forms."""
        if len(self._stretches) > _REMEMBERED:
            self._stretches.clear()
        for match in finds_in(text, self._stretches):
            self._by_form[match.lastgroup or ""](match)

    def _labelled(self, label: str, value: str) -> None:
        """What a label says of a value that could be a name; and whatever else a longer value holds."""
        word = known().labels[label.lower()]
        if word in _ONE_WORD and _WORD.fullmatch(value):
            self._by_word[word](value)
            return
        if word not in _ONE_WORD and len(value.split()) <= _MOST_WORDS:
            self._by_word[word](value)
        self.text(f" {value}")

    def _directory(self, text: str) -> None:
        parts = _IN_DIRECTORY.findall(text)
        for kind, value in parts:
            if kind.upper() in {"CN", "OU"} and value.strip().lower() not in _CONTAINERS:
                self.finds.account(value.strip())
        self.finds.domain(".".join(value.strip() for kind, value in parts if kind.upper() == "DC"))

    def _mail(self, text: str) -> None:
        if not known().is_site(text.partition("@")[2].lower()):
            self.finds.account(text)

    def _unc(self, text: str) -> None:
        server, *share = _SEPARATED.split(text.lstrip("\\"))
        if server.lower() not in known().devices:
            self.finds.machine(server)
            for name in share[:1]:
                self.finds.share(name)

    def _paths(self, text: str) -> None:
        for path in text.split("\n"):
            self.finds.path(path)

    def topology(self) -> Topology:
        """Who is who, of the machines that were found."""
        found = {name for name, kind in self.finds.kinds.items() if kind is Kind.MACHINE}
        return read_topology(self._clues.values(), self._machines | found, {})


_CLUES = ("VmName", "ClusterNode", "Server", "WriterName", "ProviderName", "Binary")
"""The fields of events by which roles are told."""


def _field(name: str) -> str | None:
    return known().fields.get(_NUMBERED.sub("", name).lower())
