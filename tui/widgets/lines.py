"""A list of lines that is walked with arrows, vim keys or the mouse; each line may stand for something."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.content import Content
from textual.css.styles import RulesMap
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from diagnostics.language.lines import breaks, has_wide
from tui.actions import LINES, bindings
from tui.housed import Housed


class What(NamedTuple):
    """What a line stands for."""

    of: object = None
    """For whoever listens to `Lines.Entered`, and knows its type."""
    terms: tuple[str, ...] = ()
    """Codes and terms in it that can be explained, the most telling first."""
    copied: str = ""
    """What a person means to copy; empty for the text of the line."""


_NOTHING = What()


class Line(NamedTuple):
    """A line: what is seen, and what it stands for."""

    body: Content
    what: What = _NOTHING
    mark: str = ""
    """Stands before the body; further lines of the body begin where its first does."""
    indent: int = 0
    heading: bool = False
    """A heading is passed over when lines are walked."""


class Lines(Housed, OptionList):
    """Lines, some of which stand for something."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LINES)]

    class Reached(Message):
        """The cursor stands on another line."""

        def __init__(self, lines: "Lines", line: Line) -> None:
            super().__init__()
            self.lines = lines
            self.line = line

        @property
        def control(self) -> "Lines":
            """The list; for `@on` with a selector."""
            return self.lines

    class Entered(Reached):
        """A person pressed Enter on a line, or clicked it."""

    def __init__(self, lines: Iterable[Line] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        self._shown = list(lines)
        super().__init__(*map(_option, self._shown), id=id, markup=False)

    def on_mount(self) -> None:
        """Begin at the first line that can be stood on."""
        if self._shown and self.highlighted is None:
            self.action_first()

    def fill(self, lines: Iterable[Line]) -> None:
        """Show other lines; the cursor stays at its place as far as there is one."""
        before = self.highlighted
        self._shown = list(lines)
        self.set_options(map(_option, self._shown))
        if self._shown:
            self.highlighted = min(before or 0, len(self._shown) - 1)
            if self._shown[self.highlighted].heading:
                self.action_cursor_down()

    @property
    def here(self) -> Line | None:
        """The line under the cursor."""
        return None if self.highlighted is None else self._shown[self.highlighted]

    def row_of(self, line: int) -> int:
        """The row of the list in which a line begins."""
        self._update_lines()
        return self._index_to_line.get(line, 0)

    @property
    def shown(self) -> list[Line]:
        """All lines."""
        return list(self._shown)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say where the cursor is, in our words."""
        event.stop()
        if event.option_index < len(self._shown):
            self.post_message(self.Reached(self, self._shown[event.option_index]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say what was chosen, in our words."""
        event.stop()
        self.post_message(self.Entered(self, self._shown[event.option_index]))


def _option(line: Line) -> Option:
    return Option(Hanging(line), disabled=line.heading)


def _wrapped(body: Content, cells: int) -> Iterator[Content]:
    """In lines of at most so many cells; Textual knows no lines that end without a space."""
    for line in body.split("\n", allow_blank=True):
        if has_wide(line.plain):
            yield from line.divide(breaks(line.plain, cells))
        else:
            yield from line.wrap(cells)


class Hanging(Visual):
    """A mark, and a body whose further lines begin where its first does."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def _content(self, width: int) -> Content:
        margin = " " * self._line.indent
        mark = Content(f"{margin}{self._line.mark} " if self._line.mark else margin)
        rest = Content(" " * mark.cell_length)
        body = _wrapped(self._line.body, max(width - mark.cell_length, 10))
        lines = [Content.assemble(rest if number else mark, line.rstrip()) for number, line in enumerate(body)]
        return Content("\n").join(lines)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """The lines, as wide as there is room."""
        return self._content(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """As wide as one line would be."""
        return self._line.body.get_optimal_width(rules, container_width) + self._line.indent + 2

    def get_height(self, rules: RulesMap, width: int) -> int:
        """How many lines it takes."""
        return self._content(width).get_height(rules, width)
