"""One file per log format; each turns a document into events. No parser knows a rule."""

from functools import cache

from diagnostics.parsers.format import Format


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked whether a file is theirs.

    The parsers are loaded by the first call: most commands need none.
    """
    from diagnostics.parsers.clixml import CLIXML  # noqa: PLC0415 - loaded when first needed
    from diagnostics.parsers.event_xml import EVENT_XML  # noqa: PLC0415 - as above
    from diagnostics.parsers.evtx import EVTX  # noqa: PLC0415 - as above
    from diagnostics.parsers.rows import CSV, JSON, NDJSON  # noqa: PLC0415 - as above
    from diagnostics.parsers.text import HTML, TEXT_FORMATS  # noqa: PLC0415 - as above
    from diagnostics.parsers.vm_config import VM_CONFIG  # noqa: PLC0415 - as above

    return (EVTX, HTML, VM_CONFIG, EVENT_XML, CLIXML, JSON, NDJSON, CSV, *TEXT_FORMATS)
