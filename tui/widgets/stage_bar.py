"""A job as a bar of its stages: which it passed, where it failed, and which one is being looked at."""

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from diagnostics.inspection.course import StageOfJob
from diagnostics.language import say
from diagnostics.report.strip import ABSENT, CELL_GLYPHS, FAILED, PASSED, UNKNOWN, UNREACHED
from diagnostics.verdict import JobReport
from engine.pipeline import STAGES
from tui.housed import Housed
from tui.plain import plain
from tui.themes import glyphs as known_glyphs

KEYS = {
    PASSED: "passed", FAILED: "failed", UNREACHED: "unreached", ABSENT: "absent", UNKNOWN: "unknown",
}  # fmt: skip
"""Of the words for how a job fared in a stage: `fared.<key>` in the catalogs."""
_ASCII = {PASSED: "+", FAILED: "X", UNREACHED: ".", ABSENT: "-", UNKNOWN: "?"}
_STYLES = {
    PASSED: "$success",
    FAILED: "bold $error",
    UNREACHED: "$foreground-muted",
    ABSENT: "$foreground-muted",
    UNKNOWN: "$warning",
}


class StageBar(Housed, Static):
    """Three lines: the job, its stages, and the stage that is being looked at."""

    class Chosen(Message):
        """A person clicked a stage."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def show(self, job: JobReport, which: tuple[int, int], stages: Sequence[StageOfJob], place: int | None) -> None:
        """A job, the how-manieth of how many it is, and the place of the current stage."""
        words = "status.passed" if job.outcome == "succeeded" else f"fared.{job.outcome}"
        head = Content.assemble(
            (f"{self.say('pipeline.job', number=which[0] + 1, count=which[1])} ", "$foreground-muted"),
            plain(job.vm or self.say("pipeline.unnamed"), "bold", 40),
            " ",
            plain(job.host, "$foreground-muted", 40),
            f"  {self.say(words)}",
        )
        bar = Content("").join(self._cell(step, current=at == place) for at, step in enumerate(stages))
        self.update(Content("\n").join([head, bar, self._foot(stages, place)]))

    @property
    def _across(self) -> int:
        """Cells of a stage."""
        return 3 if self.size.width >= 3 * len(STAGES) else 2

    def _cell(self, step: StageOfJob, *, current: bool) -> Content:
        glyph = (CELL_GLYPHS if self.app.glyphs == known_glyphs() else _ASCII)[step.fared]
        text = f"{'[' if current else ' '}{glyph}{']' if current else ' '}"[: self._across]
        return Content.styled(text, f"{_STYLES[step.fared]}{' reverse' if current else ''}")

    def _foot(self, stages: Sequence[StageOfJob], place: int | None) -> Content:
        if place is None:
            return Content.styled(self.say("pipeline.step-hint"), "$foreground-muted")
        step = stages[place]
        number = f"{place + 1}/{len(stages)} "
        return Content.assemble(
            (number, "$foreground-muted"), (say(step.stage), "bold"), f": {self.say(f'fared.{KEYS[step.fared]}')}"
        )

    def on_click(self, event: Click) -> None:
        """Look at the stage that was clicked."""
        offset = event.get_content_offset(self)
        if offset and offset.y == 1:
            self.post_message(self.Chosen(offset.x // self._across))
