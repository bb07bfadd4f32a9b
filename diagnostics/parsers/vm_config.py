r"""The XML file that Hyper-V kept a virtual machine's settings in, from Windows Server 2008 to 2012 R2.

    <configuration>
      <_5ced1297-4598-4915-a5fc-ad21bb4d02a4_> <Enabled type="bool">TRUE</Enabled> ...      a device by its GUID
      <_83f8638b-8dca-4152-9eda-2ca8b33039b4_> <controller0><drive0><pathname type="string">D:\SQL01.vhd</pathname> ...
      <properties> <global_id type="string">...</global_id> <name type="string">SQL01</name> ...

Later versions keep it in a binary file (.vmcx). An element counts by its name, wherever it stands.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.format import Format, Interest, Sample
from diagnostics.parsers.host_paths import beside_checkpoints
from diagnostics.parsers.reading import chunks_of
from diagnostics.parsers.shapes_hyperv import integration_service
from engine.sentence import Sentence

_LARGEST = 8 * 1024 * 1024  # characters; a real one has some tens of thousands
_RECOGNIZED = re.compile(r"\A\ufeff?\s*(?:<\?xml[^>]*\?>\s*)?<configuration>")
_MARK = re.compile(r"<(?:global_id|pathname|type_id)\s+type=\"string\"")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_DEVICE = re.compile(r"_(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_", re.IGNORECASE)
_CHECKPOINT_ROOTS = frozenset({"snapshot_data_root", "snapshotdataroot"})
_DISK_ENDINGS = (".vhd", ".vhdx", ".avhd", ".avhdx", ".vhds")


def _recognizes(sample: Sample) -> bool:
    return _RECOGNIZED.match(sample.text) is not None and _MARK.search(sample.text) is not None


def _read(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:  # noqa: ARG001 - a reader like others
    text = ""
    for chunk in chunks_of(document, tally):
        text += chunk
        if len(text) > _LARGEST:
            tally.damaged(
                Sentence("the file"),
                Sentence("more than {most} characters: no virtual machine's settings", most=_LARGEST),
            )
            return
    try:
        root = defusedxml.ElementTree.fromstring(_DECLARATION.sub("", text), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        tally.damaged(Sentence("the file"), Sentence("not well-formed, or refused: {error}", error=str(error)))
        return
    for event in _events(root, document):
        tally.saw(None)
        yield event


def _events(root: Element, document: Document) -> Iterator[Event]:
    name, identity = _text(root, "properties/name"), _text(root, "properties/global_id")
    known = {"VmName": name, "VmId": identity}
    checkpoints, disks = _checkpoint_root(root), _disk_files(root)
    beside = beside_checkpoints(checkpoints, disks)
    yield _event(Kind.VM, document, {**known, "CheckpointPath": checkpoints, "CheckpointsBesideDisks": beside})
    for device in root:
        if match := _DEVICE.fullmatch(_local(device)):
            enabled = next((_held(part) for part in device.iter() if _local(part).lower() == "enabled"), "")
            service = integration_service(match["guid"], "")
            if service != "unknown" and enabled:
                fields = {**known, "Service": service, "ServiceName": service, "Enabled": enabled.lower()}
                yield _event(Kind.INTEGRATION_SERVICE, document, fields)
    for path in disks:
        yield _event(Kind.VIRTUAL_DISK, document, {"Path": path, "VmName": name})


def _disk_files(root: Element) -> list[str]:
    paths = (_held(part) for part in root.iter() if _local(part) == "pathname")
    return [path for path in paths if path.lower().endswith(_DISK_ENDINGS)]


def _checkpoint_root(root: Element) -> str:
    """`snapshot_data_root`, or `data_root` inside of an element about snapshots."""
    for parent in root.iter():
        about = _local(parent).lower().startswith("snapshot")
        for part in parent:
            name = _local(part).lower()
            if name in _CHECKPOINT_ROOTS or (about and name == "data_root"):
                return _held(part)
    return ""


def _event(kind: Kind, document: Document, fields: dict[str, str]) -> Event:
    held = {name: value for name, value in fields.items() if value}
    return Event(kind=kind, source=document.name, record=1, machine=document.machine, fields=held)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _held(element: Element) -> str:
    return (element.text or "").strip()


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


VM_CONFIG = Format("vm-config", _recognizes, _read)
