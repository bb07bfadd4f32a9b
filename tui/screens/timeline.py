"""Timeline: every event of every machine in one order; filter, search, jump, fold, mark, and look into each."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import re2
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from diagnostics.event import Event
from diagnostics.evidence.clock import UnknownZoneError
from diagnostics.inspection.notes import LONGEST
from diagnostics.ledger.query import FilterError, Key, Term, parse, pattern, printed
from diagnostics.ledger.rereading import GoneError
from tui.plain import plain
from tui.screens.base import CaseScreen
from tui.standing import Standing, above, bring
from tui.themes import glyphs
from tui.timeline import clock
from tui.timeline.clock import DisplayClock
from tui.timeline.model import Timeline
from tui.timeline.search import spans
from tui.verdict.event import event_lines
from tui.widgets.column_heads import ColumnHeads
from tui.widgets.filter_line import FilterLine
from tui.widgets.lines import Line, Lines
from tui.widgets.prompt import Prompt
from tui.widgets.time_strip import TimeStrip
from tui.widgets.timeline_view import TimelineView


class TimelineScreen(CaseScreen):
    """All events of the case."""

    PLACE = "timeline"
    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "TimelineView"

    def __init__(self) -> None:
        super().__init__()
        self._timeline: Timeline | None = None
        self._sought: Term | None = None
        self._event: Event | None = None

    def body(self) -> ComposeResult:
        """The filter, when there was how much, the lines, and the event under the cursor."""
        self._timeline = self.case.timeline
        if self._timeline is None:
            yield Static(self.say("timeline.empty"))
            return
        yield FilterLine(self._timeline, lambda: self.case.rows_by_component)
        yield TimeStrip(self._timeline, self.app.glyphs, ascii_only=self.app.glyphs == glyphs(ascii_only=True))
        view = TimelineView(self._timeline, self.app.glyphs, self.case.notes)
        yield ColumnHeads(view)
        yield view
        yield Lines(id="event")
        yield Prompt()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without events nothing of this screen can be done but what all screens can."""
        own = hasattr(type(self), f"action_{action}") and not hasattr(CaseScreen, f"action_{action}")
        return False if own and self._timeline is None else super().check_action(action, parameters)

    @property
    def timeline(self) -> Timeline:
        """What is shown."""
        if self._timeline is None:
            raise RuntimeError("the timeline has no events")
        return self._timeline

    @property
    def view(self) -> TimelineView:
        """The lines."""
        return self.query_one(TimelineView)

    def words_here(self) -> list[str]:
        """The terms of the line in the pane, or all of the event's: its codes first."""
        terms = (term for line in self._told_here() for term in line.what.terms)
        codes = self._event.codes if self._event else ()
        return super().words_here() or list(dict.fromkeys((*codes, *terms)))

    def text_here(self) -> str:
        """The line in the pane, or the event under the cursor, as it is shown."""
        return super().text_here() or "\n".join(line.body.plain for line in self._told_here())

    def _told_here(self) -> list[Line]:
        return self.query_one("#event", Lines).shown if self._event else []

    def standing(self) -> Standing:
        """The event, the filter, and how it is shown."""
        timeline = self._timeline
        if timeline is None or self.view.row is None:
            return Standing()
        source, record = self._place_here()
        return Standing(
            at=source,
            record=record,
            above=above(self.view, self.view.cursor),
            asked=printed(timeline.query),
            zone=timeline.clock.name,
            switched=timeline.switched,
        )

    def stand(self, standing: Standing) -> None:
        """Ask for what was asked for, and go to the event."""
        if self._timeline is None:
            return
        with suppress(UnknownZoneError):
            self._zone(standing.zone or "UTC")
        self._timeline.switch(standing.switched)
        row = self._timeline.ledger.find(standing.at, standing.record)
        self._changed(row)
        bring(self.view, self.view.cursor, standing.above)
        if standing.asked != printed(self._timeline.query):
            with suppress(FilterError, re2.error):
                self._filter(standing.asked)

    def show_event(self, source: str, record: int) -> bool:
        """Go to an event by its place, as evidence names it; whether it is there."""
        row = self.timeline.ledger.find(source, record) if self._timeline else None
        if row is not None:
            self._go_to(row)
        return row is not None

    # The event under the cursor

    @on(TimelineView.Moved)
    def _look(self) -> None:
        self.query_one("#event", Lines).fill(self._event_lines())

    def _event_lines(self) -> Iterator[Line]:
        row = self.view.row if self._timeline else None
        self._event = None
        if row is None:
            return
        ledger, lines, cursor = self.timeline.ledger, self.timeline.lines, self.view.cursor
        self.query_one(TimeStrip).point_at(ledger.time(row))
        if (count := lines.count(cursor)) > 1:
            last = self.timeline.clock.full(ledger.time(lines.last(cursor)) or 0)
            yield Line(plain(self.say("timeline.repeated", count=f"{count:,}", last=last), "bold"), indent=1)
        try:
            self._event = self.view.words.event(row)
        except GoneError as gone:
            yield Line(plain(str(gone), "$warning"))
            return
        yield from event_lines(self._event, self.case, self.app.words, self.app.glyphs, self.timeline.clock)

    def action_details(self) -> None:
        """Show or hide what lies below the lines."""
        pane = self.query_one("#event", Lines)
        pane.display = not pane.display

    def action_component(self) -> None:
        """From the event to the component that the weightiest rule blames it on."""
        hits = self.case.hits.of(self._event.source, self._event.record) if self._event else []
        if hits:
            self.app.show_component(hits[0].instance)
        else:
            self.notify(self.say("timeline.no-component"))

    # Which lines there are

    def on_mount(self) -> None:
        """Show the event under the cursor."""
        self._changed()

    def _changed(self, row: int | None = None) -> None:
        """The lines are others; the cursor stays on its event, or goes to the next that is shown."""
        if self._timeline is None:
            return
        here = self.view.row if row is None else row
        self.view.reload(0 if here is None else self.timeline.lines.line_of(here))
        self.query_one(FilterLine).reload()
        self.query_one(TimeStrip).reload()
        self.query_one(ColumnHeads).refresh()
        self._look()

    def _keep_place(self, change: Callable[[], None]) -> None:
        row = self.view.row if len(self.timeline.lines) else None
        change()
        self._changed(row)

    def action_filter_off(self) -> None:
        """All terms off, or on again."""
        self._keep_place(self.timeline.toggle_filter)

    def action_dim(self) -> None:
        """Dim what the filter does not ask for, or hide it."""
        self._keep_place(self.timeline.toggle_hiding)

    def action_fold_all(self) -> None:
        """Fold repetitions, or unfold all."""
        self._keep_place(self.timeline.toggle_folding)

    @work(thread=True, exclusive=True, group="gather")
    def action_gather(self) -> None:
        """All events of a kind on one line, or only neighbours."""
        _ = self.timeline.kinds
        self.app.call_from_thread(self._keep_place, self.timeline.toggle_gathering)

    def action_unfold(self) -> None:
        """Unfold the line under the cursor, or fold the run that it is part of."""
        if self.view.row is not None:
            line = self.timeline.toggle_run(self.view.cursor)
            self._changed(self.timeline.lines.first(line))

    @on(TimelineView.Chosen)
    def _chosen(self) -> None:
        self.action_unfold()

    # Questions, and what is done with the answers

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.query_one(Prompt).ask("filter", printed(self.timeline.query) or None)

    def action_search(self) -> None:
        """Ask what to search for."""
        self.query_one(Prompt).ask("search")

    def action_go_to_time(self) -> None:
        """Ask for a time."""
        self.query_one(Prompt).ask("time")

    def action_zone(self) -> None:
        """Ask for the zone that times are shown in."""
        self.query_one(Prompt).ask("zone", self.timeline.clock.name)

    def action_note(self) -> None:
        """Write a note to the event under the cursor."""
        if self.view.row is not None:
            self.query_one(Prompt).ask("note", self.case.notes.note(self._place_here()))

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        do: dict[str, Callable[[str], None]] = {
            "filter": self._filter, "search": self._search_for, "time": self._time, "zone": self._zone,
            "note": self._note,
        }  # fmt: skip
        prompt = self.query_one(Prompt)
        try:
            do[event.question](event.answer)
        except FilterError as error:
            prompt.tell(str(error), error.at)
        except (ValueError, UnknownZoneError) as error:
            prompt.tell(str(error))
        else:
            prompt.done()
            self.view.focus()

    @on(Prompt.Left)
    def _left(self) -> None:
        self.view.focus()

    def action_stop_search(self) -> None:
        """End a search, or a filter that is still looking: what it has found by then stays."""
        self.query_one(FilterLine).stop()

    def _filter(self, text: str) -> None:
        self.query_one(FilterLine).apply(parse(text))

    def action_drop_term(self, number: int) -> None:
        """Take one term out of the filter."""
        terms = self.timeline.query
        self.query_one(FilterLine).apply(terms[:number] + terms[number + 1 :])

    @on(FilterLine.Filtered)
    def _filtered(self, event: FilterLine.Filtered) -> None:
        self._keep_place(partial(self.timeline.filter, event.query, event.found))
        if event.query and not self.timeline.shown:
            self.notify(self.say("timeline.nothing-found"), severity="warning")

    def _search_for(self, text: str) -> None:
        wanted = text.strip()
        is_pattern = len(wanted) > 2 and wanted[0] == wanted[-1] == "/"
        self._sought = Term(Key.PATTERN, wanted[1:-1]) if is_pattern else Term(Key.WORD, wanted) if wanted else None
        if is_pattern:
            try:
                pattern(wanted[1:-1])
            except re2.error as error:
                raise FilterError(1, str(error)) from None
        self.view.spans = spans(self._sought) if self._sought else None
        self.view.refresh()
        if self._sought:
            self._seek(1)

    def action_next_found(self, step: int) -> None:
        """The next event that the search finds, or the one before."""
        if self._sought:
            self._seek(step)
        else:
            self.action_search()

    def _seek(self, step: int) -> None:
        if self._sought:
            self.query_one(FilterLine).seek(self._sought, self.view.cursor, step)

    @on(FilterLine.Sought)
    def _found(self, event: FilterLine.Sought) -> None:
        if event.row is not None:
            self._go_to(event.row)
        elif not event.stopped:
            self.notify(self.say("timeline.no-further"))

    def _time(self, text: str) -> None:
        here = self.timeline.ledger.time(self.view.row) if self.view.row is not None else None
        try:
            time = self.timeline.clock.asked(text, here or 0)
        except ValueError:
            raise ValueError(self.say("timeline.no-time", expected=clock.EXPECTED)) from None
        self.view.cursor = self.timeline.line_at(time)

    def _zone(self, text: str) -> None:
        self.timeline.clock = DisplayClock.of(text)
        self._changed()

    # Jumps

    def action_next_error(self, step: int) -> None:
        """To the next error, or the one before."""
        self._jump(self.timeline.next_error(self.view.cursor, step))

    def action_next_warning(self, step: int) -> None:
        """To the next warning or error, or the one before."""
        self._jump(self.timeline.next_error(self.view.cursor, step, warnings=True))

    def _jump(self, line: int | None) -> None:
        if line is None:
            self.notify(self.say("timeline.no-further"))
        else:
            self.view.cursor = line

    def _go_to(self, row: int) -> None:
        self.timeline.reveal(row)
        self._changed(row)

    @on(TimeStrip.Picked)
    def _picked(self, event: TimeStrip.Picked) -> None:
        self.view.cursor = self.timeline.line_at(event.moment)

    # Bookmarks and notes

    def action_mark(self) -> None:
        """Bookmark the event under the cursor, or take the bookmark and its note away."""
        if self.view.row is not None:
            self.case.notes.toggle(self._place_here())
            self._noted()

    def action_next_mark(self) -> None:
        """To the next event with a bookmark or a note, round and round."""
        rows = sorted(row for found in self.timeline.ledger.rows_by_place(self.case.notes).values() for row in found)
        if not rows:
            self.notify(self.say("timeline.no-marks"))
            return
        here = -1 if self.view.row is None else self.view.row
        self._go_to(next((row for row in rows if row > here), rows[0]))

    def _note(self, text: str) -> None:
        self.case.notes.write(self._place_here(), text[:LONGEST])
        self._noted()

    def _noted(self) -> None:
        self.case.save_notes()
        self.view.refresh()
        self._look()

    def _place_here(self) -> tuple[str, int]:
        row = self.view.row or 0
        ledger = self.timeline.ledger
        return ledger.source(row).name, int(ledger.columns.records[row])
