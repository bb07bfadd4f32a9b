"""Nights to draw: sites of any size, with names and statuses of any kind."""

import msgspec
from hypothesis import strategies as st
from rich.cells import cell_len

from diagnostics.case.pipeline import PlateId, build_pipeline, instance_id
from diagnostics.report.plates import Plate, plates_of_case
from diagnostics.verdict import Candidate, JobReport, VerdictWord
from engine.pipeline import COMPONENTS, Scope
from tests.diagnostics.report.verdicts import FULL
from tui.picture.layout import Picture
from tui.picture.strokes import Glyphs, strokes

NAMES = st.text(min_size=1, max_size=40)
"""Anything that a log may name a machine, wide and invisible characters too."""


def site(hosts=1, vms=3, *, accused=(), failed=(), names=None) -> Plate:
    """A site of so many hosts with so many machines each; `failed` numbers machines, `accused` their components."""
    called = names or [f"VM{number:03}" for number in range(hosts * vms)]
    host_of = {vm: f"HV{number // vms:02}" for number, vm in enumerate(called)} if vms else {}
    plates = [PlateId("site", Scope.SITE, None)]
    plates += [PlateId(f"host:HV{number:02}", Scope.HOST, "site") for number in range(hosts)]
    plates += [PlateId(f"vm:{vm}", Scope.VM, f"host:{host}") for vm, host in host_of.items()]
    jobs = [_job(vm, host, failed=number in failed) for number, (vm, host) in enumerate(host_of.items())]
    candidates = [
        Candidate(
            component=component,
            instance=instance_id(plate, component),
            cause=None,
            probability=probability,
            title=COMPONENTS[component].title,
        )
        for plate, component, probability in accused
    ]
    verdict = msgspec.structs.replace(FULL, verdict=VerdictWord.AMBIGUOUS, faults=[], candidates=candidates, jobs=jobs)
    return plates_of_case(build_pipeline(plates), verdict)


def _job(vm, host, *, failed):
    stages = ["guest-freeze", "guest-freeze"] if failed else []
    return JobReport(
        id=vm, vm=vm, host=host, mode="online", outcome="failed" if failed else "succeeded", stages=stages,
        started=None, ended=None, bytes_sent=None,
    )  # fmt: skip


@st.composite
def sites(draw) -> Plate:
    """A night of a small site."""
    hosts, vms = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    names = draw(st.lists(NAMES, min_size=hosts * vms, max_size=hosts * vms, unique=True))
    plates = [("site", Scope.SITE), *((f"host:HV{number:02}", Scope.HOST) for number in range(hosts))]
    plates += [(f"vm:{name}", Scope.VM) for name in names]
    accused = draw(
        st.lists(
            st.sampled_from(plates).flatmap(
                lambda plate: st.tuples(
                    st.just(plate[0]),
                    st.sampled_from([one for one, info in COMPONENTS.items() if plate[1] in info.scopes]),
                    st.floats(0.03, 0.9),
                )
            ),
            max_size=4,
        )
    )
    failed = draw(st.sets(st.integers(0, max(hosts * vms - 1, 0)), max_size=hosts * vms))
    return site(hosts, vms, accused=accused, failed=failed, names=names)


def every_id(plate: Plate) -> set[str]:
    """All that can be opened."""
    return {plate.id, *(one for inner in plate.inner for one in every_id(inner))}


def text_of(picture: Picture, glyphs: Glyphs) -> list[str]:
    """The picture as lines of text, each character in its cell; of a wide one the second cell is empty."""
    lines = []
    for y in range(picture.height):
        row = [" "] * picture.width
        for stroke in strokes(picture, y, glyphs, str):
            cells = [part for one in stroke.text for part in (one, *[""] * (_width(one) - 1))]
            row[stroke.x : stroke.x + len(cells)] = cells
        lines.append("".join(row).rstrip())
    return lines


def _width(one: str) -> int:
    return max(cell_len(one), 1)
