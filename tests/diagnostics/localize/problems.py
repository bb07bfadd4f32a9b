"""Problems to test with: small random ones, and sites with the pipeline's real components."""

from collections.abc import Iterable

from hypothesis import strategies as st

from diagnostics.localize.problem import (
    OTHER,
    CauseNode,
    EventObservation,
    JobObservation,
    Link,
    Plate,
    Problem,
    Report,
)
from engine.pipeline import COMPONENTS, STAGES, Component, Mode, Scope, Stage, stages_of

PRIORS = {Scope.SITE: 0.002, Scope.HOST: 0.003, Scope.VM: 0.01}
_SCOPES = (Scope.SITE, Scope.HOST, Scope.VM)


def site(hosts: int, machines: int, causes=None) -> tuple[Plate, ...]:
    """A site of hosts HV1.. with virtual machines HV1-1.., all with the real components unless told otherwise."""
    of_scope = {scope: tuple(causes(scope) if causes else real_causes(scope)) for scope in _SCOPES}
    plates = [Plate("site", Scope.SITE, None, of_scope[Scope.SITE])]
    for host in range(1, hosts + 1):
        plates.append(Plate(f"host:HV{host}", Scope.HOST, "site", of_scope[Scope.HOST]))
        plates += [
            Plate(f"vm:HV{host}-{machine}", Scope.VM, f"host:HV{host}", of_scope[Scope.VM])
            for machine in range(1, machines + 1)
        ]
    return tuple(plates)


def real_causes(scope: Scope) -> Iterable[CauseNode]:
    """One hard cause for each component that has an instance on such a plate, and the unknown one."""
    for component, info in COMPONENTS.items():
        if scope in info.scopes:
            prior = PRIORS[scope] if scope is info.scopes[0] or scope is Scope.VM else PRIORS[scope] / 4
            yield CauseNode(f"{component}-broken", component, prior, dict.fromkeys(info.stages, 0.95))
    yield CauseNode(OTHER, "", PRIORS[scope] / 10, dict.fromkeys(STAGES, 0.1))


def passed(plate: str, key: str = "", mode: Mode = Mode.ONLINE) -> JobObservation:
    return JobObservation(key or f"{plate} passed", plate, mode, succeeded=True, failed=None)


def failed(plate: str, first: Stage, last: Stage | None = None, key: str = "", mode: Mode = Mode.ONLINE):
    return JobObservation(key or f"{plate} failed", plate, mode, succeeded=False, failed=(first, last or first))


def machines(plates: Iterable[Plate], host: str = "") -> list[str]:
    return [plate.name for plate in plates if plate.scope is Scope.VM and (not host or plate.parent == host)]


_rates = st.floats(0.01, 0.99)
_stages = st.sampled_from(
    (Stage.CONTACT_AGENT, Stage.CONTACT_GUEST, Stage.GUEST_FREEZE, Stage.SAVE_STATE, Stage.HOST_FREEZE)
)
_components = st.sampled_from((Component.HOST_VSS, Component.GUEST_VSS, Component.DISK_IO))


@st.composite
def small_problems(draw) -> Problem:
    """One or two hosts with at most two virtual machines each, and a few causes, jobs and events."""
    plates = [Plate("site", Scope.SITE, None, draw(_causes("s", 2)))]
    for host in range(draw(st.integers(1, 2))):
        plates.append(Plate(f"host:{host}", Scope.HOST, "site", draw(_causes("h", 2))))
        plates += [
            Plate(f"vm:{host}{machine}", Scope.VM, f"host:{host}", draw(_causes("v", 3)))
            for machine in range(draw(st.integers(0, 2 - host)))
        ]
    names = st.sampled_from([plate.name for plate in plates])
    if draw(st.booleans()):
        members = draw(st.frozensets(st.sampled_from([plate.name for plate in plates[1:]]), min_size=1))
        plates.append(Plate("csv:1", Scope.HOST, "site", draw(_causes("c", 2)), members))
    jobs = draw(st.lists(_jobs(names), max_size=5))
    events = draw(st.lists(_events(names), max_size=5))
    return Problem(
        tuple(plates),
        tuple(job._replace(key=f"job {number}") for number, job in enumerate(jobs)),
        tuple(event._replace(key=f"event {number}") for number, event in enumerate(events)),
        draw(st.sampled_from((0.8, 0.3, 1.0, 0.0))),
        draw(st.sampled_from((0.002, 0.1))),
        draw(st.frozensets(names, max_size=3)),
    )


@st.composite
def _causes(draw, prefix: str, most: int) -> tuple[CauseNode, ...]:
    failures = st.dictionaries(_stages, st.sampled_from((0.95, 0.45, 1.0)) | _rates, max_size=3)
    causes = draw(st.lists(st.tuples(_components, st.floats(0.001, 0.4), failures), max_size=most))
    return tuple(CauseNode(f"{prefix}{number}", *cause) for number, cause in enumerate(causes))


@st.composite
def _jobs(draw, plates) -> JobObservation:
    mode = draw(st.sampled_from(Mode))
    stages = [stage for stage in (draw(_stages), draw(_stages)) if stage in stages_of(mode)]
    interval = (min(stages, key=STAGES.index), max(stages, key=STAGES.index)) if stages else None
    succeeded = draw(st.booleans())
    report = None if succeeded else draw(st.none() | _reports())
    return JobObservation("", draw(plates), mode, succeeded, None if succeeded else interval, report)


@st.composite
def _reports(draw) -> Report:
    links = st.lists(_links(), max_size=3, unique_by=lambda link: (link.scope, link.cause, link.plate))
    anywhere = st.dictionaries(st.sampled_from(["s0", "h1", "v0", "c0"]), _rates, max_size=2)
    return Report(tuple(draw(links)), draw(st.floats(0.001, 1.0)), tuple(draw(anywhere).items()))


def _links() -> st.SearchStrategy[Link]:
    nested = st.builds(
        Link, st.sampled_from(_SCOPES), st.sampled_from(["s0", "s1", "h0", "h1", "v0", "v1", "v2"]), _rates
    )
    return nested | st.builds(Link, st.just(Scope.HOST), st.sampled_from(["c0", "c1"]), _rates, st.just("csv:1"))


@st.composite
def _events(draw, plates) -> EventObservation:
    return EventObservation(
        "",
        draw(plates),
        draw(st.booleans()),
        tuple(draw(st.lists(_links(), max_size=3, unique_by=lambda link: (link.scope, link.cause, link.plate)))),
        draw(st.floats(0.001, 0.5)),
        draw(st.sampled_from(("one", "two"))),
    )
