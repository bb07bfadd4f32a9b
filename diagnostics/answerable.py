"""Whether what was read can answer what a person asked for: the machines that options name are machines of the logs."""

from difflib import get_close_matches

from diagnostics.case.topology import Role, read_topology, short_name
from diagnostics.reading import Reading
from diagnostics.request import Request, UsageError
from engine.sentence import Sentence

_MOST_NAMED = 8
"""Machines that a complaint lists where none is called alike."""


def check_roles(request: Request, reading: Reading) -> None:
    """Refuse a role that is given to a machine of which neither the logs nor the topology file knows.

    What the logs lack a person may name: the host, where they are of virtual machines alone, and any machine where they
    name none.

    Raises:
        UsageError: the role of such a machine; it tells what the machines are called.
    """
    strangers = request.machines_named.difference(map(short_name, reading.machines))
    if not strangers:
        return
    given = {name: role for name, role in request.roles.items() if name not in strangers}
    logs = {source.machine for source in reading.sources if source.is_a_log}
    topology = read_topology(reading.events, logs, given)
    strangers = strangers.difference(topology.machines)
    may_be_host = not topology.hosts
    wrong = sorted(name for name in strangers if not (may_be_host and request.roles[name] is Role.HOST))
    if wrong and topology.machines:
        raise UsageError(_unknown(wrong[0], sorted(topology.machines)))


def _unknown(name: str, machines: list[str]) -> Sentence:
    known = ", ".join(get_close_matches(name, machines, 3) or machines[:_MOST_NAMED])
    return Sentence(
        "--role {name}: no log is of such a machine, and none names it; there are {known}", name=name, known=known
    )
