"""What a person asked for, checked: the options of a command become a request."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from diagnostics.case.jobs import ANYWHERE, Job, Outcome, narrow
from diagnostics.case.sharing import KINDS
from diagnostics.case.topology import Role, short_name
from diagnostics.event import Event, Kind
from diagnostics.samples import with_samples
from engine.datafiles.documents import read
from engine.datafiles.schema import typed
from engine.pipeline import Mode, Stage
from engine.sentence import Sentence

ROLE_WORDS = {role.value: role for role in Role if role is not Role.UNKNOWN} | {"dc": Role.DOMAIN_CONTROLLER}
SharedName = Annotated[str, msgspec.Meta(pattern=rf"^({'|'.join(KINDS)}):.+$")]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UsageError(Exception):
    """An option that cannot be understood; the message says which, and what was expected."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `diagnose`, as typed; `diagnostics.cli` documents them."""

    paths: tuple[str, ...]
    form: str = "text"
    output: Path | None = None
    rules: tuple[Path, ...] = ()
    topology: Path | None = None
    roles: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    vm: str = ""
    fail_on: str = "any"
    plain: bool = False
    explain: bool = False
    schema: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for."""

    paths: tuple[str, ...]
    """Files, folders, archives; `-` is standard input."""
    rules: tuple[Path, ...] = ()
    roles: Mapping[str, Role] = {}
    """Short machine name -> role, given by hand."""
    machines_named: frozenset[str] = frozenset()
    """Of these machines, those that only an option (`--role`) names: whoever typed them meant machines of the logs."""
    host_of: Mapping[str, str] = {}
    """Virtual machine -> host, given by hand."""
    jobs: tuple[Job, ...] = ()
    """Given by hand: for their virtual machines they stand in place of what the logs tell."""
    shared: Mapping[str, tuple[str, ...]] = {}
    """Shared plate -> the virtual machines that share it, given by hand."""
    zones: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    """Bounds in microseconds UTC, both inclusive; events without a time stay."""
    vm: str = ""

    def holds(self, time: int | None) -> bool:
        """Whether what happened then is asked for."""
        return time is None or (
            (self.since is None or self.since <= time) and (self.until is None or time <= self.until)
        )


class _GivenJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job that a person knows better than the logs."""

    vm: str
    outcome: Outcome
    host: str = ""
    mode: Mode = Mode.UNKNOWN
    first_stage: Stage = ANYWHERE[0]
    """Where it failed: in this stage or a later one, up to the last."""
    last_stage: Stage = ANYWHERE[1]


class _TopologyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format of `--topology FILE`."""

    roles: dict[str, str] = {}
    hosts: dict[str, list[str]] = {}
    """Host -> its virtual machines."""
    jobs: tuple[_GivenJob, ...] = ()
    shared: dict[SharedName, list[str]] = {}
    """What virtual machines of several hosts share -> these machines."""


def request_of(options: Options) -> Request:
    """Check the options of a command.

    Raises:
        UsageError: an option that cannot be understood.
    """
    if not options.paths:
        raise UsageError(Sentence("Name at least one PATH; - is standard input."))
    if "" in options.paths:
        raise UsageError(Sentence("A PATH is empty (a variable that is not set?); . is the folder that you are in."))
    if options.output and (options.output.is_dir() or not options.output.parent.is_dir()):
        raise UsageError(Sentence("--output {path}: expected a file in a folder that exists", path=options.output))
    for place in options.rules:
        if not place.exists():
            raise UsageError(Sentence("--rules {path}: no such folder or file", path=place))
    given = _topology_file(options.topology) if options.topology else _TopologyFile()
    roles = {short_name(name): _role(word, f"{options.topology}: roles: {name}") for name, word in given.roles.items()}
    typed = dict(_named_role(text) for text in options.roles)
    host_of = {vm.upper(): short_name(host) for host, vms in given.hosts.items() for vm in vms}
    for job in given.jobs:
        if job.host:
            host_of[job.vm.upper()] = short_name(job.host)
    since, until = _moment(options.since, "--since"), _moment(options.until, "--until")
    if since is not None and until is not None and since > until:
        raise UsageError(
            Sentence("--since {since} is later than --until {until}", since=options.since, until=options.until)
        )
    in_file = {*roles, *host_of, *host_of.values(), *(job.vm.upper() for job in given.jobs)}
    return Request(
        paths=with_samples(options.paths),
        jobs=tuple(_job(job, number, str(options.topology)) for number, job in enumerate(given.jobs, 1)),
        rules=options.rules,
        roles=dict.fromkeys(host_of.values(), Role.HOST) | roles | typed,
        machines_named=frozenset(typed).difference(in_file),
        host_of=host_of,
        shared={name: tuple(vms) for name, vms in given.shared.items()},
        zones=options.zones,
        since=since,
        until=until,
        vm=options.vm.upper(),
    )


def _job(given: _GivenJob, number: int, file: str) -> Job:
    vm, host = given.vm.upper(), short_name(given.host)
    told = Event(kind=Kind.JOB, source=file, record=number, text=f"{vm}: {given.outcome}", fields={"VmName": vm})
    failed = narrow(ANYWHERE, (given.first_stage, given.last_stage)) if given.outcome is Outcome.FAILED else None
    return Job(
        id=f"{vm}#{number}", vm=vm, host=host, mode=given.mode, outcome=given.outcome, failed=failed,
        started=None, ended=None, bytes_sent=None, reports=(told,),
    )  # fmt: skip


def _topology_file(path: Path) -> _TopologyFile:
    """Read a topology file: `roles: {NAME: ROLE}`, `hosts: {HOST: [VM]}`, `jobs: [...]`, `shared: {csv:NAME: [VM]}`."""
    document, problems = read(path)
    given, wrong = typed(_TopologyFile, document) if document else (None, [])
    if given is None or problems or wrong:
        raise UsageError("; ".join(str(problem) for problem in [*problems, *wrong]))
    return given


def _named_role(text: str) -> tuple[str, Role]:
    name, separator, word = text.partition("=")
    if not separator or not name:
        raise UsageError(Sentence("--role {text}: expected NAME=ROLE, for example HV01=host", text=text))
    return short_name(name), _role(word, f"--role {text}")


def _role(word: str, where: str) -> Role:
    if word not in ROLE_WORDS:
        known = ", ".join(sorted(ROLE_WORDS))
        raise UsageError(Sentence("{where}: no such role (expected one of {known})", where=where, known=known))
    return ROLE_WORDS[word]


def _moment(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            Sentence("{option} {text}: expected ISO 8601, for example 2026-11-20T01:00:00Z", option=option, text=text)
        ) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((aware - _EPOCH).total_seconds() * 1_000_000)
