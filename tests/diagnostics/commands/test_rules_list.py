"""`shindan rules list` tells which rules are about something, for people and for programs."""

import json

import pytest
from click.testing import CliRunner

from diagnostics.commands.rules import rules
from diagnostics.commands.table import print_table


def listed(*options):
    ran = CliRunner().invoke(rules, ["list", "--json", *options])
    return ran.exit_code, [rule["name"] for rule in json.loads(ran.stdout or "[]")]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--provider", "vss", "--event-id", "8229"), "sql-writer-rejected-event"),
        (("--code", "-2147212300"), "writer-non-retryable-code"),
        (("--code", "ID 30112"), "dpm-retryable-vss-error"),
        (("--cause", "diff-area-limit", "--polarity", "fault"), "volsnap-diff-area-limit"),
        (("--component", "volsnap_diffarea", "--event-id", "36"), "volsnap-diff-area-limit"),
    ],
)
def test_a_rule_is_listed_by_what_it_is_about(options, name):
    code, names = listed(*options)
    assert code == 0
    assert name in names
    assert len(names) < 30


def test_options_narrow_each_other_down_to_nothing():
    assert listed("--component", "replica_cc", "--provider", "VSS", "--event-id", "8229") == (1, [])


@pytest.mark.parametrize(("option", "value"), [("--code", "frog"), ("--component", "frog"), ("--event-id", "frog")])
def test_what_cannot_be_understood_is_wrong_usage(option, value):
    ran = CliRunner().invoke(rules, ["list", option, value])
    assert (ran.exit_code, value in ran.stderr) == (2, True)


def test_a_table_is_aligned_by_columns_of_the_terminal_and_shows_no_control_characters(capsys):
    print_table(("name", "title"), [("規則", "a"), ("rule\x1b[2J", "b")])
    assert capsys.readouterr().out == "name      title\n規則      a\nrule␛[2J  b\n"


def test_completeness_is_of_the_component_or_the_cause_that_was_asked_for():
    def causes(*options):
        ran = CliRunner().invoke(rules, ["list", "--completeness", *options])
        return ran.exit_code, [line.split()[0] for line in ran.stdout.splitlines()[1:]]

    code, of_component = causes("--component", "hardware_provider")
    assert code == 0
    assert "provider-not-registered" in of_component
    assert "sql-writer-failed" not in of_component
    assert causes("--cause", "provider-not-registered") == (0, ["provider-not-registered"])
    assert causes("--cause", "no-such-cause") == (1, [])
