"""Ctrl-C, whenever it comes: one line on stderr, exit 130, no traceback."""

import signal
import subprocess
import sys
from pathlib import Path

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
_STARTED_BY_THE_SUITE = """
import subprocess, sys
sys.path.insert(0, sys.argv[1])
import tests.conftest
child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
subprocess.run([sys.executable, "-c", child], check=True)
"""


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


def test_a_suite_that_was_started_with_ctrl_c_ignored_starts_programs_that_take_it():
    root = str(Path(__file__).parents[2])
    assert started(_STARTED_BY_THE_SUITE, root, ignored=True).stdout == "True\n"


def interrupted(package: str, number: int, arguments: list[str], *, ignored: bool = False) -> tuple[int, str]:
    """How a command ends that gets Ctrl-C at its n-th import, and what it says."""
    ran = started(_INTERRUPTED_AT_AN_IMPORT, package, str(number), *arguments, ignored=ignored)
    return ran.returncode, ran.stderr


def started(code: str, *arguments: str, ignored: bool) -> subprocess.CompletedProcess[str]:
    """What code does in a process of its own, which may inherit that Ctrl-C is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None
    try:
        return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    finally:
        if ignored:
            signal.signal(signal.SIGINT, before)
