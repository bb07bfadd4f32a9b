"""Rows that are backup jobs and alerts: of DPM, Windows Server Backup and Veeam."""

import re
from collections.abc import Callable, Mapping

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.cells import Cells, Origin, Reader, Value, integer_of, moment_of, text_of
from diagnostics.parsers.codes import canonical, find_codes
from diagnostics.parsers.dpm_sentence import server_in, vm_in
from diagnostics.parsers.records import level_named
from diagnostics.parsers.timestamps import Timestamp
from engine.pipeline import Mode

_ERRORS = (
    *("errorinfo", "errormessage", "errordescription", "detailederrorinfo", "description", "message", "details"),
    *("detailedinfo", "alertdescription", "failures", "hresult", "detailedhresult", "detailederrorcode"),
)
_STATUSES = {
    **dict.fromkeys(("failed", "failure", "error", "aborted"), "failed"),
    **dict.fromkeys(("succeeded", "success", "completed", "ok"), "succeeded"),
    **dict.fromkeys(("warning", "partiallysucceeded", "completedwithwarnings", "completedwitherrors"), "warning"),
}
_LEVELS = {"failed": Level.ERROR, "warning": Level.WARNING, "succeeded": Level.INFORMATION}
_MODES = (
    (
        re.compile(
            r"child partition snapshot\\+([^\\\r\n]+)|online\\([^\\\r\n]+)|([^\\\r\n]+)\(online\)", re.IGNORECASE
        ),
        Mode.ONLINE,
    ),
    (
        re.compile(r"saved state\\+([^\\\r\n]+)|offline\\([^\\\r\n]+)|([^\\\r\n]+)\(offline\)", re.IGNORECASE),
        Mode.OFFLINE,
    ),
    (re.compile(r"^(?:Microsoft Hyper-V )?\\{0,2}RCT\\+([^\\\r\n]+)", re.IGNORECASE | re.MULTILINE), Mode.UNKNOWN),
)
"""How DPM (`\\Backup Using Saved State\\<VM>`, `RCT\\<VM>`) and the Hyper-V writer (`Online\\<VM>`) caption them."""
_IN_A_SENTENCE = re.compile(
    r"(?:\\backup using (?:child partition snapshot|saved state)|\b(?:online|offline))\\{1,2}[^\\\s]{1,100}",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    "['\"\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT CORNER BRACKET}]"
    r"((?:Microsoft Hyper-V )?\\?(?:backup using (?:child partition snapshot|saved state)|online|offline|RCT)"
    r"\\{1,2}[^\\'\"\r\n]{1,100}?)"
    "['\"\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT CORNER BRACKET}]",
    re.IGNORECASE,
)
"""A caption of which quotation marks tell the end, so that the name may hold spaces."""
NOT_TOLD = frozenset("-\N{EN DASH}\N{EM DASH}")
"""What DPM prints where there is no value, as for the cluster node of a host without a cluster."""
_LONGEST_CAPTION = 2000  # characters of a hostile cell that the patterns may meet
_DPM_ERROR = frozenset({"errorcode", "errorid"})
_SYSTEM_ERROR = frozenset({"detailederrorcode", "hresult", "detailedhresult", "detailederrorid"})


def vm_and_mode(caption: str) -> tuple[str, Mode]:
    """The virtual machine that a data source's caption names, and how it is backed up."""
    for pattern, mode in _MODES:
        if match := pattern.search(caption):
            return next(group for group in match.groups() if group).strip(), mode
    return "", Mode.UNKNOWN


def vm_and_mode_within(sentence: str) -> tuple[str, Mode]:
    """The same of a caption within a sentence: the name ends with its quotation marks, without them at the first space.

    What follows is translated.
    """
    sentence = sentence[:_LONGEST_CAPTION]
    if quoted := _QUOTED.search(sentence):
        return vm_and_mode(quoted[1])
    found = _IN_A_SENTENCE.search(sentence)
    return vm_and_mode(found[0]) if found else ("", Mode.UNKNOWN)


