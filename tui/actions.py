"""Everything that can be done, once: key bindings, footer, command palette and the `?` page are read from here.

An action's words are `action.<id>` in the catalogs of `tui.i18n`. Only keys that arrive in every terminal are used:
plain letters, F-keys, one layer of ctrl; nothing needs alt, shift with an F-key, or ctrl with Enter.
"""

from collections.abc import Mapping
from typing import NamedTuple

from textual.binding import Binding

EVERYWHERE = "app"
LINES = "lines"
"""Whatever is walked line by line."""
PICTURE = "picture"
"""The picture of the pipeline, which is walked from cause to effect."""


class Place(NamedTuple):
    """A screen that a person goes to; its title is `place.<name>` in the catalogs."""

    name: str
    keys: str
    where: str
    """`module:class`, imported when somebody goes there."""
    needs_case: bool = True


PLACES = (
    Place("open", "1,f2", "tui.screens.open:OpenScreen", needs_case=False),
    Place("verdict", "2,f3", "tui.screens.verdict:VerdictScreen"),
    Place("timeline", "3,f4", "tui.screens.timeline:TimelineScreen"),
    Place("writers", "4,f5", "tui.screens.writers:WritersScreen"),
    Place("pipeline", "5,f6", "tui.screens.pipeline:PipelineScreen"),
    Place("lab", "6,f7", "tui.screens.lab:LabScreen", needs_case=False),
    Place("points", "7,f8", "tui.screens.points:PointsScreen", needs_case=False),
)
"""In the order in which a person walks them. Kept: 8 settings."""


class Action(NamedTuple):
    """Something that can be done."""

    id: str
    keys: str
    """As Textual spells them, with commas between."""
    do: str
    """Textual's name of the method: `export` is `action_export`."""
    where: str = EVERYWHERE
    """The name of a place, EVERYWHERE, LINES, PICTURE, or the name of a dialog."""
    shown: bool = True
    """Whether the line of keys names it; the palette and `?` name all."""


def go_to(place: Place) -> Action:
    """The action that leads to a place."""
    return Action(f"go-{place.name}", place.keys, f"go('{place.name}')", shown=False)


