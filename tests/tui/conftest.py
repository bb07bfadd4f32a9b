"""What several tests of the screens need."""

from pathlib import Path

import pytest

from tests.bundled import SAMPLES


@pytest.fixture(autouse=True)
def quick_screens_of_known_samples(monkeypatch):
    """For the time of a test: the samples that were written by hand, and no animations in programs that it starts."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("SHINDAN_SAMPLES", str(SAMPLES))


@pytest.fixture(scope="session")
def long_log(tmp_path_factory) -> Path:
    """A log that takes longer to read than anybody would wait in a test."""
    path: Path = tmp_path_factory.mktemp("long") / "HV01-Application.log"
    line = "2026-11-20 01:02:03 Error VSS 8193 Volume Shadow Copy Service error {} 0x80042302\n"
    path.write_text("".join(line.format(number) for number in range(400_000)))
    return path
