"""`shindan open` and `shindan` alone: what is refused before any screen is shown, and in which words."""

import os
import select
import subprocess
import sys
import time

import pytest


def shindan(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/nowhere/[at all]"], "/nowhere/[at all]: no such file or folder"),
        (["-"], "standard input cannot be opened on the screens"),
        (["--role", "HV01=king", "."], "--role HV01=king: no such role"),
        (["--theme", "pink"], "'pink' is not one of"),
        ([], "the screens need a terminal; `diagnose PATH...` needs none"),
    ],
)
def test_what_cannot_be_opened_is_said(arguments, told):
    done = shindan("open", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_without_a_terminal_the_commands_are_listed():
    done = shindan()
    assert done.returncode == 2
    assert "serve-ui" in done.stderr


def test_on_a_terminal_the_screens_open_and_q_leaves_them(tmp_path):
    """A real one, of 80 columns: what comes is drawn for it, and it is left as it was."""
    pty = pytest.importorskip("pty", reason="terminals are made as POSIX makes them")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24", XDG_STATE_HOME=str(tmp_path), LANG="C.UTF-8")
        os.execv(sys.executable, [sys.executable, "-m", "tui"])  # noqa: S606 - this very program
    drawn, asked, deadline = b"", False, time.monotonic() + 20
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        try:
            drawn += os.read(terminal, 1 << 16) if ready else b""
        except OSError:  # the program has ended
            break
        if b"diagnosed?" in drawn and not asked:
            os.write(terminal, b"q")
            asked = True
    assert asked
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"\x1b[?1049l" in drawn  # back to what the terminal showed before
