"""`shindan rules lint`: what is wrong with rules and catalogs."""

import sys
from collections import Counter
from pathlib import Path

import click
import msgspec

from diagnostics.commands.rules.places import CHECK_STATUS, PLACES, checked
from diagnostics.exit_codes import ExitCode
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules.lint import Issue, Severity, lint
from diagnostics.rules.words import many
from diagnostics.sanitize import one_line


@click.command(
    "lint",
    help=f"""Say everything that is wrong with rules, or could be better, each with file and line.

    PLACES are folders or files; without any, all rules are checked, the shipped ones and your own, and the catalogs of
    causes, remedies and codes with them. Causes whose rules are the same are told as an ambiguity group: no event can
    ever tell them apart.

    {CHECK_STATUS}""",
)
@PLACES
@click.option("--notes/--no-notes", default=True, help="Show notes, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for each issue.")
def lint_rules(places: tuple[Path, ...], *, notes: bool, as_json: bool) -> None:
    """Check rules."""
    pack, beside = checked(places)
    issues = lint(pack, load_catalog(), beside)
    shown = [issue for issue in issues if notes or issue.severity is not Severity.NOTE]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_plain(issue) for issue in shown])))
    else:
        for issue in shown:
            click.echo(one_line(str(issue), 2000))
    counts = Counter(issue.severity for issue in issues)
    told = ", ".join(many(counts[severity], severity) for severity in Severity)
    click.echo(f"{many(len(pack.rules), 'rule')}: {told}", err=True)
    sys.exit(ExitCode.FAULT if counts[Severity.ERROR] else ExitCode.HEALTHY)


def _plain(issue: Issue) -> dict[str, str | int]:
    """An issue as an editor wants it."""
    problem = msgspec.structs.asdict(issue.problem)
    return {"severity": issue.severity.value, "check": issue.check, **problem}
