"""Pipeline: the case as a picture that is walked from effect to cause, and jobs that are stepped through it."""

from collections.abc import Iterator
from functools import cached_property

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from diagnostics.inspection.course import StageOfJob, course_of
from diagnostics.language import say
from diagnostics.report.plates import plates_of_case
from diagnostics.verdict import Evidence, JobReport
from tui.picture import Spot, SpotKind
from tui.plain import plain
from tui.screens.base import CaseScreen
from tui.screens.pictured import PicturedScreen
from tui.screens.verdict import DetailScreen
from tui.standing import Standing, above, bring
from tui.verdict.document import evidence_content, evidence_what
from tui.verdict.event import evidence_lines
from tui.widgets.lines import Line, Lines, What
from tui.widgets.pipeline_picture import PipelinePicture
from tui.widgets.stage_bar import StageBar


class PipelineScreen(PicturedScreen, CaseScreen):
    """Where it broke, and how far each job came."""

    PLACE = "pipeline"
    CSS_PATH = "pipeline.tcss"
    AUTO_FOCUS = "PipelinePicture"

    def body(self) -> ComposeResult:
        """The picture, beside it what the cursor stands on, below it a job."""
        with Horizontal():
            yield PipelinePicture(plates_of_case(self.case.case.graph, self.case.verdict), id="picture")
            yield Lines(id="beside")
        yield StageBar(id="stages")

    def on_mount(self) -> None:
        """Begin at the first job that failed, with no stage chosen."""
        self._job = next((at for at, job in enumerate(self.jobs) if job.outcome == "failed"), 0)
        self._place: int | None = None
        self._show_job()
        self._tell(self.picture.here)

    @property
    def jobs(self) -> list[JobReport]:
        """In the order of the verdict."""
        return self.case.verdict.jobs

    @cached_property
    def _courses(self) -> dict[str, tuple[StageOfJob, ...]]:
        return {}

    @property
    def stages(self) -> tuple[StageOfJob, ...]:
        """Of the job that is being looked at; none where there is no job."""
        if not self.jobs:
            return ()
        job = self.jobs[self._job]
        if job.id not in self._courses:
            self._courses[job.id] = course_of(self.case.case, job)
        return self._courses[job.id]

    @property
    def stage(self) -> StageOfJob | None:
        """The stage that is being looked at."""
        return None if self._place is None else self.stages[self._place]

    # Walking

    @on(PipelinePicture.Reached)
    def _reached(self, event: PipelinePicture.Reached) -> None:
        if self.stage is None and type(event) is PipelinePicture.Reached:
            self._tell(event.spot)

    @on(PipelinePicture.Entered)
    def _entered(self, event: PipelinePicture.Entered) -> None:
        from tui.screens.dossier import DossierScreen  # noqa: PLC0415 - imported when somebody asks

        self.app.push_screen(DossierScreen(self.case, event.spot.id), self._step_through)

    def _step_through(self, job: JobReport | None) -> None:
        if job:
            self._job = self.jobs.index(job)
            self._choose(self._place or 0)

    def standing(self) -> Standing:
        """The component, what is unfolded, and the job that is stepped through."""
        job = self.jobs[self._job].id if self.jobs else ""
        opened = tuple(sorted(self.picture.opened))
        spot = self.picture.here
        return Standing(at=spot.id, above=above(self.picture, spot.y), opened=opened, job=job, stage=self._place)

    def stand(self, standing: Standing) -> None:
        """Unfold what was, and go there."""
        self.picture.unfold(standing.opened)
        self.picture.go(standing.at)
        self._job = next((at for at, job in enumerate(self.jobs) if job.id == standing.job), self._job)
        self._choose(standing.stage)
        # Once it is laid out, for only then does it follow the cursor.
        self.picture.call_after_refresh(bring, self.picture, self.picture.here.y, standing.above)

    def show_component(self, instance: str) -> bool:
        """Go to a component instance; whether it is there."""
        known = instance in self.case.case.graph
        if known:
            self.picture.go(instance)
        return known

    # Stepping through a job

    def action_stage(self, by: int) -> None:
        """The next stage of the job, or the one before."""
        if self.stages:
            first = 0 if by > 0 else len(self.stages) - 1
            self._choose(first if self._place is None else self._place + by)

    def action_job(self, by: int) -> None:
        """The next job, or the one before."""
        if self.jobs:
            self._job = (self._job + by) % len(self.jobs)
            self._choose(self._place)

    def action_leave(self) -> None:
        """Look at no stage any more."""
        self._choose(None)

    @on(StageBar.Chosen)
    def _chosen(self, event: StageBar.Chosen) -> None:
        self._choose(event.place)

    def _choose(self, place: int | None) -> None:
        self._place = None if place is None or not self.stages else min(max(place, 0), len(self.stages) - 1)
        self._show_job()
        if self.stage:
            self.query_one("#beside", Lines).fill(self._logged(self.stage))
        else:
            self._tell(self.picture.here)

    def _show_job(self) -> None:
        bar = self.query_one(StageBar)
        bar.display = bool(self.jobs)
        self.set_class(self.stage is not None, "-stepping")
        self.picture.lit = self.stage.parts if self.stage else frozenset()
        if self.jobs:
            bar.show(self.jobs[self._job], (self._job, len(self.jobs)), self.stages, self._place)

    def _logged(self, step: StageOfJob) -> Iterator[Line]:
        """What was logged of a stage."""
        yield Line(Content(self.say("pipeline.logged", stage=say(step.stage))), heading=True)
        for line in step.lines:
            yield Line(evidence_content(line), evidence_what(line), self.app.glyphs.event, 1)
        if not step.lines:
            yield Line(Content.styled(self.say("pipeline.nothing-logged"), "$foreground-muted"))

    # What lies beside the picture

    def _tell(self, spot: Spot) -> None:
        self.query_one("#beside", Lines).fill(self._about(spot))

    def _about(self, spot: Spot) -> Iterator[Line]:
        word = self.say(f"status.{spot.status.name.lower()}")
        if spot.kind is not SpotKind.COMPONENT:
            yield Line(plain(spot.name or self.say("pipeline.alike"), "bold"), heading=True)
            yield Line(plain(spot.note), What(spot))
            yield Line(Content.styled(self.say("pipeline.fold-hint"), "$foreground-muted"))
            return
        graph = self.case.case.graph
        yield Line(plain(graph.nodes[spot.id]["title"], "bold"), heading=True)
        yield Line(plain(f"{word} {spot.note}".strip()), What(spot, (graph.nodes[spot.id]["component"],)))
        above = [above for above, _, of in graph.in_edges(spot.id, data=True) if of["relation"] == "depends-on"]
        for key, parts in (("stands-on", list(spot.causes)), ("carries", sorted(above))):
            if parts:
                yield Line(Content(self.say(f"pipeline.{key}")), heading=True)
            for part in parts:
                name = self.say(f"component.{graph.nodes[part]['component']}")
                plate, terms = graph.nodes[part]["plate"], (graph.nodes[part]["component"].value,)
                yield Line(plain(f"{name}  {plate}"), What(part, terms), self.app.glyphs.bullet, 1)
        yield Line(Content.styled(self.say("pipeline.enter-hint"), "$foreground-muted"))

    @on(Lines.Entered, "#beside")
    def _followed(self, event: Lines.Entered) -> None:
        match event.line.what.of:
            case str() as part:
                self.picture.go(part)
            case Spot():
                self.picture.enter()
            case Evidence() as line:
                self.app.push_screen(
                    DetailScreen(list(evidence_lines(line, self.case, self.app.words, self.app.glyphs)))
                )

    def words_here(self) -> list[str]:
        """What can be explained of the line beside the picture, of the stage, of the component under the cursor."""
        spot, graph = self.picture.here, self.case.case.graph
        component = [graph.nodes[spot.id]["component"].value] if spot.kind is SpotKind.COMPONENT else []
        return super().words_here() or ([self.stage.stage.value] if self.stage else component)

    def text_here(self) -> str:
        """The line beside the picture, or what is under the cursor."""
        return super().text_here() or plain(self.picture.here.id).plain
