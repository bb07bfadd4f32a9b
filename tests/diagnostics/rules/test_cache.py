"""A cache changes how long reading rules takes, and nothing else, whatever lies in it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.rules import cache, packs
from diagnostics.rules.conditions import AllOf, AnyOf, Exists, Like, Node, Not, Null, Number, Regex, Wild
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import load_rules
from diagnostics.rules.rule import Pack
from diagnostics.rules.samples import read_samples
from engine.datafiles import documents
from tests.diagnostics.rules.writing import changed, put

EVERY_TEST = """{EventID|gte: 30, Text|re: '(?i)full', Data|contains: ['a*b', 'c?d'], Level|exists: true, Code: null}
    other: [fatal, 36]
    condition: selection and not other"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The rule folder of a user, with a rule of every kind of test and a broken one; the shipped ones are out of it."""
    config, shipped = tmp_path / "config", tmp_path / "shipped"
    monkeypatch.setattr(packs, "user_config_path", lambda *_, **__: config)
    monkeypatch.setattr(packs, "SHIPPED", shipped)
    for folder in (config / "rules", shipped):
        folder.mkdir(parents=True)
    selection = "{Provider_Name|contains: volsnap, EventID: 36}\n    condition: selection"
    put(config / "rules", changed(selection, EVERY_TEST), name="asks-everything")
    put(config / "rules", changed("EventID: 36", "EventID|cidr: 36"), name="broken")
    return config / "rules"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the rule files that are opened."""
    names: list[str] = []
    read = documents.read

    def noted(path: Path, name: str) -> Any:
        names.append(path.name)
        return read(path, name)

    monkeypatch.setattr(packs, "read", noted)
    return names


def kept_for_own(folder: Path) -> Path:
    """The cache file of the user's rules."""
    (found,) = (path for path in folder.iterdir() if b"asks-everything" in path.read_bytes())
    return found


def test_shipped_rules_from_the_cache_are_equal_and_match_the_same(tmp_path: Path) -> None:
    plain = load_rules()
    written, kept = load_rules(cache=tmp_path), load_rules(cache=tmp_path)
    assert plain == written == kept
    before, after = RuleSet(plain.rules), RuleSet(kept.rules)
    for rule in plain.rules:
        samples, _ = read_samples(rule)
        for sample in (*samples.hits, *samples.near_misses):
            assert before.match(sample.event) == after.match(sample.event)


