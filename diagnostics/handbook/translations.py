"""Whether a language's dictionary holds what the program says: nothing missing, nothing stale, nothing twice.

`python -m diagnostics.handbook.translations ja` prints what is wrong; with `--draft` the sentences that are missing,
ready to be filled in and put into a file of `diagnostics/language/ja/`.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import jinja2
from jinja2.ext import extract_from_ast

from diagnostics.case.topology import Role
from diagnostics.evidence.inventory import NOT_EVENTS
from diagnostics.evidence.signatures import signatures
from diagnostics.handbook.article import Subject
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.catalog import Prior, Severity
from diagnostics.knowledge.catalog import Role as RemedyRole
from diagnostics.knowledge.collection import load_collection
from diagnostics.knowledge.events import load_events
from diagnostics.knowledge.writer_states import load_writer_states
from diagnostics.language.dictionary import FOLDER, Placed, entries
from diagnostics.report.plates import Status
from diagnostics.report.strip import CELL_GLYPHS
from diagnostics.verdict import VerdictWord
from engine.datafiles.documents import Problem
from engine.dpm.occurrences import Fate
from engine.hyperv.conditions import CONDITIONS, Outcome
from engine.lab import fault_kinds, read_scenario
from engine.pipeline import COMPONENTS, STAGES, Mode, Scope

_ROOT = Path(__file__).parents[2]
_FLOORS = ("engine", "diagnostics", "tui")
_SAYING = ("say", "Sentence", "counted", "listed", "Section")
_WORDS = (
    *STAGES, *Mode, *Scope, *Role, *RemedyRole, *Outcome, *Prior, *Severity,
    *VerdictWord, *Status, *CELL_GLYPHS, *Subject, *Fate, *sorted(NOT_EVENTS),
    "failed", "succeeded", "unknown",
    "critical", "error", "warning", "information", "verbose",
)  # fmt: skip
"""Words of the program's vocabularies that reports and steps of the lab show as they are."""
_VERBATIM = re.compile(r"`[^`]*`|0x[0-9A-Fa-f]{8}|\b[A-Z]:\\\S*|https?://\S+|(?<![\w-])-[A-Za-z]\w+")
"""What stays as it is in every language: code, error codes, paths, addresses, options of commands."""


class Origin(NamedTuple):
    """A sentence of the program, and where it comes from."""

    text: str
    where: str
    """`causes/host_vss.yml: vss-service-stuck`, or `diagnostics/report/text.py:81`."""


def origins(library: Library) -> Iterator[Origin]:
    """Everything that the program says in English, some of it more than once."""
    yield from _catalogs(library)
    yield from _rules(library)
    yield from (Origin(word, "words") for word in _WORDS)
    yield from (Origin(about.title, "components") for about in COMPONENTS.values())
    yield from (Origin(text, "conditions") for text in CONDITIONS.values())
    yield from (Origin(kind.sentence, f"faults: {kind.name}") for kind in fault_kinds().values())
    for _, known in signatures():
        yield from (Origin(text, "signatures.yml") for text in (known.what, known.do))
    yield from _stories()
    for floor in _FLOORS:
        for path in sorted((_ROOT / floor).rglob("*.py")):
            yield from _in_code(path)
    for template in sorted(files("diagnostics.report").joinpath("templates").iterdir(), key=lambda item: item.name):
        if template.name.endswith(".j2"):
            yield from _in_template(template.name, template.read_text(encoding="utf-8"))


def _stories() -> Iterator[Origin]:
    """The titles of what the lab can run."""
    for story in sorted((_ROOT / "samples").glob("*/README.md")):
        yield Origin(story.read_text(encoding="utf-8").partition("\n")[0].lstrip("# "), f"samples: {story.parent.name}")
    for scenario in sorted((*_ROOT.glob("samples/*/scenario.yml"), _ROOT / "tui" / "lab" / "small-site.yml")):
        yield Origin(read_scenario(scenario).title, f"scenarios: {scenario.parent.name}")


