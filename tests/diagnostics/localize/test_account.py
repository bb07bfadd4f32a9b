"""The arithmetic that reports print adds up to what inference says."""

import math
import sys

import pytest
from hypothesis import given
from msgspec.structs import replace

from diagnostics.answer.reckoning import reckon
from diagnostics.diagnosis import diagnose
from diagnostics.localize.calibration import shipped
from diagnostics.localize.explain import Suspect, account
from diagnostics.localize.inference import infer
from diagnostics.localize.judge import judge
from diagnostics.localize.problem import Problem
from diagnostics.report.phrases import sums
from diagnostics.request import Request
from tests.bundled import NAMES, SAMPLES, diagnosis_of
from tests.diagnostics.localize.problems import small_problems
from tests.diagnostics.test_diagnosis import NO_AGENT, job


def decibans(probability):
    return 10.0 * math.log10(probability / (1.0 - probability))


@given(problem=small_problems())
def test_prior_steps_and_rest_are_the_posterior_of_inference(problem: Problem):
    posterior, prior = infer(problem), infer(problem._replace(jobs=(), events=()))
    lines = [key for of_plate in posterior.network.lines.values() for key in of_plate]
    suspects = [
        Suspect(plate, component) for plate, about in posterior.plates.items() for component in about.components
    ]
    told = account(posterior.network, suspects, lines[::2])
    assert told.rest_lines == len(lines) - len(told.steps)
    for number, suspect in enumerate(suspects):
        total = told.prior[number] + sum(step.decibans[number] for step in told.steps) + told.rest[number]
        believed = posterior.plates[suspect.plate].components[suspect.component]
        before = prior.plates[suspect.plate].components[suspect.component]
        assert told.prior[number] == pytest.approx(decibans(before), abs=1e-6)
        assert total == pytest.approx(told.posterior[number], abs=1e-6)
        if 1e-9 < believed < 1.0 - 1e-9:
            assert total == pytest.approx(decibans(believed), abs=1e-4)


@pytest.mark.parametrize("sample", NAMES)
def test_the_printed_numbers_of_a_sample_add_up_to_its_posterior(sample):
    diagnosis = diagnosis_of(sample)
    told, posterior = diagnosis.verdict.reckoning, infer(diagnosis.case.problem)
    assert told.suspects
    for number, suspect in enumerate(told.suspects):
        printed = suspect.prior_db + sum(line.adds_db[number] for line in told.lines) + suspect.rest_db
        plate, _, component = suspect.instance.partition("/")
        believed = posterior.plates[plate].components[component.partition(":")[0]]
        assert round(printed, 1) == suspect.posterior_db
        assert suspect.posterior_db == pytest.approx(decibans(believed), abs=0.051)
        assert suspect.posterior == pytest.approx(believed, abs=1e-6)


@pytest.mark.parametrize("sample", NAMES)
def test_the_foot_of_the_arithmetic_is_what_the_verdict_says(sample):
    verdict = diagnosis_of(sample).verdict
    said = {found.instance: found.probability for found in verdict.candidates}
    said |= {fault.instance: fault.probability for fault in verdict.faults}
    for suspect in verdict.reckoning.suspects:
        printed = suspect.posterior_db + suspect.calibration_db + suspect.failed_db
        assert round(printed, 1) == suspect.probability_db
        assert suspect.probability == said[suspect.instance]
        assert suspect.failed_db <= 0.0
        if 1e-5 < suspect.probability < 1.0 - 1e-5:
            assert suspect.probability_db == pytest.approx(decibans(suspect.probability), abs=0.06)


def test_calibration_tempers_that_something_is_at_fault_and_leaves_which_fault_failed_a_job(monkeypatch):
    doubtful = replace(shipped(), temperature=4.0)
    for module in (judge.__module__, reckon.__module__):
        monkeypatch.setattr(sys.modules[module], "shipped", lambda: doubtful)
    logs = Request(paths=(str(SAMPLES / "guest-sql-writer" / "logs"),))
    plain, told = (
        diagnosis.verdict.reckoning.suspects for diagnosis in (diagnosis_of("guest-sql-writer"), diagnose(logs))
    )
    assert told[0].posterior_db + told[0].calibration_db == pytest.approx(told[0].posterior_db / 4.0, abs=0.06)
    assert failing(told[0]) == pytest.approx(failing(plain[0]), abs=0.001)
    assert ("calibration", [suspect.calibration_db for suspect in told]) in sums(told)


def failing(suspect):
    """P(it failed a job | it is at fault), by the last two rows."""
    calibrated = suspect.posterior_db + suspect.calibration_db
    return suspect.probability * (1.0 + 10.0 ** (-calibrated / 10.0))


def test_a_line_that_repeats_another_adds_little_though_both_weigh_little_when_left_out():
    told = diagnosis_of("guest-sql-writer").verdict
    fault = told.faults[0]
    left_out_one_at_a_time = sum(line.weight_db for line in (*fault.evidence, *fault.counter_evidence))
    together = told.reckoning.suspects[0].posterior_db - told.reckoning.suspects[0].prior_db
    assert together > left_out_one_at_a_time + 10


def test_what_several_servers_share_is_reckoned_like_anything_else(tmp_path):
    for server, failed in (("DPM01", ""), ("DPM02", NO_AGENT)):
        (tmp_path / server).mkdir()
        jobs = [
            job(f"{server}VM{n}", f"HV0{n % 2}", failed=failed, sent="0" if failed else "9", minute=3 * n)
            for n in range(6)
        ]
        (tmp_path / server / "jobs.txt").write_text("".join(jobs))
    diagnosis = diagnose(Request(paths=(str(tmp_path),)))
    told = diagnosis.verdict.reckoning
    assert told.suspects[0].instance.startswith("dpm:DPM02/")
    for number, suspect in enumerate(told.suspects):
        plate, _, component = suspect.instance.partition("/")
        believed = diagnosis.case.posterior.plates[plate].components[component]
        printed = suspect.prior_db + sum(line.adds_db[number] for line in told.lines) + suspect.rest_db
        assert printed == pytest.approx(decibans(believed), abs=0.051)
