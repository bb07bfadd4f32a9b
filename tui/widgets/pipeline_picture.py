"""The pipeline of a case as a picture that is walked with keys or the mouse; only the rows in sight are drawn."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from diagnostics.report.plates import Plate, Status
from engine.pipeline import Component
from tui.actions import PICTURE, bindings
from tui.housed import Housed
from tui.picture import ASCII, UNICODE, Direction, Picture, Role, Spot, SpotKind, Stroke, lay_out, step, strokes
from tui.picture.layout import NARROWEST, around, first_opened
from tui.themes import glyphs as known_glyphs

_WORST = (Status.FAULT, Status.SUSPECT, Status.FAILED)


class PipelinePicture(Housed, ScrollView, can_focus=True):
    """Plates, their components, and what stands on what."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PICTURE)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"picture--{status.name.lower()}" for status in Status),
        *(f"picture--{role.value}" for role in Role),
        "picture--here",
        "picture--lit",
        "picture--telling",
    }

    class Reached(Message):
        """Another spot is under the cursor."""

        def __init__(self, spot: Spot) -> None:
            super().__init__()
            self.spot = spot

    class Entered(Reached):
        """A person asks for all about a component."""

    def __init__(self, site: Plate, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._site = site
        self._opened = set(first_opened(site))
        self._picture: Picture | None = None
        self._lit: frozenset[str] = frozenset()
        self._here = ""
        self._looks: dict[tuple[str, ...], Style] = {}
        self._last_step: tuple[str, Direction | None, str] = ("", None, "")
        """From where, which way, to where."""

    # What it shows

    @property
    def picture(self) -> Picture:
        """Where everything stands at the width that there is."""
        if self._picture is None:
            width = self.scrollable_content_region.width or NARROWEST
            self._picture = lay_out(self._site, self._opened, width, self._short)
        return self._picture

    @property
    def here(self) -> Spot:
        """What is under the cursor: at first what is at fault, else the first machine that failed, else the site."""
        spots = self.picture.spots
        if self._here not in spots:
            self._here = self._worst() or self._site.id
        return spots[self._here]

    @property
    def lit(self) -> frozenset[str]:
        """The components that take part in what is being shown."""
        return self._lit

    @lit.setter
    def lit(self, parts: frozenset[str]) -> None:
        if parts == self._lit:
            return
        self._lit = parts
        seen = [self.picture.spots[part] for part in parts if part in self.picture.spots]
        if seen:
            first = min(seen, key=lambda spot: spot.y)
            last = max(seen, key=lambda spot: spot.y)
            self._bring(Region(0, first.y, 1, last.y + last.height - first.y))
        self.refresh()

    def show(self, site: Plate) -> None:
        """Another picture; the cursor and what is open stay where they are as far as they can."""
        if site != self._site:
            self._opened |= first_opened(site)
            self._site = site
            self._changed()

    def _worst(self) -> str:
        spots = [spot for spot in self.picture.spots.values() if spot.status in _WORST]
        spots.sort(key=lambda spot: (_WORST.index(spot.status), spot.kind is not SpotKind.COMPONENT, spot.y, spot.x))
        return spots[0].id if spots else ""

    def _short(self, component: Component) -> str:
        return self.say(f"component.{component}")

    def _changed(self) -> None:
        self._picture = None
        self.virtual_size = Size(self.picture.width, self.picture.height)
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        """Lay it out at the new width; the cursor stays in sight."""
        self._changed()
        self.call_after_refresh(self._follow, self.here)

    # Walking and unfolding

    def walk(self, direction: Direction) -> None:
        """One step; the opposite one leads back to where it came from."""
        before = self.here.id
        came_from, way, came_to = self._last_step
        back = way is direction.opposite and came_to == before and came_from in self.picture.spots
        self.go(came_from if back else step(self.picture, before, direction))
        self._last_step = (before, direction, self.here.id)

    def go(self, wanted: str) -> None:
        """To a spot or a component, unfolding what lies around it."""
        if wanted not in self.picture.spots:
            self._opened.update(around(self._site, wanted))
            self._changed()
        if wanted in self.picture.spots and wanted != self._here:
            self._here = wanted
            self._follow(self.here)
            self.refresh()
            self.post_message(self.Reached(self.here))

    def enter(self) -> None:
        """Ask for all about a component; unfold or fold a plate."""
        if self.here.kind is SpotKind.COMPONENT:
            self.post_message(self.Entered(self.here))
        else:
            self.fold()

    def fold(self) -> None:
        """Unfold or fold what is under the cursor; from a component, its plate is folded."""
        spot = self.here
        name = spot.id.rpartition("/")[0] if spot.kind is SpotKind.COMPONENT else spot.id
        self._opened ^= {name}
        self._changed()
        self.go(name)
        self._follow(self.here)

    @property
    def opened(self) -> Collection[str]:
        """The plates that are unfolded."""
        return self._opened

    def unfold(self, plates: Iterable[str]) -> None:
        """Unfold these, and no others."""
        self._opened = set(plates)
        self._changed()

    def fold_as_first(self) -> None:
        """Open what was open at first, and nothing else."""
        self._opened = set(first_opened(self._site))
        self._changed()
        self._follow(self.here)
        self.post_message(self.Reached(self.here))

    def _follow(self, spot: Spot) -> None:
        self._bring(Region(spot.x, spot.y, spot.width, spot.height).grow((1, 0, 1, 0)))

    def _bring(self, region: Region) -> None:
        wider = self.picture.width > self.size.width
        # The scroll bar may not be there yet, and what is scrolled to next must not be undone by what waits for it.
        self.scroll_to_region(region, animate=False, x_axis=wider, force=True, immediate=True)

    def on_click(self, event: Click) -> None:
        """Go there; a second click enters, a click on a port goes to what it names."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        found = self.picture.at(offset.x + round(self.scroll_x), offset.y + round(self.scroll_y))
        if found:
            folds = isinstance(found, Spot) and found.kind is not SpotKind.COMPONENT
            again = folds or found.id == self.here.id
            self.go(found.id)
            if again:
                self.enter()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """A row of the picture, as far as it is in sight."""
        left, top = self.scroll_offset
        ground, width = self.rich_style, self.size.width
        row = _Row(self.picture.width, ground)
        glyphs = UNICODE if self.app.glyphs == known_glyphs() else ASCII
        for stroke in strokes(self.picture, y + top, glyphs, self._word):
            row.paint(stroke.x, stroke.text, self._style(stroke))
        return row.strip().crop_extend(left, left + width, ground)

    def _word(self, status: Status) -> str:
        return self.say(f"status.{status.name.lower()}")

    def _style(self, stroke: Stroke) -> Style:
        names = [stroke.role.value]
        if stroke.role is Role.LINE:
            names += ["telling"] if self._tells(stroke) else []
        elif stroke.role is not Role.PORT and stroke.role is not Role.NOTE:
            names.append(stroke.status.name.lower())
        names += ["lit"] if stroke.of in self._lit else []
        names += ["here"] if stroke.of == self.here.id and stroke.of else []
        return self._look(tuple(f"picture--{name}" for name in names))

    def _look(self, names: tuple[str, ...]) -> Style:
        """The classes' style together, translucent colours laid on what is beneath them."""
        if names not in self._looks:
            self._looks[names] = self.get_visual_style(*names).rich_style
        return self._looks[names]

    def notify_style_update(self) -> None:
        """The theme has changed, or whatever else styles depend on."""
        self._looks = {}
        super().notify_style_update()

    def _tells(self, stroke: Stroke) -> bool:
        """Whether a line joins what is under the cursor, or what is at fault."""
        ends = {end for edge in stroke.edges for end in edge}
        spots = self.picture.spots
        return any(end == self.here.id or (end in spots and spots[end].status is Status.FAULT) for end in ends)


class _Row:
    """Cells of a row, painted one over the other."""

    def __init__(self, width: int, ground: Style) -> None:
        self._cells = [(" ", ground)] * width

    def paint(self, x: int, text: str, style: Style) -> None:
        """Put text into cells; of a wide character the second cell becomes empty."""
        for character in text:
            across = cell_len(character)
            if across:
                self._cells[x : x + across] = [(character, style), ("", style)][:across]
                x += across
            else:
                before, own = self._cells[x - 1]
                self._cells[x - 1] = (before + character, own)

    def strip(self) -> Strip:
        """The row as Textual draws it."""
        return Strip([Segment(text, style) for text, style in self._cells if text]).simplify()
