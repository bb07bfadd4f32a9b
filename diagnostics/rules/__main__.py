"""`python -m diagnostics.rules lint|test [DIR...]`: check rule files while writing them."""

import sys
from collections import Counter
from pathlib import Path

import click

from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules.conditions import in_words
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.mutation import mutate
from diagnostics.rules.packs import load_from, load_rules
from diagnostics.rules.rule import Pack
from diagnostics.rules.samples import check, read_samples

_PLACES = click.argument("places", nargs=-1, type=click.Path(path_type=Path))


@click.group(help=__doc__)
def main() -> None:
    """Check rule files."""


def _pack(places: tuple[Path, ...]) -> Pack:
    return load_from(places) if places else load_rules()


@main.command("lint")
@click.option("--notes/--no-notes", default=True, help="Show notes, too.")
@_PLACES
def lint_command(places: tuple[Path, ...], *, notes: bool) -> None:
    """Say everything that is wrong with rules (of folders or files; else of all) and with the catalogs."""
    pack = _pack(places)
    issues = lint(pack, load_catalog())
    for issue in issues:
        if notes or issue.severity is not Severity.NOTE:
            click.echo(issue)
    counts = Counter(issue.severity for issue in issues)
    told = ", ".join(f"{counts[severity]} {severity}s" for severity in Severity)
    click.echo(f"{len(pack.rules)} rules: {told}", err=True)
    sys.exit(1 if counts[Severity.ERROR] else 0)


@main.command("test")
@_PLACES
def test_command(places: tuple[Path, ...]) -> None:
    """Run the samples of rules, and tell how much of each condition they hold in place."""
    pack = _pack(places)
    wrong = list(pack.problems)
    mutants = survivors = count = 0
    for rule in pack.rules:
        samples, problems = read_samples(rule)
        wrong += problems or check(rule, samples)
        count += len(samples.hits) + len(samples.near_misses)
        result = mutate(rule, samples)
        mutants += result.mutants
        survivors += len(result.survived)
        for item in dict.fromkeys(result.survived):
            click.echo(f"{rule.file}:{rule.line}: note: no sample notices a change of: {in_words(item)}")
    for problem in wrong:
        click.echo(problem)
    share = 1 - survivors / mutants if mutants else 1.0
    told = f"{len(pack.rules)} rules, {count} samples, {len(wrong)} wrong; {share:.0%} of {mutants} changes noticed"
    click.echo(told, err=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
