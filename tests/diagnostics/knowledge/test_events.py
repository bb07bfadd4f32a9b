"""What places in unnamed values mean: shown with their names, and asked for by them."""

import csv
import re
from pathlib import Path

import pytest

from diagnostics.event import Event
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.knowledge.events import known_event, load_events, named_values
from diagnostics.knowledge.writer_states import load_writer_states
from diagnostics.rules.matching import matches
from tests.diagnostics.rules.writing import record, rule
from tests.shared import needs_shared, shared

SYSTEM_PROVIDER = "{b5946137-7b9f-4925-af80-51abd60b20d5}"
PROVIDER = record(
    provider="VSS",
    event_id=12293,
    fields={
        "Data[0]": SYSTEM_PROVIDER,
        "Data[1]": "EndPrepare",
        "Data[2]": "0x8000ffff",
        "Data[3]": "",
        "Binary": "00",
    },
)
SERVICE = record(provider="Service Control Manager", event_id=7024, fields={"param1": "DPMRA", "param2": "%%10048"})


def test_values_are_shown_with_the_names_of_their_places() -> None:
    assert list(named_values(PROVIDER))[:3] == [
        ("ProviderId", SYSTEM_PROVIDER),
        ("Routine", "EndPrepare"),
        ("hr", "0x8000ffff"),
    ]
    assert list(named_values(SERVICE)) == [("ServiceName", "DPMRA"), ("ErrorText", "%%10048")]


def test_a_value_whose_place_nobody_knows_stays_unnamed() -> None:
    event = record(provider="VSS", event_id=8224, fields={"Data[0]": "", "Data[1]": "more"})
    assert list(named_values(event)) == [("Context", ""), ("", "more")]


@pytest.mark.parametrize(
    ("event", "selection", "answer"),
    [
        (PROVIDER, {"hr": "0x8000FFFF"}, True),
        (PROVIDER, {"Routine|startswith": "endp"}, True),
        (PROVIDER, {"hr": "EndPrepare"}, False),
        (PROVIDER, {"VolumeName|exists": True}, False),
        (SERVICE, {"ServiceName": "dpmra"}, True),
        (record(provider="vss", event_id=12293, fields={"hr": "1", "Data[2]": "2"}), {"hr": 2}, False),
    ],
)
def test_a_rule_asks_for_an_unnamed_value_by_name_and_a_name_in_the_record_counts_first(
    event: Event,
    selection: dict[str, object],
    answer: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert matches(rule({"selection": selection}).condition, event) is answer


def test_providers_are_known_whatever_their_case_and_by_pattern() -> None:
    assert known_event("volsnap", 36) == known_event("Volsnap", 36)
    assert known_event("MSSQL$SHAREPOINT", 18210) is not None
    assert known_event("storahci", 129) is not None
    assert known_event("storvsp", 6) != known_event("storahci", 6)
    assert known_event("Volume Shadow", 8229) is None


def test_a_broken_row_is_named_with_its_line_and_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "provider,event_id,meaning,fields,source\nVSS,13,No COM server,CLSID hr,x\nVSS,x,y,,z\nvss,13,again,,x\nVSS,1\n"
    )
    events, problems = load_events(tmp_path)
    assert [(info.event_id, info.fields) for info in events] == [(13, ("CLSID", "hr"))]
    assert [(problem.line, problem.what) for problem in problems] == [
        (3, "an incomplete row"),
        (4, "event vss 13 occurs twice"),
        (5, "2 columns"),
    ]


def test_a_broken_state_is_named_with_its_line_and_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "writer_states.csv").write_text(
        "state,symbol,meaning,component,stage\n8,A,Failed,hyperv_writer,contact-guest\nx,B,y,guest_writer,\n9,C,z,w,\n"
    )
    states, problems = load_writer_states(tmp_path)
    assert [(info.state, info.stage) for info in states] == [(8, "contact-guest")]
    assert [problem.line for problem in problems] == [3, 4]


ELSEWHERE = {"vmms": "Hyper-V-VMMS", "cluster": "FailoverClustering", "storport": "storport"}


@needs_shared
def test_every_code_that_is_known_of_the_field_is_decoded() -> None:
    codes = load_catalog().codes
    states = {(info.state, info.symbol) for info in load_writer_states()[0]}
    unknown = []
    for row in csv.DictReader(shared("knowledge", "errors.csv").open(encoding="utf-8")):
        code = row["code"].split(" ")[0]
        if row["kind"] == "event":
            source, _, number = code.partition(":")
            known = known_event(ELSEWHERE.get(source, source), int(number)) is not None
        elif row["kind"] == "dpm-event":
            known = known_event(row["symbol"], int(code)) is not None
        elif row["kind"] == "writer-state":
            known = (int(code), row["symbol"]) in states
        else:
            known = {"dpm-id": f"ID {code}", "hyperv": f"VM {code}"}.get(row["kind"], code) in codes
        if not known:
            unknown.append((row["kind"], row["code"]))
    assert unknown == []


@needs_shared
def test_field_names_are_as_many_as_the_message_tables_have_places() -> None:
    """A template of a message table mentions each value as %1, %2 and so on."""
    for row in csv.DictReader(shared("knowledge", "events-classic.csv").open(encoding="utf-8")):
        places = [int(place) for place in re.findall(r"%(\d+)", row["message_recognition"])]
        if row["source"] == "VSS" and places and not row["message_recognition"].endswith("…"):
            info = known_event("VSS", int(row["event_id"]))
            shown = 12 < len(row["message_recognition"]) < 150  # longer ones are cut
            assert info is None or not shown or not info.fields or len(info.fields) == max(places), row
