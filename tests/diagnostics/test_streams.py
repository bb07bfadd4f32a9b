"""Standard output takes any character, and a reader that leaves early."""

import os
import subprocess
import sys

import pytest

from tests.test_samples import SAMPLES

HEALTHY, FAULTY = (str(SAMPLES / name / "logs") for name in ("healthy-online", "guest-sql-writer"))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["diagnostics", HEALTHY], 0),
        (["diagnostics", HEALTHY, "--format", "json"], 0),
        (["diagnostics", FAULTY, "--plain"], 1),
        (["diagnostics", "--schema"], 0),
        (["tui", "rules", "list"], 0),
        (["tui", "--help"], 0),
    ],
    ids=lambda value: " ".join(value[:1] + value[2:]) if isinstance(value, list) else str(value),
)
def test_whoever_stops_reading_hears_no_complaint_and_the_exit_code_is_that_of_the_work(command, code):
    with subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == code
    assert "roken" not in told
    assert "Traceback" not in told


def test_what_a_code_page_lacks_is_replaced():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", FAULTY, "--lang", "ja"], capture_output=True, check=False, env=environment
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert ran.stdout.isascii()
    assert b"vm:SQL01/guest_writer:SqlServerWriter" in ran.stdout
