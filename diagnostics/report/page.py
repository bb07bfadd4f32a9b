"""The verdict as one HTML file that loads nothing from anywhere: no script, no font, no picture from outside.

Everything from logs is escaped by the template engine, which is never told that it is safe. The content security policy
allows the one style sheet by its hash, and nothing else: should an escape ever fail, a browser still runs nothing.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import jinja2
import networkx as nx
from markupsafe import Markup

from diagnostics.language import current, in_words, say
from diagnostics.report import phrases
from diagnostics.report.drawing import draw
from diagnostics.report.lanes import lanes
from diagnostics.report.plates import GLYPHS, Status, plates_of_case, tree
from diagnostics.report.strip import CELL_GLYPHS, MOST_ROWS, phases, rows
from diagnostics.verdict import Evidence, Fault, Moment, Verdict, VerdictWord, foremost, rivals
from engine.pipeline import COMPONENTS, Component

_BAR = 100.0
"""Width of the longest bar, in the units of its picture."""
_WORDS = {
    VerdictWord.ASSERTED: ("✖", "fault"),
    VerdictWord.LEADING: ("✖", "fault"),
    VerdictWord.AMBIGUOUS: ("?", "suspect"),
    VerdictWord.INSUFFICIENT: ("?", "suspect"),
    VerdictWord.UNEXPLAINED: ("?", "suspect"),
    VerdictWord.TRANSIENT: ("▲", "failed"),
    VerdictWord.HEALTHY: ("✔", "passed"),
}
"""Glyph and colour of a verdict; the word itself stands beside them."""


class _Weighed(NamedTuple):
    """A line of evidence as the page shows it."""

    id: str
    line: Evidence
    bar: float
    minimal: bool


class _Day(NamedTuple):
    date: str
    moments: tuple[tuple[Moment, str], ...]
    """Each with the id of the evidence that it is, if it is one."""


def to_html(verdict: Verdict, graph: "nx.DiGraph[str]") -> bytes:
    """The whole report in the user's language; `graph` is the pipeline of the case."""
    verdict = in_words(verdict)
    style, site = _style(), plates_of_case(graph, verdict)
    first, beside = foremost(verdict.faults)
    weighed = [_weighed(number, fault) for number, fault in enumerate(verdict.faults, 1)]
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            verdict=verdict,
            language=current(),
            style=Markup(style),  # noqa: S704 - our own style sheet
            policy=_policy(style),
            first=first,
            others=rivals(verdict),
            beside=beside,
            glyph=_WORDS[verdict.verdict][0],
            tone=_WORDS[verdict.verdict][1],
            drawing=draw(site),
            words=list(tree(site)),
            legend=[(GLYPHS[status], status.name.lower(), say(status)) for status in Status],
            phases=phases(),
            rows=rows(verdict.jobs),
            weighed=weighed,
            lanes=lanes(verdict),
            days=_days(verdict, weighed),
            columns=(columns := phrases.reckoned(verdict.reckoning, verdict.faults)),
            reckoned=[verdict.reckoning.suspects[place] for _, place in columns],
            span=_span(verdict),
        )
    )
    return page.encode()


def _weighed(number: int, fault: Fault) -> list[_Weighed]:
    lines = [*fault.evidence, *fault.counter_evidence]
    heaviest = max((abs(line.weight_db) for line in lines), default=0.0) or 1.0
    minimal = set(fault.minimal_evidence)
    return [
        _Weighed(f"e{number}-{at + 1}", line, round(_BAR * abs(line.weight_db) / heaviest, 1), at in minimal)
        for at, line in enumerate(lines)
    ]


def _days(verdict: Verdict, weighed: Iterable[Sequence[_Weighed]]) -> list[_Day]:
    anchors: dict[tuple[str, int], str] = {}
    for lines in weighed:
        for item in lines:
            anchors.setdefault((item.line.source, item.line.record), item.id)
    days: dict[str, list[tuple[Moment, str]]] = {}
    for moment in verdict.timeline.moments:
        anchor = "" if moment.job else anchors.get((moment.source, moment.record), "")
        days.setdefault(moment.time.partition("T")[0], []).append((moment, anchor))
    return [_Day(date, tuple(moments)) for date, moments in days.items()]


def _span(verdict: Verdict) -> str:
    """The time that the sources cover."""
    first = min((source.first for source in verdict.sources if source.first), default=None)
    last = max((source.last for source in verdict.sources if source.last), default=None)
    return phrases.span_text(first, last) if first and last else ""


def _web_address(text: str) -> bool:
    """Only these become links: a rule of a stranger might bring another scheme."""
    return text.startswith(("https://", "http://"))


@cache
def _style() -> str:
    return files(__package__).joinpath("templates/report.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("diagnostics.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": phrases.percent,
        "cause_named": phrases.cause_named,
        "moment": phrases.moment,
        "command_line": phrases.command_line,
        "odds": phrases.odds,
        "compared": phrases.compared,
        "lab_run": phrases.lab_run,
        "line_compared": phrases.line_compared,
        "component": lambda component: say(COMPONENTS[Component(component)].title),
    }
    environment.globals |= {
        "say": say,
        "counted": phrases.counted,
        "kind_text": phrases.kind_text,
        "RISKS": phrases.RISKS,
        "MEANINGS": phrases.MEANINGS,
        "CELLS": CELL_GLYPHS,
        "MOST_ROWS": MOST_ROWS,
        "redundancy": phrases.redundancy,
        "name_told": phrases.name_told,
        "sums": phrases.sums,
        "in_favour": phrases.in_favour,
        "known_updates": phrases.known_updates,
        "is_link": _web_address,
    }
    return environment
