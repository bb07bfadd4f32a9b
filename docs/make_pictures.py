"""The pictures of the README, made from the real program: `python docs/make_pictures.py`."""

import asyncio
import io
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from diagnostics.diagnosis import diagnose
from diagnostics.report import write_report
from diagnostics.report.page import to_html
from diagnostics.request import Options, Request
from tui.app import ShindanApp
from tui.screenshot import screenshot

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples"
OFFLINE = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code", "DejaVu Sans Mono"
)
"""A picture that loads nothing from anywhere."""
LINES = 46
"""The report's beginning: what failed, where, how sure, and the first evidence."""


def printed(sample: str, width: int = 100) -> list[str]:
    """The beginning of the report on a sample, line by line, with its colours."""
    verdict = diagnose(Request(paths=(str(SAMPLES / sample / "logs"),))).verdict
    drawn = io.StringIO()
    write_report(verdict, Console(file=drawn, width=width, force_terminal=True, highlight=False, emoji=False))
    return drawn.getvalue().splitlines()[:LINES]


def picture(sample: str, width: int = 100) -> None:
    """The beginning of the report on a sample, as an SVG."""
    recorder = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    recorder.print(Text.from_ansi("\n".join(printed(sample, width))), soft_wrap=True)
    path = HERE / "pictures" / f"{sample}.svg"
    drawing = recorder.export_svg(title=f"diagnose samples/{sample}/logs", code_format=OFFLINE)
    path.write_text(
        re.sub(r' textLength="[^"]*"', "", drawing), encoding="utf-8"
    )  # it takes a wide character for one column


def page_picture(sample: str) -> None:
    """The first window of the HTML report on a sample, as Chromium shows it."""
    diagnosis = diagnose(Request(paths=(str(SAMPLES / sample / "logs"),)))
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    picture = HERE / "pictures" / f"{sample}-page.png"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_bytes(to_html(diagnosis.verdict, diagnosis.case.graph))
        window = ["--hide-scrollbars", "--window-size=1280,1000", f"--user-data-dir={folder}/profile"]
        subprocess.run(  # noqa: S603 - a program of this machine, on a page of our own
            [
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                *window,
                f"--screenshot={picture}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def screen_picture(sample: str, name: str, *keys: str) -> None:
    """A sample on the screens, as a terminal of 120 × 36 shows it after some keys."""

    async def look() -> str:
        app = ShindanApp(Options(paths=(str(SAMPLES / sample / "logs"),)), language="en", theme="dark")
        async with app.run_test(size=(120, 36)) as pilot:
            while app.library_at_hand is None:  # which the verdict fetches
                await pilot.pause(0.1)
            await pilot.press(*keys)
            await pilot.pause(0.5)
            return screenshot(app)

    (HERE / "pictures" / f"{sample}-{name}.svg").write_text(asyncio.run(look()), encoding="utf-8")


if __name__ == "__main__":
    (HERE / "pictures").mkdir(exist_ok=True)
    picture("guest-sql-writer")
    page_picture("guest-sql-writer")
    screen_picture("guest-sql-writer", "screen", "n", "j")
    screen_picture("guest-sql-writer", "pipeline", "5", *["n"] * 6)