def _catalogs(library: Library) -> Iterator[Origin]:
    catalog = library.catalog
    for cause in catalog.causes.values():
        for text in (cause.title, cause.explanation, *cause.confirm, cause.reason):
            yield Origin(text, f"causes: {cause.id}")
    for remedy in catalog.remedies.values():
        steps = (step.do for step in remedy.steps)
        for text in (remedy.title, *remedy.before, *steps, remedy.undo, remedy.verify):
            yield Origin(text, f"remedies: {remedy.id}")
    yield from (Origin(info.meaning, f"codes.csv: {info.code}") for info in catalog.codes.values())
    yield from (Origin(update.title, f"updates.yml: {update.kb}") for update in catalog.updates)
    yield from (Origin(info.meaning, f"events.csv: {info.name}") for info in load_events()[0])
    yield from (Origin(info.meaning, f"writer_states.csv: {info.symbol}") for info in load_writer_states()[0])
    for export in load_collection().exports:
        yield from (Origin(text, f"collect.yml: {export.id}") for text in (export.title, export.why))
    yield from (Origin(again.title, f"collect.yml: {again.id}") for again in load_collection().retries)


def _rules(library: Library) -> Iterator[Origin]:
    for rule in library.rules.values():
        yield from (Origin(text, f"rules: {rule.name}") for text in (rule.title, rule.description, rule.why))


def _in_code(path: Path) -> Iterator[Origin]:
    """The literals that are said; of a choice between two, both."""
    source = path.read_text(encoding="utf-8")
    if "Sentence" not in source and "from diagnostics.language import" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in _SAYING:
            said = node.args[1:] if _name(node.func) == "counted" else node.args[:1]
            for text in (text for argument in said for text in _literals(argument)):
                yield Origin(text, f"{path.relative_to(_ROOT)}:{node.lineno}")


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _in_template(name: str, source: str) -> Iterator[Origin]:
    tree = jinja2.Environment(autoescape=True).parse(source)
    for line, _, message in extract_from_ast(tree, gettext_functions=_SAYING):
        texts = (message,) if isinstance(message, str) else message or ()
        yield from (Origin(text, f"templates/{name}:{line}") for text in texts if text)


def check(language: str, library: Library, folder: Path = FOLDER) -> list[Problem]:
    """What is wrong with a dictionary."""
    problems: list[Problem] = []
    placed = list(entries(language, problems, folder))
    counts = Counter(item.entry.en for item in placed)
    said = {origin.text for origin in origins(library)}
    for item in placed:
        if item.entry.en not in said:
            what = f"nothing says {_short(item.entry.en)} any more: it was changed or is gone"
            problems.append(Problem(item.file, item.line, what, "the sentence as it is now, translated anew"))
        if counts[item.entry.en] > 1:
            problems.append(Problem(item.file, item.line, f"{_short(item.entry.en)} stands there twice"))
        problems += _unlike(item)
    problems += [
        Problem(language, 0, f"no translation of {_short(origin.text)} ({origin.where})")
        for origin in missing(language, library, folder)
    ]
    return problems


def missing(language: str, library: Library, folder: Path = FOLDER) -> list[Origin]:
    """The sentences that a dictionary lacks, each once."""
    known = {item.entry.en for item in entries(language, [], folder)}
    wanted = {origin.text: origin for origin in reversed(list(origins(library)))}
    return [origin for text, origin in reversed(wanted.items()) if text not in known and _has_words(text)]


def _has_words(text: str) -> bool:
    """Signs and places alone need no translation, though they may have one."""
    return any(character.isalpha() for part in Formatter().parse(text) for character in part[0]) if text else False


def _unlike(item: Placed) -> Iterator[Problem]:
    """Places to fill, commands and codes have to be the same in both."""
    for name, parts in (("places", _places), ("code", _verbatim)):
        english, said = parts(item.entry.en), parts(item.entry.said)
        if english != said:
            expected = ", ".join(sorted(english.elements())) or "none"
            told = ", ".join(sorted(said.elements())) or "none"
            yield Problem(item.file, item.line, f"the {name} of {_short(item.entry.en)} became: {told}", expected)


def _places(text: str) -> Counter[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:  # braces that are no places
        return Counter()
    return Counter(f"{name}:{form}" for _, name, form, _ in parts if name)


def _verbatim(text: str) -> Counter[str]:
    return Counter(_VERBATIM.findall(text))


def _short(text: str) -> str:
    return repr(text if len(text) <= 70 else f"{text[:69]}…")


def main(language: str, *, draft: bool) -> int:
    """Print what is wrong, or what is missing; how many that are."""
    from diagnostics.commands.rules.places import all_rules  # noqa: PLC0415 - only the program needs it
    from diagnostics.knowledge.catalog import load_catalog  # noqa: PLC0415 - as above

    library = Library(all_rules(()), load_catalog())
    if draft:
        for origin in missing(language, library):
            sys.stdout.write(f"# {origin.where}\n- en: {origin.text!r}\n  said:\n")
        return 0
    problems = check(language, library)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    return min(len(problems), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], draft="--draft" in sys.argv))