ACTIONS = (
    *map(go_to, PLACES),
    Action("help", "question_mark", "screen.help"),
    Action("explain", "e", "screen.explain"),
    Action("copy", "y", "screen.copy"),
    Action("export", "x", "screen.export"),
    Action("palette", "ctrl+p,colon", "command_palette"),
    Action("quit", "q,ctrl+q", "quit"),
    Action("manual", "f1", "screen.manual", shown=False),
    Action("look-up", "ctrl+e", "screen.look_up", shown=False),
    Action("to-timeline", "v", "screen.to_timeline", shown=False),
    Action("theme", "ctrl+t", "next_theme", shown=False),
    Action("language", "ctrl+l", "next_language", shown=False),
    Action("glyphs", "ctrl+g", "next_glyphs", shown=False),
    Action("open-folder", "o", "open_folder", "open"),
    Action("next-section", "n", "next_section", "verdict", shown=False),
    Action("previous-section", "p", "previous_section", "verdict", shown=False),
    Action("close", "escape,q", "close", "dialog"),
    Action("dialog-explain", "e", "explain", "dialog"),
    Action("dialog-copy", "y", "copy", "dialog"),
    Action("dialog-to-timeline", "v", "to_timeline", "dialog", shown=False),
    Action("leave", "ctrl+q", "app.quit", "dialog", shown=False),
    Action("next-stage", "n", "stage(1)", "pipeline"),
    Action("previous-stage", "p", "stage(-1)", "pipeline", shown=False),
    Action("next-job", "]", "job(1)", "pipeline", shown=False),
    Action("previous-job", "[", "job(-1)", "pipeline", shown=False),
    Action("leave-job", "escape", "leave", "pipeline", shown=False),
    Action("lab-run", "r", "run", "lab"),
    Action("lab-step", "s", "step", "lab"),
    Action("lab-faster", "+", "speed(1)", "lab", shown=False),
    Action("lab-slower", "-", "speed(-1)", "lab", shown=False),
    Action("lab-fault", "f", "fault", "lab"),
    Action("lab-diagnose", "d", "diagnose", "lab"),
    Action("lab-mend", "m", "mend", "lab"),
    Action("lab-stop", "escape", "stop", "lab"),
    Action("lab-view", "w", "view", "lab"),
    Action("lab-try", "t", "try_verdict", "lab"),
    Action("lab-choose", "c", "choose", "lab", shown=False),
    Action("point-verify", "c", "verify", "points"),
    Action("points-verify", "a", "verify_all", "points"),
    Action("point-restore", "r", "restore", "points"),
    Action("points-again", "u", "again", "points", shown=False),
    Action("stop", "escape", "stop", "working"),
    Action("leave-work", "q,ctrl+q", "app.quit", "working"),
    Action("to-cause", "up,k", "screen.walk('up')", PICTURE),
    Action("to-effect", "down,j", "screen.walk('down')", PICTURE),
    Action("to-previous", "left,h", "screen.walk('left')", PICTURE, shown=False),
    Action("to-next", "right,l", "screen.walk('right')", PICTURE, shown=False),
    Action("evidence", "enter", "screen.enter", PICTURE),
    Action("fold", "space", "screen.fold", PICTURE),
    Action("fold-as-first", "z", "screen.fold_as_first", PICTURE, shown=False),
    Action("filter", "f", "filter", "timeline"),
    Action("search", "slash", "search", "timeline"),
    Action("next-found", "n", "next_found(1)", "timeline", shown=False),
    Action("previous-found", "N", "next_found(-1)", "timeline", shown=False),
    Action("next-error", "r", "next_error(1)", "timeline"),
    Action("previous-error", "R", "next_error(-1)", "timeline", shown=False),
    Action("next-warning", "w", "next_warning(1)", "timeline", shown=False),
    Action("previous-warning", "W", "next_warning(-1)", "timeline", shown=False),
    Action("unfold", "enter", "unfold", "timeline", shown=False),
    Action("mark", "m", "mark", "timeline"),
    Action("next-mark", "M", "next_mark", "timeline", shown=False),
    Action("note", "a", "note", "timeline"),
    Action("go-to-time", "t", "go_to_time", "timeline"),
    Action("zone", "z", "zone", "timeline", shown=False),
    Action("filter-off", "F", "filter_off", "timeline", shown=False),
    Action("dim", "d", "dim", "timeline", shown=False),
    Action("gather", "U", "gather", "timeline", shown=False),
    Action("fold-all", "u", "fold_all", "timeline", shown=False),
    Action("details", "i", "details", "timeline", shown=False),
    Action("component", "c", "component", "timeline", shown=False),
    Action("stop-search", "escape", "stop_search", "timeline", shown=False),
    Action("leave-prompt", "escape", "close", "prompt", shown=False),
    Action("down", "j", "cursor_down", LINES, shown=False),
    Action("up", "k", "cursor_up", LINES, shown=False),
    Action("first", "g", "first", LINES, shown=False),
    Action("last", "G", "last", LINES, shown=False),
    Action("page-down", "ctrl+d,space", "page_down", LINES, shown=False),
    Action("page-up", "ctrl+u,b", "page_up", LINES, shown=False),
)


PICTURED = ("pipeline", "lab")
"""The places that show the picture."""


def beside(one: Action, other: Action) -> bool:
    """Whether two actions can be done at the same time, so that they need different keys."""
    names = {known.name for known in PLACES}

    def covers(outer: str, inner: str) -> bool:
        if outer == EVERYWHERE:
            return inner in names or inner in (LINES, PICTURE)
        if inner == PICTURE:
            return outer in PICTURED
        return inner == LINES and (outer in names or outer == "dialog")

    return one.where == other.where or covers(one.where, other.where) or covers(other.where, one.where)


def bindings(where: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """The key bindings of a place; a binding's description is the key of its words."""
    return [
        Binding(action.keys, action.do, f"action.{action.id}", show=action.shown, id=action.id)
        for action in ACTIONS
        if action.where == where
    ]


def place(name: str) -> Place:
    """The place of a name; raises KeyError."""
    return {known.name: known for known in PLACES}[name]


TYPED = frozenset({"question_mark", "colon", "slash", "space"})
"""Keys with a name that are characters to whoever types."""
_KEYS: Mapping[str, str] = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
}


def keys_of(keys: str) -> list[str]:
    """Keys as a person reads them: `ctrl+p,colon` is `^P` and `:`."""
    return [_key(key) for key in keys.split(",")]


def _key(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    return _KEYS.get(key) or (key.upper() if key[1:].isdigit() else key)
