"""Where in a line what was searched for stands."""

import re
from collections.abc import Callable, Iterable, Iterator

import re2

from diagnostics.ledger.query import Key, Term


def spans(term: Term) -> Callable[[str], Iterable[tuple[int, int]]]:
    """Finds a word in any case, or a person's pattern. A pattern that RE2 refuses finds nothing."""
    options = re2.Options()
    options.log_errors = False
    words = term.value if term.key is Key.PATTERN else re.escape(term.value)
    try:
        found = re2.compile(f"(?i){words}", options)
    except re2.error:
        return lambda _: ()

    def places(text: str) -> Iterator[tuple[int, int]]:
        for match in found.finditer(text):
            if match.end() > match.start():
                yield match.span()

    return places
