"""Which remedy, what it would change on the real machines, and what it changes in the lab. Nothing is done here."""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from diagnostics.answer.wording import advice
from diagnostics.knowledge.catalog import Catalog, LabEffect, Remedy
from diagnostics.retry.opening import FailedJob, causes_of
from diagnostics.verdict import RemedyAdvice
from engine.lab import Fault
from engine.pipeline import Scope
from engine.sentence import Sentence

OFFLINE = "switch-to-offline-backup"


class UnknownRemedyError(Exception):
    """There is no such remedy, or none for the cause; the message names those that there are."""


class Wish(msgspec.Struct, frozen=True):
    """What a person asked for; without anything, the first remedy of the suspected cause."""

    remedy: str = ""
    offline: bool = False
    """Back the machine up offline, as the article advises where the host's part is sound."""


class Plan(msgspec.Struct, kw_only=True):
    """A remedy for the failed jobs of some machines."""

    vms: list[str]
    """Whose jobs are run again: those that failed where the suspected cause reaches."""
    left: list[str]
    """Whose jobs failed elsewhere."""
    cause: str
    """Suspected."""
    plate: str
    remedy: RemedyAdvice
    before: list[str]
    """To be made sure of before the remedy is applied to real machines."""
    takes_away: list[str]
    """The faults of the lab that are gone with it."""
    offline: list[str]
    """The machines that are backed up offline with it."""


def plan(job: FailedJob, faults: Sequence[Fault], failed: Sequence[str], catalog: Catalog, remedy: Remedy) -> Plan:
    """Say what a remedy changes.

    Args:
        job: what failed.
        faults: those that are present in the lab.
        failed: the virtual machines whose last job failed.
        catalog: what is known of causes and remedies.
        remedy: one of the catalog's.
    """
    reached = [vm for vm in failed if job.reaches(vm)] or list(failed)
    mended = [fault for fault in faults if _mends(remedy, fault, catalog)]
    concerned = [job.plate.partition(":")[2]] if job.plate.startswith(f"{Scope.VM}:") else []
    offline = remedy.lab is LabEffect.OFFLINE
    return Plan(
        vms=reached,
        left=[vm for vm in failed if vm not in reached],
        cause=job.suspected.id,
        plate=job.plate,
        remedy=advice(remedy),
        before=[Sentence(text) for text in remedy.before],
        takes_away=[str(fault) for fault in mended],
        offline=[vm for vm in reached if vm in concerned or not concerned] if offline else [],
    )


def choose(job: FailedJob, catalog: Catalog, wish: Wish) -> Remedy:
    """The remedy that a person asked for, else the first of the suspected cause that changes anything.

    Raises:
        UnknownRemedyError: there is no such remedy, or none for the cause.
    """
    name = OFFLINE if wish.offline else wish.remedy
    if name:
        if name not in catalog.remedies:
            near = get_close_matches(name, catalog.remedies, 1)
            expected = near[0] if near else f"one of {', '.join(job.suspected.remedies)}"
            raise UnknownRemedyError(f"no remedy is called {name} (expected {expected})")
        return catalog.remedies[name]
    own = [catalog.remedies[name] for name in job.suspected.remedies if name in catalog.remedies]
    for remedy in own:
        if remedy.lab is not LabEffect.NOTHING:
            return remedy
    if own:
        return own[0]
    raise UnknownRemedyError(f"no remedy is known for {job.suspected.id}: {job.suspected.reason}")


def _mends(remedy: Remedy, fault: Fault, catalog: Catalog) -> bool:
    named = any(remedy.id in cause.remedies for cause in causes_of(fault, catalog.causes))
    return named and remedy.lab is LabEffect.MENDS
