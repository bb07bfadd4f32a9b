"""The rules' own sample events as what a machine may log: which causes bring each about, and where it lies."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from diagnostics.case.jobs import outcome_of
from diagnostics.case.topology import Role
from diagnostics.diagnosis import Knowledge
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.parsers.codes import find_codes
from diagnostics.rules.index import RuleSet
from diagnostics.rules.rule import Plate, Polarity, Rule
from diagnostics.rules.samples import answers, read_samples
from engine.pipeline import COMPONENTS, DEPENDS_ON, STAGES, Component, Scope, Stage

VMMS_LOG = "Microsoft-Windows-Hyper-V-VMMS-Admin"
_CHANNELS = {"application": "Application", "system": "System", "hyper-v-vmms": VMMS_LOG}
_SYSTEM = ("Service Control Manager", "Microsoft-Windows-FailoverClustering", "volsnap", "Ntfs", "disk")
COMMON_LOGS = frozenset(_CHANNELS.values())
JOBS = "jobs"
_LISTINGS = {
    Kind.VSS_WRITER: "writers",
    Kind.VSS_PROVIDER: "providers",
    Kind.SHADOW_COPY: "shadows",
    Kind.SHADOW_STORAGE: "shadowstorage",
    Kind.CHECKPOINT: "checkpoints",
    Kind.VIRTUAL_DISK: "checkpoints",
}
_SAID = {Kind.JOB, Kind.TEXT}
"""What the report of a job may say: most rules about words ask for them wherever they are printed."""
_OF_THE_HOST = {Kind.VM, Kind.INTEGRATION_SERVICE, Kind.CHECKPOINT, Kind.VIRTUAL_DISK}
_SPEAKERS: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.HOST, ("microsoft-windows-hyper-v-vmms", "hyper-v-", "microsoft-windows-hyper-v-worker",
                 "microsoft-windows-hyper-v-config", "microsoft-windows-hyper-v-synthstor")),
    (Role.GUEST, ("vmic", "microsoft-windows-hyper-v-guest", "microsoft-windows-hyper-v-integration")),
    (Role.DPM_SERVER, ("msdpm", "dpm-em", "mssql$msdpm", "mssql$dpm")),
    (Role.DOMAIN_CONTROLLER, ("ntds", "kdc", "microsoft-windows-kerberos-key", "microsoft-windows-activedirectory")),
)  # fmt: skip


class Signal(NamedTuple):
    """A rule, and the events that it is known to hit."""

    rule: Rule
    hits: tuple[Event, ...]
    """Those that a log or an export holds."""
    reports: tuple[Event, ...]
    """Those that are the report of a job."""
    spurious: float

    def about(self, scope: Scope) -> Scope:
        """The scope of the plate that it speaks of, where the fault's is `scope`."""
        return scope if self.rule.plate is Plate.MACHINE else Scope(self.rule.plate)


class Signals:
    """All rules that weigh, by what brings them about."""

    def __init__(self, rules: Iterable[Rule], catalog: Catalog) -> None:
        self.catalog = catalog
        self.rules = RuleSet.compile(rules)
        self.knowledge = Knowledge(self.rules, catalog, ())
        self.all = [_signal(rule) for rule in self.rules.rules if rule.polarity in {Polarity.FAULT, Polarity.SYMPTOM}]
        self.of_cause: dict[str, list[tuple[Signal, float]]] = defaultdict(list)
        for signal in self.all:
            for link in signal.rule.causes:
                self.of_cause[link.id].append((signal, link.sensitivity))
        self.logged = [signal for signal in map(_without_outcomes, self.all) if signal.hits]
        self._symptoms: dict[Component, list[Signal]] = defaultdict(list)
        for signal in self.logged:
            if signal.rule.polarity is Polarity.SYMPTOM:
                self._symptoms[signal.rule.component].append(signal)

    def echoes(self, component: Component, stage: Stage) -> list[Signal]:
        """Symptoms of the components that stand on this one, at any remove, as far as the job had come to need them."""
        return [signal for above in _above(component) if _at_work(above, stage) for signal in self._symptoms[above]]

    def reports(self, cause: str, stage: Stage) -> tuple[list[Event], list[float]]:
        """Reports of jobs that end so by a cause, and how likely each is."""
        events, weights = [], []
        for signal, sensitivity in self.of_cause[cause]:
            fitting = [event for event in signal.reports if self._fits(event.codes, stage)]
            events += fitting
            weights += [sensitivity / len(fitting) for _ in fitting]
        return events, weights

    def coarse_reports(self, component: Component | None, stage: Stage) -> list[Event]:
        """Reports that say little of why a job failed: by a code of the component, or of one that stands on it.

        Without a component, of any that the stage needs.
        """
        concerned = {component, *_above(component)} if component else set(Component)
        concerned = {one for one in concerned if stage in COMPONENTS[one].stages}
        return [report for by, report in self._coarse if by in concerned and self._fits(report.codes, stage)]

    @cached_property
    def _coarse(self) -> list[tuple[Component | None, Event]]:
        """Reports with codes of many stages that no rule takes for a fault of its own."""
        wide = (info for info in self.catalog.codes.values() if _width(info.first_stage, info.last_stage) >= 5)
        reports = ((info.component, _report_of(info.code)) for info in wide)
        said = [(by, report) for by, report in reports if report.codes]
        return [(by, report) for by, report in said if not any(map(_is_fault, self.rules.match(report)))]

    def _fits(self, codes: Iterable[str], stage: Stage) -> bool:
        """Whether a job that failed in a stage can have ended with these codes."""
        known = [self.catalog.codes[code] for code in codes if code in self.catalog.codes]
        place = STAGES.index(stage)
        return all(
            STAGES.index(info.first_stage) <= place <= STAGES.index(info.last_stage)
            for info in known
            if info.first_stage and info.last_stage
        )


