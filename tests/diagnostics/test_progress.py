"""What a terminal shows while logs are read, and when they have been."""

from io import StringIO

from diagnostics.progress import watched


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_says_how_far_the_reading_is_and_then_that_what_was_read_is_judged():
    terminal = Terminal()
    with watched(terminal) as watcher:
        watcher.started(3_000_000)
        watcher.advanced(1_000_000)
        assert "judging" not in terminal.getvalue()
        watcher.advanced(2_000_000)
    assert "read; now judging" in terminal.getvalue()
