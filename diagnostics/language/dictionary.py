"""The dictionaries: YAML files with sentences, each in English and as it is said in the other language.

The English text is the key. Where it changes, its translation no longer fits, is no longer found, and is named by
`diagnostics.language.checking`, which is how it comes to be translated anew.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from engine.datafiles.documents import Problem, read
from engine.datafiles.schema import typed

FOLDER = Path(__file__).parent


class BrokenDictionaryError(Exception):
    """A dictionary that cannot be read; the message names the file."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence, and how it is said in the language of the folder."""

    en: str
    said: str


class Placed(NamedTuple):
    """An entry, and where it stands."""

    entry: Entry
    file: str
    line: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sentences: list[Any]


def files(language: str, folder: Path = FOLDER) -> list[Path]:
    """The files of a language's dictionary."""
    return sorted((folder / language).glob("*.yml"))


@cache
def sentences(language: str) -> Mapping[str, str]:
    """English -> the language, as quick as it goes: a shipped dictionary has been checked by the tests.

    Raises:
        BrokenDictionaryError: a file cannot be read.
    """
    known: dict[str, str] = {}
    for path in files(language):
        try:
            # Built by the C loader without marks: safe, as the SafeLoader is, and three times as quick as `read`.
            listed = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)["sentences"]
            known |= {entry["en"]: entry["said"] for entry in listed}
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise BrokenDictionaryError(f"{path} is no dictionary: {error}") from error
    return known


def entries(language: str, problems: list[Problem], folder: Path = FOLDER) -> Iterator[Placed]:
    """All entries with their places; what is wrong in the files is told."""
    for path in files(language, folder):
        document, wrong = read(path, f"{language}/{path.name}")
        problems += wrong
        listed, wrong = typed(_File, document) if document else (None, [])
        problems += wrong
        for place in range(len(listed.sentences) if listed else 0):
            if document is None:
                continue
            entry, wrong = typed(Entry, document, ("sentences", place))
            problems += wrong
            if entry is not None:
                yield Placed(entry, document.file, document.line(("sentences", place)))
