"""What screens and widgets share: they know which app they are in, and speak the user's language."""

from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from tui.app import ShindanApp


class Housed(MessagePump):
    """Something in Shindan's app; stands before Textual's class among the bases."""

    if TYPE_CHECKING:
        app: ShindanApp

    def say(self, key: str, /, **values: object) -> str:
        """A message in the user's language."""
        return self.app.words(key, **values)
