"""What the states of VSS writers mean.

Source: https://learn.microsoft.com/windows/win32/api/vss/ne-vss-vss_writer_state.
"""

from pathlib import Path

import msgspec

from engine.datafiles.documents import Problem
from engine.datafiles.tables import read_rows
from engine.pipeline import Component, Stage

_COLUMNS = ("state", "symbol", "meaning", "component", "stage")
_KNOWLEDGE = Path(__file__).parent


class WriterStateInfo(msgspec.Struct, frozen=True):
    """One state."""

    state: int
    """As `vssadmin list writers` prints it."""
    symbol: str
    meaning: str
    component: Component
    """Where a writer in this state most often points."""
    stage: Stage | None
    """In which a writer of a guest stands, or has failed; None where that says nothing."""

    @property
    def name(self) -> str:
        """`state-8`."""
        return f"state-{self.state}"


def load_writer_states(folder: Path = _KNOWLEDGE) -> tuple[tuple[WriterStateInfo, ...], list[Problem]]:
    """Read `writer_states.csv`; what is wrong is left out and told."""
    problems: list[Problem] = []
    found: list[WriterStateInfo] = []
    for line, cells in read_rows(folder / "writer_states.csv", _COLUMNS, problems):
        try:
            found.append(msgspec.convert({**cells, "stage": cells["stage"] or None}, WriterStateInfo, strict=False))
        except msgspec.ValidationError as error:
            problems.append(Problem("writer_states.csv", line, str(error)))
    return tuple(found), problems
