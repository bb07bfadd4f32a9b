"""Which event a line is, told from its message alone: people paste what Event Viewer shows, without source and id.

`messages.yml` lists what each event says. A message is looked up by its words, so that a line costs no more with many
messages than with few: three words of a message that stand together lead to it. What is written without blanks is
searched for as it stands.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

_LONGEST_GAP = 300  # characters that stand for one `*`
_LONGEST_LINE = 8192  # characters looked at
_KEY = 3  # words
_WORD = re.compile(r"\w+")


class Spoken(NamedTuple):
    """An event that says so."""

    provider: str
    event_id: int


class _Message(NamedTuple):
    pattern: re.Pattern[str]
    length: int
    spoken: Spoken


class _Messages(NamedTuple):
    by_words: dict[tuple[str, ...], list[_Message]]
    by_piece: dict[str, list[_Message]]


@cache
def _messages() -> _Messages:
    told = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=dict[str, dict[int, list[str]]])
    known = _Messages({}, {})
    for provider, events in told.items():
        for event_id, texts in events.items():
            for text in texts:
                _enter(known, text.lower(), Spoken(provider, event_id))
    return known


def _enter(known: _Messages, text: str, spoken: Spoken) -> None:
    pieces = text.split("*")
    gap = f".{{0,{_LONGEST_GAP}}}?"
    message = _Message(re.compile(gap.join(map(re.escape, pieces)), re.DOTALL), len(text), spoken)
    words = max((_inner_words(piece) for piece in pieces), key=len)
    if len(words) >= _KEY:
        known.by_words.setdefault(words[:_KEY], []).append(message)
    else:
        known.by_piece.setdefault(max(pieces, key=len), []).append(message)


def _inner_words(piece: str) -> tuple[str, ...]:
    """The words that surely stand whole in a line: not those that touch what varies, or that other text may prolong."""
    return tuple(
        match[0]
        for match in _WORD.finditer(piece)
        if (match.start() > 0 or piece[0].isascii()) and (match.end() < len(piece) or piece[-1].isascii())
    )


def spoken_by(lowered: str) -> Spoken | None:
    """The event whose message a text holds; of several the one that says most. The text is in lower case."""
    line = lowered[:_LONGEST_LINE]
    known = _messages()
    words = _WORD.findall(line)
    keys = dict.fromkeys(zip(words, words[1:], words[2:], strict=False))
    near = [message for key in keys for message in known.by_words.get(key, ())]
    near += [message for piece, messages in known.by_piece.items() if piece in line for message in messages]
    said = [message for message in near if message.pattern.search(line)]
    return max(said, key=lambda message: message.length).spoken if said else None
