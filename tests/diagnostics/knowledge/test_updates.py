"""The file of updates is read typed; a broken entry is named with its line, and costs only itself."""

import re
from pathlib import Path

import pytest

from diagnostics.case.updates import State
from diagnostics.knowledge.updates import Holder, Product, load_updates, product_of, version_of

GOOD = """\
updates:
    - kb: KB2878635
      title: Clears unused snapshots from cluster shared volumes
      applies: [windows-server-2012]
      role: host
      fixes: [csv-snapshots-pile-up]
      references: ['https://support.microsoft.com/help/2878635']
    - kb: KB956697
      title: Keeps the Hyper-V writer in use
      applies: [windows-server-2008]
      role: host
      fixes: [vm-config-invalid]
      files: {vmms.exe: ['6.0.6001.18125']}
      references: ['https://support.microsoft.com/help/956697']
"""
CAUSES = {"csv-snapshots-pile-up", "vm-config-invalid"}


def read(folder: Path, text: str = GOOD):
    (folder / "updates.yml").write_text(text)
    updates, problems = load_updates(folder, CAUSES)
    return [update.kb for update in updates], [str(problem) for problem in problems]


def test_updates_are_read_in_the_order_of_their_numbers(tmp_path):
    assert read(tmp_path) == (["KB956697", "KB2878635"], [])


def test_a_folder_without_updates_has_none(tmp_path):
    assert load_updates(tmp_path, CAUSES) == ((), [])


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("KB2878635\n", "2878635\n", 2, "updates[0].kb is 2878635"),
        ("[windows-server-2012]", "[windows-2012]", 4, "one of windows-server-2003"),
        ("role: host\n      fixes: [csv", "role: cluster\n      fixes: [csv", 5, "updates[0].role is 'cluster'"),
        ("[csv-snapshots-pile-up]", "[csv-snapshot-pile]", 6, "unknown cause: csv-snapshot-pile"),
        ("['https://support.microsoft.com/help/2878635']", "[]", 7, "KB2878635 has no reference"),
        ("KB956697", "KB2878635", 8, "update KB2878635 occurs twice"),
        ("      fixes: [csv", "      build: new\n      fixes: [csv", 6, "updates[0].build is 'new'"),
        ("title: Clears", "titel: Clears", 3, "unknown key updates[0].titel"),
    ],
)  # fmt: skip
def test_a_broken_entry_is_named_with_its_line_and_left_out(tmp_path, old, new, line, told):
    kbs, problems = read(tmp_path, GOOD.replace(old, new, 1))
    assert len(kbs) == 1
    assert any(f"updates.yml:{line}" in problem and told in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("text", "version"),
    [("6.3.9600.17415 (winblue)", (6, 3, 9600, 17415)), ("10.0.14393", (10, 0, 14393)), ("", ()), ("x", ())],
)
def test_versions_are_numbers_in_order(text, version):
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("version", "product"),
    [
        ((6, 0, 6002), Product.SERVER_2008),
        ((6, 1, 7601), Product.SERVER_2008_R2),
        ((6, 3, 9600), Product.SERVER_2012_R2),
        ((10, 0, 14393, 2368), Product.SERVER_2016),
        ((10, 0, 20348), Product.SERVER_2022),
        ((10, 0, 19045), None),
    ],
)
def test_windows_is_told_by_its_version(version, product):
    assert product_of(version) is product


def test_the_documentation_names_the_states_roles_and_products_that_there_are():
    page = (Path(__file__).parents[3] / "docs" / "updates.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| ", page, re.MULTILINE)[:4] == ["installed", "superseded", "missing", "unknown"]
    assert {"installed", "superseded", "missing", "unknown"} == {state.value for state in State}
    assert all(role.value in page for role in Holder)
    listed = page[page.index("Products:") :].partition(".")[0].replace("`-", "`windows-server-")
    assert set(re.findall(r"`([\w-]+)`", listed)) == {product.value for product in Product}
