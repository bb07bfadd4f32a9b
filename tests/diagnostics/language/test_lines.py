"""Lines end where print lets them end, and take no more cells than there are."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from diagnostics.language.lines import broken, cut, wrapped

TEXT = st.text(alphabet="あい、。「」（）ー字VM x.\\-()0", max_size=80)


@given(TEXT, st.integers(4, 40))
def test_breaking_loses_no_character_but_spaces(text, cells):
    assert "".join("".join(broken(text, cells)).split()) == "".join(text.split())


@given(TEXT, st.integers(4, 40))
def test_no_line_is_wider_than_the_cells_that_there_are(text, cells):
    assert all(cell_len(line) <= cells for line in broken(text, cells))


def test_no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket():
    lines = broken("ライターが「凍結」の要求を、拒否した（コード 0x800423F4）。再試行しない。", 14)
    assert not any(line[0] in "、。」）ーッョ" for line in lines)
    assert not any(line[-1] in "「（" for line in lines)


def test_words_of_narrow_characters_stay_whole_where_they_fit():
    assert broken("仮想マシン SQL01 の vssadmin を見る", 12) == ["仮想マシン", "SQL01 の", "vssadmin を", "見る"]


def test_a_path_that_is_longer_than_a_line_is_cut():
    assert broken("C:\\ProgramData\\Microsoft を見る", 10) == ["C:\\Program", "Data\\Micro", "soft を見", "る"]


def test_styles_stay_with_their_characters():
    text = Text.assemble(("ゲスト", "bold"), "のライター")
    lines = list(wrapped(text, Console(file=io.StringIO()), 8))
    assert [line.plain for line in lines] == ["ゲスト", "のライ", "ター"] or lines[0].plain.startswith("ゲスト")
    assert lines[0].spans


def test_a_text_is_cut_to_cells():
    assert cut("ゲストのライター", 7) == "ゲスト…"
    assert cut("abc", 3) == "abc"
