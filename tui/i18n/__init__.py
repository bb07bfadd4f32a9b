"""What the screens say, in the user's language: one catalog of messages for each, all with the same keys.

Messages are plain text with `{named}` places. What is found in logs, and what the catalogs of `diagnostics` say of it,
stays as it is: rules, causes and remedies are written in English.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.datafiles.documents import read

LANGUAGES = ("en", "ja")
"""The first is what is used where the user's is not known."""
_ENVIRONMENT = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX asks them."""


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


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the user's environment asks for."""
    asked = next((environment[name] for name in _ENVIRONMENT if environment.get(name)), "")
    return next((language for language in LANGUAGES if asked.lower().startswith(language)), LANGUAGES[0])
