"""What the screens say, in the user's language: one catalog of messages for each, all with the same keys.

Messages are plain text with `{named}` places. What the verdict, reports and catalogs say is said in the same language
by `diagnostics.language`; what is found in logs stays as it is.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from diagnostics.language import LANGUAGES, language_of
from engine.datafiles.documents import read

__all__ = ["LANGUAGES", "BrokenCatalogError", "Words", "language_of", "messages"]


class BrokenCatalogError(Exception):
    """A catalog that cannot be read; the message has its problems with file and line."""


class Words:
    """The messages of one language."""

    def __init__(self, language: str) -> None:
        """Raises BrokenCatalogError."""
        self.language = language
        self._messages = messages(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """The message of a key, its places filled in.

        Raises:
            KeyError: no catalog has the key, or a place has no value: a mistake in the program.
        """
        return self._messages[key].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there is such a message."""
        return key in self._messages


@cache
def messages(language: str) -> Mapping[str, str]:
    """Key -> message; sections of a catalog become the parts of a key: `verdict.word.asserted`.

    Raises:
        BrokenCatalogError: the file cannot be read.
    """
    document, problems = read(Path(__file__).with_name(f"{language}.yml"))
    if document is None:
        raise BrokenCatalogError("; ".join(str(problem) for problem in problems))
    return dict(_flat("", document.data))


def _flat(prefix: str, section: Mapping[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in section.items():
        key = f"{prefix}.{name}" if prefix else name
        found += _flat(key, value) if isinstance(value, Mapping) else [(key, str(value))]
    return found