def _report_of(code: str) -> Event:
    text = f"The job could not be finished ({code})"
    return Event(kind=Kind.JOB, source="", record=0, fields={"Status": "failed"}, text=text, codes=find_codes(text))


def _is_fault(rule: Rule) -> bool:
    return rule.polarity is Polarity.FAULT


def _at_work(component: Component, stage: Stage) -> bool:
    return any(STAGES.index(needs) <= STAGES.index(stage) for needs in COMPONENTS[component].stages)


def _width(first: Stage | None, last: Stage | None) -> int:
    return STAGES.index(last) - STAGES.index(first) + 1 if first and last else len(STAGES)


def _above(component: Component) -> list[Component]:
    found = [component]
    for below in found:
        found += [above for above, needed in DEPENDS_ON.items() if below in needed and above not in found]
    return found[1:]


def _signal(rule: Rule) -> Signal:
    samples, _ = read_samples(rule)
    events = [sample.event for sample in samples.hits]
    hits = tuple(_in_its_log(event, rule) for event in events if event.kind not in {Kind.JOB, Kind.TEXT, Kind.WSB_LOG})
    as_reports = (msgspec.structs.replace(event, kind=Kind.JOB) for event in events if event.kind in _SAID)
    reports = tuple(event for event in as_reports if answers(rule, event))
    return Signal(rule, hits, reports, max((link.spurious for link in rule.causes), default=0.01))


def _without_outcomes(signal: Signal) -> Signal:
    """Only what may be logged though no job failed of it: the record of a failed job is no noise."""
    return signal._replace(hits=tuple(event for event in signal.hits if outcome_of(event) is None))


def _in_its_log(event: Event, rule: Rule) -> Event:
    if event.kind is not Kind.RECORD or event.channel:
        return event
    service = rule.logsource.service
    channel = _CHANNELS.get(service) or (f"Microsoft-Windows-{service}" if service else _usual_channel(event.provider))
    return msgspec.structs.replace(event, channel=channel)


def _usual_channel(provider: str) -> str:
    if provider.endswith("Hyper-V-VMMS"):
        return VMMS_LOG
    return "System" if provider in _SYSTEM else "Application"


def export_of(event: Event) -> str:
    """Which export of a machine holds the event: an event log by its channel, a listing, a trace."""
    match event.kind:
        case Kind.RECORD:
            return event.channel
        case Kind.VSS_LISTING:
            return event.fields.get("Listing", "listing")
        case Kind.ERRLOG:
            return f"{event.fields.get('Binary', '').upper()}.errlog"
    return _LISTINGS.get(event.kind, f"{event.kind}s")


def speaker(event: Event, about: Scope) -> Role:
    """The machine that logs an event about a plate of this scope."""
    if event.kind in _OF_THE_HOST:
        return Role.HOST
    if event.kind is Kind.ALERT:
        return Role.DPM_SERVER
    if event.kind is Kind.ERRLOG:
        return Role.HOST if event.fields.get("Binary", "").upper() == "DPMRA" else Role.DPM_SERVER
    folded = event.provider.casefold()
    for role, providers in _SPEAKERS if event.kind is Kind.RECORD else ():
        if folded.startswith(providers):
            return role
    return {Scope.SITE: Role.DPM_SERVER, Scope.HOST: Role.HOST, Scope.VM: Role.GUEST}[about]


def misplaced(signals: Sequence[Signal], rules: RuleSet) -> list[str]:
    """The rules whose own hits they miss once placed: none, or nights would lack what they claim to show."""
    return [
        signal.rule.name
        for signal in signals
        for event in signal.hits
        if signal.rule not in rules.match(msgspec.structs.replace(event, machine="HV01", time=1))
    ]
