"""One file per log format; each turns a document into events. No parser knows a rule."""

from diagnostics.parsers.format import Format

FORMATS: tuple[Format, ...]
"""Every format, in the order in which they are asked whether a file is theirs."""


def __getattr__(name: str) -> tuple[Format, ...]:
    """Load the parsers when they are first asked for: most commands need none."""
    if name != "FORMATS":
        raise AttributeError(name)
    from diagnostics.parsers.event_xml import EVENT_XML  # noqa: PLC0415 - loaded when first needed
    from diagnostics.parsers.evtx import EVTX  # noqa: PLC0415
    from diagnostics.parsers.rows import CLIXML, CSV, JSON, NDJSON  # noqa: PLC0415
    from diagnostics.parsers.text import TEXT_FORMATS  # noqa: PLC0415

    formats = (EVTX, EVENT_XML, CLIXML, JSON, NDJSON, CSV, *TEXT_FORMATS)
    globals()["FORMATS"] = formats
    return formats
