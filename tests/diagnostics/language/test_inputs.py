"""What could not be read, and why, is said in the user's language; only what a library said stays as it is."""

import io
import os
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from diagnostics.language.dictionary import sentences
from diagnostics.reading import read_case
from engine.sentence import Sentence
from tests.test_samples import SAMPLES


def bad_inputs(folder: Path) -> None:
    """Files of many kinds, none of which can be read whole."""
    log = (SAMPLES / "guest-sql-writer" / "logs" / "SQL01" / "Application.evtx").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("../out.txt", "C:/drive.txt", "con.txt", "a.txt", "A.TXT", "dot."):
            archive.writestr(name, "error 0x800423F4")
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    for name, content in {
        "paper.pdf": b"%PDF-1.7 x",
        "old.7z": b"7z\xbc\xaf'\x1c" + bytes(99),
        "members.zip": packed.getvalue(),
        "cut.zip": packed.getvalue()[:60],
        "link.tar": tarred.getvalue(),
        "cut.tar": tarred.getvalue()[:-1024],
        "cut.evtx": log[:5000],
        "bad.evtx": log[:0x1300] + bytes(range(16)) + log[0x1310:],
        "no-chunk.evtx": log[:0x1000] + b"XXXXXXXX" + log[0x1008:],
        "cut.xml": b'<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Pro',
        "cut.clixml": b'<Objs Version="1.1.0.1"><Obj RefId="0"><Props><I32 N="Id">8229',
        "declared.xml": b'<!DOCTYPE a><Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">'
        b"<System><EventID>1</EventID></System></Event></Events>",
        "noise.bin": bytes(range(256)) * 20,
        "empty.log": b"",
    }.items():
        (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe")
    (folder / "away").symlink_to("/etc")


def untranslated(text: str) -> list[str]:
    """The program's own sentences that the dictionary lacks; text that is no sentence is nobody's to translate."""
    if not isinstance(text, Sentence):
        return [text] if " " in text else []
    words = re.sub(r"\{[^}]*\}", "", text.template)
    own = [text.template] if text.template not in sentences("ja") and re.search(r"[a-z]", words) else []
    return own + [lost for value in text.values.values() if isinstance(value, Sentence) for lost in untranslated(value)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_every_reason_of_ours_is_said_in_japanese(tmp_path):
    bad_inputs(tmp_path)
    damage = [one for source in read_case((str(tmp_path),)).sources for one in source.damage]
    assert len({one.why for one in damage}) > 15
    lost = [lost for one in damage for text in (one.where, one.why) for lost in untranslated(text)]
    assert lost == []
