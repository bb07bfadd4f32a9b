r"""The virtual machine that an alert of DPM is about, which its event holds within a sentence only.

`Microsoft Hyper-V \Backup Using Child Partition Snapshot\SQL01`: the data source is called so in every language
(https://support.microsoft.com/help/2755884); what stands around it is translated.
"""

import re

import msgspec

from diagnostics.event import Event

_SOURCE = re.compile(
    r"Microsoft Hyper-V \\{1,2}(?:(?:Backup Using (?:Child Partition Snapshot|Saved State)|Online|Offline)\\{1,2})?"
    r"(?P<vm>[^\\\s:*?\"<>|]{1,100})",
    re.IGNORECASE,
)
_LOOKED_AT = 2000
"""Characters of a hostile text."""


def enrich(event: Event) -> Event:
    """The event with `VmName`, where it tells of a virtual machine."""
    if "VmName" in event.fields:
        return event
    told = "\n".join((*event.fields.values(), event.text))[:_LOOKED_AT]
    found = _SOURCE.search(told)
    return msgspec.structs.replace(event, fields=event.fields | {"VmName": found["vm"]}) if found else event
