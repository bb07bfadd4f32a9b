"""The pipeline of a case as a picture of characters: where everything stands, which lines join it, and how to walk it.

Nothing here knows Textual: `grid` places the components of one plate, `layout` the plates within each other,
`strokes` turns a line of that into text, `walking` tells where a key leads.
"""

from tui.picture.layout import Picture, Spot, SpotKind, lay_out
from tui.picture.strokes import ASCII, UNICODE, Glyphs, Role, Stroke, strokes
from tui.picture.walking import Direction, step

__all__ = [
    "ASCII",
    "UNICODE",
    "Direction",
    "Glyphs",
    "Picture",
    "Role",
    "Spot",
    "SpotKind",
    "Stroke",
    "lay_out",
    "step",
    "strokes",
]
