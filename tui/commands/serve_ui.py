"""`shindan serve-ui`: the screens in a browser."""

import click

from diagnostics.exit_codes import ExitCode
from tui.commands.open import asked, open_case
from tui.itself import python

_HELP = """Show the screens in a browser of this machine.

It listens on 127.0.0.1 only, and shows them to whoever has the address that it prints: keep that to yourself. Every
window of a browser has a case of its own. OPTIONS and PATH are those of `shindan open`. Ctrl-C ends it.

\b
Exit status:
    0  ended by Ctrl-C     2  wrong usage, or the port is taken     5  internal error
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Which port; a free one unless given.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PATH]...")
def serve_ui(port: int, arguments: tuple[str, ...]) -> None:
    """Serve the screens until Ctrl-C."""
    asked(open_case.make_context("serve-ui", list(arguments)).params)
    try:
        from tui.web import ScreensServer  # noqa: PLC0415 - slow to import, and an extra
    except ImportError as error:
        raise click.UsageError("this needs the extra `web`: pip install 'shindan[web]'") from error

    opened = python(f"sys.argv = ['shindan', 'open', *{list(arguments)!r}]; from tui.cli import main; main()")
    try:
        server = ScreensServer(opened, port, click.echo)
    except OSError as error:
        raise click.UsageError(f"port {port}: {error.strerror}") from error
    server.serve()
    raise SystemExit(ExitCode.HEALTHY)
