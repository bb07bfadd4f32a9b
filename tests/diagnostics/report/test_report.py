"""Reports are golden: the bytes are the contract. `REGENERATE=1 pytest` writes them anew; read the difference."""

import html
import io
import os
import re
from pathlib import Path

import msgspec
import pytest

from diagnostics.language import speak
from diagnostics.report import json_schema, print_verdict, to_json
from diagnostics.report.markdown import prose, to_markdown
from diagnostics.report.page import to_html
from diagnostics.verdict import DamageReport, Reckoning, SourceLine, Verdict, VerdictWord
from tests.diagnostics.report.verdicts import FULL, GRAPH

GOLDEN = Path(__file__).parent / "golden"
NOTHING = SourceLine(
    path="", kind="unknown", machine="", records=0, events=0, first=None, last=None, encoding=None, time_zone="",
    damage=[],
)  # fmt: skip


def printed(verdict, **options):
    stream = io.StringIO()
    print_verdict(verdict, stream, plain=True, **options)
    return stream.getvalue()


def plain(**options):
    return printed(FULL, **options)


def page():
    """Without its style sheet, whose looks the browser's tests judge."""
    bare = re.sub("<style>.*</style>", "<style></style>", to_html(FULL, GRAPH).decode(), flags=re.DOTALL)
    return re.sub("sha256-[^&]*", "sha256-", bare)


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("plain.txt", plain),
        ("explain.txt", lambda: plain(explain=True)),
        ("verdict.json", lambda: to_json(FULL).decode()),
        ("schema.json", lambda: json_schema().decode()),
        ("page.html", page),
        ("ticket.md", lambda: to_markdown(FULL, GRAPH).decode()),
    ],
)
def test_a_report_is_as_its_golden_file(name, render, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = GOLDEN / name
    if os.environ.get("REGENERATE"):
        path.write_text(render(), encoding="utf-8")
    assert render() == path.read_text(encoding="utf-8")


def test_json_can_be_read_back():
    assert msgspec.json.decode(to_json(FULL), type=Verdict) == FULL


def test_markup_in_log_text_is_printed_as_it_is():
    assert "[red]markup[/] stays [/C:\\x]" in plain()


def test_what_stands_beside_a_likely_fault_takes_a_line_and_all_of_it_when_asked():
    other = msgspec.structs.replace(
        FULL.faults[0], title="VSS in the guest", instance="vm:SQL01/guest_vss", probability=0.3
    )
    verdict = msgspec.structs.replace(FULL, faults=[FULL.faults[0], other])
    short, long = printed(verdict), printed(verdict, explain=True)
    assert " 30%  VSS in the guest (vm:SQL01/guest_vss)" in short
    assert (short.count("What to do"), long.count("What to do")) == (1, 2)
    assert "apart: VSS in the guest `vm:SQL01/guest_vss` 30%." in to_markdown(verdict, GRAPH).decode()


def test_files_that_hold_nothing_are_told_by_the_reason_and_every_one_by_name_when_asked():
    why = "neither text nor an event log"
    others = [
        msgspec.structs.replace(NOTHING, path=f"f{number:04}.dll", damage=[DamageReport(where="", why=why)])
        for number in range(2000)
    ]
    verdict = msgspec.structs.replace(FULL, sources=[*FULL.sources, *others])
    told = printed(verdict)
    assert f"- {why}: 2000 files, f0000.dll, f0001.dll," in " ".join(told.split())
    assert "f0007.dll, … (--explain names all)" in " ".join(told.split())
    assert len(told.splitlines()) < len(plain().splitlines()) + 12
    assert all(other.path in printed(verdict, explain=True) for other in others[::100])


def test_of_many_machines_those_with_damage_are_told_and_every_one_when_asked():
    whole = msgspec.structs.replace(FULL.sources[0], damage=[], remarks=[])
    sources = [msgspec.structs.replace(whole, path=f"VM{n:03}.evtx", machine=f"VM{n:03}") for n in range(300)]
    sources[-1] = msgspec.structs.replace(
        sources[-1], damage=[DamageReport(where="chunk 3", why="its checksum differs")]
    )
    verdict = msgspec.structs.replace(FULL, sources=sources)
    told = " ".join(printed(verdict).split())
    assert "- VM019: 1 file" in told
    assert "VM020" not in told
    assert "VM299.evtx: damaged: chunk 3: its checksum differs" in told
    assert "… and 279 more machines, whose files were read whole (--explain shows all)" in told
    assert "VM150.evtx" in printed(verdict, explain=True)


def test_where_nothing_was_weighed_no_suspect_is_shown():
    nothing = msgspec.structs.replace(FULL, verdict=VerdictWord.INSUFFICIENT, faults=[], jobs=[], reckoning=Reckoning())
    assert "it could be" in printed(FULL)
    assert "it could be" not in printed(nothing)
    assert "### Candidates" not in to_markdown(nothing, GRAPH).decode()


def test_a_suspect_that_is_no_fault_yet_has_what_speaks_for_it():
    open_case = msgspec.structs.replace(FULL, verdict=VerdictWord.INSUFFICIENT, faults=[])
    line = open_case.reckoning.lines[0]
    said = (
        f"for it: {line.event} on {line.machine} ({line.source}:{line.record}, {line.rule}, {line.adds_db[0]:+.1f} dB"
    )
    assert said in " ".join(printed(open_case).split())
    assert said in re.sub("[`\\\\]", "", to_markdown(open_case, GRAPH).decode())
    assert said in to_html(open_case, GRAPH).decode()
    assert "for it:" not in printed(FULL, explain=True)


def test_the_column_of_what_speaks_for_a_suspect_does_not_say_that_it_lost():
    for report in (to_markdown(FULL, GRAPH).decode(), to_html(FULL, GRAPH).decode()):
        assert "hy it ranks here" in report
        assert "hy it lost" not in report


def test_a_suspect_is_called_by_its_title_with_the_instance_behind_it():
    first, _ = FULL.candidates
    open_case = msgspec.structs.replace(FULL, verdict=VerdictWord.INSUFFICIENT, faults=[])
    assert f"{first.title} ({first.instance})" in " ".join(printed(open_case).split())
    assert f"{first.title} (`{first.instance}`)" in to_markdown(open_case, GRAPH).decode()
    assert f"{first.title} (<code>{first.instance}</code>)" in html.unescape(to_html(open_case, GRAPH).decode())


def test_the_page_s_span_is_punctuated_in_the_language_of_the_page():
    assert re.search(r"files?, .*Z\. All times are UTC\.", page())
    speak("ja")
    assert re.search(r"件、.*Z。時刻はすべて UTC です。", to_html(FULL, GRAPH).decode())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("writer (vm:SQL01/guest_writer:SqlServerWriter).", "writer (`vm:SQL01/guest_writer:SqlServerWriter`)."),
        ("(KB3145384 holds it (SQL01/systeminfo.txt:40)):", "(`KB3145384` holds it (`SQL01/systeminfo.txt:40`)):"),
        ("(`)", "(`` ` ``)"),
        ("((.", "(`(`."),
    ],
)
def test_the_marks_of_a_sentence_stay_outside_of_the_code_spans_in_it(text, written):
    assert prose(text) == written
