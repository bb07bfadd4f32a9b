"""The I/O error packet that drivers (disk, volsnap, iScsiPrt, ...) put into the binary data of their events.

`IO_ERROR_LOG_PACKET`, https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_io_error_log_packet
"""

import struct

import msgspec

from diagnostics.event import Event
from diagnostics.parsers.codes import canonical

_PACKET = struct.Struct("<12xI4xI").unpack_from  # ErrorCode at 0x0C, FinalStatus at 0x14
_SMALLEST = 0x28


def enrich(event: Event) -> Event:
    """The event with the `FinalStatus` (an NTSTATUS) of the packet, and its code.

    A packet is known by its error code, whose low word is the event's id; other binary data is left alone.
    """
    try:
        binary = bytes.fromhex(event.fields.get("Binary", ""))
    except ValueError:
        return event
    if len(binary) < _SMALLEST:
        return event
    error_code, final_status = _PACKET(binary)
    if error_code & 0xFFFF != event.event_id or not error_code >> 30 or "FinalStatus" in event.fields:
        return event
    status = f"0x{final_status:08X}"
    code = canonical(status) if final_status else None
    return msgspec.structs.replace(
        event,
        fields={**event.fields, "FinalStatus": status},
        codes=event.codes if code is None or code in event.codes else (*event.codes, code),
    )
