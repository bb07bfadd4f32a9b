"""The page in a real browser: it loads nothing, shows the verdict at once, and is read by day, by night and on paper.

Pictures of it are kept among the artefacts; see `tests.browser`.
"""

from pathlib import Path

import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.report.page import to_html
from diagnostics.request import Request
from tests.browser import browser_or_skip, browsing
from tests.bundled import NAMES, diagnosis_of
from tests.diagnostics.report.hostile import STRINGS, spread
from tests.diagnostics.test_diagnosis import VSS, job
from tests.test_samples import SAMPLES

MEASURE = Path(__file__).with_name("measure.js").read_text()
SCHEMES = ("light", "dark")
PAGES = (*NAMES, "two-faults", "large-site", "hostile")
A4 = 718
"""Width of the printed area in CSS pixels: 210 mm less two margins of 10 mm."""


def large_site(folder: Path):
    """200 machines on 20 hosts; one host fails as a whole, and one machine elsewhere."""

    def ended(host, vm):
        failed = host == 7 or (host, vm) == (12, 3)
        return {"failed": VSS, "sent": "0"} if failed else {"sent": "120"}

    (folder / "DPM01").mkdir()
    jobs = [
        job(f"VM{host:02}{vm:02}", f"HV{host:02}", minute=(host * 10 + vm) % 50, **ended(host, vm))
        for host in range(1, 21)
        for vm in range(1, 11)
    ]  # fmt: skip
    (folder / "DPM01" / "jobs.txt").write_text("".join(jobs))
    found = diagnose(Request(paths=(str(folder),)))
    return found.verdict, found.case.graph


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by name, as files."""
    folder = tmp_path_factory.mktemp("pages")
    cases = {name: (diagnosis_of(name).verdict, diagnosis_of(name).case.graph) for name in NAMES}
    two = diagnose(Request(paths=(str(SAMPLES / "two-faults" / "logs"),)))
    cases |= {"two-faults": (two.verdict, two.case.graph)}
    cases |= {"large-site": large_site(tmp_path_factory.mktemp("site")), "hostile": spread(STRINGS[:40])}
    for name, case in cases.items():
        (folder / f"{name}.html").write_bytes(to_html(*case))
    return {name: folder / f"{name}.html" for name in cases}


@pytest.fixture(scope="module")
def browser():
    with browsing(browser_or_skip()) as opened:
        yield opened


@pytest.fixture
def shown(browser, pages):
    """Opens a page, and returns the browser with the measuring functions in it."""

    def show(name, **how):
        browser.open(pages[name], **how)
        browser.ask(MEASURE)
        return browser

    return show


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_for_nothing_but_itself_and_breaks_no_policy(shown, pages, name):
    browser = shown(name)
    assert browser.requests() == [pages[name].as_uri()]
    assert browser.complaints() == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [*NAMES, "large-site"])
def test_the_verdict_is_above_the_fold(shown, name, scheme):
    browser = shown(name, scheme=scheme)
    browser.picture(f"report-{name}-{scheme}.png")
    browser.picture(f"report-{name}-{scheme}-whole.png", whole=True)
    assert browser.ask("measure.below('h1', 400)") == []
    assert browser.ask("measure.below('.verdict', 600)") == []
    assert browser.ask("measure.below('#pipeline h2', 800)") == []


@pytest.mark.parametrize("width", [390, 800, 1280, 1920])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(shown, name, width):
    assert shown(name, width=width).ask("measure.overflow()") == []


@pytest.mark.parametrize("name", ["two-faults", "large-site"])
def test_on_a_telephone_tables_are_pushed_aside_and_not_crushed(shown, name):
    browser = shown(name, width=390)
    browser.ask("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.ask("measure.crushed()") == []


def test_of_several_faults_every_line_of_evidence_says_what_was_logged(shown):
    browser = shown("two-faults")
    browser.ask("document.querySelectorAll('summary.head').forEach((one) => { one.parentElement.open = true; })")
    assert browser.ask("document.querySelectorAll('.lines .said').length") > 6
    assert browser.ask("measure.unsaid()") == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_text_stands_out_from_what_is_behind_it(shown, name, scheme):
    browser = shown(name, scheme=scheme)
    browser.ask("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.ask("measure.fainter(4.5)") == []


@pytest.mark.parametrize("name", PAGES)
def test_the_text_of_the_picture_stays_in_its_boxes(shown, name):
    assert shown(name).ask("measure.outside('.pipeline')") == []


def test_the_picture_of_two_hundred_machines_is_no_longer_than_two_windows(shown):
    browser = shown("large-site")
    assert browser.ask("document.querySelector('.pipeline').getBoundingClientRect().height") < 1600
    assert browser.ask("document.querySelectorAll('.pipeline rect').length") < 100
    assert "180 virtual machines" in browser.ask("document.querySelector('.pipeline').textContent")


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_everything_is_unfolded_and_nothing_is_cut_off(shown, name):
    browser = shown(name, width=A4, media="print")
    assert browser.ask("measure.overflow()") == []
    assert browser.ask("measure.folded()") == []
    assert browser.ask("measure.clipped()") == []
    assert browser.print(f"report-{name}.pdf").read_bytes().startswith(b"%PDF-")


def test_evidence_opens_with_the_keyboard_alone(shown):
    browser = shown("guest-sql-writer")
    assert browser.ask("document.querySelector('.lines details').open") is False
    browser.ask("document.querySelector('.lines summary').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
        )
    assert browser.ask("document.querySelector('.lines details').open") is True


def test_a_link_of_the_time_line_leads_to_its_evidence(shown):
    browser = shown("guest-sql-writer")
    browser.ask("document.querySelector('.moments tr.evidence a').click()")
    assert browser.ask("document.querySelector(':target').closest('#evidence') !== null") is True
