"""A small twin of `tests.bench.closed_loop`: what was injected is named first, and recognized by its signature."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from diagnostics.diagnosis import read_and_understand
from diagnostics.reproduce.likeness import compare, rarity
from diagnostics.reproduce.signature import Signature, signature_of
from diagnostics.request import Request
from diagnostics.understanding import Case
from tests.diagnostics.reproduce.labs import knowledge, night_logs

FAULTS = {
    "writer-failed": "guest_writer",
    "integration-services-outdated": "integration_components",
    "guest-volumes-differ": "vm_config_storage",
}


@cache
def of(fault: str, seed: int) -> Case:
    with TemporaryDirectory() as folder:
        logs = night_logs(Path(folder), *([f"{fault}@vm:SQL01"] if fault else []), seed=seed)
        return read_and_understand(Request(paths=(str(logs),)), knowledge(), most_explained=0)


@cache
def library() -> dict[str, Signature]:
    usual = signature_of(of("", 2))
    return {fault: signature_of(of(fault, 2)).without(usual).complete() for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS)
def test_its_component_is_named_first(fault):
    first = of(fault, 1).judgement.candidates[0]
    assert (first.plate, first.component) == ("vm:SQL01", FAULTS[fault])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_night_of_another_seed_has_its_signature_and_no_other(fault):
    seen = signature_of(of(fault, 1)).without(signature_of(of("", 2)))
    weigh = rarity(list(library().values()))
    scores = {name: compare(seen, signature, weigh).score for name, signature in library().items()}
    assert max(scores, key=scores.__getitem__) == fault
    assert scores[fault] > 0.8
    assert sorted(scores.values())[-2] < scores[fault] - 0.1
