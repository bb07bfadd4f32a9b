"""`shindan reproduce`."""

import sys
from typing import Any

import click

from diagnostics.cli import about_logs
from diagnostics.command import run
from diagnostics.diagnosis import Diagnosis, Knowledge
from diagnostics.progress import watched
from diagnostics.reproduce import Bounds, reproduce
from diagnostics.request import Options

_HELP = """Diagnose exported logs as `diagnose` does; then bring about the suspected causes in the lab, on machines like
those of the logs, and tell which of them logs the same.

The lab runs the engine in virtual time, in a temporary folder: a night takes about a second. It touches no machine.

\b
Exit status: as of `diagnose`.
    0  healthy: there is nothing to reproduce
    1  a fault was found          2  wrong usage
    3  an input could not be read, or nothing was
    4  no fault found, but some input was damaged or not understood
    5  internal error           130  interrupted: what was run by then is told
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@about_logs
@click.option("--most", type=click.IntRange(1, 40), default=Bounds().most, show_default=True, help="Causes to run.")
@click.option(
    "--seconds", type=click.FloatRange(1), default=Bounds().seconds, show_default=True, help="For the lab, altogether."
)
@click.option("--seed", type=int, default=Bounds().seed, show_default=True, help="The same seed gives the same runs.")
def reproduce_command(*, most: int, seconds: float, seed: int, **options: Any) -> None:  # noqa: ANN401 - see `Options`
    """Diagnose, and try the verdict in the lab."""

    def try_it(diagnosis: Diagnosis, knowledge: Knowledge) -> bool:
        with watched(sys.stderr, "in the lab") as watcher:
            bounds = Bounds(most, seconds, seed)
            diagnosis.verdict.reproduced = reproduce(diagnosis, knowledge, watcher, bounds)
        return not watcher.interrupted

    sys.exit(run(Options(**options), try_it))
