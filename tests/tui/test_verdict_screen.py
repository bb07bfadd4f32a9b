"""Stories of reading a verdict: what failed, the evidence behind it, what its words mean, what to take away."""

import json
import re

import msgspec
import pytest

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.request import Request
from diagnostics.verdict import Evidence, VerdictWord, rivals
from engine.pipeline import Stage
from tests.diagnostics.report.verdicts import FULL
from tests.diagnostics.test_diagnosis import CUT, NO_AGENT, VSS, job
from tests.diagnostics.test_words import knowing_nothing_of
from tests.test_samples import SAMPLES as LOGS
from tests.tui.driving import NARROW, case_of, sample_read, seen, settled, story
from tui.i18n import Words
from tui.screens.explain import ExplainScreen
from tui.screens.verdict import DetailScreen, VerdictScreen
from tui.themes import glyphs
from tui.verdict.document import verdict_lines
from tui.widgets.lines import Lines


def lines_of(pilot) -> Lines:
    lines: Lines = pilot.app.screen.query_one("#verdict", Lines)
    return lines


async def to_evidence(pilot) -> Evidence:
    """Walk down to the first line of evidence."""
    for _ in range(20):
        line = lines_of(pilot).here
        if line and isinstance(line.what.of, Evidence):
            return line.what.of
        await pilot.press("j")
    pytest.fail("no line of evidence within twenty lines")


@story("guest-sql-writer", size=NARROW)
async def test_on_a_small_terminal_enter_opens_the_event_behind_a_line_of_evidence(pilot):
    evidence = await to_evidence(pilot)
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, DetailScreen)
    shown = seen(pilot)
    event = pilot.app.case.find(evidence.source, evidence.record)
    assert event.provider in shown
    assert f"{evidence.source}:{evidence.record}" in shown
    assert all(code in shown for code in event.codes)
    assert pilot.app.screen.words_here() == [*evidence.codes, evidence.event, evidence.rule]
    await pilot.press("escape")
    assert isinstance(pilot.app.screen, VerdictScreen)


@story("guest-sql-writer", size=(160, 50))
async def test_on_a_large_terminal_the_event_stands_beside_the_line(pilot):
    evidence = await to_evidence(pilot)
    await settled(pilot)
    told = "\n".join(line.body.plain for line in pilot.app.screen.query_one("#detail", Lines).shown)
    assert f"{evidence.source}:{evidence.record}" in told
    await pilot.press("enter")
    assert pilot.app.focused.id == "detail"


@story("guest-sql-writer", size=NARROW)
async def test_e_explains_what_is_under_the_cursor_and_what_is_mentioned_can_be_followed(pilot):
    await pilot.press("j", "j", "e")
    await settled(pilot)
    assert isinstance(pilot.app.screen, ExplainScreen)
    article = pilot.app.screen.query_one("#article", Lines)
    assert "sql-writer-failed" in article.shown[0].body.plain
    leading = next(number for number, line in enumerate(article.shown) if line.what.terms)
    article.highlighted = leading
    await pilot.press("enter")
    await settled(pilot)
    assert "sql-writer-failed" not in article.shown[0].body.plain


@story("guest-sql-writer", size=NARROW)
async def test_a_command_is_copied_whole_by_enter(pilot):
    lines = lines_of(pilot)
    number, line = next((n, line) for n, line in enumerate(lines.shown) if line.what.copied.startswith("vssadmin"))
    lines.highlighted = number
    await pilot.press("enter")
    assert pilot.app.clipboard == line.what.copied


@story("guest-sql-writer", size=NARROW)
async def test_the_verdict_is_exported_and_its_path_is_copied(pilot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for form in range(4):
        await pilot.press("x", *["down"] * form, "enter")
        await settled(pilot)
    made = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(made) == {".html", ".md", ".json", ".svg"}
    assert json.loads(made[".json"].read_text())["verdict"] == "asserted"
    assert made[".html"].read_text().startswith("<!doctype html>")
    assert "<svg" in made[".svg"].read_text()
    assert pilot.app.clipboard == str(made[".svg"])


def test_what_the_text_report_says_is_on_the_screen_too():
    """Where, why, what speaks against it, what to do, what to collect, what was not checked, what was read."""
    for verdict in (FULL, sample_read("host-hyperv-writer").verdict):
        shown = " ".join(line.body.plain for line in verdict_lines(verdict, Words("en"), glyphs()))
        facts = [fault.instance for fault in verdict.faults] + [str(fault.cause) for fault in verdict.faults]
        facts += [one.text[:200] for fault in verdict.faults for one in (*fault.evidence, *fault.counter_evidence)]
        facts += [step.do for fault in verdict.faults for remedy in fault.remedy_details for step in remedy.steps]
        facts += [one.what for one in verdict.not_checked] + [one.path for one in verdict.sources]
        facts += [one.command for one in (*verdict.next_evidence, *verdict.told_apart_by)]
        facts += [f"{one.title} ({one.instance})" for one in rivals(verdict)[:3]]
        facts += [one.event for one in verdict.noise] + [job.vm for job in verdict.jobs]
        assert [fact for fact in facts if " ".join(fact.split()) not in " ".join(shown.split())] == []


ROLES = ("dpm-server", "host", "guest")
PASSED = [job(f"A{n}", "HV01", sent="100", minute=n * 3) for n in range(1, 6)]
NIGHTS = (
    PASSED,
    ["nothing that anybody knows\n"],
    [job("A", "HV01", failed=VSS), job("A", "HV01", sent="100", minute=40)],
    [job(f"A{n}", "HV01", failed=VSS, minute=n * 3) for n in range(6)],
    [job("A0", "HV01", failed=VSS), *PASSED],
    [job(f"A{n}", "HV01", failed=NO_AGENT, minute=n * 3) for n in range(3)],
    [job("A0", "HV01", failed=CUT, sent="512"), *PASSED],
)


@story(size=NARROW)
async def test_each_of_the_seven_verdicts_has_its_word_its_sign_and_its_meaning(pilot, tmp_path):
    """On such nights; words that none of them brings about, on one of them retold."""
    app, told = pilot.app, dict[VerdictWord, Diagnosis]()
    for number, jobs in enumerate(NIGHTS):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "jobs.txt").write_text("".join(jobs))
        diagnosis = diagnose(Request(paths=(str(tmp_path / str(number)),)))
        told.setdefault(diagnosis.verdict.verdict, diagnosis)
    assert {"healthy", "insufficient", "transient"} < set(told)
    for word in set(VerdictWord) - set(told):
        retold = msgspec.structs.replace(told[VerdictWord.TRANSIENT].verdict, verdict=word)
        told[word] = msgspec.structs.replace(told[VerdictWord.TRANSIENT], verdict=retold)
    for word, diagnosis in told.items():
        await app.show_case(case_of(diagnosis))
        await settled(pilot)
        assert f"{getattr(app.glyphs, word)} {word.upper()}" in seen(pilot)
        assert app.words(f"verdict.meaning.{word}") in seen(pilot)


