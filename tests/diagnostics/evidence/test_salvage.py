"""Zip archives that were cut off: what lies before the cut is read, whoever wrote the archive, and nothing raises."""

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnostics.evidence.test_intake import take, written

CONTENT = random.Random(7)  # noqa: S311 - the same bytes in every run
MEMBERS = {
    "HV01/a.txt": b"State: [8] Failed\n" * 400,
    "HV01/b.txt": " ".join(str(CONTENT.random()) for _ in range(300)).encode(),
    "SQL01/c.txt": b"State: [1] Stable\n" * 90,
    "SQL01/d.txt": b"x",
}


class Pipe(io.BytesIO):
    """What cannot be sought: zip archives that are written to it tell sizes behind the members."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation


def archive(method: int, stream: io.BytesIO) -> tuple[bytes, list[int]]:
    """An archive of the members, and where each of them ends."""
    ends = []
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, content in MEMBERS.items():
            made.writestr(name, content)
            ends.append(len(stream.getvalue()))
    return stream.getvalue(), ends


ARCHIVES = {
    "deflated": archive(zipfile.ZIP_DEFLATED, io.BytesIO()),
    "stored": archive(zipfile.ZIP_STORED, io.BytesIO()),
    "deflated into a pipe": archive(zipfile.ZIP_DEFLATED, Pipe()),
}


@pytest.mark.parametrize("made", ARCHIVES.values(), ids=ARCHIVES)
@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0.02, 1.0, exclude_max=True))
def test_all_members_before_the_cut_are_read_and_the_loss_is_named(tmp_path_factory, made, cut):
    whole, ends = made
    size = int(cut * len(whole))
    documents, reports = take(written(tmp_path_factory.mktemp("cut") / "a.zip", whole[:size]))
    kept = {name: content for (name, content), end in zip(MEMBERS.items(), ends, strict=True) if end <= size}
    read = {name.removeprefix("a.zip/"): content for name, content in documents.items()}
    assert {name: read.get(name) for name in kept} == kept
    assert all(MEMBERS[name].startswith(content) for name, content in read.items())
    assert "cut off" in reports["a.zip"].damage[0].why


def test_a_member_that_is_refused_does_not_hide_those_behind_it(tmp_path):
    stream = Pipe()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("../outside.txt", b"x" * 9000)
        made.writestr("HV01/a.txt", b"State: [8] Failed\n")
    documents, reports = take(written(tmp_path / "a.zip", stream.getvalue()[:-30]))
    assert documents == {"a.zip/HV01/a.txt": b"State: [8] Failed\n"}
    assert len(reports) == 2
