"""The graph of a case with a status on every plate and component: what pictures of the pipeline are drawn from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import networkx as nx

from diagnostics.language import Sentence, say
from diagnostics.report.phrases import counted, fared_text, joined, percent
from diagnostics.sanitize import one_line
from diagnostics.verdict import LIKELY, Fault, JobReport, Verdict, VerdictWord, foremost, rivals
from engine.pipeline import Component, Scope

_SUSPICIOUS = 0.2
_POSSIBLE = 0.02
_FIRST = 3
"""Below `_SUSPICIOUS` a candidate is not worth a mark; where nothing is named, the first few are, if `_POSSIBLE`."""
_NAMED = {VerdictWord.ASSERTED, VerdictWord.LEADING}
"""With the other words, what the verdict names is suspected only."""


class Status(StrEnum):
    """How a plate or a component fared, the worst first."""

    FAULT = "fault"
    SUSPECT = "suspected"
    FAILED = "failed"
    QUIET = "not spoken of"
    PASSED = "passed"


_KINDS = {
    "host": (Sentence("host"), Sentence("1 host"), Sentence("{count} hosts")),
    "vm": (Sentence("virtual machine"), Sentence("1 virtual machine"), Sentence("{count} virtual machines")),
    "csv": (Sentence("shared volume"), Sentence("1 shared volume"), Sentence("{count} shared volumes")),
    "dpm": (Sentence("DPM server"), Sentence("1 DPM server"), Sentence("{count} DPM servers")),
    "storage": (Sentence("storage pool"), Sentence("1 storage pool"), Sentence("{count} storage pools")),
}
"""What a plate is, one and many of them, by the scope or the kind of a shared plate that its name begins with."""
GLYPHS = {Status.FAULT: "✖", Status.SUSPECT: "?", Status.FAILED: "▲", Status.QUIET: "·", Status.PASSED: "✔"}
_WORST = tuple(Status)
_MOST_NAMED = 6


class Part(NamedTuple):
    """A component on its plate."""

    id: str
    """The node of the graph, as logs name it: not for showing."""
    title: str
    """In the user's language."""
    status: Status
    note: str
    """The probability, where it is under suspicion."""
    stands_on: tuple[str, ...]
    """Ids of the parts that it depends on, on its plate or around it."""
    component: Component


class Plate(NamedTuple):
    """The site, a host or a virtual machine, and what it holds."""

    name: str
    scope: Scope
    status: Status
    note: str
    parts: tuple[Part, ...]
    inner: tuple["Plate", ...]
    kind: Sentence
    """What a person calls it: `host`, `virtual machine`, or what several machines share."""
    id: str
    """The node of the graph, as logs name it: not for showing."""

    @property
    def accused(self) -> bool:
        """Whether something on this plate itself is at fault or suspected."""
        return any(part.status in (Status.FAULT, Status.SUSPECT) for part in self.parts)

    @property
    def holds_accused(self) -> bool:
        """Whether something on it or in it is at fault or suspected."""
        return self.accused or any(plate.holds_accused for plate in self.inner)

    @property
    def told(self) -> str:
        """How it fared, in words."""
        status = say(self.status)
        return self.note if status in self.note else f"{status} · {self.note}".strip(" ·")

    @property
    def sound(self) -> bool:
        """Whether nothing on it and in it failed or is suspected."""
        return self.status in (Status.PASSED, Status.QUIET) and all(plate.sound for plate in self.inner)

    def machines(self) -> Iterator["Plate"]:
        """The virtual machines in it, or itself."""
        if self.scope is Scope.VM:
            yield self
        for plate in self.inner:
            yield from plate.machines()


def plates_of_case(graph: "nx.DiGraph[str]", verdict: Verdict) -> Plate:
    """The plates of a case from the site inwards: the worst first, then by name."""
    return plates_of_jobs(graph, verdict.jobs, _accused(verdict))


def plates_of_jobs(
    graph: "nx.DiGraph[str]", jobs: Sequence[JobReport], accused: Mapping[str, tuple[Status, str]]
) -> Plate:
    """The same from jobs alone, and from what is held against component instances, with a note."""
    return _Reader(graph, jobs, accused).plate("site")


