"""Events that Event Viewer copied or saved as text are records again, in any language."""

# ruff: noqa: E501 - log lines are quoted as they are printed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind, Level
from tests.diagnostics.parsers.reading import read

ENGLISH = """Log Name:      Application
Source:        VSS
Date:          5/31/2022 1:45:05 PM
Event ID:      8229
Task Category: None
Level:         Warning
Keywords:      Classic
User:          N/A
Computer:      HV01.contoso.com
Description:
A VSS writer has rejected an event with error 0x800423f4, The writer experienced a non-transient error.

Operation:
   PrepareForSnapshot Event

Context:
   Execution Context: Writer
   Writer Class Id: {a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}
   Writer Name: SqlServerWriter
"""
JAPANESE = """ログの名前:         Application
ソース:           VSS
日付:            2018/10/01 21:00:19
イベント ID:       8193
タスクのカテゴリ:      なし
レベル:           エラー
キーワード:         クラシック
ユーザー:          N/A
コンピューター:       SRV01
説明:
ボリューム シャドウ コピー サービス エラー: ルーチン CoCreateInstance の呼び出し中に予期しないエラーが発生しました。 hr = 0x800401fb, x
"""
GERMAN = """Protokollname: System
Quelle:        volsnap
Datum:         31.05.2022 13:45:05
Ereignis-ID:   25
Aufgabenkategorie:Keine
Ebene:         Fehler
Schlüsselwörter:Klassisch
Benutzer:      Nicht zutreffend
Computer:      HV02
Beschreibung:
Die Schattenkopien von Volume "D:" wurden gelöscht.
"""
FRENCH = """Nom du journal :Application
Source :       VSS
Date :         31/05/2022 13:45:05
ID de l’événement :12293
Catégorie de la tâche :Aucun
Niveau :       Erreur
Mots clés :    Classique
Utilisateur :  N/A
Ordinateur :   HV03
Description :
Erreur du service de cliché instantané des volumes. 0x80042306
"""
HUNGARIAN = """Naplónév:      Application
Forrás:        VSS
Dátum:         2022.05.31. 13:45:05
Eseményazonosító:8193
Feladatkategória:Nincs
Szint:         Hiba
Kulcsszavak:   Klasszikus
Felhasználó:   N/A
Számítógép:    HV04
Leírás:
hiba 0x80042302
"""
CLASSIC = """Event Type:	Error
Event Source:	VolSnap
Event Category:	None
Event ID:	25
Date:		10/1/2004
Time:		9:00:19 PM
User:		N/A
Computer:	OLD01
Description:
The shadow copies of volume C: were aborted because the diff area file could not grow in time.
"""
NOON = 1654004705000000
"""2022-05-31 13:45:05"""


@pytest.mark.parametrize(
    ("text", "machine", "provider", "event_id", "channel", "level", "time", "codes"),
    [
        (ENGLISH, "HV01.contoso.com", "VSS", 8229, "Application", Level.WARNING, NOON, ("0x800423F4",)),
        (JAPANESE, "SRV01", "VSS", 8193, "Application", Level.ERROR, 1538427619000000, ("0x800401FB",)),
        (GERMAN, "HV02", "volsnap", 25, "System", Level.ERROR, NOON, ()),
        (FRENCH, "HV03", "VSS", 12293, "Application", Level.ERROR, NOON, ("0x80042306",)),
        (CLASSIC, "OLD01", "VolSnap", 25, "", Level.ERROR, 1096664419000000, ()),
    ],
)
def test_a_copied_event_is_a_record(text, machine, provider, event_id, channel, level, time, codes) -> None:
    event = read(text).only(Kind.RECORD)
    assert (event.machine, event.provider, event.event_id, event.channel) == (machine, provider, event_id, channel)
    assert (event.level, event.time, event.local_time, event.codes) == (level, time, True, codes)


def test_a_language_that_nobody_has_entered_is_read_by_the_order_of_its_header() -> None:
    event = read(HUNGARIAN).only(Kind.RECORD)
    assert (event.provider, event.event_id, event.machine, event.codes) == ("VSS", 8193, "HV04", ("0x80042302",))


