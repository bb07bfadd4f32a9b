import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.parsers.vss_context import context_of, enrich

SYSTEM_WRITER = "{e8132975-6f93-4464-a53e-1050253ae220}"
ASR_WRITER = "{be000cbe-11fe-4426-9c58-531aa6355fc4}"
HYPERV_PROVIDER = "{74600e39-7dc5-4567-a03b-f091d6c7b092}"

ENGLISH = f"""A VSS writer has rejected an event with error 0x800423f4. Check the event log for related events.

Operation:
   PrepareForSnapshot Event
   Executing Asynchronous Operation

Context:
   Execution Context: Writer
   Writer Class Id: {SYSTEM_WRITER}
   Writer Name: System Writer
   Writer Instance ID: {{3dd28eb2-c214-4c18-97b7-47da7fe76649}}
   Command Line: "C:\\Program Files\\writer.exe" -x: 1
   Process ID: 22628

Error-specific details:
   ASR Writer: The requested system device cannot be found. (0x80073BC3)
"""
GERMAN = f"""Volumeschattenkopie-Dienstfehler: unerwarteter Fehler. hr = 0x80070005, Zugriff verweigert
.

Vorgang:
   Generatordaten werden gesammelt

Kontext:
   Ausführungskontext: Requestor
   Generatorklassen-ID: {SYSTEM_WRITER}
   Generatorname: System Writer
   Generatorinstanz-ID: {{a57f8196-9141-430d-aa03-0f794f3f4961}}"""
JAPANESE = f"""ボリューム シャドウ コピー サービス エラー

操作:
   解凍イベント

コンテキスト:
   実行コンテキスト: Writer
   ライター クラス ID: {SYSTEM_WRITER}
   ライター名: Registry Writer"""
FRENCH = f"""Erreur du service de cliché instantané de volume

Opération :
   Événement PostSnapshot

Contexte :
   Contexte d'exécution : Writer
   ID de classe du rédacteur\u00a0: {SYSTEM_WRITER}
   Nom du rédacteur : SqlServerWriter"""


def test_an_english_block_gives_operation_context_and_writer():
    assert context_of(ENGLISH) == {
        "Operation": "PrepareForSnapshot Event; Executing Asynchronous Operation",
        "ExecutionContext": "Writer",
        "WriterId": SYSTEM_WRITER,
        "WriterName": "System Writer",
        "WriterInstanceId": "{3dd28eb2-c214-4c18-97b7-47da7fe76649}",
        "CommandLine": '"C:\\Program Files\\writer.exe" -x: 1',
        "ProcessId": "22628",
    }


@pytest.mark.parametrize(
    ("text", "operation", "context", "writer"),
    [
        (GERMAN, "Generatordaten werden gesammelt", "Requestor", "System Writer"),
        (JAPANESE, "解凍イベント", "Writer", "Registry Writer"),
        (FRENCH, "Événement PostSnapshot", "Writer", "SqlServerWriter"),
        (
            JAPANESE[:25] + ENGLISH,
            "PrepareForSnapshot Event; Executing Asynchronous Operation",
            "Writer",
            "System Writer",
        ),
    ],
    ids=["german", "japanese", "french", "japanese message, english block"],
)
def test_the_block_is_read_in_every_language(text, operation, context, writer):
    fields = context_of(text)
    found = fields["Operation"], fields["ExecutionContext"], fields["WriterName"], fields["WriterId"]
    assert found == (operation, context, writer, SYSTEM_WRITER)


def test_a_language_that_nobody_told_us_is_read_by_its_shape():
    text = f"Abc:\n   Qwe rty\n   Uio\n\nXyz:\n   Foo: Requestor\n   Bar baz: {SYSTEM_WRITER}\n   Qux: System Writer\n"
    assert context_of(text) == {
        "Operation": "Qwe rty; Uio",
        "ExecutionContext": "Requestor",
        "WriterId": SYSTEM_WRITER,
        "WriterName": "System Writer",
    }


