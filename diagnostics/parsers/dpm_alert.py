"""The virtual machine and the server that an alert of DPM is about, which its event holds within a sentence only."""

import msgspec

from diagnostics.event import Event
from diagnostics.parsers.dpm_sentence import server_in, vm_in

_LOOKED_AT = 2000
"""Characters of a hostile text."""


def enrich(event: Event) -> Event:
    """The event with `VmName` and `Server`, where it tells of a virtual machine and of a protected computer."""
    told = "\n".join((*event.fields.values(), event.text))[:_LOOKED_AT]
    vm = event.fields.get("VmName") or vm_in(told)
    read = {"VmName": vm, "Server": server_in(told, vm, event.machine)}
    new = {name: value for name, value in read.items() if value and name not in event.fields}
    return msgspec.structs.replace(event, fields=event.fields | new) if new else event
