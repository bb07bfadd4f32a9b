"""One event, whole: when and where, what its id and codes mean, its values and words, what rules concluded from it."""

from collections.abc import Iterator, Mapping, Sequence

from textual.content import Content

from diagnostics.answer.wording import event_name
from diagnostics.event import Event, Level
from diagnostics.knowledge.catalog import CodeInfo
from diagnostics.knowledge.events import known_event, named_values
from diagnostics.language import say
from diagnostics.ledger.hits import Hit
from diagnostics.verdict import Evidence
from tui.case import OpenCase
from tui.i18n import Words
from tui.plain import plain, plain_block
from tui.themes import Glyphs
from tui.timeline.clock import UTC_CLOCK, DisplayClock
from tui.verdict.document import term
from tui.widgets.lines import Line, What

_FAINT = "$foreground-muted"


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


def event_lines(
    event: Event, case: OpenCase, words: Words, glyphs: Glyphs, clock: DisplayClock = UTC_CLOCK
) -> Iterator[Line]:
    """An event, as the log has it, decoded; its time by a clock."""
    name = event_name(event)
    level = "" if event.level is Level.UNKNOWN else words(f"level.{event.level.name.lower()}")
    head = _joined(plain(name, "bold $primary"), plain(level, "bold"), plain(event.machine or "?"))
    yield Line(head, term(name), indent=1)
    if (event.source, event.record) in case.notes:
        note = case.notes.note((event.source, event.record)) or words("event.marked")
        yield Line(plain(note, "bold $accent"), mark=glyphs.mark, indent=1)
    known = known_event(event.provider, event.event_id) if event.event_id else None
    if known:
        yield Line(plain(say(known.meaning)), term(name), indent=1)
    time = words("event.no-time") if event.time is None else clock.full(event.time)
    yield Line(_joined(plain(time), plain(event.channel, _FAINT)), indent=1)
    zone = next((source.time_zone for source in case.verdict.sources if source.path == event.source), "")
    where = f"{event.source}:{event.record}" + (f" ({say(zone)})" if zone else "")
    yield Line(plain(where, _FAINT), indent=1)
    yield from _codes(event.codes, case.case.catalog.codes, words, glyphs)
    yield from _rules(case.hits.of(event.source, event.record), words, glyphs)
    if event.text:
        yield Line(plain(words("event.text"), "bold $primary"), heading=True)
        yield Line(plain_block(event.text), indent=1)
    if event.fields:
        yield Line(plain(words("event.fields"), "bold $primary"), heading=True)
    for (own, value), (known_as, _) in zip(event.fields.items(), named_values(event), strict=True):
        label = plain(f"{known_as or own}:", "bold", 60)
        yield Line(Content.assemble(label, " ", plain(value)), term(value), indent=1)


def _joined(*parts: Content) -> Content:
    return Content("  ").join(filter(None, parts))


def _codes(codes: Sequence[str], known: Mapping[str, CodeInfo], words: Words, glyphs: Glyphs) -> Iterator[Line]:

    if codes:
        yield Line(plain(words("event.codes"), "bold $primary"), heading=True)
    for code in codes:
        info = known.get(code)
        meaning = f"{info.symbol}: {say(info.meaning)}" if info else words("event.unknown-code")
        yield Line(Content.assemble((f"{plain(code).plain}  ", "bold"), plain(meaning)), term(code), glyphs.bullet, 1)


def _rules(hits: Sequence[Hit], words: Words, glyphs: Glyphs) -> Iterator[Line]:
    if hits:
        yield Line(plain(words("event.rules"), "bold $primary"), heading=True)
    for hit in hits:
        weight = "" if hit.weight_db is None else words("event.weighs", decibans=f"{hit.weight_db:+.1f}")
        head = _joined(plain(hit.rule.name, "bold"), plain(hit.instance, "$accent"), plain(weight))
        said = plain(say(hit.rule.why or hit.rule.title))
        yield Line(Content("\n").join([head, said]), term(hit.rule.name), glyphs.bullet, 1)


def _fact(words: Words, name: str, value: str, what: What | None = None) -> Line:
    label = words(f"event.{name}")
    return Line(Content.assemble((f"{label}: ", "bold"), plain(value)), what or What(), indent=1)