def test_a_block_that_has_lost_its_line_breaks_is_read_by_its_words():
    fields = context_of(" ".join(ENGLISH.partition("Error-specific")[0].split()))
    assert fields["Operation"] == "PrepareForSnapshot Event Executing Asynchronous Operation"
    assert (fields["WriterName"], fields["WriterId"]) == ("System Writer", SYSTEM_WRITER)
    assert context_of(
        "エラー 操作: 解凍イベント コンテキスト: 実行コンテキスト: Writer ライター名: Registry Writer"
    ) == {
        "Operation": "解凍イベント",
        "ExecutionContext": "Writer",
        "WriterName": "Registry Writer",
    }


def test_a_context_that_is_told_twice_keeps_both():
    text = f"Context:\n Execution Context: ASR Writer\n Execution Context: Writer\n Writer Class Id: {ASR_WRITER}"
    assert context_of(text) == {"ExecutionContext": "ASR Writer; Writer", "WriterId": ASR_WRITER}


def test_a_provider_is_not_taken_for_a_writer():
    text = f"Operation:\n   Query\n\nContext:\n   Provider ID: {HYPERV_PROVIDER}\n   Execution Context: Coordinator"
    assert context_of(text) == {
        "Operation": "Query",
        "ProviderId": HYPERV_PROVIDER,
        "ExecutionContext": "Coordinator",
    }


@pytest.mark.parametrize("text", ["", "\n   ", "0x8007045b, A system shutdown is in progress.\r\n", "a: b", "Foo:"])
def test_text_without_a_block_has_no_context(text):
    assert context_of(text) == {}


def vss(**event) -> Event:
    return Event(kind=Kind.RECORD, source="log", record=1, provider="VSS", **event)


def test_values_that_the_message_gives_a_meaning_are_named():
    fields = {
        "Data[0]": HYPERV_PROVIDER,
        "Data[1]": "EndPrepareSnapshots({...})",
        "Data[2]": "0x80042306",
        "Data[3]": "",
    }
    found = enrich(vss(event_id=12293, fields=fields)).fields
    assert (found["ProviderId"], found["Routine"]) == (HYPERV_PROVIDER, "EndPrepareSnapshots({...})")


def test_the_text_in_the_binary_data_tells_the_process():
    binary = (
        b"- Code: WRTWRTIC00004923- Call: WRTWRTIC00004916- PID:  00002956- TID:  00000180"
        b"- CMD:  C:\\Windows\\svchost.exe -k NetworkService    "
        b"- User: Name: NT AUTHORITY\\NETWORK SERVICE, SID:S-1-5-20 "
    )
    found = enrich(vss(event_id=13, fields={"Binary": binary.hex()})).fields
    assert found["ProcessId"] == "2956"
    assert found["CommandLine"] == "C:\\Windows\\svchost.exe -k NetworkService"
    assert found["User"] == "NT AUTHORITY\\NETWORK SERVICE"


def test_what_the_record_says_itself_stands():
    event = vss(event_id=8213, text=ENGLISH, fields={"WriterName": "its own"})
    assert enrich(event).fields["WriterName"] == "its own"


@given(
    st.text(),
    st.text(),
    st.lists(st.sampled_from(ENGLISH.split() + GERMAN.splitlines() + [":", "\n", "\n\n", "- PID: "])),
)
def test_hostile_text_never_raises(text, binary, words):
    enrich(vss(text=text + " ".join(words), fields={"Binary": binary}))
    enrich(vss(fields={"Data[0]": "".join(words), "Binary": (text + "".join(words)).encode("utf-8", "replace").hex()}))


@pytest.mark.parametrize(
    "piece", ["- Code: - PID: 1- TID: 1- CMD: ", "a:", "Context: ", "Operation:\n", ": ", "\u00a0", "{"]
)
def test_long_text_is_read_in_no_time(piece):
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    enrich(vss(text=text, fields={"Binary": ("- Code: " + text).encode().hex()}))
    assert time.process_time() - started < 1
