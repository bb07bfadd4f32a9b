r"""The one door for text that Shindan did not write: log text, file names, names of machines.

Textual reads square brackets in a plain `str` as markup: `state [5]` loses its number, and `[/C:\x]` ends the program.
So whatever comes from outside goes through here, and becomes `Content` that is never parsed, without control,
bidirectional or invisible characters.
"""

import re

from textual.content import Content

from diagnostics.sanitize import one_line, sanitize

_WHOLE = 20_000
"""No record that is worth reading on a screen is longer."""


def plain(text: str, style: str = "", width: int = 2000) -> Content:
    """One line, cut to `width` characters."""
    return Content.styled(one_line(text, width), style)


def plain_block(text: str, style: str = "") -> Content:
    """Text with its own lines; tabs become spaces."""
    return Content.styled(sanitize(text[:_WHOLE]).expandtabs(4).rstrip(), style)


def file_name(text: str) -> str:
    """A part of a file's name, for any system: letters, digits, dots, dashes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip(".-")[:60] or "case"