def _job(product: str) -> Reader:
    def read(cells: Cells, origin: Origin) -> Event | None:
        status = _STATUSES.get(cells.text("result", "status", "jobstate", "state").replace(" ", "").lower(), "unknown")
        vm, mode = vm_and_mode(_captions(cells))
        fields = {
            "Product": product,
            "Status": status,
            "JobType": cells.text("jobcategory", "jobtype", "type"),
            "VmName": vm or cells.text("vmname"),
            "Mode": mode.value,
            "Server": cells.text("protectedservername", "servername", "server", "productionservername", "computername"),
            "ClusterNode": cells.text("clusternode"),
            "ProtectionGroup": cells.text("protectiongroupname", "protectiongroup", "jobname"),
            "BytesTransferred": _digits(
                cells.get("bytestransferred", "datatransferred", "dataxfersizeinbytes", "datasize")
            ),
            "StartTime": cells.text("starttime", "creationtime"),
            "EndTime": cells.text("endtime"),
            "Operation": cells.text("currentoperation", "operation"),
        }
        moment = moment_of(cells.get("endtime"), origin) or moment_of(cells.get("starttime", "creationtime"), origin)
        return _event(Kind.JOB, cells, origin, fields, moment, _LEVELS.get(status, Level.UNKNOWN))

    return read


def _alert(cells: Cells, origin: Origin) -> Event | None:
    area = cells.text("affectedarea", "targetobjectname", "datasource", "datasources")
    fields = {
        "Severity": cells.text("severity"),
        "AlertId": cells.text("alertid"),
        "AffectedArea": area,
        "OccurredSince": cells.text(*_SINCE),
        "Server": cells.text("server", "servername", "productionserver", "protectedservername"),
        "VmName": vm_and_mode(_captions(cells))[0],
    }
    moment = moment_of(cells.get(*_SINCE), origin)
    return _event(Kind.ALERT, cells, origin, fields, moment, level_named(cells.text("severity")))


_SINCE = ("occurredsince", "occuredsince", "starttime", "timeoccurred")


def _event(
    kind: Kind, cells: Cells, origin: Origin, fields: dict[str, str], moment: Timestamp | None, level: Level
) -> Event:
    text = "\n".join(filter(None, (cells.text(name) for name in _ERRORS)))
    machine = cells.text("dpmservername", "dpmserver", "pscomputername", "machinename") or origin.document.machine
    fields["VmName"] = fields["VmName"] or vm_in(text)
    if not fields["Server"] and not fields.get("ClusterNode"):
        fields["Server"] = server_in(text, fields["VmName"], machine)
    codes = dict.fromkeys((*_coded(cells.row), *find_codes(text)))
    return Event(
        kind=kind,
        source=origin.document.name,
        record=cells.record,
        time=moment.microseconds if moment else None,
        local_time=moment.local if moment else False,
        machine=machine,
        level=level,
        fields={name: value for name, value in fields.items() if value and value not in NOT_TOLD},
        text=text,
        codes=tuple(codes),
    )


def _captions(cells: Cells) -> str:
    """Everything that may name the data source, each on its own line."""
    columns = ("datasources", "datasource", "sourcedetails", "affectedarea", "targetobjectname", "objectname", "items")
    return "\n".join(cells.text(name)[:_LONGEST_CAPTION] for name in columns)


def _coded(row: Mapping[str, Value]) -> list[str]:
    """Codes in columns (or in objects in them) that are numbers: DPM's own ids, and Windows' codes behind them."""
    codes: list[str] = []
    objects: list[Mapping[str, Value]] = [row, *(value for value in row.values() if isinstance(value, dict))]
    for name, value in ((name.lower(), value) for held in objects for name, value in held.items()):
        number = integer_of(value)
        if number and name in _DPM_ERROR:
            codes.append(canonical(f"ID {number}") or "")
        elif number and name in _SYSTEM_ERROR:
            codes.append(canonical(str(number)) or "")
    return [code for code in codes if code]


def _digits(value: Value) -> str:
    number = integer_of(value)
    return text_of(value) if number is None else str(number)


def _has_all(*names: str) -> Callable[[frozenset[str]], bool]:
    return lambda columns: columns.issuperset(names)


def _is_alert(columns: frozenset[str]) -> bool:
    alerts = {"affectedarea", "alertid", "occurredsince", "occuredsince", "targetobjectname", "resolutionstate"}
    return "severity" in columns and bool(alerts & columns)


def _is_dpm_job(columns: frozenset[str]) -> bool:
    dpm = {"jobcategory", "protectiongroupname", "protectiongroup", "datasources", "protectedservername"}
    return (
        "status" in columns
        and bool({"starttime", "endtime", "jobtype", "jobcategory"} & columns)
        and bool(dpm & columns)
    )


JOB_SHAPES: tuple[tuple[Callable[[frozenset[str]], bool], Reader], ...] = (
    (_is_alert, _alert),
    (_is_dpm_job, _job("dpm")),
    (_has_all("jobtype", "jobstate", "hresult"), _job("wsb")),
    (_has_all("jobname", "result", "state"), _job("veeam")),
)
