"""Event records as `Get-WinEvent` prints them to a console or a file: its own table, and `Format-List`."""

import textwrap
import time

import pytest

from diagnostics.event import Kind
from tests.diagnostics.parsers.reading import read

TABLE = """

   ProviderName: VSS

TimeCreated                     Id LevelDisplayName Message
-----------                     -- ---------------- -------
11/20/2026 1:00:07 AM         8229 Warning          A VSS writer has rejected an event with error 0x8004...
11/20/2026 1:03:09 AM         8224 Information      The VSS service is shutting down due to idle timeout.


   ProviderName: volsnap

TimeCreated                     Id LevelDisplayName Message
-----------                     -- ---------------- -------
11/20/2026 1:01:00 AM           36 Error            The shadow copies of volume C: were aborted because...
"""
MESSAGE = (
    "A VSS writer has rejected an event with error 0x800423f4, The writer experienced a non-transient error.  If the "
    "backup process is retried,\nthe error is likely to reoccur.\n. Changes that the writer made to the writer "
    "components while handling the event will not be available to the requester.\n\n"
    "Operation:\n   Freeze Event\n\n\nContext:\n   Execution Context: Writer\n   Writer Name: SqlServerWriter"
)


def test_a_table_of_events_is_of_the_provider_that_stands_above_it():
    records = read(TABLE).of(Kind.RECORD)
    assert [(event.provider, event.event_id) for event in records] == [("VSS", 8229), ("VSS", 8224), ("volsnap", 36)]


def hard(text: str) -> list[str]:
    """As a Japanese or Chinese system wraps it: anywhere."""
    return [line[at : at + 61] for line in text.split("\n") for at in range(0, len(line) or 1, 61)]


def at_words(text: str) -> list[str]:
    return [part for line in text.split("\n") for part in textwrap.wrap(line, 61, drop_whitespace=True) or [""]]


def listed(lines: list[str], *, trimmed: bool) -> str:
    """Two events as `Format-List TimeCreated, ProviderName, Id, Message` prints them."""
    message = ("\n" + " " * 15).join(lines)
    if trimmed:
        message = "\n".join(line.rstrip() for line in message.split("\n"))
    one = f"TimeCreated  : 11/20/2026 1:00:07 AM\nProviderName : VSS\nId           : 8229\nMessage      : {message}\n\n"
    return "\n\n" + one * 2 + "\n"


@pytest.mark.parametrize("trimmed", [False, True], ids=["blanks kept", "blanks trimmed"])
@pytest.mark.parametrize("wrap", [hard, at_words])
def test_a_list_of_events_gets_back_the_lines_of_its_messages(wrap, trimmed):
    lines = wrap(MESSAGE.replace("  ", " ")) if wrap is at_words else wrap(MESSAGE)
    reading = read(listed(lines, trimmed=trimmed))
    assert [event.fields["WriterName"] for event in reading.of(Kind.RECORD)] == ["SqlServerWriter"] * 2
    assert [event.codes for event in reading.events] == [("0x800423F4",)] * 2
    told = reading.events[0].text
    assert "\nthe error is likely to reoccur." in told
    assert "the writer components while handling the event" in " ".join(told.split())
    assert reading.tally.lines_not_understood == 0


def test_a_value_of_very_many_lines_is_read_in_time_that_grows_with_them():
    """Else a text that only looks like a list would stop the reading."""
    begun = time.process_time()
    reading = read(listed([f"line {number} " + "x" * (number % 60) for number in range(20_000)], trimmed=False))
    assert len(reading.events) == 2
    assert time.process_time() - begun < 2
