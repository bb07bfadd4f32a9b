"""What the machines of a night log: reports of jobs, traces of faults, echoes in upper layers, and noise."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random

import msgspec

from diagnostics.case.jobs import outcome_of
from diagnostics.case.topology import Role
from diagnostics.event import Event, Kind
from engine.pipeline import STAGES, Mode, Scope, Stage
from tests.bench.localization.chance import chance_of
from tests.bench.localization.faults import MINUTE, Fault, Run, jittered
from tests.bench.localization.setting import Setting
from tests.bench.localization.signals import JOBS, Signals, export_of, speaker
from tests.bench.localization.site import CONTROLLER, SERVER, Site, scope_of

EVENING = int(datetime(2026, 11, 20, 21, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 24 * 60 * MINUTE
Export = tuple[str, str]
"""Machine, and which of its logs or listings."""


class Logbook:
    """The events of a night by export, whether or not that is handed in."""

    def __init__(self, site: Site, runs: Sequence[Run], setting: Setting, signals: Signals, name: object) -> None:
        self.site = site
        self.runs = runs
        self.setting = setting
        self.signals = signals
        self.name = name
        """Of the night: decides all that is random."""
        self.events: dict[Export, list[Event]] = defaultdict(list)
        self.shown: set[str] = set()
        """The causes of which some event or job report tells."""
        self._usual: dict[str, Event] = {}

    def write(self, faults: Sequence[Fault]) -> None:
        """Log everything."""
        self._reports(chance_of("reports", self.name))
        for fault in faults:
            self._traces(fault, chance_of("traces", fault.cause.id, self.name))
        self._echoes(chance_of("echoes", self.name))
        self._noise(chance_of("noise", self.name))

    # --- job reports ---

    def _reports(self, chance: Random) -> None:
        listed = chance.random() < self.setting.successes_listed
        told = [run for run in self.runs if run.failed or listed]
        if chance.random() < self.setting.history:
            told += [run.the_night_before(DAY) for run in {run.vm: run for run in self.runs}.values()]
        for run in told:
            self.events[SERVER, JOBS].append(_report(run, self._error(run, chance), self.site, chance))

    def _error(self, run: Run, chance: Random) -> Event | None:
        """What the report says of the failure; None for no more than that it failed."""
        if run.failed is None:
            return None
        if run.by and chance.random() < self.setting.precise:
            precise = self._precise(run.by.cause.id, run.failed, chance)
            if precise:
                self.shown.add(run.by.cause.id)
                return precise
        coarse = self.signals.coarse_reports(run.by.cause.component if run.by else None, run.failed)
        return chance.choice(coarse) if coarse and chance.random() < self.setting.coarse else None

    def _precise(self, cause: str, stage: Stage, chance: Random) -> Event | None:
        """An error that the rules know of the cause: mostly the same all night."""
        events, weights = self.signals.reports(cause, stage)
        usual = self._usual.get(cause)
        if usual not in events or chance.random() < self.setting.other_error:
            usual = chance.choices(events, weights)[0] if events else None
        if usual:
            self._usual[cause] = usual
        return usual

    # --- what the machines log ---

    def _traces(self, fault: Fault, chance: Random) -> None:
        for signal, sensitivity in self.signals.of_cause[fault.cause.id]:
            likely = min(0.97, sensitivity * fault.verbosity * jittered(self.setting, chance))
            for plate in self._plates(signal.about(fault.scope), fault) if signal.hits else ():
                if chance.random() < likely:
                    self.shown.add(fault.cause.id)
                    moment = self._moment(fault, plate, chance)
                    self._log(chance.choice(signal.hits), signal.about(fault.scope), plate, moment, chance)

    def _plates(self, about: Scope, fault: Fault) -> Iterator[str]:
        """The machines whose plates a signal of the fault speaks of; an empty name for the site."""
        match about:
            case Scope.SITE:
                yield ""
            case Scope.HOST:
                hosts = self.site.hosts.items()
                yield from (host for host, vms in hosts if host in fault.machines or fault.vms & {*vms})
            case Scope.VM:
                failed = dict.fromkeys(run.vm for run in self.runs if run.by is fault)
                yield from fault.machines if fault.scope is Scope.VM else failed

    def _moment(self, fault: Fault, plate: str, chance: Random) -> int:
        """Shortly before a job failed by the fault on the plate, rarely any time of the night."""
        ends = [r.ended for r in self.runs if r.by is fault and plate in {"", r.vm, self.site.host(r.vm)}]
        if not ends or chance.random() < 0.1:
            return EVENING + chance.randint(0, 180) * MINUTE
        return chance.choice(ends) - chance.randint(1, 60) * 1_000_000

    def _echoes(self, chance: Random) -> None:
        """Upper layers complain of what was not their fault."""
        for run in self.runs:
            if run.by is None or run.failed is None or chance.random() >= self.setting.echo:
                continue
            echoes = self.signals.echoes(run.by.cause.component, run.failed)
            for signal in chance.sample(echoes, min(len(echoes), chance.randint(1, 2))):
                scope = signal.about(chance.choice((Scope.HOST, Scope.VM)))
                plate = {Scope.SITE: "", Scope.HOST: self.site.host(run.vm), Scope.VM: run.vm}[scope]
                moment = run.ended + chance.randint(0, 90) * 1_000_000
                self._log(chance.choice(signal.hits), scope, plate, moment, chance)

    def _noise(self, chance: Random) -> None:
        """Events that have nothing to do with any fault, some of them on many machines."""
        chatty = chance.choice(self.signals.logged) if chance.random() < self.setting.chatty else None
        sigma = self.setting.noise_spread
        for machine, role in self.site.machines():
            scope = scope_of(role)
            rate = self.setting.noise * chance.lognormvariate(-0.5 * sigma**2, sigma)
            for signal in self.signals.logged:
                share = self.setting.chatty_share if signal is chatty else 0.0
                if signal.about(scope) is scope and chance.random() < max(share, min(0.9, signal.spurious * rate)):
                    moment = EVENING + chance.randint(-60, 240) * MINUTE
                    plate = "" if scope is Scope.SITE else machine
                    self._log(chance.choice(signal.hits), scope, plate, moment, chance)

    def _log(self, hit: Event, about: Scope, plate: str, moment: int, chance: Random) -> None:
        machine = self._speaker(hit, about, plate)
        fields = dict(hit.fields)
        named = hit.kind is Kind.ALERT or chance.random() < self.setting.named
        if about is Scope.VM and machine != plate and (named or "VmName" in fields):
            fields["VmName"] = plate
        if machine == SERVER and plate and named:
            fields["Server"] = f"{plate if about is Scope.HOST else self.site.host(plate)}.contoso.com"
        timed = hit.kind in {Kind.RECORD, Kind.ALERT, Kind.ERRLOG}
        once = hit.kind is not Kind.RECORD or outcome_of(hit) is not None
        for again in range(1 if once else chance.choice((1, 1, 1, 2, 4))):
            time = moment + again * 2_000_000 if timed else None
            placed = msgspec.structs.replace(hit, machine=machine, time=time, fields=fields)
            self.events[machine, export_of(hit)].append(placed)

    def _speaker(self, hit: Event, about: Scope, plate: str) -> str:
        """The machine that logs the event: the one that usually does, where the night has it."""
        match speaker(hit, about):
            case Role.HOST if plate:
                return self.site.host(plate) if about is Scope.VM else plate
            case Role.GUEST if about is Scope.VM:
                return plate
            case Role.DOMAIN_CONTROLLER:
                return CONTROLLER
        return plate if about is Scope.HOST and speaker(hit, about) is Role.GUEST else SERVER


def _report(run: Run, error: Event | None, site: Site, chance: Random) -> Event:
    """The report of a job as DPM's job list prints it."""
    began = run.failed is None or STAGES.index(run.failed) >= STAGES.index(Stage.READ_SOURCE)
    host = site.host(run.vm)
    fields = (error.fields if error else {}) | {
        "Product": "dpm",
        "Status": "failed" if run.failed else "succeeded",
        "VmName": run.vm,
        "Mode": run.mode.value if chance.random() < 0.85 else Mode.UNKNOWN.value,
        "ClusterNode" if host in site.cluster else "Server": f"{host}.contoso.com",
        "StartTime": _printed(run.started),
        "EndTime": _printed(run.ended),
    }
    sent = chance.randint(1, 9000) << 20 if began else 0
    if chance.random() < 0.8:
        fields["BytesTransferred"] = str(sent)
    said = error or Event(kind=Kind.JOB, source="", record=0)
    return msgspec.structs.replace(said, time=run.ended, machine=SERVER, provider="DPM", fields=fields)


def _printed(time: int) -> str:
    return datetime.fromtimestamp(time // 1_000_000, UTC).strftime("%m/%d/%Y %I:%M:%S %p")