@pytest.mark.usefixtures("own")
def test_nothing_is_read_again_while_nothing_changes(tmp_path: Path, reads: list[str]) -> None:
    plain = load_rules()
    assert [len(part) for part in plain] == [1, 1]
    assert load_rules(cache=tmp_path / "cache") == plain
    reads.clear()
    assert load_rules(cache=tmp_path / "cache") == plain
    assert reads == []


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file is edited": lambda own: put(own, changed("Shadow Copy", "Other"), name="asks-everything"),
    "a file is replaced by one of the same size": lambda own: put(own, changed("36", "37"), name="broken"),
    "a file is only touched": lambda own: os.utime(own / "broken.yml", ns=(1, 1)),
    "a file is new": lambda own: put(own, name="new"),
    "a file is gone": lambda own: (own / "broken.yml").unlink(),
    "a file is renamed": lambda own: (own / "broken.yml").rename(own / "other.yml"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_read_and_replaces_what_was_kept(
    change: Callable[[Path], object], own: Path, tmp_path: Path, reads: list[str]
) -> None:
    folder = tmp_path / "cache"
    load_rules(cache=folder)
    files = len(list(folder.iterdir()))
    change(own)
    reads.clear()
    assert load_rules(cache=folder) == load_rules()
    assert len(reads) == 2 * len(list(own.iterdir()))
    assert len(list(folder.iterdir())) == files


def test_rules_that_other_code_or_another_pysigma_read_are_read_again(
    own: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_rules(cache=tmp_path / "cache")
    reads.clear()
    monkeypatch.setattr(cache, "version", lambda _: "99")
    load_rules(cache=tmp_path / "cache")
    assert len(reads) == len(list(own.iterdir()))


def rewritten(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def write(good: bytes) -> bytes:
        assert old in good
        return good.replace(old, new, 1)

    return write


def nested(levels: int) -> Callable[[bytes], bytes]:
    """The condition, `levels` times negated."""

    def write(good: bytes) -> bytes:
        rules, problems = msgspec.json.decode(good)
        condition = msgspec.json.encode(rules[0]["condition"])
        rules[0]["condition"] = msgspec.Raw(b'{"type":"Not","part":' * levels + condition + b"}" * levels)
        return msgspec.json.encode([rules, problems])

    return write


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda good: good[: len(good) // 2],
    "zeros": lambda good: bytes(len(good)),
    "no text": lambda good: good.replace(b"asks", b"\xff\xfe\x80\x81"),
    "other JSON": lambda _: b'{"rules": []}',
    "a bomb of lists": lambda _: b"[" * 1_000_000,
    "nested out of reach": nested(100_000),
    "nested too deeply to be asked": nested(101),
    "a pattern that RE2 refuses": rewritten(b"(?i)full", b"(?=full)"),
    "an unknown relation": rewritten(b'">="', b'"~"'),
    "an unknown kind of test": rewritten(b'"Regex"', b'"Code"'),
    "an unknown wildcard": rewritten(b"[0,", b"[7,"),
    "an unknown key": rewritten(b'"pattern":', b'"pattern":"","call":'),
    "an unknown component": rewritten(b"volsnap_diffarea", b"os_system"),
    "a component on a plate where it cannot sit": rewritten(
        b'"plate":"machine","component":"volsnap_diffarea"', b'"plate":"vm","component":"hyperv_writer"'
    ),
    "a likelihood of two": rewritten(b'"sensitivity":0.85', b'"sensitivity":2'),
}


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_hostile_cache_is_refused_and_written_anew(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    plain = load_rules(cache=folder)
    path = kept_for_own(folder)
    good = path.read_bytes()
    path.write_bytes(damage(good))
    assert load_rules(cache=folder) == plain
    assert path.read_bytes() == good


@pytest.mark.usefixtures("own")
def test_a_condition_that_may_be_nested_so_deeply_is_taken_from_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    load_rules(cache=folder)
    path = kept_for_own(folder)
    path.write_bytes(nested(90)(path.read_bytes()))
    assert isinstance(load_rules(cache=folder).rules[0].condition, Not)


@pytest.mark.usefixtures("own")
def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert load_rules(cache=tmp_path / "file") == load_rules(cache=tmp_path / "file" / "beneath") == load_rules()


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "user_cache_path", lambda *_, **__: Path("~/.cache/shindan"))
    assert cache.cache_folder() is None


def test_with_a_cache_pysigma_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom diagnostics.rules.index import RuleSet\n"
        "from diagnostics.rules.packs import SHIPPED, load_rules\n"
        "RuleSet(load_rules(cache=Path(sys.argv[1])).rules)\nprint('sigma' in sys.modules)"
    )
    ran = [subprocess.check_output([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [out.strip() for out in ran] == [b"True", b"False"]


FIELDS = st.text(max_size=5)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.builds(Like, FIELDS, st.lists(st.text() | st.sampled_from(Wild)).map(tuple), st.booleans()),
    st.builds(Regex, FIELDS, st.text()),
    st.builds(Number, FIELDS, st.sampled_from(["=", "<", ">="]), st.integers() | FLOATS),
    st.builds(Exists, FIELDS, st.booleans()),
    st.builds(Null, FIELDS),
)  # fmt: skip


def joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts).map(tuple)
    return st.builds(Not, parts) | st.builds(AllOf, several) | st.builds(AnyOf, several)


@given(st.recursive(LEAVES, joined))
def test_a_condition_written_as_json_is_read_as_the_same(condition: Node) -> None:
    read = msgspec.json.decode(msgspec.json.encode(condition), type=Node)
    assert read == condition
    assert repr(read) == repr(condition), "1 and 1.0 are equal, but not the same"


@pytest.mark.usefixtures("own")
def test_equal_packs_are_written_alike(tmp_path: Path) -> None:
    for name in ("one", "two"):
        load_rules(cache=tmp_path / name)
    assert kept_for_own(tmp_path / "one").read_bytes() == kept_for_own(tmp_path / "two").read_bytes()
    assert isinstance(msgspec.json.decode(kept_for_own(tmp_path / "one").read_bytes(), type=Pack), Pack)


@pytest.mark.usefixtures("own")
def test_reading_anew_is_told_file_by_file_and_remembering_is_not(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    load_rules((), tmp_path / "cache", lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2)]
    load_rules((), tmp_path / "cache", lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2)]
