"""`python -m tui.manual` writes `docs/tui.md` anew."""

from pathlib import Path

from tui.manual import whole

if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "tui.md").write_text(whole("en"), "utf-8")
