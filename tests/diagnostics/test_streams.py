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


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not handed over")
@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_closed_standard_output_is_nobody_who_reads(form):
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", FAULTY, "--format", form],
        stderr=subprocess.PIPE, check=False, preexec_fn=lambda: os.close(1),
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not handed over")
def test_with_every_stream_closed_a_report_is_still_written_whole(tmp_path):
    report = tmp_path / "report.html"
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", FAULTY, "--format", "html", "-o", report],
        check=False, preexec_fn=lambda: os.closerange(0, 3),
    )  # fmt: skip
    assert ran.returncode == 1
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
