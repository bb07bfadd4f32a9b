"""The reference pages: everything that the rules and catalogs hold, as Markdown that links to itself.

One page per cause; one per component with its rules; tables of remedies, codes, events and stages.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from diagnostics.handbook.article import Article, Code, Form, Line, Link, Ref, Section, Subject, mentioned
from diagnostics.handbook.articles import cause_article, component_article, remedy_article, rule_article, stage_article
from diagnostics.handbook.decoded import update_article, writer_state_article
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.events import load_events
from diagnostics.knowledge.writer_states import load_writer_states
from diagnostics.rules.rule import Rule
from engine.pipeline import COMPONENTS, Component, Stage

MARK = "<!-- Made from the rules and catalogs by `python -m diagnostics.handbook`; change those, not this page. -->"
_SPECIAL = re.compile(r"([\\`*<>\[\]|~])|(?<!\w)_|_(?!\w)")
_PAGES = {
    Subject.CAUSE: "causes/{}.md",
    Subject.COMPONENT: "rules/{}.md",
    Subject.REMEDY: "remedies.md",
    Subject.STAGE: "stages.md",
    Subject.CODE: "codes.md",
    Subject.EVENT: "events.md",
    Subject.WRITER_STATE: "codes.md",
    Subject.UPDATE: "updates.md",
}
_LEFT_OUT = (
    *("Hits, for example", "Near misses, for example", "id", "file", "status"),  # a rule's own file has them
    *("component", "family", "Rules", "Rules that speak of it"),  # the pages of components do
)
_RULES_SHOWN = 8
"""Rules that a row of a table names."""


def write_pages(folder: Path, library: Library) -> int:
    """Write all pages, remove made ones of which nothing is left, and say how many there are."""
    made = pages(library)
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in made and path.read_text("utf-8").startswith(MARK):
            path.unlink()
    for name, text in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8", newline="\n")
    return len(made)


def pages(library: Library) -> dict[str, str]:
    """File names below the folder of the pages, and their texts."""
    catalog = library.catalog
    made: dict[str, Iterable[str]] = {
        "README.md": _Page("README.md", library).index(),
        "codes.md": _Page("codes.md", library).codes(),
        "events.md": _Page("events.md", library).events(),
        "remedies.md": (
            "# Remedies",
            *_Page("remedies.md", library).articles(remedy_article(it, library) for it in catalog.remedies.values()),
        ),
        "updates.md": (
            "# Updates",
            *_Page("updates.md", library).articles(map(update_article, catalog.updates)),
        ),
        "stages.md": (
            "# Stages",
            *_Page("stages.md", library).articles(_shortened(stage_article(stage, library)) for stage in Stage),
        ),
    }
    for component in Component:
        name = _place(Ref(Subject.COMPONENT, component), library)
        made[name] = _Page(name, library).component(component)
    for cause in catalog.causes.values():
        name = _place(Ref(Subject.CAUSE, cause.id), library)
        made[name] = _Page(name, library).article(cause_article(cause, library), 1)
    return {name: "\n\n".join((MARK, *parts)) + "\n" for name, parts in made.items()}


def _place(ref: Ref, library: Library) -> str:
    """Where a thing is told among the pages."""
    if ref.subject is Subject.RULE:
        return f"rules/{library.rules[ref.id].component}.md#{_anchor(ref.id)}"
    page = _PAGES[ref.subject].format(ref.id)
    return page if "{}" in _PAGES[ref.subject] else f"{page}#{_anchor(ref.id)}"


def _anchor(name: str) -> str:
    """As GitHub makes one of a heading, for names of letters, digits, hyphens, underscores and spaces."""
    return re.sub(r"[^\w-]", "", name.lower().replace(" ", "-").replace("/", "-"))


class _Page:
    """Writes one page; links lead from it to the other pages."""

    def __init__(self, name: str, library: Library) -> None:
        self._name = name
        self._library = library

    def article(self, article: Article, level: int) -> Iterator[str]:
        """An article below a heading of a level."""
        yield f"{'#' * level} {_escaped(article.title if level == 1 else article.ref.id)}"
        if article.title != article.ref.id:
            yield _code(article.ref.id) if level == 1 else f"**{_escaped(article.title)}**"
        yield from (self._line(paragraph) for paragraph in article.lead)
        yield "\n".join(f"- {label}: {self._line(value)}" for label, value in article.facts)
        for section in article.sections:
            yield f"## {section.title}" if level == 1 else f"{section.title}:"
            yield self._section(section)

    def articles(self, articles: Iterable[Article], level: int = 2) -> Iterator[str]:
        """Several, one below the other."""
        for article in articles:
            yield from self.article(article, level)

    def component(self, component: Component) -> Iterator[str]:
        """A component, and its rules in full."""
        yield from self.article(_shortened(component_article(component, self._library)), 1)
        rules = [rule for rule in self._library.rules.values() if rule.component is component]
        yield "## Rules"
        yield from self.articles((_shortened(rule_article(rule, self._library)) for rule in rules), 3)

    def index(self) -> Iterator[str]:
        """What there is."""
        catalog = self._library.catalog
        yield "# What Shindan knows"
        yield (
            "Causes by component (with its rules behind its name), [remedies](remedies.md), [codes](codes.md), "
            "[events](events.md), [updates](updates.md) and [stages](stages.md). `shindan rules explain` tells it "
            "on a terminal. Weights are decibans: what one hit adds to the odds of a cause."
        )
        for component in Component:
            title = f"[{COMPONENTS[component].title}]({_place(Ref(Subject.COMPONENT, component), self._library)})"
            own = [cause for cause in catalog.causes.values() if cause.component is component]
            yield f"## {title}"
            yield "\n".join(f"- {self._line((Ref(Subject.CAUSE, cause.id), f': {cause.title}'))}" for cause in own)

    def codes(self) -> Iterator[str]:
        """Every code on a row."""
        yield "# Error codes"
        yield _table(
            ("code", "name", "meaning", "usually from", "retry", "rules"),
            [
                (
                    _anchored(info.code),
                    _escaped(info.symbol),
                    _escaped(info.meaning),
                    self._line((Ref(Subject.COMPONENT, info.component),)) if info.component else "",
                    {True: "yes", False: "no", None: ""}[info.retryable],
                    self._rules(self._library.coded(info.code)),
                )
                for info in self._library.catalog.codes.values()
            ],
        )
        yield "## States of VSS writers"
        states = [writer_state_article(info, self._library) for info in load_writer_states()[0]]
        yield _table(
            ("state", "name", "meaning", "rules"),
            [
                (
                    _anchored(state.ref.id),
                    _escaped(state.title),
                    *(self._line(paragraph) for paragraph in state.lead),
                    ", ".join(self._line(item.line[:1]) for section in state.sections for item in section.items),
                )
                for state in states
            ],
        )

    def events(self) -> Iterator[str]:
        """Every listed event on a row."""
        yield "# Events"
        yield (
            "What event-log records mean whose values have no names of their own, or that people ask about. "
            "A rule may ask for a value by the name given here."
        )
        yield _table(
            ("event", "meaning", "values in order", "rules"),
            [
                (
                    _anchored(info.name),
                    _escaped(info.meaning),
                    " ".join(info.fields),
                    self._rules(self._library.about_event(info)),
                )
                for info in load_events()[0]
            ],
        )

    def _rules(self, rules: Sequence[Rule]) -> str:
        shown = mentioned([Ref(Subject.RULE, rule.name) for rule in rules[:_RULES_SHOWN]])
        more = f" and {len(rules) - _RULES_SHOWN} more" if len(rules) > _RULES_SHOWN else ""
        return self._line(shown) + more

    def _section(self, section: Section) -> str:
        if section.form is Form.PROSE:
            return "\n\n".join(self._line(item.line) for item in section.items)
        mark = "1." if section.form is Form.STEPS else "-"
        return "\n".join(f"{'    ' * item.depth}{mark} {self._line(item.line)}" for item in section.items)

    def _line(self, line: Line) -> str:
        return "".join(map(self._part, line))

    def _part(self, part: str | Ref | Code | Link) -> str:
        match part:
            case Ref(_, id_):
                place = _place(part, self._library)
                page, _, anchor = place.partition("#")
                inside = page == self._name and anchor
                return f"[{id_}]({'#' + anchor if inside else '../' * self._name.count('/') + place})"
            case Code(text):
                return _code(text)
            case Link(url):
                return f"<{url}>"
        return _escaped(part)


def _shortened(article: Article) -> Article:
    """An article without what stands elsewhere."""
    return article._replace(
        facts=tuple(fact for fact in article.facts if fact[0] not in _LEFT_OUT),
        sections=tuple(section for section in article.sections if section.title not in _LEFT_OUT),
    )


def _escaped(text: str) -> str:
    """Text in which nothing is taken for markup."""
    return _SPECIAL.sub(lambda match: f"\\{match.group()}", text)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _anchored(name: str) -> str:
    return f'<a id="{_anchor(name)}"></a>{_escaped(name)}'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
