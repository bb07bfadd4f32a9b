"""How names are compared: without case, letter by letter, so that places in a folded text are those in the text."""

_WITHOUT_BLANKS = "\u0600"
"""From here on are scripts that put no blanks between words: a name may begin and end anywhere."""


def fold(text: str) -> str:
    """Lower case, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def is_edge(text: str, at: int) -> bool:
    """Whether a word may begin or end between two characters: an underscore separates words, too."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if before.isascii() != after.isascii():
        return True  # what reads like an accented letter may be a wide character in the wrong encoding
    return not (before.isalnum() and after.isalnum() and max(before, after) < _WITHOUT_BLANKS)