class _Reader:
    def __init__(
        self, graph: "nx.DiGraph[str]", jobs: Sequence[JobReport], accused: Mapping[str, tuple[Status, str]]
    ) -> None:
        self._graph = graph
        self._accused = accused
        self._jobs = _jobs_by_plate(graph, jobs)
        self._inner: defaultdict[str, list[str]] = defaultdict(list)
        self._parts: defaultdict[str, list[str]] = defaultdict(list)
        for node, about in graph.nodes(data=True):
            if about["kind"] == "plate" and about["parent"] is not None:
                self._inner[about["parent"]].append(node)
            elif about["kind"] == "component":
                self._parts[about["plate"]].append(node)

    def plate(self, name: str) -> Plate:
        parts = tuple(self._part(node) for node in self._parts[name])
        found = sorted((self.plate(inner) for inner in self._inner[name]), key=_by_status)
        own = min((part.status for part in parts), key=_WORST.index, default=Status.QUIET)
        fared, note = self._fared(name, found)
        scope: Scope = self._graph.nodes[name]["scope"]
        return Plate(
            name=_label(name),
            scope=scope,
            status=min(own, fared, key=_WORST.index) if own is not Status.QUIET else fared,
            note=note,
            parts=parts,
            inner=tuple(found),
            kind=_KINDS[kind][0] if (kind := name.partition(":")[0]) in _KINDS else Sentence(""),
            id=name,
        )

    def _part(self, node: str) -> Part:
        about = self._graph.nodes[node]
        below = [to for _, to, of in self._graph.out_edges(node, data=True) if of["relation"] == "depends-on"]
        status, note = self._accused.get(one_line(node), (Status.QUIET, ""))
        return Part(node, say(about["title"]), status, note, tuple(below), about["component"])

    def _fared(self, name: str, inner: Sequence[Plate]) -> tuple[Status, str]:
        """What the jobs on a plate, or in it, came to."""
        jobs = self._jobs.get(name, [])
        if jobs:
            return _outcome(jobs)
        members = sorted(self._graph.nodes[name]["members"])
        if members:
            told = [_outcome(self._jobs.get(member, []))[0] for member in members]
            return _together(told, sharing=True)
        return _together([self._came_to(machine) for plate in inner for machine in plate.machines()], sharing=False)

    def _came_to(self, machine: Plate) -> Status:
        """What a machine's jobs came to; where it had none, whether something is held against it."""
        jobs = self._jobs.get(machine.id, [])
        return _outcome(jobs)[0] if jobs else machine.status


def _accused(verdict: Verdict) -> dict[str, tuple[Status, str]]:
    """Component instance -> what is held against it. A writer's name behind the instance is left away."""
    unnamed = _FIRST if not verdict.faults else 0
    found = {
        bare(candidate.instance, candidate.component): (Status.SUSPECT, percent(candidate.probability))
        for place, candidate in enumerate(rivals(verdict))
        if verdict.verdict is not VerdictWord.HEALTHY
        and candidate.probability >= (_POSSIBLE if place < unnamed else _SUSPICIOUS)
    }
    first, beside = foremost(verdict.faults)
    named = [*first, *(fault for fault in beside if fault.probability >= _SUSPICIOUS)]
    return found | {
        bare(fault.instance, fault.component): (_charge(verdict, fault), percent(fault.probability)) for fault in named
    }


def _charge(verdict: Verdict, fault: Fault) -> Status:
    """Beside a fault that is named, a verdict lists what else it could not tell apart."""
    return Status.FAULT if verdict.verdict in _NAMED and fault.probability >= LIKELY else Status.SUSPECT


def bare(instance: str, component: str) -> str:
    """A component instance without the writer's name that a verdict puts behind it."""
    end = f"/{component}"
    return instance[: instance.find(end) + len(end)] if end in instance else instance


def _jobs_by_plate(graph: "nx.DiGraph[str]", jobs: Sequence[JobReport]) -> Mapping[str, list[JobReport]]:
    """The jobs of each plate, in their order."""
    names = plate_names(graph)
    found: defaultdict[str, list[JobReport]] = defaultdict(list)
    for job in jobs:
        plate = plate_of_job(names, job)
        if plate is not None:
            found[plate].append(job)
    return found


def plate_names(graph: "nx.DiGraph[str]") -> dict[str, str]:
    """The plates of a case, by the names that reports give them."""
    return {one_line(node): node for node, about in graph.nodes(data=True) if about["kind"] == "plate"}


def plate_of_job(names: Mapping[str, str], job: JobReport) -> str | None:
    """The plate of a job; of one that names no machine, the host's placeholder or the host."""
    wanted = [f"vm:{job.vm}"] if job.vm else [f"vm:?@{job.host}", "vm:?", f"host:{job.host}"]
    return next((names[name] for name in wanted if name in names), None)