def test_a_message_keeps_its_blank_lines_and_tells_its_context() -> None:
    event = read(ENGLISH).only(Kind.RECORD)
    assert event.text.startswith("A VSS writer has rejected")
    assert event.text.endswith("Writer Name: SqlServerWriter")
    assert event.fields["WriterName"] == "SqlServerWriter"
    assert event.fields["Operation"] == "PrepareForSnapshot Event"


def test_the_events_own_xml_adds_utc_and_named_values() -> None:
    xml = """Event Xml:
<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System><TimeCreated SystemTime="2022-05-31T11:45:05.123456Z" /></System>
  <EventData><Data Name="DeviceName">C:</Data></EventData>
</Event>
"""
    event = read(ENGLISH + xml).only(Kind.RECORD)
    assert (event.time, event.local_time, event.fields["DeviceName"]) == (1653997505123456, False, "C:")
    assert "Event Xml" not in event.text


def test_a_message_without_its_template_is_still_an_event() -> None:
    text = ENGLISH.replace("VSS\n", "MSDPM\n").replace("8229", "976").split("A VSS")[0]
    text += "The description for Event ID 976 from source MSDPM cannot be found.\n\nThe DPM job failed. <ID>9</ID>\n"
    event = read(text).only(Kind.RECORD)
    assert (event.provider, event.event_id) == ("MSDPM", 976)
    assert "<ID>9</ID>" in event.text


def test_wevtutil_text_is_read_too() -> None:
    text = """Event[0]:
  Log Name: System
  Source: volsnap
  Date: 2022-05-31T13:45:05.000
  Event ID: 36
  Task: N/A
  Level: Error
  Opcode: N/A
  Keyword: Classic
  User: N/A
  User Name: N/A
  Computer: HV01
  Description:
The shadow copies of volume C: were aborted.

Event[1]:
  Log Name: System
  Source: disk
  Date: 2022-05-31T13:45:06.000
  Event ID: 153
  Level: Warning
  Computer: HV01
  Description:
The IO operation was retried.
"""
    assert [(event.provider, event.event_id) for event in read(text).events] == [("volsnap", 36), ("disk", 153)]


def test_tab_separated_text_is_read_with_its_line_breaks() -> None:
    text = (
        "Level\tDate and Time\tSource\tEvent ID\tTask Category\n"
        'Error\t5/31/2022 1:45:05 PM\tVSS\t8193\tNone\t"Volume Shadow Copy Service error. hr = 0x80070539\n\nOperation:\n   x"\n'
        "Warning\t5/31/2022 1:45:06 PM\tvolsnap\t25\tNone\n"
    )
    first, second = read(text).of(Kind.RECORD)
    assert (first.event_id, first.codes, first.level) == (8193, ("0x80070539",), Level.ERROR)
    assert (second.provider, second.event_id) == ("volsnap", 25)


@given(
    st.permutations([ENGLISH, JAPANESE, GERMAN, FRENCH, HUNGARIAN, CLASSIC]),
    st.integers(0, 2),
)
def test_events_of_all_languages_in_one_paste_come_out_in_order(pieces: list[str], blanks: int) -> None:
    events = read(("\n" * blanks).join(pieces)).of(Kind.RECORD)
    alone = [read(piece).only(Kind.RECORD) for piece in pieces]
    assert [(e.event_id, e.text.strip(), e.codes) for e in events] == [
        (e.event_id, e.text.strip(), e.codes) for e in alone
    ]


@pytest.mark.parametrize("mark", ["> ", ">", "> > ", ">> "])
def test_an_event_in_the_mail_that_is_answered_to_is_the_event(mark):
    quoted = "".join(f"{mark}{line}".rstrip() + "\n" for line in ENGLISH.splitlines())
    (event,) = read("Hi,\n\nthis is what it says:\n\n" + quoted).of(Kind.RECORD)
    (plain,) = read(ENGLISH).of(Kind.RECORD)
    assert (event.provider, event.event_id, event.time, event.machine) == (
        plain.provider, plain.event_id, plain.time, plain.machine,
    )  # fmt: skip
    assert (event.fields, event.codes) == (plain.fields, plain.codes)
