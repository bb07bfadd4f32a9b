"""Log text in a report is text: in the tree that a real parser makes of it, and nowhere else."""

import re
from collections import Counter

import cmarkgfm
import html5lib
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from diagnostics.report.markdown import _table, code, prose, to_markdown
from diagnostics.report.page import to_html
from diagnostics.sanitize import one_line
from tests.diagnostics.report.hostile import STRINGS, benign, spread
from tests.diagnostics.report.verdicts import FULL, GRAPH

SVG = "{http://www.w3.org/2000/svg}svg"
BLOCKS = {"h2", "h3", "p", "th", "td", "li", "pre", "em", "strong"}
FORGES = re.compile(r"@\w|#\d|(?i:gh-\d)|\b[0-9a-f]{7,40}\b|:[a-z]\w*:|\$|://|www\.")
"""What a forge turns into mentions, links, pictures or formulas outside code."""


def tree(page):
    return html5lib.parse(page, namespaceHTMLElements=False)


def parts(node, *, skip=()):
    """Elements with their attributes, and texts, of a tree."""
    elements: Counter[object] = Counter()
    texts: Counter[str] = Counter()

    def walk(inner):
        if inner.tag in skip:
            return
        elements[inner.tag, tuple(sorted(inner.attrib.items()))] += 1
        texts[inner.text or ""] += 1
        for child in inner:
            walk(child)
            texts[child.tail or ""] += 1

    walk(node)
    return elements, texts


def restorer(harmless, strings):
    """Puts the strings in the place of the harmless words that stood for them."""
    original = dict(zip(harmless, strings, strict=True))
    pattern = re.compile("|".join(sorted(map(re.escape, harmless), key=len, reverse=True)))
    return lambda text: pattern.sub(lambda found: original[found.group()], text)


@pytest.mark.parametrize("start", range(0, len(STRINGS), 60))
def test_hostile_text_adds_nothing_to_the_page_but_text(start):
    strings, harmless = STRINGS[start : start + 60], benign(STRINGS)[start : start + 60]
    elements, texts = parts(tree(to_html(*spread(strings))), skip={SVG})
    expected_elements, expected_texts = parts(tree(to_html(*spread(harmless))), skip={SVG})
    back = restorer(harmless, strings)
    assert elements == expected_elements
    assert without_tree(texts) == without_tree(Counter(back(text) for text in expected_texts.elements()))


def without_tree(texts):
    """In the tree of plates names decide what is shown; that it holds no element was counted already."""
    return Counter({text: count for text, count in texts.items() if not text.startswith("▲ Site")})


def test_hostile_text_adds_no_kind_of_element_or_attribute_to_the_pictures():
    def kinds(page):
        return {
            (node.tag, name) for svg in tree(page).iter("svg") for node in svg.iter() for name in ("", *node.attrib)
        }

    assert kinds(to_html(*spread(STRINGS[::5]))) <= kinds(to_html(FULL, GRAPH))


def blocks(markdown):
    """The elements that are not code, and the text of every block, spaces folded."""
    page = tree(cmarkgfm.github_flavored_markdown_to_html(markdown.decode()))
    elements = Counter((node.tag, tuple(node.attrib)) for node in page.iter() if node.tag != "code")
    return elements, ["".join(node.itertext()) for node in page.iter() if node.tag in BLOCKS]


def _folded(text):
    """Spaces folded; in the tree of plates names decide the order, so only the words count there."""
    words = re.sub("[,()├└│]", " ", text).split()
    return " ".join(sorted(words) if text.startswith("▲ Site") else words)


def plain(node):
    """The text outside code."""
    if node.tag not in ("code", "pre"):
        yield node.text or ""
        for child in node:
            yield from plain(child)
            yield child.tail or ""


@pytest.mark.parametrize("start", range(0, len(STRINGS), 12))
def test_hostile_text_adds_nothing_to_markdown_but_text(start):
    strings, harmless = STRINGS[start : start + 12], benign(STRINGS)[start : start + 12]
    elements, texts = blocks(to_markdown(*spread(strings)))
    expected_elements, expected_texts = blocks(to_markdown(*spread(harmless)))
    expected = map(restorer(harmless, strings), expected_texts)
    assert elements == expected_elements
    assert Counter(map(_folded, texts)) == Counter(map(_folded, expected))


@pytest.mark.parametrize("start", range(0, len(STRINGS), 12))
def test_a_forge_finds_nothing_to_act_on_outside_code(start):
    verdict, graph = spread(STRINGS[start : start + 12])
    verdict.faults[0].references.clear()
    page = tree(cmarkgfm.github_flavored_markdown_to_html(to_markdown(verdict, graph).decode()))
    assert [text for text in plain(page) if FORGES.search(text)] == []


def assert_stays_text(text):
    """Alone in a paragraph, a list or a cell, as a sentence or as code."""
    for form in (prose, code):
        for markdown, tag in (
            (form(text), "p"),
            (f"- {form(text)}", "li"),
            (f"1. {form(text)}", "li"),
            (_table(("head",), [(form(text),)]), "td"),
        ):
            page = tree(cmarkgfm.github_flavored_markdown_to_html(markdown))
            tags = {node.tag for node in page.iter()} - {"html", "head", "body", "table", "thead", "tbody", "tr", "th"}
            assert tags - {"ul", "ol"} == {tag, "code"} - ({"code"} - tags)
            (block,) = page.iter(tag)
            assert " ".join("".join(block.itertext()).split()) == " ".join(text.split())


@pytest.mark.parametrize("start", range(0, len(STRINGS), 50))
def test_a_string_stays_that_string(start):
    for text in STRINGS[start : start + 50]:
        assert_stays_text(text)


marks = st.text(st.sampled_from("`*_~|<>[]()!#-+=.:/\\&@$1aA w"), min_size=1, max_size=30)


@given(text=st.one_of(marks, st.text(min_size=1, max_size=40)))
def test_any_text_stays_that_text(text):
    shown = one_line(text)
    assume(shown)
    assert_stays_text(shown)
