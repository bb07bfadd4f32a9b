"""Sentences that can still be said in another language: English text that knows how it was made.

Whoever composes words makes them a `Sentence`; everything else treats it as the English text that it is. Who shows
it to a person looks its template up (`diagnostics.language`), and fills in the same values.
"""

from collections.abc import Iterable
from typing import Self


class Sentence(str):
    """English text, its template and the values in it; values that are sentences are said in the other language too.

    `Sentence("{count} lines", count=3) == "3 lines"`. Values that come from logs are to be harmless already.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Fill the values into the template; without values it stands as it is, braces and all."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


def listed(parts: Iterable[str]) -> Sentence:
    """Sentences one after the other: `a; b; c`."""
    first, *rest = [part if isinstance(part, Sentence) else Sentence(part) for part in parts] or [Sentence("")]
    return Sentence("{first}; {rest}", first=first, rest=listed(rest)) if rest else first
