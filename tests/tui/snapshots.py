"""Pictures of screens, compared byte by byte.

A picture that differs is kept among the artefacts. Look at it; where it is right, `REGENERATE=1` takes it.
"""

import os
from pathlib import Path

import pytest
from textual.app import App

from tests.browser import artefacts
from tui.screenshot import screenshot

FOLDER = Path(__file__).parent / "snapshots"


def compare(app: App[None], name: str) -> None:
    """Hold the screen against the picture that was taken of it before.

    Without the line of places: that changes with every new place, and has tests of its own.
    """
    path, drawn = FOLDER / f"{name}.svg", screenshot(app, first_row=1)
    if os.environ.get("REGENERATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn, "utf-8")
    before = path.read_text("utf-8") if path.exists() else ""
    if drawn != before:
        kept = artefacts() / f"{name.replace('/', '-')}.svg"
        kept.write_text(drawn, "utf-8")
        changed = [line for line in drawn.splitlines() if line not in before.splitlines()]
        pytest.fail(f"{path.name} differs from {kept}; the first of {len(changed)} lines: {changed[:1]}")
