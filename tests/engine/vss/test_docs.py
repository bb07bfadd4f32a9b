"""The engine's page names the states and codes that the engine has, and no others."""

import re
from pathlib import Path

from engine.hresult import HResult
from engine.vss.states import WriterState

PAGE = (Path(__file__).parents[3] / "docs" / "engine.md").read_text(encoding="utf-8")


def test_the_table_of_states_is_that_of_the_engine():
    rows = re.findall(r"^\| \[(\d+)\] \| (\w+) \|", PAGE, re.MULTILINE)
    assert rows == [(str(state.value), state.name) for state in WriterState]


def test_every_code_of_the_page_is_one_of_the_engine():
    rows = re.findall(r"^\| (0x[0-9A-F]{8}) \| (\w+) \|", PAGE, re.MULTILINE)
    assert rows == [(str(HResult[name]), name) for _, name in rows]
    assert set(re.findall(r"0x8004[0-9A-F]{4}", PAGE)) <= {str(result) for result in HResult}
