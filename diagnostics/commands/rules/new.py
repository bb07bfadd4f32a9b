"""`shindan rules new`: a first draft of a rule, with samples."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from diagnostics.commands.rules.places import NoSuchPlaceError
from diagnostics.event import Event, Kind
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.exit_codes import ExitCode
from diagnostics.knowledge.catalog import Catalog, Cause, load_catalog
from diagnostics.parsers.codes import canonical
from diagnostics.parsers.format import Relevance
from diagnostics.progress import watched
from diagnostics.reading import read_case
from diagnostics.rules.cache import cache_folder
from diagnostics.rules.drafting import Draft, NothingToAskError, component_of, rule_text, samples_text
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.packs import SAMPLES_SUFFIX, load_from, load_rules, user_folder
from diagnostics.sanitize import one_line
from engine.pipeline import Component


@click.command(
    "new",
    help="""Write a first draft of a rule and its samples: NAME.yml and NAME.tests.yml.

    What it is about comes from options (`--provider VSS --event-id 8229 --code 0x800423F4`), or from an event of a real
    log: `--from System.evtx --record 1234`, where the record is an event's record id, or a line of a text. The draft
    passes `lint` and `test` as it is; its likelihoods and its description are yours to write. The samples hold what the
    log holds: look at them before you share them.

    \b
    Exit status:
        0  written                     1  written, but lint has something against it
        2  wrong usage                 3  the log cannot be read, or the folder not be written
        5  internal error""",
)
@click.argument("name")
@click.option("--provider", default="", help="The event source.")
@click.option("--event-id", type=click.IntRange(0), default=0)
@click.option("--code", "codes", multiple=True, help="An error code, as any log prints it.")
@click.option("--component", type=click.Choice([it.value for it in Component]), metavar="ID")
@click.option("--cause", "causes", multiple=True, metavar="ID", help="What may be behind it; makes the rule a fault.")
@click.option("--from", "log", type=click.Path(path_type=Path), help="A log to take the event from.")
@click.option("--record", type=int, help="Which of its events.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where to write; your own rule folder unless given."
)
def new(name: str, *, log: Path | None, record: int | None, folder: Path | None, **about: Any) -> None:  # noqa: ANN401 - the options of `_draft`
    """Write a draft."""
    place = folder or user_folder()
    _check_name(name, place)
    if (log is None) != (record is None):
        raise click.UsageError("--from and --record belong together")
    event = _event_of(log, record) if log and record is not None else None
    try:
        draft = _draft(name, event, **about)
        texts = {f"{name}.yml": rule_text(draft), name + SAMPLES_SUFFIX: samples_text(draft)}
    except NothingToAskError as error:
        raise click.UsageError(str(error)) from error
    _write(place, texts)
    path = place / f"{name}.yml"
    click.echo(path)
    wrong = [str(issue) for issue in lint(load_from([path]), load_catalog()) if issue.severity is Severity.ERROR]
    for line in wrong:
        click.echo(one_line(line, 2000), err=True)
    click.echo(f"next: say what it means in {path}, then `shindan rules test {path}`", err=True)
    sys.exit(ExitCode.FAULT if wrong else ExitCode.HEALTHY)


def _write(place: Path, texts: Mapping[str, str]) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (place / file).write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise NoSuchPlaceError(f"{error.filename or place}: {error.strerror}") from error


def _draft(
    name: str,
    event: Event | None,
    *,
    provider: str,
    event_id: int,
    codes: tuple[str, ...],
    component: str | None,
    causes: tuple[str, ...],
) -> Draft:
    catalog = load_catalog()
    for cause in causes:
        if cause not in catalog.causes:
            raise click.UsageError(f"no cause is called {cause!r}; `shindan rules list --completeness` lists them")
    known = tuple(catalog.causes[cause] for cause in causes)
    if event and (provider or event_id or codes):
        raise click.UsageError("--from tells provider, id and codes; leave the other options out")
    event = event or _event(provider, event_id, codes)
    place = Component(component) if component else _component_of(event, known, catalog)
    return Draft(name, str(uuid4()), f"{datetime.now(UTC):%Y-%m-%d}", event, place, known)


def _component_of(event: Event, causes: tuple[Cause, ...], catalog: Catalog) -> Component:
    try:
        return component_of(event, causes, catalog)
    except NothingToAskError as error:
        raise click.UsageError(
            f"{error} (--component {Component.HOST_VSS}, --cause diff-area-limit; "
            "`shindan rules list --completeness` lists all)"
        ) from error


def _check_name(name: str, place: Path) -> None:
    words = name.split("-")
    if not all(word.isascii() and word.isalnum() and word == word.lower() for word in words):
        raise click.UsageError(f"{name!r} is no rule name; expected lower-case words joined by hyphens")
    if (place / f"{name}.yml").exists() or (place / f"{name}{SAMPLES_SUFFIX}").exists():
        raise click.UsageError(f"{place / name}.yml exists already, or its samples do")
    if any(rule.name == name for rule in load_rules(cache=cache_folder()).rules):
        raise click.UsageError(f"another rule is called {name!r}; `shindan rules explain {name}` shows it")


def _event(provider: str, event_id: int, codes: tuple[str, ...]) -> Event:
    """What options name, as an event; codes alone are no event-log record, but may stand anywhere."""
    known = dict.fromkeys(_canonical(code) for code in codes)
    kind = Kind.RECORD if provider or event_id else Kind.TEXT
    return Event(kind=kind, source="", record=1, provider=provider, event_id=event_id, codes=tuple(known))


def _canonical(code: str) -> str:
    known = canonical(code)
    if known is None:
        raise click.UsageError(f"{code!r} is no error code; expected something like 0x800423F4, 1450 or 'ID 30112'")
    return known


def _event_of(log: Path, record: int) -> Event:
    """The event of a log, by its record number."""
    try:
        with watched(sys.stderr) as watcher:
            reading = read_case([log], relevant=Relevance(lambda _: True), progress=watcher)
    except UnreadableInput as error:
        raise NoSuchPlaceError(str(error)) from error
    found = [event for event in reading.events if event.record == record]
    if len(found) == 1:
        return found[0]
    near = ", ".join(_shown(reading.events, found))
    raise click.UsageError(f"{log} has {len(found) or 'no'} events with the number {record}; it has: {near or 'none'}")


def _shown(events: list[Event], found: list[Event]) -> Iterator[str]:
    """Those that were found, else the first few."""
    for event in (found or events)[:5]:
        yield one_line(f"{event.source}:{event.record} {event.provider} {event.event_id or ''}".strip(), 100)
