"""What is told of a night in the lab while it runs: its jobs as bars of stages, and a map of the disk that moves."""

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import Static

from diagnostics.language import say
from diagnostics.report.strip import ABSENT, CELL_GLYPHS, FAILED, PASSED, UNREACHED
from engine.dpm.occurrences import Fate
from tui.housed import Housed
from tui.lab.seen import RUNNING, DiskSeen, JobSeen
from tui.plain import plain
from tui.themes import glyphs as known_glyphs
from tui.wording import size

_ASCII = {PASSED: "+", FAILED: "X", UNREACHED: ".", ABSENT: "-", RUNNING: ">"}
_GLYPHS = {**CELL_GLYPHS, RUNNING: "▶"}
_LOOKS = {
    PASSED: "$success",
    FAILED: "bold $error",
    UNREACHED: "$foreground-muted",
    ABSENT: "$foreground-muted",
    RUNNING: "bold reverse $accent",
}
_BLOCKS = {
    Fate.SENT: ("█", "#", "$accent"),
    Fate.CHANGED: ("▓", "+", "$warning"),
    Fate.UNCHANGED: ("░", ".", "$success"),
    None: ("·", "_", "$foreground-muted"),
}
_MAP_ROWS = 2


class JobBars(Housed, Static):
    """A line for each machine's job."""

    _lines = 0

    def show(self, jobs: Iterable[JobSeen]) -> None:
        """The jobs as they are now."""
        lines = [self._line(job) for job in jobs]
        self.update(Content("\n").join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)

    def _line(self, job: JobSeen) -> Content:
        signs = _GLYPHS if self.app.glyphs == known_glyphs() else _ASCII
        bar = Content("").join([Content.styled(signs[cell], _LOOKS[cell]) for cell in job.cells()])
        words = {"": "waits", "failed": "failed", "succeeded": "passed"}
        told = self.say(f"lab.job.{words[job.outcome] if job.ended or not job.attempt else 'runs'}")
        stage = job.failed or (None if job.ended else job.furthest)
        where = f" {say(stage)}" if stage else ""
        more = self.say("lab.sent", size=size(job.sent), points=job.points) if job.attempt else ""
        name = plain(f"{job.vm:12}", "bold", 12)
        return Content.assemble(name.pad_right(max(0, 12 - name.cell_length)), " ", bar, f" {told}{where}  {more}")


class DiskMap(Housed, Static):
    """The blocks of a disk by their fate."""

    def show(self, name: str, disk: DiskSeen | None) -> None:
        """A disk as it is now; nothing where none has moved yet."""
        if disk is None:
            self.update(Content.styled(self.say("lab.no-blocks"), "$foreground-muted"), layout=False)
            return
        told = {fate: self.say(f"lab.fate.{fate or 'not-compared'}") for fate in _BLOCKS}
        counts = ", ".join(f"{self._sign(fate)} {told[fate]} {disk.counts[fate]}" for fate in _BLOCKS)
        width = max(self.size.width, 10)
        cells = disk.cells(width * _MAP_ROWS)
        rows = [
            Content("").join([self._cell(fate) for fate in cells[at : at + width]])
            for at in range(0, len(cells), width)
        ]
        self.update(Content("\n").join([plain(f"{name}  {counts}", width=200), *rows]), layout=False)

    def _sign(self, fate: Fate | None) -> str:
        unicode, ascii_, _ = _BLOCKS[fate]
        return unicode if self.app.glyphs == known_glyphs() else ascii_

    def _cell(self, fate: Fate | None) -> Content:
        return Content.styled(self._sign(fate), _BLOCKS[fate][2])
