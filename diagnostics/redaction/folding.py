"""How names are compared: without case, letter by letter, so that places in a folded text are those in the text."""

_LATIN = "\u0600"
"""Scripts below it (Latin, Greek, Cyrillic, ...) separate words; from it on, a name may begin and end anywhere."""


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
    return not (before.isalnum() and after.isalnum() and before < _LATIN and after < _LATIN)
