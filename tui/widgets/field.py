"""A field to type into. What is pasted into it, or put there from logs, is text: Textual's own draws it as it is."""

from textual.widgets import Input

from diagnostics.sanitize import sanitize


class Field(Input):
    """An `Input` that holds nothing that cannot be seen."""

    def validate_value(self, value: str) -> str:
        """On one line, without control, bidirectional or invisible characters."""
        return typed(value)


def typed(text: str) -> str:
    """Text as it may stand in a field: each character that cannot be seen becomes one that can."""
    return sanitize(text).translate({ord("\n"): " ", ord("\t"): " "})
