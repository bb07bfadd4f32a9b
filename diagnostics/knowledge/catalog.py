"""The catalogs beside the rules: causes, remedies and error codes. Their format: docs/rules.md."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from diagnostics.knowledge.events import load_events
from diagnostics.knowledge.updates import Update, load_updates
from diagnostics.knowledge.writer_states import load_writer_states
from engine.datafiles.documents import Problem, YamlDocument, read
from engine.datafiles.schema import typed
from engine.datafiles.tables import read_rows
from engine.pipeline import COMPONENTS, STAGES, Component, Scope, Stage

KNOWLEDGE = Path(__file__).parent

Text = Annotated[str, msgspec.Meta(min_length=1)]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[\w-]+(\.[\w-]+)+(:\d+)?(/[^\s<>]*)?$")]
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Prior(StrEnum):
    """How often a cause is there, per plate and night."""

    COMMON = "common"
    OCCASIONAL = "occasional"
    RARE = "rare"


PRIORS = {Prior.COMMON: 0.001, Prior.OCCASIONAL: 0.00065, Prior.RARE: 0.0004}
"""P(cause present) per plate instance and night. Mostly the ratios matter, and they are those of 74 public failures
with a confirmed cause: a common cause of the catalog was that of 0.96 of them, an occasional of 0.63, a rare of 0.36.
With some twenty causes on a virtual machine they add up to one bad night in seventy."""


class Severity(StrEnum):
    """What a cause does to the jobs that meet it."""

    HARD = "hard"
    FLAKY = "flaky"


FAILURES = {Severity.HARD: 0.95, Severity.FLAKY: 0.45}
"""P(stage fails | cause present). A hard cause lets one job in twenty pass, so that a sibling's success is strong
evidence, not proof; a flaky one fails about every second job."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A mode in which a component fails."""

    id: str
    title: str
    component: Component
    prior: Prior
    severity: Severity
    stages: tuple[Stage, ...]
    """The stages that it can fail."""
    scopes: tuple[Scope, ...]
    """The plates that it can sit on, the usual one first."""
    explanation: str
    confirm: tuple[str, ...]
    remedies: tuple[str, ...]
    """Ids; empty where there is none, and then `reason` says why."""
    reason: str
    inject: tuple[str, ...]
    """Faults of the lab that bring it about, best first: as `shindan replay --fault` takes them, without a plate."""
    references: tuple[str, ...]
    file: str
    line: int

    @property
    def probability(self) -> float:
        """P(present) per plate instance and night."""
        return PRIORS[self.prior]

    @property
    def failure(self) -> float:
        """P(a stage of its fails | present)."""
        return FAILURES[self.severity]


class Role(StrEnum):
    """The machine that a remedy is carried out on."""

    DPM_SERVER = "dpm-server"
    HOST = "host"
    GUEST = "guest"
    MACHINE = "machine"  # whichever machine has the fault
    DOMAIN_CONTROLLER = "domain-controller"


class Risk(StrEnum):
    """What a remedy may do to the machine, from harmless to grave."""

    READ_ONLY = "read-only"
    CHANGES_CONFIGURATION = "changes-configuration"
    RESTARTS_SERVICE = "restarts-service"
    PAUSES_VM = "pauses-vm"
    RESTARTS_MACHINE = "restarts-machine"
    LOSES_DATA = "loses-data"


class LabEffect(StrEnum):
    """What a remedy changes in the lab."""

    MENDS = "mends"
    """The faults of the causes that name it are gone."""
    NOTHING = "nothing"
    """It looks, or tries again."""
    OFFLINE = "offline"
    """The virtual machine is backed up offline from then on."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to do, in words, and as a command where it is one."""

    do: Text
    run: tuple[Text, ...] = ()
    """The arguments, never joined to a command line here."""


class Remedy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What helps against a cause."""

    id: Id
    title: Text
    role: Role
    risk: Risk
    steps: tuple[Step, ...]
    lab: LabEffect = LabEffect.MENDS
    before: tuple[Text, ...] = ()
    undo: str = ""
    verify: str = ""
    references: tuple[Url, ...] = ()


class CodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an error code means."""

    code: str
    """Canonical (docs/events.md)."""
    symbol: str
    meaning: str
    component: Component | None
    """Where it usually comes from."""
    retryable: bool | None
    """Whether trying again may help; None where that depends."""
    first_stage: Stage | None
    last_stage: Stage | None
    """A job that ends with this code failed between these stages, both inclusive; None for anywhere."""


