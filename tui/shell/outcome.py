"""How a command on a repository ends: what it says, and its exit code. Data goes to stdout, the rest to stderr."""

from collections.abc import Callable

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.dpm.errors import Cancelled, NotARepositoryError, RepositoryError, UnknownPointError
from engine.dpm.records import PointState, RecoveryPoint
from engine.sync.agent import Sent
from engine.sync.instant import NotAnImageError
from engine.transport.names import BadNameError
from tui.recovery import OutsideImageError
from tui.wording import reason, when


def ended(work: Callable[[], ExitCode]) -> ExitCode:
    """Do the work; what goes wrong becomes a message and an exit code.

    Raises:
        click.UsageError: the command line asks for what is not there.
    """
    try:
        return work()
    except (UnknownPointError, OutsideImageError, BadNameError) as error:
        raise click.UsageError(str(error)) from error
    except RepositoryError as error:
        say(reason(error))
        return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ExitCode.FAULT)
    except BrokenPipeError:
        raise  # whoever read our output has seen enough
    except OSError as error:
        say(reason(error))
        return ExitCode.UNREADABLE if isinstance(error, _UNREADABLE) else ExitCode.FAULT


_CODES = {
    Cancelled: ExitCode.INTERRUPTED,
    NotARepositoryError: ExitCode.UNREADABLE,
    NotAnImageError: ExitCode.UNREADABLE,
}
_UNREADABLE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


def say(message: str) -> None:
    """One line to the person who watches."""
    click.echo(f"shindan: {one_line(message, 600)}", err=True)


def of_point(point: RecoveryPoint, image: str) -> dict[str, object]:
    """A recovery point for programs: `id`, `image`, `time`, `mode` and `bytes_changed` are a contract."""
    return {
        "id": point.id,
        "image": image,
        "time": when(point.time),
        "mode": point.mode,
        "bytes_changed": point.bytes_changed,
        "image_size": point.image_size,
        "job": point.kind,
        "state": point.state,
    }


def of_sent(done: Sent, image: str) -> dict[str, object]:
    """A recovery point that a server has made, in the same words."""
    return {
        "id": done.committed.point,
        "image": image,
        "time": when(done.committed.time),
        "mode": done.mode,
        "bytes_changed": done.committed.bytes_changed,
        "image_size": done.image_size,
        "job": done.committed.kind,
        "state": PointState.GOOD,
    }
