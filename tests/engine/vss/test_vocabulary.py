"""The engine's HRESULTs and those that a diagnosis knows are the same."""

from diagnostics.knowledge.catalog import load_catalog
from engine.hresult import HResult


def test_every_hresult_is_in_the_catalog_under_the_same_name():
    """DPM publishes no names for its own."""
    codes = load_catalog().codes
    assert {result.name: codes[str(result)].symbol or result.name for result in HResult if result} == {
        result.name: result.name for result in HResult if result
    }
