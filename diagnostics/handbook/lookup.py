"""What a word means: the articles that it names, in any spelling that a log or a person uses."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from diagnostics.handbook.article import Article, Ref, Subject, listed
from diagnostics.handbook.articles import (
    cause_article,
    component_article,
    remedy_article,
    rule_article,
    rule_lines,
    stage_article,
)
from diagnostics.handbook.decoded import code_article, event_article, update_article, writer_state_article
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.events import EventInfo, known_event, load_events
from diagnostics.knowledge.writer_states import load_writer_states
from diagnostics.parsers.codes import canonical
from engine.pipeline import Component, Stage
from engine.sentence import Sentence

_SOURCE = re.compile(r"(.*?[^\s/:#,])(?:\s*[/:#,]\s*|\s+)(?:event\s*)?(?:id\s*)?(\d{1,5})", re.IGNORECASE)
_NUMBER = re.compile(r"(?:event\s*)?(\d{1,5})", re.IGNORECASE)
_ONLY_A_NUMBER = re.compile(r"(?:(?:event|error|id|krb)\s*)*-?\d+", re.IGNORECASE)
_STATE = re.compile(r"(?:writer )?(?:state[ -]?)?\[?(\d{1,2})\]?", re.IGNORECASE)
_MOST_SUGGESTIONS = 6


def find(word: str, library: Library) -> list[Article]:
    """The articles that a word names: causes, rules, remedies, codes, events, components, stages; empty for none."""
    wanted = " ".join(word.split())
    articles = [article for look in _LOOKS for article in look(wanted, library)]
    return list({article.ref: article for article in articles}.values())


def suggestions(word: str, library: Library) -> list[str]:
    """Names near to a word that names nothing; those that contain it first. No number is near to another."""
    if _ONLY_A_NUMBER.fullmatch(word.strip()):
        return []
    catalog = library.catalog
    symbols = (info.symbol for info in catalog.codes.values() if info.symbol)
    names = [*library.rules, *catalog.causes, *catalog.remedies, *Component, *Stage, *catalog.codes, *symbols]
    spelled = {name.casefold(): name for name in names}
    folded = word.strip().casefold()
    within = [name for name in spelled if len(folded) >= 3 and folded in name]
    near = get_close_matches(folded, spelled, _MOST_SUGGESTIONS, 0.6)
    return [spelled[name] for name in dict.fromkeys((*within, *near))][:_MOST_SUGGESTIONS]


def _named(word: str, library: Library) -> Iterator[Article]:
    name = word.lower()
    catalog = library.catalog
    if cause := catalog.causes.get(name):
        yield cause_article(cause, library)
    if remedy := catalog.remedies.get(name):
        yield remedy_article(remedy, library)
    if name in list(Component):
        yield component_article(Component(name), library)
    if name in list(Stage):
        yield stage_article(Stage(name), library)


def _updates(word: str, library: Library) -> Iterator[Article]:
    number = word.upper().removeprefix("KB").strip()
    yield from (update_article(update) for update in library.catalog.updates if update.kb == f"KB{number}")


def _rules(word: str, library: Library) -> Iterator[Article]:
    name = word.lower().removesuffix(".yml")
    for rule in library.rules.values():
        if name in (rule.name, rule.id.lower()):
            yield rule_article(rule, library)


def _codes(word: str, library: Library) -> Iterator[Article]:
    """A plain number may be an error of Windows and one of DPM; both are told."""
    digits = re.fullmatch(r"\d{1,5}", word)
    spellings = (canonical(word), canonical(f"ID {word}") if digits else None)
    symbol = word.lower()
    named = (info.code for info in library.catalog.codes.values() if symbol and info.symbol.lower() == symbol)
    for code in dict.fromkeys((*spellings, *named)):
        known = library.catalog.codes.get(code or "")
        if known is not None:
            yield code_article(known, library)
        elif code and (rules := library.coded(code)):
            section = listed("Rules that ask for it", rule_lines(rules, library))
            yield Article(Ref(Subject.CODE, code), code, (), (("No catalog tells its meaning.",),), section)


def _events(word: str, library: Library) -> Iterator[Article]:
    """`VSS/8229`, `volsnap 36`, or an id alone, which several sources may have."""
    if found := _SOURCE.fullmatch(word):
        provider, event_id = found[1].strip(), int(found[2])
        known = known_event(provider, event_id)
        unknown = EventInfo(provider, event_id, "No table tells its meaning", (), "rules")
        article = event_article(known or unknown, library)
        if known or article.sections:
            yield article
    elif found := _NUMBER.fullmatch(word):
        event_id = int(found[1])
        listing = [info for info in load_events()[0] if info.event_id == event_id]
        yield from (event_article(info, library) for info in listing)
        told = {rule.name for info in listing for rule in library.about_event(info)}
        others = [rule for rule in library.about("", event_id) if rule.name not in told]
        title = Sentence("of other sources" if listing else "of some sources")
        if others:
            section = listed("Rules about it", rule_lines(others, library))
            yield Article(Ref(Subject.EVENT, str(event_id)), title, (), (), section)


def _writer_states(word: str, library: Library) -> Iterator[Article]:
    """`[8]`, `state 8`, its symbol, or the number alone."""
    found = _STATE.fullmatch(word)
    for info in load_writer_states()[0]:
        if word.upper() == info.symbol or (found and int(found[1]) == info.state):
            yield writer_state_article(info, library)


_LOOKS: tuple[Callable[[str, Library], Iterator[Article]], ...] = (
    _named,
    _updates,
    _rules,
    _codes,
    _writer_states,
    _events,
)
