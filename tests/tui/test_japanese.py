"""Stories of a person who reads Japanese: verdict, remedies and meanings are in it; what logs say stays as it is."""

import re

from diagnostics.verdict import Evidence
from tests.tui.driving import NARROW, seen, settled, story
from tui.widgets.lines import Lines

ENGLISH = re.compile(r"(?:\b[a-z]{2,}\b[ ,]+){3,}[a-z]{2,}")


def english_in(lines):
    """Sentences that are neither of a log, nor a command, nor an address."""
    told = [line.body.plain for line in lines if not isinstance(line.what.of, Evidence) and not line.what.copied]
    return [text for text in told if ENGLISH.search(text)]


@story("guest-sql-writer", size=NARROW, language="ja")
async def test_verdict_and_remedies_are_japanese(pilot):
    lines = pilot.app.screen.query_one("#verdict", Lines)
    told = [line.body.plain for line in lines.shown]
    assert any("SQL Server のライターがスナップショットを拒否している" in text for text in told)
    assert "対処: フリーズできないデータベースを修復する (設定を変更する)" in told
    assert english_in(lines.shown) == []


@story("guest-sql-writer", size=NARROW, language="ja")
async def test_what_a_word_means_is_explained_in_japanese(pilot):
    await pilot.press("j", "j", "e")
    await settled(pilot)
    article = pilot.app.screen.query_one("#article", Lines)
    assert article.shown[0].body.plain.startswith("原因 sql-writer-failed: SQL Server のライター")
    assert english_in(article.shown) == []


@story("guest-sql-writer", size=NARROW, language="ja")
async def test_writers_and_settings_are_japanese_too(pilot):
    await pilot.press("4")
    await settled(pilot)
    assert english_in(pilot.app.screen.query_one("#machines", Lines).shown) == []


@story("guest-sql-writer", size=NARROW, language="ja")
async def test_another_language_is_spoken_at_once(pilot):
    assert "ライターがスナップショットを拒否している" in "".join(seen(pilot).split())
    await pilot.press("ctrl+l")
    await settled(pilot)
    assert "SQL Server's writer rejects the snapshot" in seen(pilot)


@story("guest-sql-writer", size=NARROW, language="ja")
async def test_no_line_of_the_small_screen_begins_with_a_full_stop(pilot):
    rows = [row.strip() for row in seen(pilot).splitlines()]
    assert not any(row[:1] in {"、", "。", "」"} for row in rows if row)