class Catalog(NamedTuple):
    """All that is known, by id or code, in the order of ids, and what was wrong in the files."""

    causes: dict[str, Cause]
    remedies: dict[str, Remedy]
    codes: dict[str, CodeInfo]
    problems: tuple[Problem, ...] = ()
    updates: tuple[Update, ...] = ()


def load_catalog(folder: Path = KNOWLEDGE) -> Catalog:
    """Read `causes/*.yml`, `remedies/*.yml`, `codes.csv`, `updates.yml`; check the other tables; tell what is wrong."""
    problems: list[Problem] = []
    causes: dict[str, Cause] = {}
    remedies: dict[str, Remedy] = {}
    for document in _documents(folder, "causes", problems):
        for cause in _causes(document, problems):
            _keep(causes, cause.id, cause, Problem(cause.file, cause.line, f"cause {cause.id} occurs twice"), problems)
    for document in _documents(folder, "remedies", problems):
        for place, remedy in _remedies(document, problems):
            twice = document.problem(("remedies", place), f"remedy {remedy.id} occurs twice")
            _keep(remedies, remedy.id, remedy, twice, problems)
    codes = _codes(folder, problems)
    problems += _out_of_reach(codes.values(), causes.values())
    problems += [*load_events(folder)[1], *load_writer_states(folder)[1]]
    _check_remedies(causes, remedies, problems)
    updates, wrong = load_updates(folder, causes)
    problems += wrong
    return Catalog(_sorted(causes), _sorted(remedies), _sorted(codes), tuple(problems), updates)


class _CauseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    title: Text
    prior: Prior
    severity: Severity
    explanation: Text
    remedies: tuple[Id, ...] | str
    stages: tuple[Stage, ...] = ()
    scopes: tuple[Scope, ...] = ()
    confirm: tuple[Text, ...] = ()
    reason: str = ""
    inject: tuple[Text, ...] = ()
    references: tuple[Url, ...] = ()


class _CauseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    component: Component
    causes: list[Any]


class _RemedyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    remedies: list[Any]


def _documents(folder: Path, kind: str, problems: list[Problem]) -> Iterator[YamlDocument]:
    for path in sorted((folder / kind).glob("*.yml")):
        document, wrong = read(path, f"{kind}/{path.name}")
        problems += wrong
        if document is not None:
            yield document


def _causes(document: YamlDocument, problems: list[Problem]) -> Iterator[Cause]:
    listed, wrong = typed(_CauseFile, document)
    problems += wrong
    for place in range(len(listed.causes) if listed else 0):
        entry, wrong = typed(_CauseEntry, document, ("causes", place))
        problems += wrong
        if listed is not None and entry is not None:
            wrong = list(_cause_problems(document, place, entry, COMPONENTS[listed.component].scopes))
            problems += wrong
            if not wrong:
                yield _cause(document, place, listed.component, entry)


def _cause(document: YamlDocument, place: int, component: Component, entry: _CauseEntry) -> Cause:
    about = COMPONENTS[component]
    fields = msgspec.structs.asdict(entry) | {
        "component": component,
        "stages": entry.stages or about.stages,
        "scopes": entry.scopes or about.scopes,
        "remedies": entry.remedies if isinstance(entry.remedies, tuple) else (),
    }
    return Cause(file=document.file, line=document.line(("causes", place, "id")), **fields)


def _cause_problems(
    document: YamlDocument, place: int, entry: _CauseEntry, scopes: tuple[Scope, ...]
) -> Iterator[Problem]:
    where = ("causes", place)
    if isinstance(entry.remedies, str) and (entry.remedies != "none" or not entry.reason):
        expected = "a list of remedy ids, or `remedies: none` with `reason:`"
        yield document.problem((*where, "remedies"), f"remedies of {entry.id} is {entry.remedies!r}", expected)
    for scope in entry.scopes:
        if scope not in scopes:
            yield document.problem((*where, "scopes"), f"{entry.id} cannot sit on {scope}", " or ".join(scopes))


