"""Failures that nobody had seen are told as well as is said: the project's own public cases, in rounds of two parts."""

import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.diagnostics.cases.bundles import Answer, Case, answer_to, public_cases
from tests.diagnostics.cases.scoring import Figures, score

SEED = 20261126
"""Drew the halves."""
SEED_OF_PAGES = 20261127
"""Drew the third of the further cases, page by page: two cases of one page are never on both sides."""
SEED_OF_LATER_PAGES = 20261128
"""Drew the third of the third round, page by page too."""
CITED = frozenset(
    {
        *("3175561", "article.100031826", "host-level-backup-error-0x8007173d", "hyper-v-backup-fails-error-30112"),
        *("job-status-failure-messages", "protection-agent-service-not-start", "protection-jobs-fail-errors"),
        "backup-azure-troubleshoot-vm-backup-fails-snapshot-timeout",
    }
)
"""Pages of further cases that a rule had cited before: none of them counts as unseen."""
LEARNED_SINCE = frozenset(
    {
        "server-windows-error-the-vss-snapshot-was-deleted-by-the-system",
        "276739.htm",
        "activity-succeeded-warnings-production-checkpoints-cannot-be-created",
        "event-id-5120-cluster-shared-volume-troubleshooting-guidance",
    }
)
"""Held pages that were met again while a later round was gathered or a fact was looked up, and whose wording a rule
knows since: they are scored no more, whether told or not."""
FLOORS = {
    "seen": (0.857, 0.952),
    "held": (0.7, 0.85),
    "seen2": (0.818, 0.886),
    "held2": (0.583, 0.666),
    "seen3": (0.769, 0.846),
    "held3": (0.3, 0.3),
}
"""Part -> shares with the cause first and among the first three. Before any rule was read, they were .381 and .571 of
those that rules have learned from since, and .476 and .714 of those that nothing is tuned on: these tell how it is. Of
60 further cases, gathered a day later, they were .364 and .568 of those learned from, .643 and .714 of the rest. Of the
41 of a third round, they were .346 and .500 of those learned from, .333 and .417 of the rest. Without the pages learned
since, the held ones were .550 and .700, and .667 and .667, before that round, and .300 and .300 of the third. Since a
failed job's report counts as that job's, one of the second is no more first."""
BLAMED = {"held": {"azure-hyperv-ic-provider-ja-benign"}}
"""Part -> harmless cases that are taken for a fault."""
UNREAD = {"held": {"kubevirt-freeze-over-ten-seconds"}}
"""Part -> cases in which no line is taken for a record: a sentence without a mark of any program."""

halves = pytest.mark.parametrize("half", FLOORS)


@cache
def answers(half: str) -> tuple[tuple[Case, Answer], ...]:
    known = {case["id"] for case in told(half) if page(case) in LEARNED_SINCE}
    return tuple((case, answer_to(case.bundle)) for case in public_cases(half) if case.id not in known)


def folder() -> Path:
    return Path(__file__).parent / "public"


def told(half: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((folder() / f"{half}.yml").read_text(encoding="utf-8"))["cases"]
    return cases


def page(case: dict[str, Any]) -> str:
    """The last part of the address of a case's source, which is the same in every language; its title without one."""
    return str(case.get("url") or case["source"]).split("#")[0].rstrip("/").rsplit("/", maxsplit=1)[-1].lower()


def figures(half: str) -> Figures:
    return score(answers(half))


@halves
def test_public_cases_are_told_as_well_as_measured(half: str) -> None:
    measured = figures(half)
    top1, top3 = FLOORS[half]
    assert measured.top1 >= top1, measured.misses
    assert measured.top3 >= top3, measured.beyond3


@halves
def test_no_further_harmless_case_is_blamed(half: str) -> None:
    assert set(figures(half).noise_blamed) <= BLAMED.get(half, set())


@pytest.mark.parametrize("half", ["seen", "held", "seen2", "seen3"])
def test_every_miss_is_listed_with_a_reason(half: str) -> None:
    explained = {case["id"] for case in told(half) if case.get("missed") and page(case) not in LEARNED_SINCE}
    assert set(figures(half).misses) | set(figures(half).noise_blamed) == explained


@halves
def test_every_case_is_read(half: str) -> None:
    assert set(figures(half).unread) <= UNREAD.get(half, set())


def test_the_halves_are_those_that_the_seed_drew() -> None:
    seen, held = ({case.id for case in public_cases(half)} for half in ("seen", "held"))
    assert not seen & held
    everything = sorted(seen | held)
    assert seen == set(Random(SEED).sample(everything, (len(everything) + 1) // 2))  # noqa: S311 - a draw, no secret


@pytest.mark.parametrize(
    ("held", "seen", "seed"), [("held2", "seen2", SEED_OF_PAGES), ("held3", "seen3", SEED_OF_LATER_PAGES)]
)
def test_the_further_cases_are_on_the_sides_that_the_seed_drew(held: str, seen: str, seed: int) -> None:
    pages = {half: set(map(page, told(half))) for half in (held, seen)}
    everything = sorted(pages[seen] | pages[held])
    drawn = Random(seed).sample(everything, len(everything) // 3)  # noqa: S311 - a draw, no secret
    assert pages[held] == set(drawn) - CITED
    assert not pages[seen] & pages[held]


@pytest.mark.parametrize(
    ("held", "later"), [("held", ("seen2", "held2", "seen3", "held3")), ("held2", ("seen3", "held3"))]
)
def test_no_further_case_is_of_a_page_that_was_held_before(held: str, later: tuple[str, ...]) -> None:
    assert not {page(case) for case in told(held)} & {page(case) for half in later for case in told(half)}


@pytest.mark.parametrize(("held", "seen"), [("held", "seen"), ("held2", "seen2"), ("held3", "seen3")])
def test_no_rule_cites_a_held_case(held: str, seen: str) -> None:
    """Nothing was tuned on the half that is only scored."""
    root = Path(__file__).parents[3]
    unread = (folder() / f"{held}.yml").read_text(encoding="utf-8")
    pages = {url.split("#")[0] for url in re.findall(r"url: (\S+)", unread)}
    learned = (folder() / f"{seen}.yml").read_text(encoding="utf-8")
    data = "\n".join(path.read_text(encoding="utf-8") for path in (root / "diagnostics").rglob("*.yml"))
    pages = {url for url in pages if page({"url": url}) not in LEARNED_SINCE}
    assert [url for url in sorted(pages) if url in data and url not in learned] == []
