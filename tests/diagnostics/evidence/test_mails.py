"""A mail that was saved as a file is taken apart: its texts and attachments are documents."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind
from diagnostics.evidence.archives import Refused, Store, Unpacked
from diagnostics.evidence.mails import unpack_mail
from diagnostics.evidence.members import DEFAULT_LIMITS
from diagnostics.reading import read_case

HTML = "<html><p>The replica of Microsoft Hyper-V \\Online\\SQL01 on HV01 is inconsistent (ID 3106)<br>Retry."


def mail(*, plain: str = "", html: str = "", subject: str = "") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    if plain:
        message.set_content(plain, charset="iso-8859-15")
    if html:
        message.add_alternative(html, subtype="html", cte="base64")
    return message


def read(folder: Path, message: EmailMessage):
    path = folder / "alert.eml"
    path.write_bytes(bytes(message))
    return read_case([path])


def test_a_text_in_html_is_read_though_it_is_encoded(tmp_path):
    reading = read(tmp_path, mail(html=HTML, subject="DPM: Réplica (3106)"))
    kinds = {source.path: source.kind for source in reading.sources}
    assert kinds == {"alert.eml/subject.txt": "dpm-job", "alert.eml/text.html": "html"}
    assert "SQL01" in {event.fields.get("VmName") for event in reading.events}


def test_of_two_wordings_of_one_text_the_plain_one_is_read_and_the_other_named(tmp_path):
    reading = read(tmp_path, mail(plain="Größe: x (ID 3106)", html=HTML))
    told = {source.path: [damage.why for damage in source.damage] for source in reading.sources}
    assert told == {"alert.eml/text.txt": [], "alert.eml/text.html": ["the same as the mail's plain text"]}
    assert [event.text for event in reading.events if event.kind is Kind.JOB] == ["Größe: x (ID 3106)"]


def test_an_attachment_is_a_document_and_its_name_is_no_path(tmp_path):
    message = mail(plain="see below")
    message.add_attachment(b"x (ID 3106)\n", maintype="application", subtype="octet-stream", filename="HV01.log")
    message.add_attachment(b"y\n", maintype="application", subtype="octet-stream", filename="../../evil.log")
    sources = {source.path: [str(damage.why) for damage in source.damage] for source in read(tmp_path, message).sources}
    assert sources["alert.eml/HV01.log"] == []
    assert "path that leads out of the archive" in str(sources)


def test_a_text_that_is_only_called_a_mail_is_read_as_it_stands(tmp_path):
    path = tmp_path / "copied.eml"
    path.write_text("DPM failed (ID 3106)\n", encoding="utf-8")
    assert [source.path for source in read_case([path]).sources] == ["copied.eml"]


@given(st.binary(max_size=300))
@pytest.mark.parametrize("head", [b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"Subject: =?utf-8?b?"])
def test_no_damage_to_a_mail_is_an_error(tmp_path_factory, head, data):
    folder = tmp_path_factory.mktemp("mail")
    (folder / "m.eml").write_bytes(head + data)
    (folder / "store").mkdir()
    found = list(unpack_mail(folder / "m.eml", Store(folder / "store", DEFAULT_LIMITS)))
    assert all(isinstance(part, Unpacked | Refused) for part in found)


def test_a_mail_in_mails_without_end_is_refused(tmp_path):
    (tmp_path / "m.eml").write_bytes(b"Content-Type: message/rfc822\n\n" * 100_000)
    (tmp_path / "store").mkdir()
    (refused,) = unpack_mail(tmp_path / "m.eml", Store(tmp_path / "store", DEFAULT_LIMITS))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("line", ["--x", "Content-Type: multipart/mixed; boundary=x\n\n--x"])
def test_a_mail_of_parts_without_end_is_refused(tmp_path, line):
    (tmp_path / "m.eml").write_text("Content-Type: multipart/mixed; boundary=x\n\n" + f"{line}\n" * 20_000)
    (tmp_path / "store").mkdir()
    assert [type(part) for part in unpack_mail(tmp_path / "m.eml", Store(tmp_path / "store", DEFAULT_LIMITS))] == [
        Refused
    ]
