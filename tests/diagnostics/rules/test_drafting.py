"""A draft passes lint and test as it is written, whatever the event that it was made from holds."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.commands.rules import rules
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog, load_catalog
from diagnostics.rules.drafting import Draft, NothingToAskError, component_of, rule_text, samples_text, selection
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.mutation import mutate
from diagnostics.rules.packs import load_from
from diagnostics.rules.reader import read_rule
from diagnostics.rules.rule import Polarity
from diagnostics.rules.samples import read_samples
from engine.datafiles.documents import parse
from engine.pipeline import Component
from tests.bundled import SAMPLES
from tests.diagnostics.rules.writing import record

CATALOG = load_catalog()
UUID = "7a1d9a52-5a0e-4c83-9d0b-9a2f3a1f6c11"
SQL_LOG = SAMPLES / "guest-sql-writer" / "logs" / "SQL01" / "Application.xml"
VALUES = st.text(max_size=30)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(Kind),
    source=st.just("x"),
    record=st.just(1),
    machine=VALUES,
    provider=st.one_of(VALUES, st.sampled_from(["VSS", "yes", "*", "a\\*b", "C:\\x?", "0x24", "1:30"])),
    event_id=st.integers(0, 65535),
    fields=st.dictionaries(
        st.sampled_from(["Data[0]", "WriterName", "State", "File", "Status", "Severity", "Service"]), VALUES
    ),
    text=VALUES,
    codes=st.lists(st.sampled_from(["0x800423F4", "ID 30112", "0x8007007B"]), unique=True).map(tuple),
)


def about(event: Event, *causes: str) -> Draft:
    return Draft(
        "a-draft", UUID, "2026-11-22", event, Component.GUEST_WRITER, tuple(CATALOG.causes[cause] for cause in causes)
    )


@given(EVENTS)
def test_a_draft_of_any_event_is_a_rule_that_asks_for_that_event(event: Event) -> None:
    try:
        selection(event)
    except NothingToAskError:
        return
    document, problems = parse(rule_text(about(event, "sql-writer-failed")), "a-draft.yml")
    assert document is not None, problems
    read, problems = read_rule(document, "a-draft")
    assert read is not None, problems
    samples, problems = parse(samples_text(about(event)), "a-draft.tests.yml")
    assert samples is not None, problems
    assert len(samples.data["near_misses"]) >= 2


@pytest.mark.parametrize(
    "event",
    [
        record(provider="VSS", event_id=8229, codes=("0x800423F4",)),
        record(provider="VSS", event_id=8224),
        record(provider="MSSQL$A*B", event_id=0),
        record(event_id=129),
        record(provider="Ereignis\x1b[2J\u202e", event_id=1, fields={"Data[0]": "a\nb\\c", "yes": "0x24"}),
        Event(kind=Kind.TEXT, source="", record=1, codes=("ID 30112",)),
        Event(kind=Kind.TEXT, source="", record=1, codes=("0x800423F4",), text="failed with 0x800423F4"),
        Event(kind=Kind.VSS_WRITER, source="", record=1, fields={"WriterName": "WMI Writer", "State": "8"}),
        Event(kind=Kind.VM, source="", record=1, fields={"State": "Saved", "VmName": "A"}),
        Event(
            kind=Kind.ERRLOG, source="", record=1, fields={"Binary": "DPMRA", "File": "x.cpp"}, codes=("0x80070005",)
        ),
    ],
    ids=lambda event: f"{event.kind} {event.provider!r} {event.event_id}",
)
@pytest.mark.parametrize("causes", [(), ("sql-writer-failed", "writer-failed")], ids=["context", "fault"])
def test_a_draft_passes_lint_and_every_part_of_it_is_held_by_a_sample(
    tmp_path: Path, event: Event, causes: tuple[str, ...]
) -> None:
    (tmp_path / "a-draft.yml").write_text(rule_text(about(event, *causes)), "utf-8")
    (tmp_path / "a-draft.tests.yml").write_text(samples_text(about(event, *causes)), "utf-8")
    pack = load_from([tmp_path])
    assert [str(it) for it in lint(pack, CATALOG) if it.severity is Severity.ERROR] == []
    (made,) = pack.rules
    assert made.polarity is (Polarity.FAULT if causes else Polarity.CONTEXT)
    assert mutate(made, read_samples(made)[0]).survived == ()


def test_an_event_without_anything_to_ask_for_is_refused() -> None:
    with pytest.raises(NothingToAskError, match="no provider, id, error code"):
        rule_text(about(Event(kind=Kind.TEXT, source="", record=1, text="it failed")))


def test_the_component_comes_from_the_cause_then_from_the_meaning_of_a_code() -> None:
    event = record(provider="x", codes=("0x80042306",))
    assert component_of(event, [CATALOG.causes["diff-area-limit"]], CATALOG) is Component.VOLSNAP_DIFFAREA
    assert component_of(event, [], CATALOG) is Component.HARDWARE_PROVIDER
    with pytest.raises(NothingToAskError, match="name it, or a cause"):
        component_of(record(provider="x"), [], Catalog({}, {}, {}))


def run(folder: Path, *options: str | Path) -> tuple[int, str]:
    ran = CliRunner().invoke(rules, ["new", *map(str, options), "--dir", str(folder)])
    return ran.exit_code, ran.output


def test_the_command_takes_the_event_of_a_real_log(tmp_path: Path) -> None:
    code, _ = run(tmp_path, "my-rule", "--from", SQL_LOG, "--record", "120546", "--cause", "sql-writer-failed")
    assert code == 0
    (rule,) = load_from([tmp_path]).rules
    (first, *_), _ = read_samples(rule)[0]
    assert (first.event.provider, first.event.event_id, first.event.machine) == ("MSSQLSERVER", 9001, "SQL01")
    assert CliRunner().invoke(rules, ["test", str(tmp_path)]).exit_code == 0


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("My Rule", "--provider", "VSS", "--component", "host_vss"), 2, "lower-case words joined by hyphens"),
        (("../evil", "--provider", "VSS", "--component", "host_vss"), 2, "lower-case words joined by hyphens"),
        (("volsnap-diff-area-limit", "--provider", "VSS"), 2, "another rule is called"),
        (("mine", "--provider", "VSS"), 2, "name it, or a cause (--component host_vss, --cause"),
        (("mine", "--component", "host_vss"), 2, "no provider, id, error code"),
        (("mine", "--provider", "VSS", "--cause", "frogs"), 2, "no cause is called 'frogs'"),
        (("mine", "--code", "frogs"), 2, "0x800423F4, 1450"),
        (("mine", "--record", "3"), 2, "belong together"),
        (("mine", "--from", SQL_LOG, "--record", "120546", "--code", "1450"), 2, "leave the other options out"),
        (("mine", "--from", "/nowhere.evtx", "--record", "3"), 3, "nowhere.evtx"),
        (
            ("mine", "--from", SAMPLES / "healthy-online" / "logs" / "HV01" / "System.xml", "--record", "1"),
            2,
            "no events with the number 1; it has: ",
        ),
    ],
)
def test_what_cannot_be_drafted_is_told_and_nothing_is_written(
    tmp_path: Path, options: tuple[str | Path, ...], code: int, told: str
) -> None:
    exit_code, output = run(tmp_path, *options)
    assert (exit_code, told in output) == (code, True), output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.tests.yml").write_text("precious")
    assert run(tmp_path, "mine", "--code", "1450")[0] == 2
    assert (tmp_path / "mine.tests.yml").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, output = run(tmp_path / "file" / "rules", "mine", "--code", "1450")
    assert (code, str(tmp_path / "file") in output) == (3, True)
