"""`shindan rules test`: the samples of rules."""

import sys
from pathlib import Path

import click

from diagnostics.commands.rules.places import CHECK_STATUS, PLACES, checked
from diagnostics.exit_codes import ExitCode
from diagnostics.rules.mutation import mutate
from diagnostics.rules.samples import check, read_samples
from diagnostics.rules.words import in_words, many
from diagnostics.sanitize import one_line


@click.command(
    "test",
    help=f"""Run the samples of rules, and tell which parts of a condition no sample holds in place.

    PLACES are folders or files; without any, all rules are tested. Each part of a condition is changed in turn; where
    every sample still answers as before, a sample is missing.

    {CHECK_STATUS}""",
)
@PLACES
def test_rules(places: tuple[Path, ...]) -> None:
    """Run samples."""
    pack, _ = checked(places)
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
            note = f"{rule.file}:{rule.line}: note: no sample notices a change of: {in_words(item)}"
            click.echo(one_line(note, 2000))
    for problem in wrong:
        click.echo(one_line(str(problem), 2000))
    share = 1 - survivors / mutants if mutants else 1.0
    told = (
        f"{many(len(pack.rules), 'rule')}, {many(count, 'sample')}, {len(wrong)} wrong; "
        f"{share:.0%} of {many(mutants, 'change')} noticed"
    )
    click.echo(told, err=True)
    sys.exit(ExitCode.FAULT if wrong else ExitCode.HEALTHY)
