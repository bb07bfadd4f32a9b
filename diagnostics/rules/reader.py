"""From a Sigma document with a `diagnosis:` block to a rule, checked and typed.

Nothing else needs pySigma, whose import takes longer than reading all rules from the cache: import this where a
document really has to be read.
"""

import re
from typing import Any

import msgspec

from diagnostics.event import Kind
from diagnostics.rules.conditions import Node
from diagnostics.rules.detection import header_problems, read_detection
from diagnostics.rules.logsource import kinds_of, misspelt
from diagnostics.rules.rule import CauseLink, Logsource, Plate, Polarity, Rule, Status, Text, sits_on
from engine.datafiles.documents import Problem, YamlDocument
from engine.datafiles.schema import typed
from engine.pipeline import COMPONENTS, Component, Stage


class _Diagnosis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    component: Text
    polarity: Polarity
    stage: Stage | None = None
    why: str = ""
    family: str = ""
    causes: tuple[CauseLink, ...] = ()


class _Related(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Text
    type: Text


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of a rule document; pySigma looks deeper into Sigma's own."""

    title: Text
    id: Text
    name: Text
    status: Status
    description: Text
    logsource: Logsource
    detection: Any
    level: Text
    diagnosis: _Diagnosis
    references: tuple[Text, ...] = ()
    date: Text | None = None
    modified: Text | None = None
    author: Text | None = None
    license: Text | None = None
    related: tuple[_Related, ...] = ()
    tags: tuple[Text, ...] = ()
    fields: tuple[Text, ...] = ()
    falsepositives: tuple[Text, ...] = ()
    taxonomy: Text | None = None
    scope: tuple[Text, ...] = ()


def read_rule(document: YamlDocument, stem: str) -> tuple[Rule | None, list[Problem]]:
    """The rule in a document whose file is called `<stem>.yml`; None with at least one problem where it is wrong."""
    header, problems = typed(_Header, document)
    condition, wrong = read_detection(document)
    problems += wrong
    if header is None:
        return None, problems
    problems += header_problems(document)
    kinds = kinds_of(header.logsource.product, header.logsource.category, header.logsource.service)
    if not kinds:
        problems.append(document.problem(("logsource",), "logsource selects no kind of event", "one of docs/events.md"))
    elif meant := misspelt(header.logsource.product, header.logsource.service):
        told = f"logsource.service is {header.logsource.service!r}"
        problems.append(document.problem(("logsource", "service"), told, meant))
    problems += _name_problems(document, header, stem)
    place, wrong = _place(document, header.diagnosis)
    problems += [*wrong, *_polarity_problems(document, header.diagnosis)]
    if problems or place is None or condition is None:
        return None, problems
    return _assembled(document, header, condition, kinds, place), []


def _assembled(
    document: YamlDocument, header: _Header, condition: Node, kinds: frozenset[Kind], place: tuple[Plate, Component]
) -> Rule:
    told = header.diagnosis
    return Rule(
        name=header.name,
        id=header.id,
        title=header.title,
        status=header.status,
        description=header.description,
        references=header.references,
        level=header.level,
        logsource=header.logsource,
        kinds=kinds,
        condition=condition,
        plate=place[0],
        component=place[1],
        stage=told.stage,
        polarity=told.polarity,
        why=told.why,
        family=told.family or header.name,
        causes=told.causes,
        file=document.file,
        line=document.line(("title",)),
    )


def _name_problems(document: YamlDocument, header: _Header, stem: str) -> list[Problem]:
    if header.name != stem:
        return [document.problem(("name",), f"name is {header.name!r}", f"{stem!r}, as the file is called")]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", stem):
        return [document.problem(("name",), f"name is {stem!r}", "lower-case words joined by hyphens")]
    return []


def _place(document: YamlDocument, told: _Diagnosis) -> tuple[tuple[Plate, Component] | None, list[Problem]]:
    path = ("diagnosis", "component")
    found = re.fullmatch(r"\{(\w+)\}\.(\w+)", told.component)
    if not found or found[1] not in list(Plate) or found[2] not in list(Component):
        expected = "'{site|host|vm|machine}.component' with one of " + ", ".join(Component)
        return None, [document.problem(path, f"component is {told.component!r}", expected)]
    plate, component = Plate(found[1]), Component(found[2])
    if not sits_on(component, plate):
        expected = " or ".join(COMPONENTS[component].scopes)
        return None, [document.problem(path, f"{component} does not sit on {{{plate}}}", expected)]
    return (plate, component), []


_SPEAKS_OF_A_STAGE = (Polarity.FAULT, Polarity.SYMPTOM, Polarity.PROGRESS)


def _polarity_problems(document: YamlDocument, told: _Diagnosis) -> list[Problem]:
    path = ("diagnosis",)
    problems = []
    if told.polarity in (Polarity.FAULT, Polarity.SYMPTOM) and not told.causes:
        problems.append(document.problem(path, f"a {told.polarity} has no causes", "at least one"))
    if told.polarity in _SPEAKS_OF_A_STAGE and told.stage is None:
        problems.append(document.problem(path, "diagnosis.stage is missing", f"a stage, as it is a {told.polarity}"))
    if told.polarity is Polarity.NOISE and not told.why:
        problems.append(document.problem(path, "noise does not say why it is harmless", "diagnosis.why"))
    seen: set[str] = set()
    for place, link in enumerate(told.causes):
        where = (*path, "causes", place)
        if link.sensitivity <= link.spurious:
            told_ = f"sensitivity {link.sensitivity} is not above spurious {link.spurious}"
            problems.append(document.problem(where, told_, "an event that its cause makes likelier"))
        if link.id in seen:
            problems.append(document.problem(where, f"cause {link.id} is named twice"))
        seen.add(link.id)
    return problems
