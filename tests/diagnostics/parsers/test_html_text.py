"""A mail or a report that was saved as HTML is read as the text that it shows."""

import io
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers import all_formats
from diagnostics.parsers.format import everything
from diagnostics.parsers.html_text import HtmlText, is_html
from diagnostics.parsing import choose_format

MAIL = """<!DOCTYPE html>
<HTML><HEAD><META charset="utf-8"><STYLE>p { margin: 0 } /* (ID 999) */</STYLE></HEAD>
<BODY>
<P>The replica of Microsoft Hyper-V \\Backup Using Child
Partition Snapshot\\SQL01<BR>is inconsistent&nbsp;&#40;ID 3106&#41;</P>
<TABLE>
<TR><TD><P>Type:</P></TD><TD><P>Recovery point</P></TD></TR>
<TR><TD>Status:</TD><TD>Failed</TD></TR>
<TR><TD>Description:<TD>DPM encountered a retryable VSS error.
 (ID 30112 Details: x (0x800423F3))</TR>
<TR><TD>Source details:</TD><TD>\\Backup Using Saved State\\<B>WEB</B>01</TD></TR>
</TABLE>
<PRE>one
  two</PRE>
</BODY></HTML>
"""


def shown(page: str) -> str:
    return "".join(HtmlText(io.StringIO(page)))


def test_the_text_of_a_page_is_what_it_shows() -> None:
    assert shown(MAIL) == (
        "The replica of Microsoft Hyper-V \\Backup Using Child Partition Snapshot\\SQL01\n"
        "is inconsistent (ID 3106)\n"
        "Type:\tRecovery point\n"
        "Status:\tFailed\n"
        "Description:\tDPM encountered a retryable VSS error. (ID 30112 Details: x (0x800423F3))\n"
        "Source details:\t\\Backup Using Saved State\\WEB01\n"
        "one\n"
        "  two\n"
    )


def test_the_events_of_a_page_stand_in_its_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "mail.htm"
    path.write_text(MAIL, encoding="utf-8")
    document = Document(name="mail.htm", path=path, encoding="utf-8")
    known = choose_format(document, all_formats())
    assert known is not None
    assert known.kind == "html"
    sentence, report = known.read(document, everything, Tally())
    assert (sentence.record, sentence.codes) == (5, ("ID 3106",))
    assert (report.record, report.fields["VmName"], report.codes) == (7, "WEB01", ("ID 30112", "0x800423F3"))


@pytest.mark.parametrize("text", ["<Events><Event/></Events>", "Status: Failed", "<div>x</div>", "a <html> b", ""])
def test_another_text_is_no_page(text: str) -> None:
    assert not is_html(text)


@given(st.lists(st.sampled_from([*"<>&/!-'\"= \n", "a", "td", "<td>", "</p>", "<!--", "<style>", "<pre>", "&lt;"])))
def test_every_line_of_any_text_stands_within_its_page(parts: list[str]) -> None:
    page = "<html>" + "".join(parts)
    text = HtmlText(io.StringIO(page))
    read = "".join(text)
    assert all(1 <= text.line_in_source(line + 1) <= page.count("\n") + 1 for line in range(read.count("\n")))


@pytest.mark.parametrize(
    "torment", ["<!--", "<a ", "<a b='", "</", "<?", "&#", "<style>", "<td>", "<![CDATA[", "<a b=c,"]
)
def test_what_never_ends_is_read_in_time(torment: str) -> None:
    start = time.perf_counter()
    shown("<html>" + torment * (200_000 // len(torment)))
    assert time.perf_counter() - start < 2.0


def test_a_tag_that_does_not_end_is_text_and_nothing_behind_it_is_lost() -> None:
    assert shown("<html><p>a<p class='b (ID 41)") == "a<p class='b (ID 41)\n"
