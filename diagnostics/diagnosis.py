"""The whole road, from what a person handed in to a verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.answer.composing import compose
from diagnostics.answerable import check_roles
from diagnostics.knowledge.catalog import Catalog, load_catalog
from diagnostics.localize.judge import MOST_EXPLAINED
from diagnostics.reading import Progress, read_case
from diagnostics.request import Request
from diagnostics.rules.cache import cache_folder
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import Told, load_rules, untold
from diagnostics.understanding import Case, understand
from diagnostics.verdict import Verdict
from engine.datafiles.documents import Problem


class Knowledge(NamedTuple):
    """What is known before any log is read; load it once where many cases are diagnosed."""

    rules: RuleSet
    catalog: Catalog
    problems: tuple[Problem, ...]
    """What was wrong with rules and catalogs; the parts concerned were left out."""


def load_knowledge(own_rules: Sequence[Path] = (), told: Told = untold) -> Knowledge:
    """The shipped rules and catalogs, and the rules of a user; `told` of rules that are read anew."""
    pack = load_rules(own_rules, cache_folder(), told)
    catalog = load_catalog()
    return Knowledge(RuleSet(pack.rules), catalog, (*pack.problems, *catalog.problems))


class Diagnosis(msgspec.Struct, kw_only=True):
    """A verdict, and the case that it rests on."""

    verdict: Verdict
    case: Case
    problems: tuple[Problem, ...]
    """What was wrong with rules and catalogs; the parts concerned were left out."""


def diagnose(
    request: Request, progress: Progress | None = None, knowledge: Knowledge | None = None, *, ledger: bool = False
) -> Diagnosis:
    """Read the logs and localize the fault; `knowledge` is loaded as the request says where it is not given.

    Where a `ledger` is asked for, `case.reading.ledger` lists every event; whoever asked closes it.

    Raises:
        UnreadableInput: a path does not exist or cannot be opened.
        UnknownZoneError: a time zone that nobody knows.
        UsageError: only one virtual machine is asked for, and no log knows it; or a role is given to such a machine.
    """
    knowledge = knowledge or load_knowledge(request.rules)
    case = read_and_understand(request, knowledge, progress, ledger=ledger)
    return Diagnosis(verdict=compose(case), case=case, problems=knowledge.problems)


def read_and_understand(
    request: Request,
    knowledge: Knowledge,
    progress: Progress | None = None,
    *,
    ledger: bool = False,
    most_explained: int = MOST_EXPLAINED,
) -> Case:
    """The same without words; for how many faults the evidence is weighed line by line: see `judge`. Raises alike."""
    rules = knowledge.rules
    reading = read_case(
        request.paths,
        rules.interest,
        relevant=rules.relevance,
        zones=request.zones,
        progress=progress,
        ledger=ledger,
    )
    check_roles(request, reading)
    wanted = [event for event in reading.events if request.holds(event.time)]
    return understand(wanted, reading, rules, knowledge.catalog, request, most_explained)
