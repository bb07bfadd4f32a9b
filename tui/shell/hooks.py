"""Commands of the user's that hold whoever writes an image, and let them go again."""

import shlex
import subprocess

from engine.dpm.errors import RepositoryError

_PATIENCE = 60
"""Seconds that a command may take: as long as VSS lets writers be frozen."""


class HookFailedError(RepositoryError):
    """A command did not do its work."""


class CommandWriters:
    """Writers that are frozen and thawed by commands, which are run as they stand, without a shell."""

    def __init__(self, freeze: str, thaw: str) -> None:
        """Raises ValueError where a command cannot be split into words."""
        self._freeze = shlex.split(freeze)
        self._thaw = shlex.split(thaw)

    def freeze(self) -> None:
        """Raises HookFailedError where the command ends with anything but 0."""
        _run("freeze", self._freeze)

    def thaw(self) -> None:
        """As `freeze`."""
        _run("thaw", self._thaw)


def _run(what: str, command: list[str]) -> None:
    """In a session of its own: Ctrl-C is for us, and must not end what lets writers go."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, in words
            command,
            check=False,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise HookFailedError(f"the {what} command did not end within {_PATIENCE} s") from error
    except OSError as error:
        raise HookFailedError(f"the {what} command cannot be run: {command[0]}: {error.strerror}") from error
    if done.returncode:
        raise HookFailedError(
            f"the {what} command ended with {done.returncode}; writers may be held: {shlex.join(command)}"
        )