def _together(fared: Sequence[Status], *, sharing: bool) -> tuple[Status, str]:
    failed = sum(status in {Status.FAULT, Status.FAILED} for status in fared)
    suspected = sum(status is Status.SUSPECT for status in fared)
    passed = sum(status is Status.PASSED for status in fared)
    if failed:
        told = say(
            "{failed} of {count} sharing machines failed" if sharing else "{failed} of {count} machines failed",
            failed=failed,
            count=len(fared),
        )
        return Status.FAILED, told
    if suspected:
        told = say("{suspected} of {count} machines suspected", suspected=suspected, count=len(fared))
        return Status.SUSPECT, told
    if passed:
        told = say(
            "{passed} of {count} sharing machines passed" if sharing else "{passed} of {count} machines passed",
            passed=passed,
            count=len(fared),
        )
        return Status.PASSED, told
    return Status.QUIET, ""


def _outcome(jobs: Sequence[JobReport]) -> tuple[Status, str]:
    told = [job for job in jobs if job.outcome != "unknown"]
    if not told:
        return Status.QUIET, say("outcome not known")
    failed = [job for job in told if job.outcome == "failed"]
    if told[-1].outcome == "failed":
        return Status.FAILED, fared_text(told[-1])
    return Status.PASSED, say("passed after {count} failed", count=len(failed)) if failed else say(Status.PASSED)


def _by_status(plate: Plate) -> tuple[int, str]:
    return _WORST.index(plate.status), plate.name


def _label(name: str) -> str:
    """What a person calls a plate: without its scope, and in words where the logs do not name it."""
    scope, _, bare = one_line(name).partition(":")
    if scope == "site":
        return say("Site")
    if not bare.startswith("?"):
        return bare
    on = bare.partition("@")[2]
    unnamed = say("a host not named" if scope == "host" else "a machine not named")
    return say("{machine} (on {host})", machine=unnamed, host=on) if on else unnamed


def tree(plate: Plate, most: int = 12) -> Iterator[str]:
    """The plates as lines of text, sound ones counted: for reports that cannot draw."""
    yield from _tree(plate, "", "", most)


def _tree(plate: Plate, first: str, rest: str, most: int) -> Iterator[str]:
    accused = [
        f"{part.title} {say(part.status)} {part.note}" for part in plate.parts if part.status is not Status.QUIET
    ]
    told = joined([plate.note or say(plate.status), *accused])
    yield f"{first}{GLYPHS[plate.status]} {plate.name}: {told}"
    shown = [inner for inner in plate.inner if not inner.sound]
    rows: list[Plate | str] = [*shown[:most]]
    if len(shown) > most:
        rows.append(f"▲ {more_failed(len(shown) - most)}")
    rows += folded([inner for inner in plate.inner if inner.sound])
    for number, row in enumerate(rows, 1):
        last = number == len(rows)
        branch, below = (f"{rest}└ ", f"{rest}  ") if last else (f"{rest}├ ", f"{rest}│ ")
        if isinstance(row, str):
            yield f"{branch}{row}"
        else:
            yield from _tree(row, branch, below, most)


class Alike(NamedTuple):
    """Plates of one kind that fared the same, and that nothing is held against."""

    plates: tuple[Plate, ...]

    @property
    def status(self) -> Status:
        """How each of them fared."""
        return self.plates[0].status

    @property
    def told(self) -> str:
        """How many they are, what of, and which where they are few."""
        plates = self.plates
        inner = sum(1 for plate in plates for _ in plate.machines())
        within = plates[0].scope is not Scope.VM and inner
        kinds = {str(one): (one, several) for one, *several in _KINDS.values()}
        _, several = kinds.get(plates[0].kind, kinds["virtual machine"])
        count = counted(len(plates), *several)
        if within:
            machines = counted(inner, *_KINDS["vm"][1:])
            count = say("{plates} with {machines}", plates=count, machines=machines)
        names = f" ({', '.join(plate.name for plate in plates)})" if len(plates) <= _MOST_NAMED else ""
        return f"{count}: {say(self.status)}{names}"


def alike(sound: Iterable[Plate]) -> list[Alike]:
    """Plates that nothing is held against, together: those of each kind that passed, and that are not spoken of."""
    groups: defaultdict[tuple[str, Status], list[Plate]] = defaultdict(list)
    for plate in sound:
        groups[plate.kind, plate.status].append(plate)
    ranked = sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] is Status.QUIET))
    return [Alike(tuple(plates)) for _, plates in ranked]


def more_failed(count: int) -> str:
    """That so many plates failed beside those that are shown."""
    return say("{count} more failed", count=count)


def folded(sound: Iterable[Plate]) -> list[str]:
    """A counted line for each group of plates that fared alike."""
    return [f"{GLYPHS[group.status]} {group.told}" for group in alike(sound)]
