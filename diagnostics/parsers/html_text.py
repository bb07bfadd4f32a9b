"""The text of an HTML document, as a reader of the page would copy it: a mail, or a report that was saved.

Paragraphs, rows and `<br>` end a line, cells are told apart by tabs, blanks and line ends of the source are one blank.
Markup is never interpreted beyond that; what is no markup after all stays text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TextIO

_PIECE = 65_536
"""Characters that are read at once; more where a tag is longer, so that none is looked at more than twice."""
_LONGEST_TAG = 4 << 20
"""Characters: pictures stand within tags. What is longer is taken for text."""
_LONGEST_LINE = 32_768
_HTML = re.compile(
    r"\s*(?:<\?xml[^<>]{0,200}>\s*)?(?:<!--[^<>]{0,500}-->\s*){0,3}<(?:!doctype\s+html|html|head|body|meta)(?=[\s>])",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_UNSEEN = frozenset({"script", "style", "template"})
_CELLS = frozenset({"td", "th"})
_ROWS = frozenset({"tr", "table", "thead", "tbody", "tfoot", "caption"})
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "li", "main", "nav", "ol"),
        *("option", "p", "pre", "section", "title", "ul"),
    )
)


def is_html(text: str) -> bool:
    """Whether a text that begins so is a page of HTML."""
    return _HTML.match(text) is not None


class HtmlText:
    """A page's text as a stream; `line_in_source` tells where in the page a line of it stands."""

    def __init__(self, page: TextIO) -> None:
        self._page = page
        self._writer = _Writer()

    def read(self, size: int, /) -> str:  # noqa: ARG002 - a page's text comes in pieces of its own length
        """The next piece of text, empty behind the last one."""
        return next(iter(self), "")

    def __iter__(self) -> Iterator[str]:
        """The pieces of text that are still to come; none is empty."""
        while piece := self._page.read(max(_PIECE, self._writer.unread)):
            if text := self._writer.text_of(piece):
                yield text
        if text := self._writer.rest():
            yield text

    def line_in_source(self, line: int) -> int:
        """The line of the page in which a line of the text begins; both count from 1."""
        return self._writer.line_in_source(line)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._starts: list[tuple[int, int]] = [(1, 1)]
        """A line of the text and its line in the page, wherever the two drift apart."""
        self._line = 1
        self._length = 0
        self._unseen = self._kept = 0
        """How many elements are open whose text is not shown, and whose line ends are."""
        self._break = self._tab = self._blank = False
        """What comes before the next word."""
        self._fresh = True
        """Whether the cell has had no word yet."""

    @property
    def unread(self) -> int:
        """Characters that wait for the end of their tag."""
        return len(self.rawdata)

    def text_of(self, piece: str) -> str:
        self.feed(piece)
        if self.unread > _LONGEST_TAG:
            self._give_up()
        return self._taken()

    def rest(self) -> str:
        """What the page ends in; a tag that does not end is text."""
        self._give_up()
        if self._length:
            self._end_line()
        return self._taken()

    def _give_up(self) -> None:
        text, self.rawdata = self.rawdata, ""
        self.handle_data(text)

    def _taken(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def line_in_source(self, line: int) -> int:
        at = bisect_right(self._starts, line, key=lambda start: start[0]) - 1
        text, page = self._starts[at]
        return page + line - text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of the parser
        if tag == "br":
            self._line_breaks()
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag in _CELLS:
            if not self._fresh:
                self._end_cell()
        else:
            self._kept += tag == "pre"
            self._boundary(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _UNSEEN:
            self._unseen -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _CELLS:
            self._end_cell()
        else:
            self._kept = max(0, self._kept - (tag == "pre"))
            self._boundary(tag)

    def _boundary(self, tag: str) -> None:
        if tag in _ROWS:
            self._break = self._fresh = True
            self._tab = False
        elif tag in _BLOCKS and not self._fresh:
            self._break = True

    def _end_cell(self) -> None:
        """A cell's own paragraphs do not part it from the next cell."""
        if not self._fresh:
            self._break = False
        self._tab = self._fresh = True

    def _line_breaks(self) -> None:
        if self._break and self._length:
            self._end_line()
        self._break = self._tab = False
        self._end_line()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        line, _ = self.getpos()
        if self._kept:
            for at, kept in enumerate(data.split("\n")):
                if at:
                    self._line_breaks()
                self._write(kept, line + at)
            return
        at = 0
        for blanks in _BLANKS.finditer(data):
            self._write(data[at : blanks.start()], line)
            line += blanks[0].count("\n")
            self._blank = True
            at = blanks.end()
        self._write(data[at:], line)

    def _write(self, word: str, line: int) -> None:
        if not word:
            return
        if self._break and self._length:
            self._end_line()
        elif self._tab and self._length:
            self._put("\t")
        elif self._blank and self._length and not self._kept:
            self._put(" ")
        self._break = self._tab = self._blank = self._fresh = False
        for at in range(0, len(word), _LONGEST_LINE):
            if self._length >= _LONGEST_LINE:
                self._end_line()
            if not self._length and self.line_in_source(self._line) != line:
                self._starts.append((self._line, line))
            self._put(word[at : at + _LONGEST_LINE].replace("\xa0", " "))

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._length += len(text)

    def _end_line(self) -> None:
        self._out.append("\n")
        self._line += 1
        self._length = 0
        self._blank = False
