"""`shindan serve`."""

import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click
from platformdirs import user_data_path

from diagnostics.exit_codes import ExitCode
from diagnostics.progress import Watcher
from engine.dpm import Repository
from engine.transport.authority import TOKEN_MINUTES, Authority, system_time
from engine.transport.names import DEFAULT_PORT, Address, address_of
from engine.transport.orders import Orders
from engine.transport.service import Service
from engine.transport.tls import Limits
from tui.shell.outcome import ended, say
from tui.shell.protection import MEMBER_IN_WORDS, member_of, read_groups
from tui.wording import when

_HELP = """Be the server of remote backups: keep in a repository what agents bring, and start their jobs.

Server and agents know each other by certificates (TLS 1.3, both sides). The server's own authority is made on first
use. To enrol an agent, run --new-token NAME here, and what it prints on the agent, within a quarter of an hour.

--jobs FILE names protection groups in YAML; agents that run `shindan agent run` do the work:

\b
    protection-groups:
      - name: nightly
        every: 24h               # 15m, 24h, 7d
        at: '02:00'              # of a day, in UTC
        check-every: 7d          # consistency checks; none unless it is given
        images: [hv01:sql-data, hv02:web]

A job that fails for a reason that may pass is tried once more after --retry-after. --start AGENT:IMAGE starts one by
hand, with --check a consistency check, which compares everything and repairs what is damaged. points, verify, restore
and prune work on the repository's folder, here.

\b
Exit status:
    0  done, or stopped      1  it failed      2  wrong usage      3  REPO cannot be used
"""


def _everywhere() -> str:
    """All addresses of this machine, IPv4's too."""
    return f"[::]:{DEFAULT_PORT}" if socket.has_dualstack_ipv6() else f"0.0.0.0:{DEFAULT_PORT}"


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repo", metavar="REPO", type=click.Path(path_type=Path), help="The repository, a folder.")
@click.option(
    "--listen", metavar="ADDR:PORT", default=_everywhere, show_default=f"all addresses, port {DEFAULT_PORT}",
    help="Where to listen.",
)  # fmt: skip
@click.option("--jobs", metavar="FILE", type=click.Path(path_type=Path), help="Protection groups.")
@click.option(
    "--retry-after", type=click.FloatRange(min=0), default=600, show_default=True, metavar="SECONDS",
    help="When a failed job is tried again.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(min=1), default=30, show_default=True, metavar="SECONDS",
    help="Without a sign of life from an agent's machine, its connection counts as broken.",
)  # fmt: skip
@click.option("--state", metavar="DIR", type=click.Path(path_type=Path), help="Where authority and agents are kept.")
@click.option("--new-token", "new_token", metavar="NAME", help="Print a token that enrols the agent NAME, once.")
@click.option("--revoke", metavar="NAME", help="Let nobody accept the agent NAME's certificates any more.")
@click.option("--start", metavar="AGENT:IMAGE", multiple=True, help="Let an agent back up an image now.")
@click.option("--check", is_flag=True, help="With --start: a consistency check.")
@click.option("--agents", is_flag=True, help="List the agents.")
def serve(  # noqa: PLR0913 - one parameter an option
    *,
    repo: Path | None,
    listen: str,
    jobs: Path | None,
    retry_after: float,
    timeout: float,
    state: Path | None,
    new_token: str | None,
    revoke: str | None,
    start: tuple[str, ...],
    check: bool,
    agents: bool,
) -> None:
    """Keep what agents bring."""
    folder = state or user_data_path("shindan") / "server"
    if check and not start:
        raise click.UsageError("--check goes with --start; a protection group has check-every")
    if new_token or revoke or start or agents:
        if repo or jobs:
            raise click.UsageError("--new-token, --revoke, --start and --agents stand alone; a server that runs obeys")
        sys.exit(ended(partial(_administer, folder, new_token, revoke, start, check=check, agents=agents)))
    if repo is None:
        raise click.UsageError("--repo is missing: where are recovery points to be kept?")
    sys.exit(ended(partial(_serve, folder, repo, listen, jobs, retry_after, Limits(link=timeout))))


def _administer(
    folder: Path, new_token: str | None, revoke: str | None, start: tuple[str, ...], *, check: bool, agents: bool
) -> ExitCode:
    orders = [_member(text) for text in start]
    authority = Authority(folder)
    if revoke:
        count = authority.revoke(revoke)
        say(f"{count} certificates of {revoke} are revoked" if count else f"there is no good certificate of {revoke}")
    if orders:
        _check_agents(authority, orders)
        authority.ledger.add_orders(orders, int(system_time().timestamp()), check=check)
        for agent, image in orders:
            say(f"{agent}:{image} is ordered; {agent} does it when it asks, if it offers such an image")
    if agents:
        _list(authority)
    if new_token:
        click.echo(str(authority.new_token(new_token)))
        say(f"good once, for {TOKEN_MINUTES} minutes; on {new_token}: shindan agent enrol shindan://HOST --token -")
    return ExitCode.HEALTHY if not revoke or count else ExitCode.FAULT


def _member(text: str) -> tuple[str, str]:
    found = member_of(text)
    if found is None:
        raise click.UsageError(f"{text!r} names no image: {MEMBER_IN_WORDS}")
    return found


def _check_agents(authority: Authority, orders: Sequence[tuple[str, str]]) -> None:
    enrolled = {agent.name for agent in authority.agents() if not agent.revoked}
    for agent in sorted({agent for agent, _ in orders} - enrolled):
        raise click.UsageError(f"no agent is called {agent} (expected {', '.join(sorted(enrolled)) or 'one enrolled'})")


def _list(authority: Authority) -> None:
    for agent in authority.agents():
        state = "revoked" if agent.revoked else f"until {when(agent.expires * 10**9)}"
        click.echo(f"{agent.name:30}  {state}")


def _serve(folder: Path, repo: Path, listen: str, jobs: Path | None, retry_after: float, limits: Limits) -> ExitCode:
    address = address_of(listen, scheme="")
    groups = read_groups(jobs) if jobs else []
    Repository.create(repo).close()
    authority = Authority(folder)
    orders = Orders(authority.ledger, retry_after, system_time, _log)
    watcher = Watcher()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, watcher.interrupt)
    with closing(_listening(address)) as listening:
        host, port = listening.getsockname()[:2]
        say(f"listening on {Address(host, port)}")
        Service(authority, repo, orders, _log, limits).serve(listening, groups, watcher.cancelled)
    return ExitCode.HEALTHY


def _log(message: str) -> None:
    say(f"{when(int(system_time().timestamp() * 10**9))} {message}")


def _listening(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    both = address.host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=family, backlog=128, dualstack_ipv6=both)
