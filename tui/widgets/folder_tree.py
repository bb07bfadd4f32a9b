"""A tree of folders, whose names are hostile like everything from outside."""

from rich.text import Text
from textual.widgets import DirectoryTree

from diagnostics.sanitize import one_line
from tui.housed import Housed
from tui.themes import glyphs


class FolderTree(Housed, DirectoryTree):
    """Folders and files; names are never markup, signs are one column wide."""

    ICON_NODE = "+ "
    ICON_NODE_EXPANDED = "- "
    ICON_FILE = "  "

    def on_mount(self) -> None:
        """Lines between folders are drawn with characters that ASCII lacks."""
        self.show_guides = self.app.glyphs == glyphs()

    def process_label(self, label: str | Text) -> Text:
        """A name as it is, but harmless."""
        return Text(one_line(str(label), 200) or "?", no_wrap=True)
