"""Help is quick: a command is imported when it is asked for, and what is slow not before it runs."""

import subprocess
import sys

import pytest

SLOW = ("networkx", "numpy", "textual", "rich", "sigma", "Evtx")


@pytest.mark.parametrize("arguments", [["--help"], ["rules", "--help"], ["rules", "list", "--help"]], ids=" ".join)
def test_help_imports_nothing_slow(arguments):
    code = (
        "import sys\nfrom tui.cli import shindan\n"
        "try: shindan.main(sys.argv[1:], prog_name='shindan')\nexcept SystemExit: pass\n"
        f"print('loaded', [name for name in {SLOW} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert "Usage: shindan" in ran.stdout
    assert ran.stdout.strip().endswith("loaded []")


def test_a_command_that_does_not_exist_is_wrong_usage():
    ran = subprocess.run([sys.executable, "-m", "tui", "rules", "frog"], capture_output=True, text=True, check=False)
    assert (ran.returncode, "frog" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    ("typed", "hint"), [("diagnos", "shindan diagnose?"), (".", "shindan diagnose PATH or shindan open PATH")]
)
def test_what_may_be_meant_by_a_command_that_does_not_exist_is_told(typed, hint):
    ran = subprocess.run([sys.executable, "-m", "tui", typed], capture_output=True, text=True, check=False)
    assert (ran.returncode, hint in ran.stderr) == (2, True)
