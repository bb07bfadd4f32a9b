"""Can everybody read it? Contrasts by WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""

import pytest

from tui.themes import HERE, BrokenThemeError, _theme, themes

TEXT = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
GROUNDS = ("background", "surface", "panel")
ENOUGH = {"high-contrast": 7.0}
"""AAA; the others have AA: 4.5."""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme.name)
def test_every_colour_can_be_read_on_every_ground(theme):
    enough = ENOUGH.get(theme.name, 4.5)
    pairs = {
        (text, ground): contrast(getattr(theme, text), getattr(theme, ground)) for text in TEXT for ground in GROUNDS
    }
    assert {pair: round(found, 2) for pair, found in pairs.items() if found < enough} == {}


def test_a_theme_with_mistakes_says_where_they_are(tmp_path):
    path = tmp_path / "mine.theme.yml"
    path.write_text((HERE / "dark.theme.yml").read_text().replace('warning: "#e0a52d"', "warnings: yellow"))
    with pytest.raises(BrokenThemeError, match=r"mine\.theme\.yml:\d+: unknown key warnings"):
        _theme(path)
