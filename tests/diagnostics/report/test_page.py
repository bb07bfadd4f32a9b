"""The page loads nothing, runs nothing, and is the same every time."""

import base64
import hashlib
import re

import html5lib
import msgspec
import pytest

from diagnostics.report.page import to_html
from diagnostics.verdict import Moment, Timeline, Verdict, VerdictWord
from tests.bundled import NAMES, diagnosis_of
from tests.diagnostics.report.verdicts import FULL, GRAPH


def page_of(verdict=FULL, graph=GRAPH):
    return to_html(verdict, graph).decode()


def tree(page):
    return html5lib.parse(page, namespaceHTMLElements=False)


def changed(**fields) -> Verdict:
    return msgspec.structs.replace(FULL, **fields)


def test_the_policy_allows_the_one_style_sheet_by_its_hash_and_nothing_else():
    page = tree(page_of())
    (policy,) = [meta.attrib["content"] for meta in page.iter("meta") if "http-equiv" in meta.attrib]
    (style,) = [node.text or "" for node in page.iter("style")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize("sample", NAMES)
def test_no_element_runs_loads_or_styles_anything(sample):
    diagnosis = diagnosis_of(sample)
    page = tree(page_of(diagnosis.verdict, diagnosis.case.graph))
    tags = {str(node.tag) for node in page.iter()}
    attributes = {name for node in page.iter() for name in node.attrib}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "input", "audio", "video", "base"}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {
        "style",
        "src",
        "srcset",
        "action",
    }
    assert not re.search(r"url\(|@import|@font-face", page_of())


def test_only_web_addresses_become_links_out_of_the_page():
    fault = msgspec.structs.replace(
        FULL.faults[0],
        references=["javascript:alert(1)", "https://learn.microsoft.com/x", "data:text/html,x", "//evil"],
        updates=[msgspec.structs.replace(FULL.faults[0].updates[0], references=["javascript:alert(1)"])],
    )
    page = tree(page_of(changed(faults=[fault])))
    links = [node.attrib["href"] for node in page.iter("a")]
    assert [link for link in links if not link.startswith("#")] == ["https://learn.microsoft.com/x"]


def test_links_within_the_page_lead_somewhere():
    page = tree(page_of())
    ids = {node.attrib["id"] for node in page.iter() if "id" in node.attrib}
    targets = {node.attrib["href"][1:] for node in page.iter("a") if node.attrib["href"].startswith("#")}
    assert "e1-1" in targets
    assert targets <= ids


@pytest.mark.parametrize("sample", NAMES)
def test_the_same_verdict_gives_the_same_bytes(sample):
    diagnosis = diagnosis_of(sample)
    assert to_html(diagnosis.verdict, diagnosis.case.graph) == to_html(diagnosis.verdict, diagnosis.case.graph)


@pytest.mark.parametrize("word", list(VerdictWord))
def test_every_verdict_has_a_page(word):
    assert f"{word.capitalize()}</strong>" in page_of(changed(verdict=word))
    assert f"{word.capitalize()}</strong>" in page_of(changed(verdict=word, faults=[], jobs=[], timeline=Timeline()))


def test_what_stands_beside_a_likely_fault_is_told_in_a_line_of_its_own():
    beside = msgspec.structs.replace(
        FULL.faults[0], component="guest_vss", instance="vm:SQL01/guest_vss", probability=0.3
    )
    head = page_of(changed(faults=[FULL.faults[0], beside])).partition("</header>")[0]
    assert "<h1>" in head
    assert "Beside it, these logs do not tell apart: VSS in the guest <code>vm:SQL01/guest_vss</code> 30%." in head
    alike = [msgspec.structs.replace(fault, probability=0.3) for fault in (FULL.faults[0], beside)]
    assert "Beside it" not in page_of(changed(faults=alike)).partition("</header>")[0]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
def test_a_clock_at_the_end_of_the_calendar_breaks_nothing(time):
    moment = Moment(time=time, kind="evidence", machine="HV01", source="x", record=1, level="", event="x", text="x")
    job = msgspec.structs.replace(FULL.jobs[0], started=time, ended=time)
    assert time[:10] in page_of(changed(jobs=[job], timeline=Timeline(moments=[moment])))
