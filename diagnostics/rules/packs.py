"""Rule packs: folders of rule documents, the shipped one and the user's own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from platformdirs import user_config_path

from diagnostics.rules.cache import remembered
from diagnostics.rules.rule import Pack, Rule
from engine.datafiles.documents import Problem, read

SHIPPED = Path(__file__).with_name("packs")
SAMPLES_SUFFIX = ".tests.yml"
MAX_FILES = 5_000
Told = Callable[[int, int], None]
"""Told how many files of a place have been read, of how many."""


def untold(_done: int, _total: int) -> None:
    """Nobody waits."""


def user_folder() -> Path:
    """Where a user's own rules lie; it need not exist."""
    return user_config_path("shindan", appauthor=False) / "rules"


def load_rules(extra: Sequence[Path] = (), cache: Path | None = None, told: Told = untold) -> Pack:
    """The shipped rules, those of the user's folder, and those of the folders (or single files) in `extra`.

    `cache` is a folder where the result of reading the first two is kept; `extra` is mostly what somebody is writing.
    Reading them anew takes seconds, of which whoever is `told` may speak.
    """
    kept, refused = [SHIPPED], Pack((), ())
    own = user_folder()
    try:
        kept += [own] if own.is_dir() else []
    except OSError as error:  # somebody else's home
        refused = Pack((), (Problem(str(own), 0, f"your own rules cannot be read: {error.strerror}"),))
    packs = [*(_kept(place, cache, told) for place in kept), refused, *(_asked_for(place, told) for place in extra)]
    return _merged(packs)


def load_from(places: Iterable[Path]) -> Pack:
    """The rules in folders or single files. Of two with one id or name the first counts, the other is a problem."""
    return _merged(map(_asked_for, places))


def _asked_for(place: Path, told: Told = untold) -> Pack:
    """The rules of a place that somebody named: that it holds none is then a problem."""
    pack = _read_place(place, told)
    if pack.rules or pack.problems:
        return pack
    return Pack((), (Problem(str(place), 0, "holds no rules", "documents whose names end in .yml"),))


def _merged(packs: Iterable[Pack]) -> Pack:
    """One pack of several, its rules by name."""
    rules: dict[str, Rule] = {}
    ids: dict[str, Rule] = {}
    problems: list[Problem] = []
    for pack in packs:
        problems += pack.problems
        for rule in pack.rules:
            same = rules.get(rule.name) or ids.get(rule.id.lower())
            if same is not None:
                problems.append(Problem(rule.file, rule.line, f"name or id is that of {same.file}", "one of its own"))
                continue
            rules[rule.name] = ids[rule.id.lower()] = rule
    return Pack(tuple(rules[name] for name in sorted(rules)), tuple(problems))


def _kept(place: Path, cache: Path | None, told: Told) -> Pack:
    if cache is None:
        return _read_place(place, told)
    return remembered(place, rule_files(place), cache, lambda: _read_place(place, told))


def _read_place(place: Path, told: Told = untold) -> Pack:
    """Every rule of a place, by path, and the problems with the others."""
    if not place.exists():
        return Pack((), (Problem(str(place), 0, "no such folder or file"),))
    rules: list[Rule] = []
    problems: list[Problem] = []
    files = list(rule_files(place))
    for done, path in enumerate(files):
        told(done, len(files))
        rule, wrong = _read(path)
        rules += [rule] if rule else []
        problems += wrong
    return Pack(tuple(rules), tuple(problems))


def rule_files(place: Path) -> Iterator[Path]:
    """The rule documents at a place, by path, without their samples."""
    beneath = islice(place.rglob("*.yml"), 2 * MAX_FILES)
    found = [place] if place.is_file() else sorted(beneath, key=Path.as_posix)
    return (path for path in found if not path.name.endswith(SAMPLES_SUFFIX))


def display(path: Path) -> str:
    """How messages call a file: short where it is shipped."""
    whole = path.absolute()
    return whole.relative_to(SHIPPED.parent).as_posix() if whole.is_relative_to(SHIPPED) else str(path)


def rule_path(rule: Rule) -> Path:
    """Where a rule was read from: among the shipped ones, or wherever."""
    shipped = SHIPPED.parent / rule.file
    return shipped if shipped.is_file() else Path(rule.file)


def _read(path: Path) -> tuple[Rule | None, list[Problem]]:
    from diagnostics.rules.reader import read_rule  # noqa: PLC0415 - it needs pySigma, which is slow to import

    document, problems = read(path, display(path))
    if document is None:
        return None, problems
    return read_rule(document, path.name.removesuffix(".yml"))
