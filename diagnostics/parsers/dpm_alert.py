r"""The virtual machine and the server that an alert of DPM is about, which its event holds within a sentence only.

`Microsoft Hyper-V \Backup Using Child Partition Snapshot\SQL01`: the data source is called so in every language
(https://support.microsoft.com/help/2755884); what stands around it is translated.
"""

import re

import msgspec

from diagnostics.event import Event
from diagnostics.parsers.dpm_sentence import server_in

_SOURCE = re.compile(
    r"Microsoft Hyper-V \\{1,2}(?:(?:Backup Using (?:Child Partition Snapshot|Saved State)|Online|Offline)\\{1,2})?"
    r"(?P<vm>[^\\\s:*?\"<>|]{1,100})",
    re.IGNORECASE,
)
_LOOKED_AT = 2000
"""Characters of a hostile text."""


def enrich(event: Event) -> Event:
    """The event with `VmName` and `Server`, where it tells of a virtual machine and of a protected computer."""
    told = "\n".join((*event.fields.values(), event.text))[:_LOOKED_AT]
    found = _SOURCE.search(told)
    vm = event.fields.get("VmName") or (found["vm"] if found else "")
    read = {"VmName": vm, "Server": server_in(told, vm, event.machine)}
    new = {name: value for name, value in read.items() if value and name not in event.fields}
    return msgspec.structs.replace(event, fields=event.fields | new) if new else event
