"""YAML that people hand in, read safely: plain data, the line of every key, and problems instead of exceptions.

The language is a subset of YAML on which 1.1 and 1.2 agree: what the two read differently (`yes`, `0x24`, `1:30`) must
be quoted. Aliases are bounded in what they expand to, tags are not allowed.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_NODES_FROM_ALIASES = 10_000  # the same bound as pySigma's

Path_ = tuple[str | int, ...]
"""The way from a document's root to a value: keys and list positions."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something that a person has to correct in a file."""

    file: str
    line: int
    """1-based; 0 where the file as a whole is meant."""
    what: str
    expected: str = ""
    column: int = 0
    """1-based; 0 where the line as a whole is meant."""

    @property
    def place(self) -> str:
        """`file:line` or `file:line:column`, which editors can jump to; `file` where it is meant as a whole."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])

    def __str__(self) -> str:
        """The usual `file:line: what`."""
        return f"{self.place}: {self.what}" + (f" (expected {self.expected})" if self.expected else "")


class YamlDocument:
    """A document's data, and where in the file each part of it stands."""

    def __init__(self, file: str, data: dict[str, Any], lines: dict[int, dict[str | int, int]]) -> None:
        self.file = file
        self.data = data
        self._lines = lines

    def line(self, path: Path_ = ()) -> int:
        """The line of a value's key; of the nearest key around it where there is none."""
        line = 1
        here: Any = self.data
        for step in path:
            known = self._lines.get(id(here), {})
            if step not in known:
                break
            line, here = known[step], here[step]
        return line

    def problem(self, path: Path_, what: str, expected: str = "") -> Problem:
        """A problem with the value at `path`."""
        return Problem(self.file, self.line(path), what, expected)


def read(path: Path, name: str = "") -> tuple[YamlDocument | None, list[Problem]]:
    """Read a YAML file; None with at least one problem where it cannot be used."""
    file = name or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [Problem(file, 0, f"cannot be opened: {error.strerror}")]
    if len(raw) > MAX_BYTES:
        return None, [Problem(file, 0, "the file is too large", f"at most {MAX_BYTES} bytes")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Problem(file, raw.count(b"\n", 0, error.start) + 1, "bytes that are not UTF-8", "UTF-8 text")]
    return parse(text, file)


def parse(text: str, file: str) -> tuple[YamlDocument | None, list[Problem]]:
    """Parse YAML text whose top is a mapping."""
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.YAMLError as error:
        reader.problems.append(_problem(error, file, text))
    except _Refused as refused:
        reader.problems.append(refused.problem)
    if reader.problems:
        return None, reader.problems
    if not isinstance(reader.root, dict):
        return None, [Problem(file, 1, "the document is not a mapping", "`key: value` lines")]
    return YamlDocument(file, reader.root, reader.lines), []


class _Refused(Exception):  # noqa: N818 - it ends the reading of one document, and never leaves this module
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Open:
    """A list or mapping whose end has not been read yet."""

    __slots__ = ("anchor", "key", "key_line", "line", "size", "value")

    def __init__(self, value: list[Any] | dict[str, Any], anchor: str | None, line: int) -> None:
        self.value = value
        self.anchor = anchor
        self.line = line
        self.size = 1
        self.key: str | None = None
        self.key_line = 0


