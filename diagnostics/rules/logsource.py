"""Which kinds of event a Sigma `logsource:` selects: the table of docs/events.md."""

from difflib import get_close_matches

from diagnostics.event import Kind

_KINDS = {
    ("windows", "vss-writers"): Kind.VSS_WRITER,
    ("windows", "vss-providers"): Kind.VSS_PROVIDER,
    ("windows", "vss-shadows"): Kind.SHADOW_COPY,
    ("windows", "vss-shadowstorage"): Kind.SHADOW_STORAGE,
    ("windows", "vss-listing"): Kind.VSS_LISTING,
    ("windows", "windows-server-backup"): Kind.WSB_LOG,
    ("windows", "volumes"): Kind.VOLUME,
    ("windows", "disks"): Kind.DISK,
    ("windows", "updates"): Kind.UPDATE,
    ("windows", "os"): Kind.OS,
    ("windows", "file-versions"): Kind.FILE_VERSION,
    ("dpm", "errlog"): Kind.ERRLOG,
    ("dpm", "jobs"): Kind.JOB,
    ("backup", "jobs"): Kind.JOB,
    ("dpm", "alerts"): Kind.ALERT,
    ("hyper-v", "vms"): Kind.VM,
    ("hyper-v", "integration-services"): Kind.INTEGRATION_SERVICE,
    ("hyper-v", "checkpoints"): Kind.CHECKPOINT,
    ("hyper-v", "virtual-disks"): Kind.VIRTUAL_DISK,
}
_SERVICES = ("application", "system", "security", "setup")
"""The classic event logs, whose names nobody abbreviates."""
_BY_SERVICE = {service: kind for (_, service), kind in _KINDS.items()}
EVERY_KIND = "backup-error"
"""The category of rules about what says the same wherever it is printed."""
RECORDS = frozenset({Kind.RECORD, Kind.TEXT})
"""A line of text may be an event that somebody pasted; a rule that asks for its source and id finds it there too."""
_BY_CATEGORY = {"text": frozenset({Kind.TEXT}), EVERY_KIND: frozenset(Kind)}


def kinds_of(product: str, category: str, service: str) -> frozenset[Kind]:
    """The kinds of event, empty where the logsource is none that docs/events.md knows."""
    if category:
        return _BY_CATEGORY.get(category, frozenset())
    if not product:
        return frozenset({_BY_SERVICE[service]} if service in _BY_SERVICE else ())
    kind = _KINDS.get((product, service))
    if kind is None and product == "windows":
        return RECORDS
    return frozenset({kind} if kind else ())


def misspelt(product: str, service: str) -> str:
    """The service that was probably meant, where Windows has none of such a name but one much like it; else empty.

    Sigma names the services of Windows after event logs, which are any number; so what is like none passes.
    """
    known = [*_SERVICES, *(name for of, name in _KINDS if of == product)]
    if product != "windows" or not service or service in known or "-" in service:
        return ""
    return next(iter(get_close_matches(service, known, 1, 0.75)), "")


def logsource_of(kind: Kind) -> dict[str, str]:
    """The logsource that selects one kind of event."""
    if kind is Kind.TEXT:
        return {"category": "text"}
    known = next((names for names, other in _KINDS.items() if other is kind), None)
    return {"product": known[0], "service": known[1]} if known else {"product": "windows"}
