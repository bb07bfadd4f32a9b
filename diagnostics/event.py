"""The one event type: every record of every source becomes this."""

from enum import IntEnum, StrEnum

import msgspec


class Level(IntEnum):
    """Severity as Windows event logs number it."""

    UNKNOWN = 0
    CRITICAL = 1
    ERROR = 2
    WARNING = 3
    INFORMATION = 4
    VERBOSE = 5


class Kind(StrEnum):
    """What sort of observation an event is; rules select it by their `logsource`."""

    RECORD = "record"  # a Windows event log record, however it was exported
    VSS_WRITER = "vss-writer"  # one writer of `vssadmin list writers` or diskshadow
    VSS_PROVIDER = "vss-provider"
    SHADOW_COPY = "shadow-copy"
    SHADOW_STORAGE = "shadow-storage"
    VSS_LISTING = "vss-listing"  # a listing as a whole: which one, how many entries
    ERRLOG = "errlog"  # a line of a DPM trace log
    JOB = "job"  # a report of a backup job, by whatever product
    ALERT = "alert"  # a DPM alert
    WSB_LOG = "wsb-log"  # a line of a Windows Server Backup log
    VM = "vm"
    INTEGRATION_SERVICE = "integration-service"
    CHECKPOINT = "checkpoint"
    VIRTUAL_DISK = "virtual-disk"
    VOLUME = "volume"  # a volume of the machine that it was exported on
    DISK = "disk"  # a disk of it, or a partition of one
    UPDATE = "update"  # one line of a list of installed updates
    OS = "os"  # which Windows a machine runs
    FILE_VERSION = "file-version"  # the version of a program file
    TEXT = "text"  # a line that only the general text reader understood


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One normalized record.

    Everything textual is raw log text: hostile until `diagnostics.sanitize` has seen it.
    """

    kind: Kind
    source: str
    """The file's name in the inventory."""
    record: int
    """Where in the file: the EventRecordID, or the first line (1-based) of a text record."""
    time: int | None = None
    """Microseconds since 1970-01-01 UTC (or by the machine's wall clock, where `local_time` is set)."""
    local_time: bool = False
    """True until the reading has turned a wall-clock time into UTC."""
    machine: str = ""
    """Computer name as printed, empty where neither the record nor the file name tells it."""
    provider: str = ""
    """Event source; for text formats the program or writer that speaks."""
    event_id: int = 0
    """0 where the source has no event ids."""
    level: Level = Level.UNKNOWN
    channel: str = ""
    fields: dict[str, str] = {}
    """Data values by name, in the record's order; unnamed values are `Data[0]`, `Data[1]`, ..."""
    text: str = ""
    """The rendered message or the raw text, empty where the source holds only values."""
    codes: tuple[str, ...] = ()
    """Error codes found anywhere in it, canonical: see `diagnostics.parsers.codes`."""