@story(size=NARROW)
async def test_a_file_that_held_nothing_is_told_with_the_reason_alone(pilot, tmp_path):
    (tmp_path / "HV01-System.evtx").touch()
    await pilot.app.show_case(case_of(diagnose(Request(paths=(str(tmp_path),)))))
    await settled(pilot)
    assert "   the file is empty" in seen(pilot)


NO_RPC = "DPM encountered a retryable VSS error. (ID 30112 Details: The RPC server is unavailable (0x800706BA))"
UNDECIDED = {
    "ambiguous": [job("A0", "HV01", failed=NO_RPC), job("A1", "HV01", minute=5)],
    "insufficient": [job("A0", "HV01", failed=VSS)],
    "no-jobs": ["2026-11-20 01:02:03 HV01 Information Spooler 7036 The Print Spooler service is running\n"],
    "nothing": ["nothing that anybody knows\n"],
}


def of_a_cause_in_no_rule() -> Diagnosis:
    """Real logs of a failure that no rule and no cause is about."""
    logs = str(LOGS / "several-hosts" / "logs")
    return diagnose(Request(paths=(logs,)), knowledge=knowing_nothing_of(Stage.CONTACT_AGENT))


@pytest.mark.parametrize("kind", [*UNDECIDED, "unexplained"])
@story(size=NARROW)
async def test_a_verdict_that_decides_nothing_says_first_what_to_do_next(pilot, tmp_path, kind):
    """On a small terminal, with a command that Enter copies."""
    if kind == "unexplained":
        diagnosis = of_a_cause_in_no_rule()
    else:
        (tmp_path / "DPM01.txt").write_text("".join(UNDECIDED[kind]))
        diagnosis = diagnose(Request(paths=(str(tmp_path),)))
    word = kind if kind in ("ambiguous", "unexplained") else "insufficient"
    assert diagnosis.verdict.verdict == word
    await pilot.app.show_case(case_of(diagnosis))
    await settled(pilot)
    shown = " ".join(re.sub("[▁-█]", "", seen(pilot)).split())  # without the end of the scroll bar
    assert "What to do next" in shown
    known = bool(diagnosis.verdict.next_evidence)
    assert pilot.app.words(f"verdict.next.{word if known else 'nothing'}") in shown
    assert pilot.app.words("verdict.next.again") in shown
    commands = [line.what.copied for line in lines_of(pilot).shown[:8] if line.what.copied]
    wanted = (diagnosis.verdict.told_apart_by or diagnosis.verdict.next_evidence)[:1]
    assert commands == ([wanted[0].command] if wanted else [f"shindan collect --role {r}" for r in ROLES])
    lines_of(pilot).highlighted = next(at for at, line in enumerate(lines_of(pilot).shown) if line.what.copied)
    await pilot.press("enter")
    assert pilot.app.clipboard == commands[0]


def test_a_site_of_thousands_lists_failures_first_and_says_how_many_more_there_are():
    passed = FULL.jobs[0]
    many = [msgspec.structs.replace(passed, id=f"V{n}", vm=f"V{n}", outcome="succeeded") for n in range(3000)]
    verdict = msgspec.structs.replace(FULL, jobs=[*many, msgspec.structs.replace(passed, vm="LAST", outcome="failed")])
    told = [line.body.plain for line in verdict_lines(verdict, Words("en"), glyphs())]
    heading = told.index("Jobs (3001, 1 failed)")
    assert told[heading + 1].startswith("LAST")
    assert told[heading + 501] == "and 2501 more, which every report has: x writes one"
