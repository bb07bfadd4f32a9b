"""Ctrl-C, whenever it comes: one line on stderr, exit 130, no traceback."""

import signal
import subprocess
import sys

import pytest

from tests.bundled import SAMPLES

_INTERRUPTED_AT_AN_IMPORT = """
import os, signal, sys
program, number, *arguments = sys.argv[1:]
left = int(number)

def hook(event, _arguments):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)

module = __import__(f"{program}.__main__", fromlist=["main"])
sys.argv = [program, *arguments]
sys.addaudithook(hook)
module.main()
"""
_COMMANDS = {
    "diagnose": ("diagnostics", "diagnose", str(SAMPLES / "guest-sql-writer" / "logs")),
    "shindan rules list": ("tui", "shindan", "rules", "list"),
    "shindan --help": ("tui", "shindan", "--help"),
}


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("number", [1, 5, 30])
def test_ctrl_c_while_modules_are_imported_ends_with_one_line(command, number):
    package, program, *arguments = _COMMANDS[command]
    assert interrupted(package, number, arguments) == (130, f"{program}: interrupted\n")


@pytest.mark.parametrize("number", [100, 300])
def test_ctrl_c_while_a_command_prepares_its_work_does_too(number):
    package, program, *arguments = _COMMANDS["diagnose"]
    assert interrupted(package, number, arguments) == (130, f"{program}: interrupted\n")


def test_whoever_starts_a_command_with_ctrl_c_ignored_keeps_it_so():
    package, _, *arguments = _COMMANDS["shindan --help"]
    assert interrupted(package, 5, arguments, ignored=True) == (0, "")


def interrupted(package: str, number: int, arguments: list[str], *, ignored: bool = False) -> tuple[int, str]:
    """How a command ends that gets Ctrl-C at its n-th import, and what it says."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None  # a new process inherits it
    try:
        ran = subprocess.run(
            [sys.executable, "-c", _INTERRUPTED_AT_AN_IMPORT, package, str(number), *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        if ignored:
            signal.signal(signal.SIGINT, before)
    return ran.returncode, ran.stderr
