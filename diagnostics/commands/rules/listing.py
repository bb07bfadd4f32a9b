"""`shindan rules list`: the rules, by what they are about."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from diagnostics.commands.rules.places import FOLDERS, all_rules
from diagnostics.commands.table import print_table
from diagnostics.exit_codes import ExitCode
from diagnostics.handbook.completeness import HEADER, shortfalls
from diagnostics.handbook.completeness import completeness as completeness_of
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.parsers.codes import canonical
from diagnostics.rules.reach import asks_for, reach
from diagnostics.rules.rule import Polarity, Rule
from diagnostics.rules.words import many
from engine.pipeline import Component


class Wanted(msgspec.Struct, frozen=True):
    """What a listed rule must be about; None and empty leave it open."""

    component: Component | None
    cause: str
    polarity: Polarity | None
    provider: str
    event_id: int | None
    code: str

    def __call__(self, rule: Rule) -> bool:
        """Is the rule about all of it?"""
        return (
            self.component in (None, rule.component)
            and self.polarity in (None, rule.polarity)
            and (not self.cause or any(link.id == self.cause for link in rule.causes))
            and (not self.code or self.code in reach(rule).codes)
            and (not (self.provider or self.event_id is not None) or asks_for(rule, self.provider, self.event_id))
        )


@click.command(
    "list",
    help="""List the rules, all or those about something: `--provider VSS --event-id 8229`, `--code 0x800423F4`.

    Options narrow each other down. A code may be written as any log prints it. --completeness lists causes instead
    (with --component or --cause, those), with what each has: rules, samples (hits + near misses), remedies,
    documentation, a fault to inject.

    \b
    Exit status:
        0  listed                      1  no rule is about that, or a cause lacks something
        2  wrong usage                 5  internal error""",
)
@click.option("--component", type=click.Choice([component.value for component in Component]), metavar="ID")
@click.option("--cause", default="", metavar="ID", help="Rules that point to this cause.")
@click.option("--polarity", type=click.Choice([polarity.value for polarity in Polarity]))
@click.option("--provider", default="", help="Rules about records of this event source.")
@click.option("--event-id", type=int, help="Rules about records with this id.")
@click.option("--code", default="", help="Rules about this error code.")
@click.option("--completeness", is_flag=True, help="List what each cause has, and fail where one lacks something.")
@FOLDERS
@click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for each rule.")
def list_rules(
    *,
    folders: tuple[Path, ...],
    as_json: bool,
    completeness: bool,
    code: str,
    component: str | None,
    polarity: str,
    **about: object,
) -> None:
    """List rules."""
    if completeness:
        sys.exit(_completeness(all_rules(folders), component or "", str(about["cause"])))
    wanted = msgspec.convert({**about, "code": _code(code), "component": component, "polarity": polarity}, Wanted)
    rules = all_rules(folders)
    found = [rule for rule in rules if wanted(rule)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_plain(rule) for rule in found])))
    elif found:
        print_table(_HEADER, [_row(rule) for rule in found])
    click.echo(f"{len(found)} of {len(rules)} rules", err=True)
    sys.exit(ExitCode.HEALTHY if found else ExitCode.FAULT)


def _code(given: str) -> str:
    code = canonical(given) if given else ""
    if code is None:
        raise click.UsageError(f"{given!r} is no error code; expected something like 0x800423F4, 1450 or 'ID 30112'")
    return code


def _completeness(rules: Sequence[Rule], component: str, cause: str) -> ExitCode:
    """Print the table of causes: all, those of a component, or one."""
    library = Library(tuple(rules), load_catalog())
    of_component = {it.id for it in library.catalog.causes.values() if component in ("", it.component)}
    rows = [row for row in completeness_of(library) if row.cause in of_component and cause in ("", row.cause)]
    short = shortfalls(library)
    print_table(HEADER, [(*row[:-1], ", ".join(row.holes)) for row in rows])
    lacking = sum(bool(row.holes) for row in rows)
    told = [f"{many(len(rows), 'cause')}, {lacking} lacking something", *short]
    click.echo("; ".join(told), err=True)
    return ExitCode.FAULT if lacking or short or not rows else ExitCode.HEALTHY


_HEADER = ("name", "polarity", "component", "about", "title")
_ABOUT_WIDTH = 40


def _row(rule: Rule) -> tuple[str, ...]:
    about = "; ".join((*map(str, reach(rule).sources), *reach(rule).codes))
    short = about if len(about) <= _ABOUT_WIDTH else f"{about[: _ABOUT_WIDTH - 1]}…"
    return rule.name, rule.polarity, rule.component, short, rule.title


def _plain(rule: Rule) -> dict[str, object]:
    """A rule for programs: what it is about, and what it says."""
    about = reach(rule)
    return {
        "name": rule.name,
        "id": rule.id,
        "title": rule.title,
        "status": rule.status,
        "level": rule.level,
        "polarity": rule.polarity,
        "component": rule.component,
        "plate": rule.plate,
        "stage": rule.stage,
        "family": rule.family,
        "kinds": sorted(rule.kinds),
        "sources": [str(source) for source in about.sources],
        "codes": about.codes,
        "causes": rule.causes,
        "references": rule.references,
        "file": rule.file,
        "line": rule.line,
    }
