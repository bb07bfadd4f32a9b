"""Keys as the user wants them: `keys.yml` in the user's configuration folder, over those of the registry of actions.

lab-run: F9                 # the name of an action, as `shindan open --keys` lists them, and its key
next-error: [E, ^N]         # or its keys, instead of those that it has otherwise
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from platformdirs import user_config_path

from engine.datafiles.documents import Problem, YamlDocument, read
from tui.actions import ACTIONS, Action, beside, keys_of

_NAMED = {"?": "question_mark", ":": "colon", "/": "slash", "esc": "escape", " ": "space"}
_ALONE = frozenset({"enter", "escape", "space", "up", "down", "left", "right"})
_DISGUISED = frozenset({"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+z", "ctrl+s", "ctrl+c"})
"""Other keys to a terminal, or taken by it."""
_EXPECTED = "one character, F1 to F12, ^A to ^Z, Enter, Esc, Space or an arrow, such as arrive in every terminal"


class Keymap:
    """The keys of every action."""

    def __init__(self, own: Mapping[str, str] | None = None, problems: Iterable[Problem] = ()) -> None:
        """Those of the registry, but for the user's `own`: action -> keys, with commas between."""
        self.own = dict(own or {})
        self.problems = tuple(problems)
        """What is wrong with the user's file: these entries were left out."""

    def keys(self, action: Action) -> str:
        """The keys of an action, as Textual spells them, with commas between; never none."""
        return self.own.get(action.id, action.keys)

    def told(self, action: Action) -> list[str]:
        """The same as a person reads them."""
        return keys_of(self.keys(action))


def keys_file() -> Path:
    """Where a user's own keys are; it need not exist."""
    return user_config_path("shindan", appauthor=False) / "keys.yml"


def read_keymap(path: Path) -> Keymap:
    """The keys that a file asks for, but for entries that are wrong."""
    if not path.exists():
        return Keymap()
    document, problems = read(path)
    if document is None:
        return Keymap({}, problems)
    own: dict[str, str] = {}
    actions = {action.id: action for action in ACTIONS}
    for name, value in document.data.items():
        if name not in actions:
            problems.append(document.problem((name,), f"no such action: {name}", _near(name, actions)))
            continue
        keys, wrong = _keys(document, name, value)
        problems += wrong
        if not wrong:
            own[name] = ",".join(keys)
    while conflicts := list(_conflicts(Keymap(own), document)):
        for name, problem in conflicts:
            own.pop(name, None)  # its old key comes back, which may be another's by now
            problems.append(problem)
    return Keymap(own, problems)


def _near(name: str, actions: Mapping[str, Action]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for those who mistype

    return " or ".join(get_close_matches(name, actions, 2)) or "a name that `shindan open --keys` lists"


def _keys(document: YamlDocument, name: str, value: object) -> tuple[list[str], list[Problem]]:
    given = value if isinstance(value, list) else [value]
    if not given:
        return [], [document.problem((name,), f"{name} has no key", "at least one")]
    keys = [_key(one) if isinstance(one, str | int) and not isinstance(one, bool) else None for one in given]
    wrong = [
        document.problem((name,), f"no key: {msgspec.json.encode(one).decode()}", _EXPECTED)
        for one, key in zip(given, keys, strict=True)
        if key is None
    ]
    return [key for key in keys if key], wrong


def _key(written: str | int) -> str | None:
    """A key as Textual spells it; None where it is none that arrives everywhere."""
    text = str(written)
    key = text if len(text) == 1 else text.lower()
    key = _NAMED.get(key, re.sub(r"^(\^|ctrl[+-])(?=[a-z]$)", "ctrl+", key))
    f_key = re.fullmatch(r"f([1-9]|1[0-2])", key)
    held = re.fullmatch(r"ctrl\+[a-z]", key) and key not in _DISGUISED
    one = len(key) == 1 and key.isprintable() and key not in ", "
    return key if f_key or held or one or key in _ALONE or key in _NAMED.values() else None


def _conflicts(keymap: Keymap, document: YamlDocument) -> Iterator[tuple[str, Problem]]:
    """(name of the user's entry, problem) for each that takes a key that means something else at the same place."""
    told: set[tuple[str, str]] = set()
    for action in ACTIONS:
        if action.id not in keymap.own:
            continue
        mine = set(keymap.keys(action).split(","))
        for other in ACTIONS:
            shared = sorted(mine & set(keymap.keys(other).split(","))) if other is not action else []
            if shared and beside(action, other) and (other.id, action.id) not in told:
                told.add((action.id, other.id))
                key = ", ".join(keys_of(",".join(shared)))
                problem = document.problem((action.id,), f"{key} is the key of {other.id}, too", "another key")
                yield action.id, problem
