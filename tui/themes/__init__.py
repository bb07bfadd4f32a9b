"""Colours and glyphs as data. Meaning never rests on colour alone: a glyph and a word say the same."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from textual.theme import Theme

from engine.datafiles.documents import Problem, read
from engine.datafiles.schema import typed

HERE = Path(__file__).parent
DEFAULT = "dark"
_Declared = TypeVar("_Declared", bound=msgspec.Struct)
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]


class BrokenThemeError(Exception):
    """A theme or the table of glyphs cannot be read; the message has its problems with file and line."""


class _Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format of a theme's file: the colours that Textual derives all others from."""

    dark: bool
    foreground: Colour
    background: Colour
    surface: Colour
    panel: Colour
    primary: Colour
    secondary: Colour
    accent: Colour
    success: Colour
    warning: Colour
    error: Colour
    variables: dict[str, str] = {}


class Glyphs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands beside a word, so that it is seen at a glance; one column each."""

    asserted: str
    leading: str
    ambiguous: str
    insufficient: str
    transient: str
    unexplained: str
    healthy: str
    passed: str
    failed: str
    unknown: str
    running: str
    warning: str
    event: str
    command: str
    bullet: str
    more: str
    mark: str


class _GlyphSets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    unicode: Glyphs
    ascii: Glyphs
    signs: dict[str, str]
    """Of whatever else is drawn, and its sign in ASCII."""


@cache
def themes() -> tuple[Theme, ...]:
    """The themes, by name.

    Raises:
        BrokenThemeError: a file cannot be used.
    """
    return tuple(_theme(path) for path in sorted(HERE.glob("*.theme.yml")))


def _theme(path: Path) -> Theme:
    told = _typed(_Theme, path)
    name = path.name.removesuffix(".theme.yml")
    fields = {field: getattr(told, field) for field in _Theme.__struct_fields__}
    return Theme(name=name, **fields)


@cache
def glyphs(*, ascii_only: bool = False) -> Glyphs:
    """The glyphs of a terminal that can show them, or only ASCII.

    Raises:
        BrokenThemeError: the table cannot be used.
    """
    return _glyph_sets().ascii if ascii_only else _glyph_sets().unicode


@cache
def signs() -> Mapping[str, str]:
    """Every sign that is drawn, and the one that stands for it in ASCII.

    Raises:
        BrokenThemeError: the table cannot be used.
    """
    sets = _glyph_sets()
    ours = {getattr(sets.unicode, name): getattr(sets.ascii, name) for name in Glyphs.__struct_fields__}
    return {**sets.signs, **ours}


@cache
def _glyph_sets() -> _GlyphSets:
    return _typed(_GlyphSets, HERE / "glyphs.yml")


def _typed(declared: type[_Declared], path: Path) -> _Declared:
    document, problems = read(path)
    told, wrong = typed(declared, document) if document else (None, list[Problem]())
    if told is None or problems or wrong:
        raise BrokenThemeError("; ".join(str(problem) for problem in (*problems, *wrong)))
    return told
