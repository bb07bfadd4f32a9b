"""The verdict on trial, in a process of its own: its suspects are brought about, and what that logs is compared."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from diagnostics.diagnosis import Diagnosis, load_knowledge
from diagnostics.reproduce import Bounds, reproducing
from diagnostics.verdict import Reproduction
from tui.errand import Teller, Watching, carry_out, send


class _Order(msgspec.Struct, frozen=True):
    diagnosis: Diagnosis
    rules: Sequence[Path]
    bounds: Bounds
    scratch: str
    """Where the nights of the lab lie; whoever gave the order takes it away, since the process may be killed."""


def try_elsewhere(
    diagnosis: Diagnosis, rules: Sequence[Path], bounds: Bounds, watching: Watching
) -> Reproduction | None:
    """What the lab says of a diagnosis; None once abandoned. What it says so far is told after each run.

    Raises:
        ErrandFailedError: the process died, or made a mistake.
    """
    # The ledger stays: the file on which it rests has one owner.
    case = msgspec.structs.replace(diagnosis.case, reading=msgspec.structs.replace(diagnosis.case.reading, ledger=None))
    with tempfile.TemporaryDirectory(prefix="shindan-", ignore_cleanup_errors=True) as scratch:
        order = _Order(msgspec.structs.replace(diagnosis, case=case), rules, bounds, scratch)
        answer = send("tui.lab.trial:work", order, watching)
    return answer if isinstance(answer, Reproduction) else None


def work() -> None:
    """What the other process does."""
    carry_out(_try, lambda _: None)


def _try(order: _Order, teller: Teller) -> Reproduction:
    tempfile.tempdir = order.scratch
    knowledge = load_knowledge(order.rules, teller.preparing)
    for told in reproducing(order.diagnosis, knowledge, teller, order.bounds):
        teller.so_far(told)
    return told
