"""`shindan redact` makes a whole copy or none, tells what is not in it, and keeps its secrets."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile

import pytest
from click.testing import CliRunner

from tests.diagnostics.redaction.copies import files_in
from tests.diagnostics.redaction.test_rewriting import CUSTOMER, written
from tui.cli import shindan

KEY = b"a secret of twenty-nine bytes"


@pytest.fixture
def logs(tmp_path):
    return written(tmp_path / "logs", CUSTOMER)


def run(*arguments):
    return CliRunner().invoke(shindan, ["redact", *map(str, arguments)])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in files_in(folder)}


def test_it_tells_what_was_replaced_and_warns(logs, tmp_path):
    result = run(logs, "-o", tmp_path / "copy")
    assert result.exit_code == 0
    assert "HV01 = HOST1" in result.stdout
    assert f"2 files in {tmp_path / 'copy'}" in result.stdout
    assert "look through the copy before you send it" in result.stderr


def test_the_same_input_gives_the_same_bytes_in_whatever_order_it_is_named(logs, tmp_path):
    one, other = sorted(logs.iterdir())
    for name, paths in {"a": (one, other), "b": (other, one)}.items():
        assert run(*paths, "-o", tmp_path / name).exit_code == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_two_redactions_with_one_key_agree_and_without_it_differ(logs, tmp_path):
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "other-key").write_bytes(KEY[::-1])
    more = written(tmp_path / "more", {**CUSTOMER, "AAA01-job.txt": "Computer: AAA01\nUser: aaron\n10.20.30.39\n"})
    for name, source, key in (("a", logs, "key"), ("b", more, "key"), ("c", logs, "other-key")):
        assert run(source, "-o", tmp_path / name, "--key", tmp_path / key).exit_code == 0
    alone, among, otherwise = (contents(tmp_path / name) for name in "abc")
    assert {name: among.get(name) for name in alone} == alone
    assert not set(alone.values()) & set(otherwise.values())


def test_a_zip_is_read_and_written(logs, tmp_path):
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        for path in files_in(logs):
            archive.write(path, f"MUSTER/{path.name}")
    assert run(tmp_path / "bundle.zip", "-o", tmp_path / "copy.zip").exit_code == 0
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        assert archive.namelist() == ["CORPb/HOST1-job.txt", "CORPb/notes.txt"]


def test_what_cannot_be_read_is_not_copied_and_told(logs, tmp_path):
    (logs / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    (logs / "blob.bin").write_bytes(bytes(range(256)) * 8)
    result = run(logs, "-o", tmp_path / "copy")
    assert result.exit_code == 4
    assert "not in the copy: logs/picture.png: a PNG image" in result.stderr
    assert "not in the copy: logs/blob.bin: neither text nor an event log" in result.stderr
    assert sorted(contents(tmp_path / "copy")) == ["HOST1-job.txt", "notes.txt"]


def test_a_dry_run_tells_the_same_and_writes_nothing(logs, tmp_path):
    looked, done = run(logs, "--dry-run"), run(logs, "-o", tmp_path / "copy")
    assert looked.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "logs"]


def test_the_map_is_for_its_owner_alone(logs, tmp_path):
    result = run(logs, "-o", tmp_path / "copy", "--map", tmp_path / "names.json")
    told = json.loads((tmp_path / "names.json").read_text())
    assert {"kind": "machine", "name": "hv01", "pseudonym": "HOST1"} in [
        {**entry, "name": entry["name"].lower()} for entry in told["entries"]
    ]
    assert "10.20.30.40" in {entry["name"] for entry in told["entries"]}
    assert stat.S_IMODE((tmp_path / "names.json").stat().st_mode) == 0o600
    assert "never send it" in result.stderr


def test_words_that_look_like_names_are_listed(logs):
    (logs / "more.txt").write_text("Call Xaver Zwirbel about preSRVHV01\nHost Name: HV01\n")
    told = run(logs, "--dry-run", "--review").stdout.partition("look like names")[2]
    assert {"Xaver", "Zwirbel", "preSRVHV01"} <= set(told.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("{logs}",), "Name the copy with -o OUT"),
        (("{logs}", "-o", "{logs}/copy"), "lie within one another"),
        (("{logs}", "-o", "{logs}"), "it exists"),
        (("{logs}", "-o", "{tmp}/no/where"), "does not exist"),
        (("{logs}", "-o", "{tmp}/copy", "--map", "{tmp}/copy/names.json"), "must not lie in the copy"),
        (("{logs}", "-o", "{tmp}/copy", "--key", "{tmp}/none"), "--key"),
    ],
)
def test_wrong_usage_is_named_before_anything_is_done(arguments, told, logs, tmp_path):
    result = run(*(part.format(logs=logs, tmp=tmp_path) for part in arguments))
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]


def test_a_path_that_is_none_exits_with_3(tmp_path):
    assert run(tmp_path / "nothing", "-o", tmp_path / "copy").exit_code == 3


def test_interrupted_it_leaves_no_half_copy(tmp_path):
    line = "2026-11-20 01:00:{:05d} HV01 the backup of SQL{:05d} failed with 0x80070005 at 10.1.{}.{}\n"
    text = "".join(line.format(n, n, n // 250 % 250, n % 250) for n in range(150_000))
    logs = written(tmp_path / "logs", {f"HV0{n}-job.txt": text + str(n) for n in range(3)})
    command = [sys.executable, "-m", "tui", "redact", str(logs), "-o", str(tmp_path / "copy")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)})
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, b"there is no copy" in told) == (130, True), told
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
