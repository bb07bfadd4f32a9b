"""An event is told from its message, where people paste no more than that."""

from pathlib import Path

import msgspec
import pytest

from diagnostics.parsers import messages
from diagnostics.parsers.codes import canonical, find_codes
from diagnostics.parsers.messages import Spoken, spoken_by
from tests.diagnostics.cases.bundles import answer_to

TOLD: dict[str, dict[int, list[str]]] = msgspec.yaml.decode(
    Path(messages.__file__).with_suffix(".yml").read_bytes(), type=dict[str, dict[int, list[str]]]
)
TWICE = {"Microsoft-Windows-Backup"}
"""Sources that write one and the same text under an id in each of two logs."""


@pytest.mark.parametrize("provider", TOLD)
def test_each_message_leads_to_its_event_or_to_one_that_says_more(provider: str) -> None:
    for event_id, texts in TOLD[provider].items():
        for text in texts:
            found = spoken_by(f"11/26 error: {text.replace('*', 'X:')} (more)".lower())
            assert found is not None, text
            assert found == Spoken(provider, event_id) or _says_as_much(found, text), (text, found)


def _says_as_much(found: Spoken, text: str) -> bool:
    return found.provider in TWICE or any(text.startswith(other[:40]) for other in TOLD[found.provider][found.event_id])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "The shadow copies of volume C: were deleted because the shadow copy storage could not grow in time.",
            Spoken("volsnap", 25),
        ),
        (
            "Cluster Shared Volume 'Volume1' ('Cluster Disk 1') has entered a paused state because of '(c00000b5)'.",
            Spoken("Microsoft-Windows-FailoverClustering", 5120),
        ),
        ("ドライバーは \\Device\\Harddisk0\\DR0 でコントローラー エラーを検出しました。", Spoken("disk", 11)),
        ("Der Treiber hat einen Controllerfehler auf \\Device\\Harddisk1\\DR1 gefunden.", Spoken("disk", 11)),
        ("Loc=TriggerAbort. Desc=invoked. ErrorCode=(0). Process=1. Thread=2. Server.", Spoken("SQLVDI", 1)),
        ("SQLVDI: Loc=SVDS::Open. Desc=Bad State. ErrorCode=(-1).", Spoken("SQLVDI", 1)),
        ("Loc=SVDS::Open. Desc=Bad State. ErrorCode=(5023)The group or resource is not", Spoken("SQLVDI", 1)),
        (
            "The connection was terminated due to one or more IO request timeouts.",
            Spoken("Microsoft-Windows-SMBClient", 30823),
        ),
        ("The shadow copies of volume C: were all right.", None),
        ("the driver detected a fast controller; an error on", None),
        ("", None),
    ],
)
def test_a_line_is_the_event_whose_message_it_holds(line: str, expected: Spoken | None) -> None:
    assert spoken_by(line.lower()) == expected


def test_what_stands_for_a_variable_is_bounded() -> None:
    line = "the driver detected a controller error on {} end"
    assert spoken_by(line.format("x" * 9000)) == Spoken("disk", 11)
    assert spoken_by("der treiber hat einen controllerfehler auf " + "x" * 9000 + " gefunden") is None


def test_rules_about_events_find_what_was_pasted_without_source_and_id() -> None:
    pasted = (
        b"The shadow copies of volume D: were aborted because the shadow copy storage could not grow due to a user "
    )
    answer = answer_to({"note.txt": pasted + b"imposed limit."})
    assert "volsnap-diff-area-limit" in answer.rules


@pytest.mark.parametrize("number", [2, 5, 1058, 5023])
def test_a_number_of_a_virtual_device_of_sql_server_is_not_read_as_a_bare_code(number: int) -> None:
    line = f"Loc=SVDS::Open. Desc=Bad State. ErrorCode=({number}). Process=2644. Client. Instance=."
    answer = answer_to({"note.txt": line.encode()})
    assert "sql-vdi-aborted" in answer.rules
    assert not [rule for rule in answer.rules if rule.endswith("bare-code")]


def test_a_named_source_is_believed_over_the_words() -> None:
    answer = answer_to({"note.txt": b"volsnap 36: the driver detected a controller error on disk 1"})
    assert "volsnap-diff-area-limit" in answer.rules
    assert "disk-controller-error" not in answer.rules


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (
            "Backup failed: The writer experienced a non-transient error. If the backup is retried, it fails",
            ("0x800423F4",),
        ),
        ("Für den Generator wurde ein vorübergehender Fehler festgestellt.", ("0x800423F3",)),
        ("The writer’s timeout expired between the Freeze and Thaw events.", ("0x800423F2",)),
        ("シャドウ コピー プロバイダーでエラーが発生しました。", ("0x80042306",)),
        ("The writer experienced a transient error. (0x800423F4)", ("0x800423F4",)),
        ("The writer is fine, and the shadow copy too.", ()),
    ],
)
def test_a_code_about_shadow_copies_is_told_from_its_words_where_no_number_stands(
    line: str, codes: tuple[str, ...]
) -> None:
    assert find_codes(line) == codes


def test_every_worded_code_is_found_in_its_own_words_and_has_a_meaning() -> None:
    told = msgspec.yaml.decode(
        (Path(messages.__file__).parent / "code_messages.yml").read_bytes(), type=dict[str, list[str]]
    )
    for code, texts in told.items():
        assert {find_codes(f"DPM: {text.replace('*', 'x')}!") for text in texts} == {(code,)}
        assert canonical(code) == code
