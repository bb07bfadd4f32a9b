"""Templates: which value of a record is its event id, its time, its data.

A record is a template's number and an array of typed values. What would else be done for each record is done once for
each template here, and once for each array of sizes and types in `layout.py`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from diagnostics.parsers.evtx.binxml import Element, MalformedError, Slot
from engine.sentence import Sentence

Parts = tuple[str | Slot, ...]
"""The content of an attribute or of an element without children."""
UNNAMED = ""

_CONTAINERS = ("Event", "EventData", "UserData")
_NAMED_BY_ATTRIBUTE = ("Data", "ComplexData")
_FIELDS = 1024
"""More fields than any provider has; the limit is for files that were made to exhaust memory."""


class Field(NamedTuple):
    """A data value of the template; without a name it is no value itself but may turn out to hold nested XML."""

    name: str | None
    """`UNNAMED` where the element is called Data and no more."""
    parts: Parts


class Template(NamedTuple):
    """What one element tree, the event's or one nested in it, says about its values."""

    system: dict[str, Parts]
    """Content of the System section by the field's name in `Event`; empty in nested XML."""
    fields: tuple[Field, ...]
    message: Parts
    """The rendered message that forwarded events bring along."""


def compile_template(root: Element) -> Template:
    """Raises `MalformedError` where the tree has more fields than a log's reader can be expected to keep."""
    system: dict[str, Parts] = {}
    fields: list[Field] = []
    message: list[str | Slot] = []
    for element in _sections(root):
        if element.name == "System":
            system |= _system(element)
        elif element.name == "RenderingInfo":
            message += [part for child in _children(element, "Message") for part in _texts(child)]
        else:
            _collect(element, fields)
    if len(fields) > _FIELDS:
        raise MalformedError(Sentence("a template of {count} fields", count=len(fields)))
    return Template(system, tuple(fields), tuple(message))


def _sections(root: Element) -> Iterator[Element]:
    """The children of Event, its own slots among them; nested XML is a section itself."""
    if root.name != "Event":
        yield root
        return
    for part in root.content:
        yield part if isinstance(part, Element) else Element("Event", [], [part])


def _children(element: Element, name: str) -> Iterator[Element]:
    return (part for part in element.content if isinstance(part, Element) and part.name == name)


def _texts(element: Element) -> Parts:
    return tuple(part for part in element.content if not isinstance(part, Element))


def _system(section: Element) -> dict[str, Parts]:
    elements = {part.name: part for part in section.content if isinstance(part, Element)}
    attributes = {
        (name, attribute): tuple(parts) for name, element in elements.items() for attribute, parts in element.attributes
    }
    contents = {name: _texts(element) for name, element in elements.items()}
    return {
        "provider": attributes.get(("Provider", "Name"), ()) or attributes.get(("Provider", "EventSourceName"), ()),
        "time": attributes.get(("TimeCreated", "SystemTime"), ()),
        "event_id": contents.get("EventID", ()),
        "record": contents.get("EventRecordID", ()),
        "level": contents.get("Level", ()),
        "channel": contents.get("Channel", ()),
        "computer": contents.get("Computer", ()),
    }


def _collect(element: Element, fields: list[Field]) -> None:
    """The values in a data section: elements that hold no others, in order, with the names that rules use."""
    if element.name in _CONTAINERS or any(isinstance(part, Element) for part in element.content):
        for part in element.content:
            if isinstance(part, Element):
                _collect(part, fields)
            elif isinstance(part, Slot):
                fields.append(Field(None, (part,)))
        return
    if element.name in _NAMED_BY_ATTRIBUTE:
        name = next((_literal(parts) for name, parts in element.attributes if name == "Name"), UNNAMED)
        fields.append(Field(name, _texts(element)))
        return
    fields.append(Field(element.name, _texts(element)))
    for name, parts in element.attributes:
        if not name.startswith("xmlns"):
            fields.append(Field(f"{element.name}.{name}", tuple(parts)))


def _literal(parts: list[str | Slot]) -> str:
    if any(isinstance(part, Slot) for part in parts):
        raise MalformedError(Sentence("a field whose name is a value"))
    return "".join(part for part in parts if isinstance(part, str))
