"""The catalogs are read typed; a broken entry is named with its line, and costs only itself."""

import csv
from pathlib import Path

import pytest

from diagnostics.knowledge.catalog import KNOWLEDGE, load_catalog
from engine.datafiles.documents import Problem
from engine.pipeline import COMPONENTS, STAGES, Component, Scope, Stage

CAUSES = """\
component: volsnap_diffarea
causes:
    - id: diff-area-limit
      title: Shadow copy storage is limited too tightly
      prior: common
      severity: hard
      explanation: The limit was reached.
      remedies: [enlarge-shadow-storage]
    - id: diff-area-lost
      title: Shadow copy storage is gone
      prior: rare
      severity: flaky
      stages: [host-snapshot]
      scopes: [vm]
      explanation: The volume is gone.
      references: ['https://example.org/volumes']
      remedies: none
      reason: It comes back by itself.
      inject: [diff-area-limit, 'diff-area-limit:percent=5']
"""
REMEDIES = """\
remedies:
    - id: enlarge-shadow-storage
      title: Enlarge the shadow copy storage
      role: machine
      risk: changes-configuration
      steps:
          - {do: Raise the limit, run: [vssadmin, resize, shadowstorage, '/For=C:']}
          - {do: Run the job again}
"""
CODES = """\
code,symbol,meaning,component,retryable,first_stage,last_stage
0x800423F4,VSS_E_WRITERERROR_NONRETRYABLE,"The writer failed, and will again",guest_writer,no,guest-prepare,guest-thaw
ID 30112,,DPM met a retryable VSS error,,maybe,,
"""


def write(folder: Path, causes: str = CAUSES, remedies: str = REMEDIES, codes: str = CODES) -> Path:
    for kind, text in (("causes", causes), ("remedies", remedies)):
        (folder / kind).mkdir()
        (folder / kind / "volsnap.yml").write_text(text)
    (folder / "codes.csv").write_text(codes)
    return folder


def test_entries_are_typed_and_defaults_come_from_the_component(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path))
    assert catalog.problems == ()
    limit, lost = catalog.causes["diff-area-limit"], catalog.causes["diff-area-lost"]
    about = COMPONENTS[Component.VOLSNAP_DIFFAREA]
    assert (limit.component, limit.stages, limit.scopes) == (Component.VOLSNAP_DIFFAREA, about.stages, about.scopes)
    assert (lost.stages, lost.scopes, lost.remedies) == ((Stage.HOST_SNAPSHOT,), (Scope.VM,), ())
    assert (limit.file, limit.line, lost.line) == ("causes/volsnap.yml", 3, 9)
    assert (limit.inject, lost.inject) == ((), ("diff-area-limit", "diff-area-limit:percent=5"))
    remedy = catalog.remedies["enlarge-shadow-storage"]
    assert [step.run for step in remedy.steps] == [("vssadmin", "resize", "shadowstorage", "/For=C:"), ()]
    code = catalog.codes["0x800423F4"]
    assert (code.component, code.retryable) == (Component.GUEST_WRITER, False)
    assert (code.first_stage, code.last_stage) == (Stage.GUEST_PREPARE, Stage.GUEST_THAW)
    assert catalog.codes["ID 30112"].retryable is None


@pytest.mark.parametrize(
    ("part", "old", "new", "line", "what"),
    [
        ("causes", "component: volsnap_diffarea", "component: volsnap", 1, "component is 'volsnap'"),
        ("causes", "prior: common", "prior: often", 5, "causes[0].prior is 'often'"),
        ("causes", "severity: hard", "severity: 0.9", 6, "causes[0].severity is 0.9"),
        ("causes", "[host-snapshot]", "[host-snapshot, freeze]", 13, "causes[1].stages[1] is 'freeze'"),
        ("causes", "scopes: [vm]", "scopes: [guest]", 14, "causes[1].scopes[0] is 'guest'"),
        ("causes", "id: diff-area-limit", "id: Diff Area", 3, "causes[0].id is 'Diff Area'"),
        ("causes", "id: diff-area-lost", "id: diff-area-limit", 9, "cause diff-area-limit occurs twice"),
        ("causes", "      reason: It comes back by itself.\n", "", 17, "remedies of diff-area-lost is 'none'"),
        (
            "causes",
            "[enlarge-shadow-storage]",
            "[buy-disks]",
            3,
            "cause diff-area-limit names an unknown remedy: buy-disks",
        ),
        ("causes", "      title: Shadow copy storage is gone\n", "", 9, "causes[1].title is missing"),
        ("causes", "https://example.org/", "file://c:/", 16, "causes[1].references[0] is 'file://c:/volumes'"),
        ("remedies", "risk: changes-configuration", "risk: none", 5, "remedies[0].risk is 'none'"),
        ("remedies", "role: machine", "role: client", 4, "remedies[0].role is 'client'"),
        ("remedies", "run: [vssadmin, resize", "run: [vssadmin, 5", 7, "remedies[0].steps[0].run[1] is 5"),
        ("remedies", "{do: Run the job again}", "{run: [x]}", 8, "remedies[0].steps[1].do is missing"),
        ("codes", "0x800423F4", "0x800423f4", 2, "code '0x800423f4' is not canonical"),
        ("codes", "ID 30112", "0x800423F4", 3, "code 0x800423F4 occurs twice"),
        ("codes", "guest_writer,no", "writer,no", 2, "component is 'writer'"),
        ("codes", "guest_writer,no", "guest_writer,never", 2, "retryable is 'never'"),
        ("codes", "guest-prepare,guest-thaw", "guest-thaw,guest-prepare", 2, "guest-thaw comes after guest-prepare"),
        ("codes", "guest-prepare,guest-thaw", "guest-prepare,", 2, "one stage of two"),
        ("codes", "guest-prepare,guest-thaw", "read-source,apply-blocks", 0, "guest_writer does not act between"),
        ("codes", ",maybe,,", ",maybe,", 3, "6 columns"),
    ],
)
def test_a_broken_entry_is_named_with_its_line(
    tmp_path: Path, part: str, old: str, new: str, line: int, what: str
) -> None:
    files = {"causes": CAUSES, "remedies": REMEDIES, "codes": CODES}
    assert old in files[part]
    catalog = load_catalog(write(tmp_path, **files | {part: files[part].replace(old, new)}))
    assert any(problem.line == line and problem.what.startswith(what) for problem in catalog.problems), catalog.problems


def test_a_broken_entry_costs_only_itself(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, causes=CAUSES.replace("prior: common", "prior: often")))
    assert list(catalog.causes) == ["diff-area-lost"]
    assert len(catalog.problems) == 1


def test_files_that_are_no_text_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "causes" / "bad.yml").write_bytes(b"\xff")
    (folder / "codes.csv").write_bytes(b'code\n"unclosed')
    assert [Problem(problem.file, problem.line, "") for problem in load_catalog(folder).problems] == [
        Problem("causes/bad.yml", 1, ""),
        Problem("codes.csv", 2, ""),
    ]


def test_the_shipped_catalogs_are_well() -> None:
    assert [str(problem) for problem in load_catalog().problems] == []


def test_every_component_has_shipped_causes_and_every_cause_can_fail_a_stage() -> None:
    causes = load_catalog().causes.values()
    assert {cause.component for cause in causes} == set(Component)
    assert all(set(cause.stages) <= set(STAGES) and cause.stages and cause.scopes for cause in causes)


def test_shipped_codes_keep_the_columns_that_the_page_names() -> None:
    with (KNOWLEDGE / "codes.csv").open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    assert header == ["code", "symbol", "meaning", "component", "retryable", "first_stage", "last_stage"]
