"""The sample jobs that come with Shindan: a folder each, with logs, the expected verdict and the story."""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from diagnostics.sanitize import one_line
from engine.sentence import Sentence

SCENARIO, LOGS = "scenario.yml", "logs"
"""What a job of the lab consists of: how it came about (`engine.lab.reading.FILE`), and what its machines exported."""

_BESIDE = Path(__file__).parents[1] / "samples"
"""In a checkout they lie beside the package."""
_INSTALLED = Path(__file__).parent / "bundled"
"""In an installed Shindan they lie inside of it."""


class Sample(NamedTuple):
    """A sample job."""

    name: str
    title: str
    """The first line of its story."""
    folder: Path

    @property
    def logs(self) -> Path:
        """What its machines exported."""
        return self.folder / LOGS


def samples_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where the samples are: `SHINDAN_SAMPLES`, else with the package; None where there are none."""
    asked = environment.get("SHINDAN_SAMPLES")
    places = (Path(asked),) if asked else (_INSTALLED, _BESIDE)
    return next((place for place in places if place.is_dir()), None)


def sample_jobs(folder: Path | None = None) -> list[Sample]:
    """The samples of a folder, else those that come with Shindan, by name."""
    place = folder or samples_folder()
    return list(_samples(place)) if place else []


def sample_named(name: str) -> Sample | None:
    """The sample of a name, where no file or folder is called so: what a person has lies nearer."""
    if os.path.lexists(name):
        return None
    return next((sample for sample in sample_jobs() if sample.name == name), None)


def with_samples(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths, with the logs of a sample for its name, and those of a job of the lab for its folder."""
    return tuple(map(_logs_of, paths))


def _logs_of(path: str) -> str:
    """What its machines exported: the story beside it is about the job, and would be read as a report of it."""
    if sample := sample_named(path):
        return str(sample.logs)
    folder = Path(path)
    is_job = (folder / SCENARIO).is_file() and (folder / LOGS).is_dir()
    return str(folder / LOGS) if is_job else path


def near(name: str) -> str:
    """Which sample may have been meant by a name that is neither path nor sample, as a question; empty if none."""
    if os.path.lexists(name) or sample_named(name):
        return ""
    found = get_close_matches(name, [sample.name for sample in sample_jobs()], 2, 0.5)
    if not found:
        return ""
    return Sentence("did you mean the sample {names}?", names=" / ".join(found))


def _samples(place: Path) -> Iterator[Sample]:
    for folder in sorted(place.iterdir()):
        if (folder / LOGS).is_dir():
            yield Sample(folder.name, _title(folder / "README.md") or folder.name, folder)


def _title(story: Path) -> str:
    try:
        with story.open(encoding="utf-8", errors="replace") as stream:
            return one_line(stream.readline(400).lstrip("# "), 120)
    except OSError:
        return ""
