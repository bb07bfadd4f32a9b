"""What agents and servers are told in files: an agent's images, a server's protection groups. Problems have a place."""

import re
from pathlib import Path
from typing import Annotated

import click
import msgspec

from engine.datafiles.documents import Problem, YamlDocument, read
from engine.datafiles.schema import typed
from engine.transport.agent import LocalImage
from engine.transport.control import MAX_IMAGES
from engine.transport.names import AGENT_IN_WORDS, AGENT_PATTERN, IMAGE_IN_WORDS, IMAGE_PATTERN
from engine.transport.orders import Group
from tui.shell.hooks import CommandWriters

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_DURATION_IN_WORDS = "15m, 24h or 7d, say"


class _Image(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    name: _Text
    path: _Text
    freeze_command: _Text | None = None
    thaw_command: _Text | None = None
    allow_torn: bool = False
    track: bool = False


class _Images(msgspec.Struct, forbid_unknown_fields=True):
    images: tuple[_Image, ...]


class _Group(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    name: _Text
    every: _Text
    images: tuple[_Text, ...]
    at: _Text = "00:00"
    check_every: _Text | None = None


class _Groups(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    protection_groups: tuple[_Group, ...]


def read_images(path: Path) -> dict[str, LocalImage]:
    """An agent's images by name; relative paths begin at the file's folder.

    Raises:
        click.UsageError: with everything that is wrong with the file, by line.
    """
    document, problems = read(path)
    if document is None:
        raise _wrong(problems)
    declared, problems = typed(_Images, document)
    found: dict[str, LocalImage] = {}
    for place, image in enumerate(declared.images if declared else ()):
        problems += _image_problems(document, place, image, found)
        try:
            writers = (
                CommandWriters(image.freeze_command, image.thaw_command)
                if image.freeze_command and image.thaw_command
                else None
            )
        except ValueError as error:
            where = ("images", place, "freeze-command")
            problems.append(document.problem(where, f"a command cannot be split into words: {error}"))
            continue
        found[image.name] = LocalImage(path.parent / image.path, writers, image.allow_torn, image.track)
    if not found and not problems:
        problems.append(document.problem(("images",), "there are no images", "at least one"))
    if len(found) > MAX_IMAGES:
        problems.append(document.problem(("images",), f"there are {len(found)} images", f"at most {MAX_IMAGES}"))
    if problems:
        raise _wrong(problems)
    return found


def _image_problems(document: YamlDocument, place: int, image: _Image, known: dict[str, LocalImage]) -> list[Problem]:
    where = ("images", place)
    problems = []
    if not re.match(IMAGE_PATTERN, image.name):
        problems.append(document.problem((*where, "name"), f"{image.name!r} is no name for an image", IMAGE_IN_WORDS))
    if image.name in known:
        problems.append(document.problem((*where, "name"), f"{image.name} occurs twice"))
    if (image.freeze_command is None) != (image.thaw_command is None):
        problems.append(document.problem(where, "freeze-command and thaw-command go together"))
    return problems


def read_groups(path: Path) -> list[Group]:
    """A server's protection groups.

    Raises:
        click.UsageError: with everything that is wrong with the file, by line.
    """
    document, problems = read(path)
    if document is None:
        raise _wrong(problems)
    declared, problems = typed(_Groups, document)
    found: dict[str, Group] = {}
    for place, group in enumerate(declared.protection_groups if declared else ()):
        where = ("protection-groups", place)
        every, at = _duration(group.every), _time_of_day(group.at)
        check_every = None if group.check_every is None else _duration(group.check_every)
        if group.name in found:
            problems.append(document.problem((*where, "name"), f"{group.name} occurs twice"))
        if every is None:
            problems.append(document.problem((*where, "every"), f"{group.every} is no duration", _DURATION_IN_WORDS))
        if group.check_every is not None and check_every is None:
            wrong = f"{group.check_every} is no duration"
            problems.append(document.problem((*where, "check-every"), wrong, _DURATION_IN_WORDS))
        if at is None:
            problems.append(document.problem((*where, "at"), f"{group.at} is no time of day", "'02:30', say, in UTC"))
        members = []
        for number, text in enumerate(group.images):
            member = member_of(text)
            if member is None:
                expected = "an agent and its image, 'hv01:sql-data'"
                problems.append(document.problem((*where, "images", number), f"{text!r} names no image", expected))
            else:
                members.append(member)
        found[group.name] = Group(group.name, every or 1, at or 0, tuple(members), check_every)
    if problems:
        raise _wrong(problems)
    return list(found.values())


def member_of(text: str) -> tuple[str, str] | None:
    """The agent and the image in `hv01:sql-data`; None where they are not in it."""
    agent, colon, image = text.partition(":")
    if not colon or not re.match(AGENT_PATTERN, agent) or not re.match(IMAGE_PATTERN, image):
        return None
    return agent, image


MEMBER_IN_WORDS = f"AGENT:IMAGE was expected; an agent's name is {AGENT_IN_WORDS}, an image's {IMAGE_IN_WORDS}"


def _duration(text: str) -> int | None:
    """Seconds in `15m`, `24h` or `7d`."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _time_of_day(text: str) -> int | None:
    """Seconds since midnight in `02:30`."""
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    return int(found[1]) * 3600 + int(found[2]) * 60 if found else None


def _wrong(problems: list[Problem]) -> click.UsageError:
    return click.UsageError("\n".join(str(problem) for problem in sorted(problems)))
