"""One event, whole: when and where, what its id and codes mean, its values and words, what rules concluded from it."""

from collections.abc import Iterator, Mapping, Sequence

from textual.content import Content

from diagnostics.case.observations import Sighting
from diagnostics.event import Event, Level
from diagnostics.knowledge.catalog import CodeInfo
from diagnostics.knowledge.events import known_event
from diagnostics.report import phrases
from diagnostics.verdict import Evidence
from diagnostics.wording import event_name, iso
from tui.case import OpenCase
from tui.i18n import Words
from tui.plain import plain, plain_block
from tui.themes import Glyphs
from tui.verdict.document import term
from tui.widgets.lines import Line, What


def evidence_lines(line: Evidence, case: OpenCase, words: Words, glyphs: Glyphs) -> Iterator[Line]:
    """A line of evidence: what it weighs and means, and the event behind it."""
    yield Line(plain(line.event, "bold $primary"), heading=True)
    weight = words(
        "event.weight-for" if line.weight_db >= 0 else "event.weight-against", decibans=f"{line.weight_db:+.1f}"
    )
    yield Line(Content(weight), mark=glyphs.bullet, indent=1)
    if line.count > 1:
        yield Line(Content(words("event.count", count=line.count)), mark=glyphs.bullet, indent=1)
    event = case.find(line.source, line.record)
    if event:
        yield from event_lines(event, case, words, glyphs)
    else:
        yield _fact(words, "where", f"{line.source}:{line.record}")
        yield from _codes(line.codes, case.case.catalog.codes, words, glyphs)
        yield Line(plain_block(line.text or words("event.not-kept")), indent=1)


def event_lines(event: Event, case: OpenCase, words: Words, glyphs: Glyphs) -> Iterator[Line]:
    """An event, as the log has it, decoded."""
    yield _fact(words, "time", phrases.moment(iso(event.time) if event.time is not None else None))
    yield _fact(words, "machine", event.machine or "?")
    yield _fact(words, "event", event_name(event), term(event_name(event)))
    known = known_event(event.provider, event.event_id) if event.event_id else None
    if known:
        yield Line(plain(known.meaning), term(event_name(event)), indent=3)
    if event.level is not Level.UNKNOWN:
        yield _fact(words, "level", event.level.name.lower())
    if event.channel:
        yield _fact(words, "channel", event.channel)
    zone = next((source.time_zone for source in case.verdict.sources if source.path == event.source), "")
    yield _fact(words, "where", f"{event.source}:{event.record}" + (f" ({zone})" if zone else ""))
    yield from _codes(event.codes, case.case.catalog.codes, words, glyphs)
    yield from _rules(event, case, words, glyphs)
    if event.fields:
        yield Line(plain(words("event.fields"), "bold $primary"), heading=True)
    for name, value in event.fields.items():
        yield Line(Content.assemble((f"{plain(name, width=60).plain}: ", "bold"), plain(value)), term(value), indent=1)
    if event.text:
        yield Line(plain(words("event.text"), "bold $primary"), heading=True)
        yield Line(plain_block(event.text), indent=1)


def _codes(codes: Sequence[str], known: Mapping[str, CodeInfo], words: Words, glyphs: Glyphs) -> Iterator[Line]:

    if codes:
        yield Line(plain(words("event.codes"), "bold $primary"), heading=True)
    for code in codes:
        info = known.get(code)
        meaning = f"{info.symbol}: {info.meaning}" if info else words("event.unknown-code")
        yield Line(Content.assemble((f"{plain(code).plain}  ", "bold"), plain(meaning)), term(code), glyphs.bullet, 1)


def _rules(event: Event, case: OpenCase, words: Words, glyphs: Glyphs) -> Iterator[Line]:
    hits = [sighting for sighting in case.case.sightings if _speaks_of(sighting, event)]
    if hits:
        yield Line(plain(words("event.rules"), "bold $primary"), heading=True)
    for hit in hits:
        said = f"{hit.rule.component} @ {hit.plate.name}: {hit.rule.why or hit.rule.title}"
        body = Content("\n").join([plain(hit.rule.name, "bold"), plain(said)])
        yield Line(body, term(hit.rule.name), glyphs.bullet, 1)


def _speaks_of(sighting: Sighting, event: Event) -> bool:
    return any((one.source, one.record) == (event.source, event.record) for one in sighting.events)


def _fact(words: Words, name: str, value: str, what: What | None = None) -> Line:
    label = words(f"event.{name}")
    return Line(Content.assemble((f"{label}: ", "bold"), plain(value)), what or What(), indent=1)
