"""A first draft of a rule with its samples, from an event of a real log or from what a person names.

A draft is a whole rule: it loads, its samples hold, and each part of its condition has a near miss that differs in
that part alone. What it means is for its author to say.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.rules.logsource import EVERY_KIND, logsource_of
from diagnostics.rules.rule import Polarity
from engine.pipeline import Component, Stage

_TELLING = {
    Kind.VSS_WRITER: ("WriterName", "State"),
    Kind.VSS_PROVIDER: ("ProviderId",),
    Kind.ERRLOG: ("Binary", "File"),
    Kind.JOB: ("Product", "Status"),
    Kind.ALERT: ("Severity",),
    Kind.VM: ("State",),
    Kind.INTEGRATION_SERVICE: ("Service", "Enabled"),
    Kind.CHECKPOINT: ("SnapshotType",),
    Kind.VIRTUAL_DISK: ("VhdType",),
    Kind.WSB_LOG: ("Activity",),
}
"""What a rule asks of an event that has no id, beside its codes."""
_LONGEST = 300
"""Characters of a value in a sample."""
_OTHER_PROVIDER = "Contoso Monitor"
_OTHER_CODES = ("0x8007007B", "0x800700A1", "ID 32000")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*").fullmatch
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML wants escaped, and a byte-order mark."""
_TRUTH = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


class NothingToAskError(ValueError):
    """An event has nothing that a rule could match on, or nothing tells its component."""


class Draft(NamedTuple):
    """What a new rule says."""

    name: str
    id: str
    date: str
    event: Event
    """The first hit; one of kind TEXT without any text stands for every kind."""
    component: Component
    causes: tuple[Cause, ...]

    @property
    def stage(self) -> Stage | None:
        """The first that its first cause can fail."""
        return self.causes[0].stages[0] if self.causes else None


def component_of(event: Event, causes: Iterable[Cause], catalog: Catalog) -> Component:
    """The component of the first cause, else the one that the event's codes usually come from.

    Raises:
        NothingToAskError: neither tells one.
    """
    coded = (catalog.codes[code].component for code in event.codes if code in catalog.codes)
    known = next((it for it in (*(cause.component for cause in causes), *coded) if it), None)
    if known is None:
        raise NothingToAskError("nothing tells the component: name it, or a cause")
    return known


def rule_text(about: Draft) -> str:
    """The rule's document.

    Raises:
        NothingToAskError: the event has neither provider, id, code nor another field that tells it.
    """
    links = [f"        - {{id: {cause.id}, sensitivity: 0.5, spurious: 0.01, basis: author}}" for cause in about.causes]
    lines = [
        f"title: {_yaml(about.name.replace('-', ' ').title())}",
        f"id: {about.id}",
        f"name: {about.name}",
        "status: experimental",
        "description: Say here what the event means, and why it speaks of the component.",
        f"date: '{about.date}'",
        f"logsource: {_yaml(_logsource(about.event))}",
        "detection:",
        f"    selection: {_yaml(selection(about.event))}",
        "    condition: selection",
        "level: medium",
        "diagnosis:",
        f"    component: '{{machine}}.{about.component}'",
        *([f"    stage: {about.stage}"] if about.stage else []),
        f"    polarity: {Polarity.FAULT if about.causes else Polarity.CONTEXT}",
        *(["    causes:", *links] if links else []),
    ]
    return "\n".join(lines) + "\n"


def samples_text(about: Draft) -> str:
    """The samples: the event, the same on another machine, and near misses one field away."""
    hit = _sample(about.event)
    copy = hit | {"machine": "HV02" if about.event.machine == "HV01" else "HV01"}
    misses = (hit | change for change in _changes(about.event))
    return "\n".join(("hits:", *_items((hit, copy)), "near_misses:", *_items(misses))) + "\n"


def selection(event: Event) -> dict[str, object]:
    """What the rule asks for: provider, id and codes, or what else tells an event of its kind.

    Raises:
        NothingToAskError: the event has none of them.
    """
    asked: dict[str, object] = {}
    if event.kind is Kind.RECORD:
        asked |= {"Provider_Name": _literal(event.provider)} if event.provider else {}
        asked |= {"EventID": event.event_id} if event.event_id else {}
    asked |= {name: _literal(event.fields[name]) for name in _TELLING.get(event.kind, ()) if event.fields.get(name)}
    asked |= {"Code": list(event.codes)} if event.codes else {}
    if not asked:
        raise NothingToAskError("it has no provider, id, error code or other field that a rule could ask for")
    return asked


def _literal(value: str) -> str:
    r"""A text in which Sigma sees no wildcards: `*`, `?` and `\` are written with a `\` before them."""
    return re.sub(r"([\\*?])", r"\\\1", value)


def _logsource(event: Event) -> dict[str, str]:
    return {"category": EVERY_KIND} if event.kind is Kind.TEXT and not event.text else logsource_of(event.kind)


def _sample(event: Event) -> dict[str, object]:
    """An event as people write it; of a record with values nobody needs the text that was made of them."""
    fields = {name: value[:_LONGEST] for name, value in event.fields.items() if value.strip()}
    return {
        "kind": event.kind.value,
        "provider": event.provider,
        "event_id": event.event_id,
        "machine": event.machine,
        "fields": fields,
        "text": "" if fields else event.text[:_LONGEST],
        "codes": list(event.codes),
    }


def _changes(event: Event) -> Iterator[dict[str, object]]:
    """What a near miss has otherwise, for each part of the condition; of a single part also that it is missing."""
    asked = selection(event)
    for name in asked:
        if name == "Provider_Name":
            yield {"provider": _OTHER_PROVIDER}
        elif name == "EventID":
            yield {"event_id": event.event_id + 1}
        elif name == "Code":
            yield {"codes": [next(code for code in _OTHER_CODES if code not in event.codes)]}
        else:
            yield {"fields": {**event.fields, name: "other"}}
    if len(asked) == 1:
        (name,) = asked
        gone: dict[str, dict[str, object]] = {
            "Provider_Name": {"provider": ""},
            "EventID": {"event_id": 0},
            "Code": {"codes": []},
        }
        yield gone.get(name, {"fields": {field: value for field, value in event.fields.items() if field != name}})


def _items(samples: Iterable[dict[str, object]]) -> Iterator[str]:
    """Each on a line, without what says nothing; an empty list of codes says that none is to be looked for."""
    for sample in samples:
        yield f"    - {_yaml({name: value for name, value in sample.items() if value or name == 'codes'})}"


def _yaml(value: object) -> str:
    """On one line, in the YAML that all readers take alike: text is quoted unless it is a plain word."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_yaml(key)}: {_yaml(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_yaml, value)) + "]"
        case str():
            plain = _PLAIN(value) and value.lower() not in _TRUTH
            return value if plain else _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))
    return str(value)


def _escape(match: re.Match[str]) -> str:
    return f"\\U{ord(match[0]):08X}"