def _remedies(document: YamlDocument, problems: list[Problem]) -> Iterator[tuple[int, Remedy]]:
    listed, wrong = typed(_RemedyFile, document)
    problems += wrong
    for place in range(len(listed.remedies) if listed else 0):
        remedy, wrong = typed(Remedy, document, ("remedies", place))
        problems += wrong
        if remedy is not None:
            yield place, remedy


def _check_remedies(causes: dict[str, Cause], remedies: dict[str, Remedy], problems: list[Problem]) -> None:
    for cause in causes.values():
        unknown = [remedy for remedy in cause.remedies if remedy not in remedies]
        told = f"cause {cause.id} names an unknown remedy: "
        problems += [Problem(cause.file, cause.line, told + remedy) for remedy in unknown]


_COLUMNS = ["code", "symbol", "meaning", "component", "retryable", "first_stage", "last_stage"]
_CANONICAL = re.compile(
    r"0x[0-9A-F]{8}|ID (?:1[0-9]{5}|[1-9][0-9]{0,4})|VM [1-9][0-9]{0,4}|KRB [1-9][0-9]{0,2}"
).fullmatch
_RETRYABLE = {"yes": True, "no": False, "maybe": None, "": None}


def _codes(folder: Path, problems: list[Problem]) -> dict[str, CodeInfo]:
    codes: dict[str, CodeInfo] = {}
    for line, cells in read_rows(folder / "codes.csv", _COLUMNS, problems):
        info, wrong = _code(cells, line)
        problems += wrong
        if info is not None:
            twice = Problem("codes.csv", line, f"code {info.code} occurs twice")
            _keep(codes, info.code, info, twice, problems)
    return codes


def _out_of_reach(codes: Iterable[CodeInfo], causes: Iterable[Cause]) -> Iterator[Problem]:
    """Codes after which no cause of their own component is ever named: it fails at none of their stages."""
    acts: dict[Component, set[Stage]] = {component: set(info.stages) for component, info in COMPONENTS.items()}
    for cause in causes:
        acts[cause.component].update(cause.stages)
    for code in codes:
        if code.component and code.first_stage and code.last_stage:
            between = STAGES[STAGES.index(code.first_stage) : STAGES.index(code.last_stage) + 1]
            if acts[code.component].isdisjoint(between):
                what = f"{code.component} does not act between {code.first_stage} and {code.last_stage} of {code.code}"
                yield Problem("codes.csv", 0, what)


def _code(cells: dict[str, str], line: int) -> tuple[CodeInfo | None, list[Problem]]:
    problems = []
    if not _CANONICAL(cells["code"]):
        problems.append(
            Problem("codes.csv", line, f"code {cells['code']!r} is not canonical", "0x800423F4, ID 1, VM 1, KRB 1")
        )
    if cells["retryable"] not in _RETRYABLE:
        problems.append(
            Problem("codes.csv", line, f"retryable is {cells['retryable']!r}", "yes, no, maybe, or nothing")
        )
    places: list[Any] = []
    for column, vocabulary in (("component", Component), ("first_stage", Stage), ("last_stage", Stage)):
        known = cells[column] in list(vocabulary) or not cells[column]
        places.append(vocabulary(cells[column]) if known and cells[column] else None)
        if not known:
            problems.append(Problem("codes.csv", line, f"{column} is {cells[column]!r}", ", ".join(vocabulary)))
    component, first, last = places
    problems += _interval_problems(first, last, line)
    if problems:
        return None, problems
    retryable = _RETRYABLE[cells["retryable"]]
    return CodeInfo(
        code=cells["code"], symbol=cells["symbol"], meaning=cells["meaning"],
        component=component, retryable=retryable, first_stage=first, last_stage=last,
    ), []  # fmt: skip


def _interval_problems(first: Stage | None, last: Stage | None, line: int) -> list[Problem]:
    order = list(Stage)
    if (first is None) != (last is None):
        return [Problem("codes.csv", line, "one stage of two", "both or neither")]
    if first is not None and last is not None and order.index(first) > order.index(last):
        return [Problem("codes.csv", line, f"{first} comes after {last}", "first_stage before last_stage")]
    return []


def _keep(known: dict[str, Any], key: str, value: object, twice: Problem, problems: list[Problem]) -> None:
    if key in known:
        problems.append(twice)
    else:
        known[key] = value


def _sorted(items: dict[str, Any]) -> dict[str, Any]:
    return {key: items[key] for key in sorted(items)}
