"""What shall go wrong: a fault from the lab's registry, and where and how, in a form."""

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Static

from diagnostics.language import say
from engine.lab import Fault, FaultError, FaultKind, fault_kinds, parse_fault
from engine.lab.faults.kinds import PASSES
from engine.pipeline import Scope
from tui.plain import plain
from tui.screens.base import Dialog
from tui.widgets.field import Field
from tui.widgets.lines import Line, Lines, What

_PLATE = "plate"


class FaultScreen(Dialog[Fault]):
    """All faults; its answer is one, placed."""

    AUTO_FOCUS = "Lines"

    def __init__(self, machines: Sequence[str]) -> None:
        """For a lab with these machines (`host:HV01`)."""
        super().__init__()
        self._machines = machines

    def body(self) -> ComposeResult:
        """A line for each."""
        yield Static(self.say("lab.fault.title"), classes="title")
        yield Lines(self._lines())

    def _lines(self) -> Iterator[Line]:
        for kind in fault_kinds().values():
            if places(kind, self._machines):
                body = plain(kind.name, "bold").append("\n").append(plain(say(kind.sentence), "$foreground-muted"))
                yield Line(body, What(kind, (kind.name,)), self.app.glyphs.bullet, 1)

    @on(Lines.Entered)
    def _chosen(self, event: Lines.Entered) -> None:
        if isinstance(event.line.what.of, FaultKind):
            self.app.push_screen(FaultForm(event.line.what.of, self._machines), self._given)

    def _given(self, fault: Fault | None) -> None:
        if fault:
            self.dismiss(fault)


def places(kind: FaultKind, machines: Sequence[str]) -> list[str]:
    """The plates of a lab on which a fault may sit, the innermost first."""
    plates = [*reversed(machines), Scope.SITE.value]
    return [plate for plate in plates if Scope(plate.partition(":")[0]) in kind.plates]


class FaultForm(Dialog[Fault]):
    """Where a fault sits, and its parameters; Enter in the last field takes it."""

    AUTO_FOCUS = "Input"

    def __init__(self, kind: FaultKind, machines: Sequence[str]) -> None:
        super().__init__()
        self._kind = kind
        self._machines = machines

    def body(self) -> ComposeResult:
        """A field for each parameter, with its default."""
        where = places(self._kind, self._machines)
        yield Static(plain(self._kind.name), classes="title")
        yield Static(plain(say(self._kind.sentence)))
        yield Label(Content(self.say("lab.fault.plate", plates=", ".join(where))))
        yield Field(value=where[0], suggester=SuggestFromList(where), id=_PLATE, compact=True)
        for name, value in {**self._kind.parameters, PASSES: 0}.items():
            yield Label(Content(self.say("lab.fault.passes") if name == PASSES else name))
            yield Field(value=str(value), id=f"of-{name}", compact=True)
        yield Static(id="why-not")
        yield Static(self.say("lab.fault.hint"), classes="muted")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        fields = list(self.query(Input))
        if event.input is not fields[-1]:
            self.focus_next()
            return
        try:
            self.dismiss(parse_fault(self._text()).placed(self._machines))
        except FaultError as error:
            expected = f" ({self.say('lab.fault.expected', expected=error.expected)})" if error.expected else ""
            self.query_one("#why-not", Static).update(plain(f"{error}{expected}", "$error"))

    def _text(self) -> str:
        """As `shindan replay --fault` takes it; what is as usual is left out."""
        given = {name: self.query_one(f"#of-{name}", Input).value.strip() for name in (*self._kind.parameters, PASSES)}
        usual = {**self._kind.parameters, PASSES: 0}
        changed = [f"{name}={value}" for name, value in given.items() if value != str(usual[name])]
        plate = self.query_one(f"#{_PLATE}", Input).value.strip()
        return ":".join([f"{self._kind.name}@{plate}", *changed])
