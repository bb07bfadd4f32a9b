"""The reference pages hold everything, and every link between them leads somewhere."""

import re
from pathlib import Path

import cmarkgfm

from diagnostics.handbook.pages import MARK, pages, write_pages
from tests.diagnostics.handbook.test_lookup import LIBRARY

PAGES = pages(LIBRARY)
REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {*re.findall(r'<a id="(.*?)">', text), *(heading.lower().replace(" ", "-") for heading in headings)}


def test_the_pages_of_the_project_are_what_its_rules_and_catalogs_say():
    there = {path.relative_to(REFERENCE).as_posix(): path.read_text("utf-8") for path in REFERENCE.rglob("*.md")}
    stale = sorted(name for name in PAGES.keys() | there.keys() if PAGES.get(name) != there.get(name))
    assert stale == [], "write them anew: python -m diagnostics.handbook docs/reference"


def test_every_cause_rule_remedy_and_code_has_its_place():
    catalog = LIBRARY.catalog
    assert {f"causes/{cause}.md" for cause in catalog.causes} <= set(PAGES)
    for rule in LIBRARY.rules.values():
        assert f"\n### {rule.name}\n" in PAGES[f"rules/{rule.component}.md"]
    assert set(catalog.remedies) <= anchors(PAGES["remedies.md"])
    assert {code.lower().replace(" ", "-") for code in catalog.codes} <= anchors(PAGES["codes.md"])


def test_every_link_between_pages_leads_to_a_page_and_a_place_on_it():
    known = {name: anchors(text) for name, text in PAGES.items()}
    broken = []
    for name, text in PAGES.items():
        for target in re.findall(r"(?<!\\)\]\((.*?)\)", text):
            path, _, anchor = target.partition("#")
            page = path.removeprefix("../") if path else name
            if page not in known or (anchor and anchor not in known[page]):
                broken.append((name, target))
    assert broken == []


def test_nothing_in_the_knowledge_is_taken_for_markup():
    """A pattern with asterisks, a path with backslashes and a placeholder in angle brackets are shown as they are."""
    page = cmarkgfm.github_flavored_markdown_to_html(PAGES["rules/volsnap_diffarea.md"])
    assert "<em>" not in page
    assert "contains 'volsnap'" in page
    assert not re.findall(r"<(?!/?(?:a|p|h\d|ul|ol|li|strong|code|pre|!--)\b)[^>]*>", page.replace("<!--", "<a"))


def test_pages_of_what_is_gone_are_removed_and_a_persons_own_page_stays(tmp_path):
    (tmp_path / "causes").mkdir()
    (tmp_path / "causes" / "old-cause.md").write_text(f"{MARK}\n\n# Old\n")
    (tmp_path / "notes.md").write_text("# Mine\n")
    assert write_pages(tmp_path, LIBRARY) == len(PAGES)
    assert not (tmp_path / "causes" / "old-cause.md").exists()
    assert (tmp_path / "notes.md").exists()
    assert (tmp_path / "causes" / "diff-area-limit.md").read_text("utf-8") == PAGES["causes/diff-area-limit.md"]
