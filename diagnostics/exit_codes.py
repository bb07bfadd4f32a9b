"""The exit codes of every command: a contract with scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's end means. Unknown codes mean failure."""

    HEALTHY = 0
    """No fault was found in what was read."""
    FAULT = 1
    """A fault was found: any verdict but healthy, as far as `--fail-on` says."""
    USAGE = 2
    """The command line is wrong."""
    UNREADABLE = 3
    """An input could not be read at all, or nothing was read; or the output could not be written."""
    PARTLY_READ = 4
    """Done, and no fault found, but some input was damaged or not understood."""
    INTERNAL = 5
    """An error of the tool itself."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C."""


FAIL_ON: dict[str, tuple[str, ...]] = {
    "asserted": ("asserted",),
    "leading": ("asserted", "leading"),
    "any": ("asserted", "leading", "ambiguous", "insufficient", "transient", "unexplained"),
    "never": (),
}
"""The verdicts that exit with `FAULT`, by the word after `--fail-on`."""
