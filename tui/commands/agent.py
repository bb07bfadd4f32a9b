"""`shindan agent`: being an agent of a server of remote backups."""

import sys
from functools import partial
from pathlib import Path

import click
from platformdirs import user_data_path

from diagnostics.exit_codes import ExitCode
from engine.transport.agent import work
from engine.transport.enrolment import Membership
from engine.transport.enrolment import enrol as become
from engine.transport.names import SCHEME, address_of
from engine.transport.tls import Limits
from engine.transport.tokens import Token
from tui.shell.outcome import ended, say
from tui.shell.progress import watched
from tui.shell.protection import read_images

_STATE = click.option(
    "--state", metavar="DIR", type=click.Path(path_type=Path), help="Where this machine's identity is kept."
)
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=1), default=30, show_default=True, metavar="SECONDS",
    help="Without a sign of life from the server's machine, the connection counts as broken.",
)  # fmt: skip
_SETTINGS = {"help_option_names": ["-h", "--help"]}

_ENROL = f"""Become an agent of the server at SERVER.

SERVER is {SCHEME}HOST or {SCHEME}HOST:PORT. The token comes from `shindan serve --new-token NAME` on the server. It
names this agent, and is bound to the server's authority, so that nobody can put himself in between. It is good once.
`--token -` reads it from standard input, where no list of processes shows it.

\b
Exit status:
    0  enrolled      1  the server or the token was refused, or nobody answered      2  wrong usage
"""

_RUN = """Wait for the server's jobs and do them, until Ctrl-C.

--images FILE says, in YAML, which images of this machine there are. The server knows their names, not their paths.

\b
    images:
      - name: sql-data
        path: /var/lib/vms/sql.vhdx      # from the file's folder, if relative
        freeze-command: virsh domfsfreeze sql
        thaw-command: virsh domfsthaw sql
        track: true                      # as `shindan backup --track`
      - name: web
        path: web.vhdx
        allow-torn: true

\b
Exit status:
    1  server and agent do not trust each other      2  wrong usage     130  stopped
"""


def agent_folder(state: Path | None) -> Path:
    """Where this machine's identity is kept."""
    return state or user_data_path("shindan") / "agent"


@click.group(context_settings=_SETTINGS)
def agent() -> None:
    """Be an agent of a server of remote backups."""


@agent.command(help=_ENROL, context_settings=_SETTINGS)
@click.argument("server", metavar="SERVER")
@click.option("--token", required=True, metavar="TOKEN", help="The token; - reads it from standard input.")
@_STATE
@_TIMEOUT
def enrol(*, server: str, token: str, state: Path | None, timeout: float) -> None:
    """Become an agent of a server."""
    sys.exit(ended(partial(_enrol, server, token, agent_folder(state), Limits(link=timeout))))


def _enrol(server: str, token: str, folder: Path, limits: Limits) -> ExitCode:
    text = sys.stdin.readline(1000) if token == "-" else token  # noqa: S105 - it says where the token is
    member = become(folder, address_of(server), Token.of(text), limits)
    say(f"this machine is agent {member.name} of {member.server}")
    return ExitCode.HEALTHY


@agent.command(help=_RUN, context_settings=_SETTINGS)
@click.option("--images", required=True, metavar="FILE", type=click.Path(path_type=Path), help="This machine's images.")
@_STATE
@_TIMEOUT
def run(*, images: Path, state: Path | None, timeout: float) -> None:
    """Wait for the server's jobs and do them."""
    sys.exit(ended(partial(_run, images, agent_folder(state), Limits(link=timeout))))


def _run(images: Path, folder: Path, limits: Limits) -> ExitCode:
    from engine.transport.authority import system_time  # noqa: PLC0415 - slow to import

    offered = read_images(images)
    member = Membership(folder)
    say(f"agent {member.name} offers {', '.join(offered)} to {member.server}")
    with watched(sys.stderr, "backups") as watcher:
        work(member, offered, watcher, say, system_time, limits)
    return ExitCode.INTERRUPTED
