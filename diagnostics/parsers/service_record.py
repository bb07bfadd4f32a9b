"""The key name of a service, which the Service Control Manager puts into the binary data of its events.

Messages and values hold the display name, which Windows translates; `vmicvss` is the same in every language. Seen in
event logs of Windows 7 to Server 2022: UTF-16, behind it in events 7036 a slash and the state's number.
"""

import re

import msgspec

from diagnostics.event import Event

_KEY = re.compile(r"(?P<service>[\w .$+-]{1,80})(?:/(?P<state>\d))?\0*")


def enrich(event: Event) -> Event:
    """The event with `ServiceName`, and `ServiceState` (1 stopped, 4 running) where it holds them."""
    if "ServiceName" in event.fields:
        return event
    try:
        text = bytes.fromhex(event.fields.get("Binary", "")).decode("utf-16-le")
    except ValueError:
        return event
    match = _KEY.fullmatch(text)
    if match is None:
        return event
    found = {"ServiceName": match["service"]}
    if match["state"]:
        found["ServiceState"] = match["state"]
    return msgspec.structs.replace(event, fields=event.fields | found)
