"""Log text made inert before it reaches a terminal or a report.

Threats: terminal escape injection (CWE-150), bidirectional overrides that reorder a line (CVE-2021-42574), invisible
characters.
"""

import re

from engine.sentence import Sentence

_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi controls, zero-width, line separators
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\U000e0000-\U000e007f]"  # tags
)


def _picture(match: re.Match[str]) -> str:
    """A visible stand-in: control pictures where Unicode has them, else a replacement character."""
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def sanitize(text: str) -> str:
    """The text with every control, bidirectional and invisible character made visible; tabs and newlines stay."""
    return _HOSTILE.sub(_picture, text.replace("\r\n", "\n"))


def one_line(text: str, width: int = 300) -> str:
    """Sanitized, on one line, cut to `width` characters."""
    flat = " ".join(sanitize(text[: width * 8]).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def harmless(text: str) -> str:
    """As `one_line`; a sentence stays one, with harmless values."""
    if not isinstance(text, Sentence):
        return one_line(text)
    values = {name: harmless(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return Sentence(text.template, **values)
