"""A line that asks for something, and says what was wrong with the answer and where; Esc leaves it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.actions import bindings
from tui.housed import Housed
from tui.plain import plain
from tui.widgets.field import Field


class Prompt(Housed, Widget):
    """Hidden until somebody asks; remembers the last answer to each question."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("prompt")]
    DEFAULT_CSS = """
    Prompt {
        height: auto; display: none; background: $surface;
        & Horizontal { height: 1; }
        & #question { width: auto; padding: 0 1; text-style: bold; }
        & Input { width: 1fr; }
        & #wrong { height: auto; padding: 0 1; color: $text-error; display: none; }
    }
    """

    class Answered(Message):
        """A person pressed Enter."""

        def __init__(self, question: str, answer: str) -> None:
            super().__init__()
            self.question = question
            self.answer = answer

    class Left(Message):
        """A person pressed Esc."""

    def __init__(self) -> None:
        super().__init__()
        self._question = ""
        self._last: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The question, the answer, and what is wrong with it."""
        with Horizontal():
            yield Static(id="question")
            yield Field(compact=True)
        yield Static(id="wrong")

    def ask(self, question: str, answer: str | None = None) -> None:
        """Ask; `timeline.ask.<question>` are its words, `answer` is what stands there at first, else the last one."""
        self._question = question
        self.display = True
        self.query_one("#question", Static).update(plain(self.say(f"timeline.ask.{question}")))
        field = self.query_one(Input)
        field.placeholder = self.say(f"timeline.expected.{question}")
        field.value = self._last.get(question, "") if answer is None else answer
        self.tell("")
        field.focus()

    def tell(self, wrong: str, at: int | None = None) -> None:
        """Say what is wrong with the answer; the cursor goes there."""
        told = self.query_one("#wrong", Static)
        told.display = bool(wrong)
        told.update(plain(wrong))
        if at is not None:
            self.query_one(Input).cursor_position = at

    def done(self) -> None:
        """The answer was good."""
        self._last[self._question] = self.query_one(Input).value
        self.display = False

    def action_close(self) -> None:
        """Ask no more."""
        self.display = False
        self.post_message(self.Left())

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Answered(self._question, event.value))
