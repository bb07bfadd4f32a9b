"""Rule packs: folders of rule documents, the shipped one and the user's own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_config_path

from diagnostics.datafiles.documents import Problem, read
from diagnostics.rules.rule import Rule, read_rule

SHIPPED = Path(__file__).with_name("packs")
SAMPLES_SUFFIX = ".tests.yml"
MAX_FILES = 5_000


class Pack(NamedTuple):
    """The rules that could be read, by name, and what was wrong with the others."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def user_folder() -> Path:
    """Where a user's own rules lie; it need not exist."""
    return user_config_path("shindan", appauthor=False) / "rules"


def load_rules(extra: Sequence[Path] = ()) -> Pack:
    """The shipped rules, those of the user's folder, and those of the folders (or single files) in `extra`."""
    own = user_folder()
    return load_from([SHIPPED, *([own] if own.is_dir() else []), *extra])


def load_from(places: Iterable[Path]) -> Pack:
    """The rules in folders or single files. Of two with one id or name the first counts, the other is a problem."""
    rules: dict[str, Rule] = {}
    ids: dict[str, Rule] = {}
    problems: list[Problem] = []
    for place in places:
        if not place.exists():
            problems.append(Problem(str(place), 0, "no such folder or file"))
        for path in rule_files(place):
            rule, wrong = _read(path)
            problems += wrong
            if rule is None:
                continue
            same = rules.get(rule.name) or ids.get(rule.id.lower())
            if same is not None:
                problems.append(Problem(rule.file, rule.line, f"name or id is that of {same.file}", "one of its own"))
                continue
            rules[rule.name] = ids[rule.id.lower()] = rule
    return Pack(tuple(rules[name] for name in sorted(rules)), tuple(problems))


def rule_files(place: Path) -> Iterator[Path]:
    """The rule documents at a place, by path, without their samples."""
    beneath = islice(place.rglob("*.yml"), 2 * MAX_FILES)
    found = [place] if place.is_file() else sorted(beneath, key=Path.as_posix)
    return (path for path in found if not path.name.endswith(SAMPLES_SUFFIX))


def display(path: Path) -> str:
    """How messages call a file: short where it is shipped."""
    return path.relative_to(SHIPPED.parent).as_posix() if path.is_relative_to(SHIPPED) else str(path)


def _read(path: Path) -> tuple[Rule | None, list[Problem]]:
    document, problems = read(path, display(path))
    if document is None:
        return None, problems
    return read_rule(document, path.name.removesuffix(".yml"))
