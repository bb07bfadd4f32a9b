"""`shindan`: the umbrella command. Subcommands are imported when they run, so that `--help` stays quick."""

import sys

import click

from diagnostics.cli import guarded
from diagnostics.commands.lazy import LazyGroup, Place
from diagnostics.exit_codes import ExitCode

_COMMANDS = {
    "agent": Place("tui.commands.agent:agent", "Be an agent of a server of remote backups: enrol, run."),
    "backup": Place("tui.commands.backup:backup", "Make a recovery point of disk images."),
    "collect": Place("diagnostics.commands.collect:collect", "Print the commands that export what a diagnosis needs."),
    "diagnose": Place("diagnostics.cli:diagnose", "Read exported logs; say what failed, why, and what to do."),
    "eligibility": Place(
        "diagnostics.commands.eligibility:eligibility", "Tell whether virtual machines can be backed up online."
    ),
    "image": Place("tui.commands.image:image", "Show what disk images are, and what is on them."),
    "open": Place("tui.commands.open:open_case", "Open logs on the screens (as `shindan` alone does)."),
    "points": Place("tui.commands.points:points", "List recovery points."),
    "prune": Place("tui.commands.prune:prune", "Drop old recovery points and give back their space."),
    "rebuild": Place("tui.commands.rebuild:rebuild", "Make a lost or damaged catalog of recovery points anew."),
    "redact": Place("diagnostics.commands.redact:redact_command", "Make a copy of logs to show to strangers."),
    "replay": Place("tui.commands.replay:replay", "Run a sample job or a scenario in the lab, step by step."),
    "reproduce": Place(
        "tui.commands.reproduce:reproduce_command", "Diagnose, and bring about the suspected causes in the lab."
    ),
    "restore": Place("tui.commands.restore:restore", "Restore a recovery point, or a range of it."),
    "retry": Place("tui.commands.retry:retry_command", "Try a remedy on a failed job, in the lab."),
    "rules": Place("diagnostics.commands.rules:rules", "Look into the rules, and check your own."),
    "serve": Place("tui.commands.serve:serve", "Be the server of remote backups."),
    "serve-ui": Place("tui.commands.serve_ui:serve_ui", "Show the screens in a browser of this machine."),
    "verify": Place("tui.commands.verify:verify", "Read recovery points and check every byte."),
}


@click.group(
    cls=LazyGroup,
    places=_COMMANDS,
    of_paths=("diagnose", "open"),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="shindan", prog_name="shindan")
@click.pass_context
def shindan(context: click.Context) -> None:
    """Find where a Hyper-V backup failed; back up disk images. Without a command: the screens, on a terminal."""
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(context.get_help(), err=True)
        context.exit(ExitCode.USAGE)
    from tui.commands.open import show  # noqa: PLC0415 - other commands do not need it

    show()


def main() -> None:
    """The `shindan` command."""
    guarded(shindan, "shindan")