class _Reader:
    """Builds data from parse events, with a stack of its own, so that depth costs no recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: object = None
        self.lines: dict[int, dict[str | int, int]] = {}
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._from_aliases = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None and event.start_mark is not None:
            handler(self, event, event.start_mark.line + 1)

    def document(self, _event: yaml.Event, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(line, "a second document", "one document in a file")

    def scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._no_tag(event, line)
        value = event.value if event.style or not event.implicit[0] else self._plain(event.value, line)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, line, 1)

    def mapping(self, event: yaml.MappingStartEvent, line: int) -> None:
        self._start({}, event, line)

    def sequence(self, event: yaml.SequenceStartEvent, line: int) -> None:
        self._start([], event, line)

    def end(self, _event: yaml.Event, _line: int) -> None:
        done = self._open.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.value, done.size)
        self._put(done.value, done.line, done.size)

    def alias(self, event: yaml.AliasEvent, line: int) -> None:
        value, size = self._anchors.get(event.anchor or "", (None, 0))
        if not size:
            self._refuse(line, f"alias *{event.anchor} stands inside of what it repeats, or has no anchor")
        self._from_aliases += size
        if self._from_aliases > MAX_NODES_FROM_ALIASES:
            self._refuse(
                line, f"aliases expand to too much (an alias bomb): *{event.anchor}", f"{MAX_NODES_FROM_ALIASES} values"
            )
        self._put(value, line, size)

    def _start(self, value: list[Any] | dict[str, Any], event: yaml.CollectionStartEvent, line: int) -> None:
        self._no_tag(event, line)
        if len(self._open) >= MAX_DEPTH:
            self._refuse(line, "nested too deeply", f"at most {MAX_DEPTH} levels")
        self.lines[id(value)] = {}
        self._open.append(_Open(value, event.anchor, line))

    def _put(self, value: object, line: int, size: int) -> None:
        if not self._open:
            self.root = value
            return
        top = self._open[-1]
        top.size += size
        known = self.lines[id(top.value)]
        if isinstance(top.value, list):
            known[len(top.value)] = line
            top.value.append(value)
        elif top.key is None:
            self._key(top, value, line)
        else:
            known[top.key] = top.key_line
            top.value[top.key] = value
            top.key = None

    def _key(self, top: _Open, key: object, line: int) -> None:
        if not isinstance(key, str):
            self._complain(line, f"key {_short(key)} is not text", "a quoted key")
            key = str(key)
        if key in top.value:
            self._complain(line, f"key {_short(key)} occurs twice in one mapping")
        top.key, top.key_line = key, line

    def _plain(self, text: str, line: int) -> str | float | bool | None:
        """What an unquoted scalar means."""
        if text in _NULLS:
            return None
        if text[0] not in _BEGINS_NUMBER and text.lower() not in _TRUTH:
            return text
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _AMBIGUOUS(text):
            self._complain(line, f"unquoted {text} means different things to YAML readers", f"'{text}'")
            return text
        if _INTEGER(text):
            return int(text)
        return float(text) if _FLOAT(text) else text

    def _no_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag is not None:
            self._complain(line, f"tag {_short(event.tag)} is not allowed", "plain values")

    def _complain(self, line: int, what: str, expected: str = "") -> None:
        self.problems.append(Problem(self.file, line, what, expected))

    def _refuse(self, line: int, what: str, expected: str = "") -> None:
        raise _Refused(Problem(self.file, line, what, expected))


_HANDLERS: dict[type[yaml.Event], Callable[[_Reader, Any, int], None]] = {
    yaml.DocumentStartEvent: _Reader.document,
    yaml.ScalarEvent: _Reader.scalar,
    yaml.MappingStartEvent: _Reader.mapping,
    yaml.SequenceStartEvent: _Reader.sequence,
    yaml.MappingEndEvent: _Reader.end,
    yaml.SequenceEndEvent: _Reader.end,
    yaml.AliasEvent: _Reader.alias,
}

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BEGINS_NUMBER = frozenset("+-.0123456789")
_TRUTH = frozenset(("true", "false", "yes", "no", "on", "off"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})").fullmatch
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{0,18}(?:[eE][-+]?[0-9]{1,3})?").fullmatch
_AMBIGUOUS = re.compile(
    r"""yes|no|on|off                              # truth values in YAML 1.1, text in 1.2
      | [-+]?0[0-9_]+ | [-+]?0o[0-7_]+             # octal in one of them
      | [-+]?0x[0-9a-f_]+ | [-+]?0b[01_]+          # numbers, where an error code was meant
      | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+         # base 60
      | [-+]?[1-9][0-9]*_[0-9_]* | [-+]?[0-9]{20,}
      | [-+]?\.?[0-9]+e[-+]?[0-9]+ | [-+]?\.[0-9]+ | [-+]?\.inf | \.nan""",
    re.VERBOSE | re.IGNORECASE,
).fullmatch


def _problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    what = _error_text(error)
    if "nesting depth" in what:  # newer releases of libyaml count for themselves, and stop before we would
        return Problem(file, _error_line(error, text), "nested too deeply", f"at most {MAX_DEPTH} levels")
    line = _error_line(error, text)
    return Problem(file, line, f"not YAML: {what}", _meant(what, "".join(text.splitlines()[line - 1 : line])))


def _meant(what: str, line: str) -> str:
    """What the line that a parser stumbled over probably needs: most people err in one of these ways."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "spaces at the beginning of the line, not tabs"
    value = line.partition(": ")[2].lstrip()
    if value.startswith(("{", "[")) and not value.rstrip().endswith(("}", "]")):
        return f"quotes around a text that begins with {value[0]}, or the bracket that closes it"
    if ": " in value and value[0] not in "'\"{[":
        return "quotes around a text with a colon in it"
    return "a line that is indented like its neighbours" if "expected key" in what else ""


def _error_line(error: yaml.YAMLError, text: str) -> int:
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 1 if mark else 1


def _error_text(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return "a character that YAML does not allow"
    return str(getattr(error, "problem", None) or getattr(error, "context", None) or "cannot be parsed")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
