"""Which language this process speaks, and words in it."""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TypeVar

from engine.sentence import Sentence

ENGLISH = "en"
LANGUAGES = (ENGLISH, "ja")
_ENVIRONMENT = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX asks them."""
_T = TypeVar("_T")


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the user's environment asks for; English where it asks for none that is spoken here."""
    asked = next((environment[name] for name in _ENVIRONMENT if environment.get(name)), "")
    return next((language for language in LANGUAGES if asked.lower().startswith(language)), ENGLISH)


class _Speaker:
    """Says sentences in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """Read when something is said first: what programs read waits for no dictionary."""
        if self.language == ENGLISH:
            return {}
        from diagnostics.language.dictionary import sentences  # noqa: PLC0415 - English needs no reader of YAML

        return sentences(self.language)

    def say(self, text: str) -> str:
        if not isinstance(text, Sentence):
            return self._known.get(text, text)
        template = self._known.get(text.template, text.template)
        if not text.values:
            return template
        values = {
            name: self.say(value) if isinstance(value, Sentence) else value for name, value in text.values.items()
        }
        return template.format(**values)


_speaker_of = cache(_Speaker)
_spoken = _Speaker(ENGLISH)


def speak(language: str) -> None:
    """From now on, say everything in this language: one of `LANGUAGES`."""
    global _spoken  # noqa: PLW0603 - the one thing here that is the process's own, as its locale is
    _spoken = _speaker_of(language)


def current() -> str:
    """The language that is spoken."""
    return _spoken.language


def say(text: str, /, **values: object) -> str:
    """English text of the program's own, or a sentence, in the language that is spoken. Never for text from logs.

    Raises:
        BrokenDictionaryError: its dictionary cannot be read.
    """
    return _spoken.say(Sentence(text, **values) if values else text)


def in_words(thing: _T) -> _T:
    """A copy in which every sentence is said, within structs, lists, tuples and such; all else is as it was."""
    return thing if current() == ENGLISH else _in_words(thing)


def _in_words(thing: _T) -> _T:
    import msgspec  # noqa: PLC0415 - whoever holds a struct has imported it; `--help` holds none

    told: object = thing
    match thing:
        case Sentence():
            told = say(thing)
        case msgspec.Struct():
            fields = {name: _in_words(getattr(thing, name)) for name in thing.__struct_fields__}
            told = msgspec.structs.replace(thing, **fields)
        case list():
            told = [_in_words(item) for item in thing]
        case tuple():
            items = map(_in_words, thing)
            told = type(thing)(*items) if hasattr(thing, "_fields") else tuple(items)
        case dict():
            told = {key: _in_words(value) for key, value in thing.items()}
    return told  # type: ignore[return-value] # the same type, as every branch keeps it
