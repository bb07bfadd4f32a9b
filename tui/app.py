"""The app holds what all screens share (case, session, language, looks), and takes a person from one to the other."""

import asyncio
import gc
import os
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.events import Event, Paste
from textual.filter import LineFilter
from textual.screen import Screen

from diagnostics.exit_codes import ExitCode
from diagnostics.language import speak
from tui.actions import ACTIONS, EVERYWHERE, PLACES, bindings, place
from tui.i18n import LANGUAGES, Words, language_of
from tui.keeping import keep_bytes
from tui.keymap import Keymap
from tui.plain import plain
from tui.screens.base import ShindanScreen
from tui.session import Session
from tui.standing import Standing
from tui.themes import DEFAULT, Glyphs, glyphs, signs, themes
from tui.themes.ascii_only import AsciiOnly
from tui.widgets.field import typed

if TYPE_CHECKING:  # what reads and judges logs is slow to import; the first screen does not wait for it
    from diagnostics.handbook.holdings import Library
    from diagnostics.request import Options
    from tui.case import OpenCase
    from tui.lab import Bench
    from tui.reading import Reader


class ShindanApp(App[None]):
    """Shindan on a terminal."""

    TITLE = "Shindan"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (160, "-roomy")]  # noqa: RUF012 - Textual declares it

    def __init__(
        self,
        options: "Options | None" = None,
        *,
        session: Session | None = None,
        reader: "Reader | None" = None,
        theme: str = "",
        language: str = "",
        ascii_only: bool = False,
        get_ready: bool = False,
        keymap: Keymap | None = None,
    ) -> None:
        """An app that opens what `options` name, if they name anything.

        Args:
            options: paths to open at once, and how to read them.
            session: what is remembered from the last time; nothing unless given.
            reader: how a case is read; in a process of its own unless given.
            theme: the name of a theme; the session's unless given.
            language: `en` or `ja`; the session's, else the environment's unless given.
            ascii_only: show nothing but ASCII beside what logs say.
            keymap: the user's own keys.
            get_ready: import what the other screens need once the first is shown.
        """
        super().__init__()
        self.session = session or Session(None)
        self.words = self._speaking(language or self.session.language or language_of())
        self.glyphs: Glyphs = glyphs(ascii_only=ascii_only or self.session.ascii_only)
        self.set_class(self._draws_ascii, "-ascii")
        self._ascii_only = AsciiOnly(signs())
        self.case: OpenCase | None = None
        self.bench: Bench | None = None
        """What is on the lab's bench."""
        self.standings: dict[str, Standing] = {}
        """Where the person stood, by place."""
        self.to_open = options
        self._get_ready = get_ready
        self.keymap = keymap or Keymap()
        self.set_keymap(self.keymap.own)
        self._reader = reader
        self._library: Library | None = None
        for known in themes():
            self.register_theme(known)
        wanted = theme or self.session.theme
        self.theme = wanted if wanted in self.theme_names else DEFAULT

    async def on_mount(self) -> None:
        """Begin where cases are opened."""
        await self.push_screen(self._installed("open"))
        for problem in self.keymap.problems:
            why = plain(str(problem), width=300).plain
            self.notify(why, title=self.words("keys.wrong"), severity="warning", markup=False, timeout=15)
        if self._get_ready:
            self.call_after_refresh(self._import_places)

    @work(thread=True, group="get-ready")
    def _import_places(self) -> None:
        """What a screen is made of takes up to half a second to import, for which nobody shall wait when going there.

        All that lives from then on lives as long as the app: looking through it for garbage would hold up the screen.
        """
        for known in PLACES:
            import_module(known.where.partition(":")[0])
        for name in ("tui.screens.reading", "tui.reading"):
            import_module(name)
        gc.freeze()

    async def on_unmount(self) -> None:
        """Let go of the case and of the lab."""
        if self.case:
            self.case.close()
        if self.bench:
            await asyncio.to_thread(self.bench.close)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours ends the app without a traceback, unless that is asked for; as `guarded` does elsewhere."""
        if self.is_headless or os.environ.get("SHINDAN_TRACEBACK"):
            super()._handle_exception(error)
        else:
            kind = type(error).__name__
            told = f"shindan: internal error: {kind} (set SHINDAN_TRACEBACK=1 to see where, and please report it)"
            self.exit(return_code=ExitCode.INTERNAL, message=told)

    # Where a person goes

    async def action_go(self, name: str) -> None:
        """Go to a screen; say why where that makes no sense yet."""
        if place(name).needs_case and self.case is None:
            self.notify(self.words("app.no-case"), severity="warning")
            return
        if self.screen.is_modal or self.screen is self._installed(name):
            return
        self._note_standing()
        await self.switch_screen(self._installed(name))
        self._remember(name)

    def show_event(self, source: str, record: int) -> None:
        """Go to an event on the timeline, by its place as evidence names it."""
        self.call_next(self._go_to, "timeline", "show_event", source, record)

    def show_component(self, instance: str) -> None:
        """Go to a component instance in the picture of the pipeline."""
        self.call_next(self._go_to, "pipeline", "show_component", instance)

    async def _go_to(self, name: str, show: str, *what: object) -> None:
        """Go to a screen, and let it show something; say so where it is not there."""
        while self.screen.is_modal:
            await self.pop_screen()
        there = name in {known.name for known in PLACES}
        if there:
            await self.action_go(name)
        if not there or not getattr(self.screen, show)(*what):
            self.notify(self.words("app.not-there"), severity="warning")

    async def show_case(self, case: "OpenCase", name: str = "verdict") -> None:
        """Put a case on the screens; those of the one before are thrown away."""
        if self.case and self.case is not case:
            self.case.close()
        if self.case is None or self.case.request.rules != case.request.rules:
            self._library = None
        if self.screen is not self._installed("open"):
            await self.switch_screen(self._installed("open"))
        self.case = case
        paths = tuple(str(Path(path).absolute()) for path in case.request.paths)
        self.standings |= dict.fromkeys((known.name for known in PLACES if known.needs_case), Standing())
        self.standings |= self.session.standings(paths)
        self.forget_screens([known.name for known in PLACES if known.needs_case])
        await self.action_go(name)

    async def action_quit(self) -> None:
        """Remember where the person is, and end."""
        self._note_standing()
        if self._shown:
            self._remember(self._shown.PLACE)
        await super().action_quit()

    @property
    def _shown(self) -> ShindanScreen | None:
        """The place that is shown, behind whatever dialogs."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, ShindanScreen)), None)

    def _note_standing(self) -> None:
        if self._shown and self._shown.is_mounted:
            self.standings[self._shown.PLACE] = self._shown.standing()

    def _remember(self, name: str) -> None:
        of_case = {known.name for known in PLACES if known.needs_case}
        standings = {where: at for where, at in self.standings.items() if where in of_case}
        if self.case:
            self.session.left_at(name if name in of_case else "", standings)

    def _installed(self, name: str) -> ShindanScreen:
        if not self.is_screen_installed(name):
            self.install_screen(_made(name), name)
        screen: ShindanScreen = self.get_screen(name)  # type: ignore[assignment]
        return screen

    def forget_screens(self, names: Iterable[str]) -> None:
        """Throw screens away but the one that is shown; they are made anew when somebody goes there."""
        for name in names:
            if self.is_screen_installed(name) and self.get_screen(name) is not self.screen:
                self.get_screen(name).remove()
                self.uninstall_screen(name)

    # What all screens share

    @property
    def reader(self) -> "Reader":
        """How a case is read."""
        if self._reader is None:
            from tui.reading import read_elsewhere  # noqa: PLC0415 - slow to import

            self._reader = read_elsewhere
        return self._reader

    @property
    def library_at_hand(self) -> "Library | None":
        """The library, if it has been loaded."""
        return self._library

    def library(self) -> "Library":
        """Everything that is known, to look things up in; takes half a second the first time: call it from a worker."""
        if self._library is None:
            from diagnostics.diagnosis import load_knowledge  # noqa: PLC0415 - as above
            from diagnostics.handbook.holdings import Library  # noqa: PLC0415 - as above

            own = self.case.request.rules if self.case else ()
            rules, catalog, _ = load_knowledge(own)
            self._library = Library(rules.rules, catalog)
        return self._library

    @property
    def theme_names(self) -> list[str]:
        """The themes that Shindan brings."""
        return [known.name for known in themes()]

    # Looks and language

    def action_next_theme(self) -> None:
        """The next theme, round and round."""
        names = self.theme_names
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.notify(self.words(f"theme.{self.theme}"))
        self._remember_looks()

    async def action_next_language(self) -> None:
        """The next language, at once, on every screen."""
        at = (LANGUAGES.index(self.words.language) + 1) % len(LANGUAGES)
        self.words = self._speaking(LANGUAGES[at])
        await self.make_anew()
        self._remember_looks()

    @staticmethod
    def _speaking(language: str) -> Words:
        """The screens' words in a language, in which all else is said from now on too."""
        speak(language)
        return Words(language)

    async def action_next_glyphs(self) -> None:
        """From Unicode to ASCII and back."""
        self.glyphs = glyphs(ascii_only=not self._draws_ascii)
        self.set_class(self._draws_ascii, "-ascii")
        await self.make_anew()
        self._remember_looks()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What changes every line before it is drawn."""
        return (*super().get_line_filters(), *([self._ascii_only] if self._draws_ascii else []))

    async def make_anew(self) -> None:
        """Make the screen anew, and all others when somebody goes there: everything on them may have changed."""
        self._note_standing()
        shown = cast("ShindanScreen", self.screen).PLACE
        fresh = _made(shown)
        await self.switch_screen(fresh)
        self.forget_screens(known.name for known in PLACES)
        self.install_screen(fresh, shown)

    def _remember_looks(self) -> None:
        self.session.looks(theme=self.theme, language=self.words.language, ascii_only=self._draws_ascii)

    @property
    def _draws_ascii(self) -> bool:
        return self.glyphs == glyphs(ascii_only=True)

    # Copying

    def copy(self, text: str) -> None:
        """Put text on the clipboard (OSC 52 works over ssh), and in a file for terminals that do not take it."""
        if not text:
            self.notify(self.words("app.nothing-here"))
            return
        self.copy_to_clipboard(text)
        path = self.session.folder / "copied.txt" if self.session.folder else None
        if path and keep_bytes(path, text.encode("utf-8", "replace")):
            self.notify(self.words("app.copied", path=path), markup=False)
        else:
            self.notify(self.words("app.copied-only"))

    async def on_event(self, event: Event) -> None:
        """What a terminal pastes is text, in the palette's field, too."""
        if isinstance(event, Paste):
            event.text = typed(event.text)
        await super().on_event(event)

    # The command palette

    def action_command_palette(self) -> None:
        """Every command by name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=self.words("app.palette"), id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of this place, in the user's words."""
        here = screen.PLACE if isinstance(screen, ShindanScreen) else ""
        for action in ACTIONS:
            if action.where in (EVERYWHERE, here):
                title, keys = self.words(f"action.{action.id}"), ", ".join(self.keymap.told(action))
                yield SystemCommand(title, keys, partial(self.run_action, action.do, screen))


def _made(name: str) -> ShindanScreen:
    module, _, kind = place(name).where.partition(":")
    screen: ShindanScreen = getattr(import_module(module), kind)()
    return screen
