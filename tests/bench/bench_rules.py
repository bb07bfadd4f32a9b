"""Events per second through 300 rules on one core: `python -m tests.bench.bench_rules`; exit 1 below the goal."""

import json
import random
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from diagnostics.event import Event, Kind
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import load_rules
from diagnostics.rules.reader import read_rule
from diagnostics.rules.rule import Rule
from engine.datafiles.documents import parse

RULES = 300
EVENTS = 100_000
GOAL = 200_000
"""Events per second."""

PROVIDERS = ["VSS", "volsnap", "Microsoft-Windows-Hyper-V-VMMS", "disk", "Ntfs", "SQLWRITER", "ESENT", "MSDPM"]
OTHERS = ["Service Control Manager", "Microsoft-Windows-GroupPolicy", "Microsoft-Windows-Kernel-General", "Netlogon"]
CODES = [f"0x8004{number:04X}" for number in range(0x2300, 0x2340)] + [f"ID {number}" for number in range(100, 140)]
WINDOWS = {"product": "windows"}
ERRLOG = {"product": "dpm", "service": "errlog"}
SELECTIONS: list[tuple[int, dict[str, str], Callable[[random.Random], Any]]] = [
    # how often, logsource, what makes the selection
    (50, WINDOWS, lambda r: {"Provider_Name|contains": r.choice(PROVIDERS), "EventID": r.randrange(13000)}),
    (20, WINDOWS, lambda r: {"EventID": r.sample(range(13000), 3), "Data|contains": r.choice(CODES)}),
    (10, WINDOWS, lambda r: {"Provider_Name": "VSS", "EventID": r.randrange(13000), "Code": r.choice(CODES)}),
    (5, {"category": "backup-error"}, lambda r: {"Code": r.sample(CODES, 2)}),
    (5, WINDOWS | {"service": "vss-writers"}, lambda r: {"WriterName": f"Writer {r.randrange(40)}"}),
    (5, ERRLOG, lambda r: {"File": f"f{r.randrange(50)}.cpp", "Code": r.choice(CODES)}),
    (3, ERRLOG, lambda r: {"Text|contains": [f"words {r.random()}", "Wörter"]}),
    (2, {"category": "text"}, lambda r: {"Text|re": rf"(?i)writer \w+ failed {r.randrange(99)}"}),
]


def rules(count: int, seed: int = 1) -> Iterator[Rule]:
    """Rules of the shapes that the shipped packs have."""
    dice = random.Random(seed)  # noqa: S311 - test data
    weights = [often for often, _, _ in SELECTIONS]
    for number in range(count):
        _, logsource, make = dice.choices(SELECTIONS, weights)[0]
        name = f"rule-{number}"
        yaml, _ = parse(document(name, logsource, make(dice)), "bench")
        assert yaml is not None
        rule, problems = read_rule(yaml, name)
        assert rule is not None, problems
        yield rule


def document(name: str, logsource: dict[str, str], selection: Any) -> str:
    """A rule as YAML (of which JSON is a part)."""
    cause = {"id": "some-cause", "sensitivity": 0.5, "spurious": 0.01, "basis": "author"}
    diagnosis = {"component": "{machine}.disk_io", "stage": "host-snapshot", "polarity": "fault", "causes": [cause]}
    head = {
        "title": name,
        "id": "7a1d9a52-5a0e-4c83-9d0b-9a2f3a1f6c11",
        "name": name,
        "status": "test",
        "level": "high",
    }
    detection = {"selection": selection, "condition": "selection"}
    rest = {"description": name, "logsource": logsource, "detection": detection, "diagnosis": diagnosis}
    return json.dumps(head | rest, ensure_ascii=False)


def events(count: int, seed: int = 2) -> list[Event]:
    """A night's logs: nine records in ten, half of them of providers that no rule knows."""
    dice = random.Random(seed)  # noqa: S311 - test data
    return [_event(dice, number) for number in range(count)]


def _event(dice: random.Random, number: int) -> Event:
    codes = (dice.choice(CODES),) if dice.random() < 0.1 else ()
    if dice.random() < 0.1:
        fields = {"File": f"f{dice.randrange(50)}.cpp", "Line": str(dice.randrange(5000)), "Severity": "WARNING"}
        text = "NORMAL VssRequestor: Gathering writer metadata for the volume set " * 2
        return Event(kind=Kind.ERRLOG, source="e", record=number, codes=codes, fields=fields, text=text)
    provider = dice.choice(PROVIDERS if dice.random() < 0.5 else OTHERS)
    values = {"Data[0]": "C:", "Data[1]": codes[0] if codes else "value", "param1": "x" * 40}
    event_id = dice.choice([1, 6, 10, 36, 7036, 8224, dice.randrange(13000)])
    return Event(
        kind=Kind.RECORD, source="s", record=number, provider=provider, event_id=event_id, codes=codes,
        fields=values, channel="System", machine="HV01", text="A service entered the running state. " * 3,
    )  # fmt: skip


def rate(rule_set: RuleSet, sample: list[Event]) -> tuple[float, int]:
    """Events per second in the best of three runs, and hits."""
    best, hits = 0.0, 0
    for _ in range(3):
        start = perf_counter()
        hits = sum(len(rule_set.match(event)) for event in sample)
        best = max(best, len(sample) / (perf_counter() - start))
    return best, hits


def main() -> int:
    """Measure generated rules against the goal, and tell how the shipped ones do."""
    start = perf_counter()
    generated = RuleSet.compile(rules(RULES))
    print(f"{RULES} rules read and compiled in {perf_counter() - start:.2f} s")
    sample = events(EVENTS)
    best, hits = rate(generated, sample)
    print(f"match: {best:,.0f} events/s (goal {GOAL:,}), {hits} hits")
    start = perf_counter()
    shipped = RuleSet.compile(load_rules().rules)
    print(f"{len(shipped.rules)} shipped rules read and compiled in {perf_counter() - start:.2f} s")
    print("match: {:,.0f} events/s, {} hits".format(*rate(shipped, sample)))
    interest = shipped.interest
    start = perf_counter()
    wanted = sum(interest(event.provider, event.event_id) for event in sample)
    print(f"interest: {len(sample) / (perf_counter() - start):,.0f} questions/s, {wanted} of {len(sample)} wanted")
    return 0 if best >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
