"""`shindan replay`."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from diagnostics.commands.table import print_table
from diagnostics.exit_codes import ExitCode
from diagnostics.samples import near, sample_jobs, sample_named
from engine.lab import (
    Fault,
    FaultError,
    JobRecord,
    Lab,
    ScenarioError,
    fault_kinds,
    parse_fault,
    read_scenario,
    write_scenario,
)
from tui.shell.narration import Narrator, shown_bar
from tui.shell.outcome import say
from tui.wording import size

_HELP = """Run a job in the lab, step by step, and write the logs that its machines would have left.

JOB is the name of a sample, a scenario file, or a folder with a `scenario.yml`. The lab runs the engine in virtual
time, in a temporary folder: it touches no machine, and a night takes about a second. The same scenario, seed and faults
give the same logs, byte for byte.

A fault is NAME[@PLATE][:KEY=VALUE]..., on top of those of the scenario; PLATE is `site`, `host:HV01` or `vm:SQL01`, and
may be left out where one fits only. `passes=1` lets it be gone after one failed job. --list-faults shows all.

Logs go to --out, and `diagnose` reads them like any others. Without it, none are written, unless JOB is a folder, and
neither --seed nor --fault change its night: then those in its `logs` are made anew.

\b
Exit status:
    0  every machine has its recovery point      1  the last job of a machine failed
    2  wrong usage                               3  the scenario cannot be read
    5  internal error                          130  interrupted: no logs are written
"""


def _list_faults(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if not wanted or context.resilient_parsing:
        return
    rows = [
        (kind.name, kind.component, ", ".join(kind.plates), kind.sentence, _parameters(kind.parameters))
        for kind in fault_kinds().values()
    ]
    print_table(("FAULT", "COMPONENT", "ON", "WHAT", "PARAMETERS"), rows)
    context.exit()


def _parameters(parameters: object) -> str:
    return " ".join(f"{key}={value}" for key, value in dict(parameters).items())  # type: ignore[call-overload]


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job", metavar="JOB")
@click.option("--seed", type=int, help="Another seed than the scenario's.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Let this go wrong too; may be repeated.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Where the logs go.")
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave the job as it was run, and its logs, for `shindan retry DIR`.",
)
@click.option("--step", "stepwise", is_flag=True, help="Wait for Enter after each step.")
@click.option("-q", "--quiet", is_flag=True, help="Tell of jobs and failures only.")
@click.option(
    "--list-faults", is_flag=True, is_eager=True, expose_value=False, callback=_list_faults, help="Show all faults."
)
def replay(
    *,
    job: str,
    seed: int | None,
    faults: tuple[str, ...],
    out: Path | None,
    keep: Path | None,
    stepwise: bool,
    quiet: bool,
) -> None:
    """Run a job in the lab."""
    place = _place_of(job)
    added = [_fault(text) for text in faults]
    try:
        scenario = read_scenario(place)
    except ScenarioError as error:
        for problem in error.problems:
            say(str(problem))
        sys.exit(ExitCode.UNREADABLE)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="shindan-lab-")))
        try:
            lab = stack.enter_context(Lab(scenario, folder / "lab", seed=seed, faults=added))
        except FaultError as error:
            raise click.UsageError(_told(error)) from error
        as_run = msgspec.structs.replace(scenario, seed=lab.seed, faults=tuple(map(str, lab.faults)))
        say(f"{scenario.title}; seed {lab.seed}" + "".join(f"; {fault}" for fault in lab.faults))
        narrator = Narrator(quiet=quiet, stepwise=stepwise, bar=stack.enter_context(shown_bar()))
        with _interruptible(narrator):
            night = lab.run(narrator)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            write_scenario(as_run, keep)
            say(f"{len(lab.write_logs(keep / 'logs'))} files in {keep / 'logs'}")
        where = out or (place / "logs" if Path(job).is_dir() and not added and seed is None else None)
        if where is not None:
            say(f"{len(lab.write_logs(where))} files in {where}")
        elif keep is None:
            say("no logs were written: --out DIR writes them")
    _summarize(night.jobs)
    sys.exit(ExitCode.FAULT if night.failed else ExitCode.HEALTHY)


def _place_of(job: str) -> Path:
    """A path that is there, else the sample of this name."""
    if Path(job).exists():
        return Path(job)
    if sample := sample_named(job):
        return sample.folder
    known = ", ".join(sample.name for sample in sample_jobs()) or "none came with this Shindan"
    raise click.UsageError(f"{job}: no such file, folder or sample; {near(job) or f'samples: {known}'}")


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except FaultError as error:
        raise click.UsageError(_told(error)) from error


def _told(error: FaultError) -> str:
    return f"{error}" + (f" (expected {error.expected})" if error.expected else "")


@contextmanager
def _interruptible(narrator: Narrator) -> Iterator[None]:
    """Ctrl-C ends the run at its next step, in order."""

    def interrupt(_signal: int, _frame: object) -> None:
        if narrator.interrupted:
            raise KeyboardInterrupt
        narrator.interrupted = True

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _summarize(jobs: Sequence[JobRecord]) -> None:
    header = ("VM", "HOST", "MODE", "BEGAN", "TOOK", "ATTEMPT", "OUTCOME", "STAGE", "ID", "CODE", "SENT")
    print_table(header, [_row(job) for job in jobs])


def _row(job: JobRecord) -> tuple[str, ...]:
    took = f"{(job.ended - job.started).total_seconds():.0f} s"
    failed = ("failed", job.stage or "", str(job.number), str(job.hresult))
    ended = failed if job.failed else ("recovery point", "", "", "")
    return (job.vm, job.host, job.mode, f"{job.started:%H:%M:%S}", took, str(job.attempt), *ended, size(job.sent))
