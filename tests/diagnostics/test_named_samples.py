"""A job of the lab goes by its folder: what is read is what its machines exported."""

from diagnostics.samples import with_samples
from tests.test_samples import SAMPLES


def test_of_a_job_of_the_lab_the_story_is_not_read_as_a_log():
    folder = SAMPLES / "condition-e-shadow-storage"
    assert with_samples([str(folder)]) == (str(folder / "logs"),)
    assert with_samples([str(folder / "logs" / "HV01")]) == (str(folder / "logs" / "HV01"),)


def test_any_other_path_is_read_as_it_is(tmp_path):
    (tmp_path / "logs").mkdir()
    others = (str(tmp_path), "-", str(tmp_path / "missing"))
    assert with_samples(others) == others
