"""Archives that only a forger would write, and honest ones."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

HOSTILE_NAMES = [
    *("/etc/passwd", "/HV01/System.evtx", "//server/share/a.txt", "\\\\server\\share\\a.txt", "\\Windows\\a.txt"),
    *("../a.txt", "../../../../a.txt", "HV01/../../a.txt", "..\\a.txt", "HV01\\..\\..\\a.txt", "a/..", "..", "../"),
    *("C:/a.txt", "C:a.txt", "c:\\Windows\\a.txt", "\\\\?\\C:\\a.txt", "//./C:/a.txt", "Z:../a.txt"),
    *("a.txt:hidden", "HV01/a.txt::$DATA", "HV01:/a.txt"),
    *(
        "CON",
        "con.txt",
        "HV01/NUL",
        "aux.evtx",
        "PRN.log",
        "COM1",
        "com9.txt",
        "LPT3.log",
        "COM¹.txt",
        "CONIN$",
        "nul .txt",
    ),
    *("a.txt.", "a.txt ", "HV01./a.txt", "HV01 /a.txt", "...", ". .", ". "),
    *("a\x01b.txt", "a\nb.txt", "\x1b[2Ja.txt", "a\x7f.txt"),
    *("/".join("d" * 40) + "/a.txt", "./", "///"),
]
"""Names of members, each of which must be refused."""


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """A zip archive with exactly these names."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo("x")
            member.filename = member.orig_filename = name
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return data.getvalue()


def tar_of(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar archive with exactly these names."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def tar_of_type(kind: bytes, target: str = "/etc/passwd") -> bytes:
    """A tar archive with a link or a device."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        member = tarfile.TarInfo("HV01/a.txt")
        member.type, member.linkname = kind, target
        archive.addfile(member)
    return data.getvalue()


def zip_with_mode(mode: int) -> bytes:
    """A zip archive whose member claims to be of a Unix file type."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        member = zipfile.ZipInfo("HV01/a.txt")
        member.create_system, member.external_attr = 3, mode << 16
        archive.writestr(member, "/etc/passwd")
    return data.getvalue()


def patched_zip(name: str, content: bytes, *, flags: int | None = None, method: int | None = None) -> bytes:
    """A zip archive whose directory claims flags or a method that its member does not have."""
    data = bytearray(zip_of({name: content}))
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + flags_at
        if flags is not None:
            struct.pack_into("<H", data, at, flags)
        if method is not None:
            struct.pack_into("<H", data, at + 2, method)
    return bytes(data)


def gzip_bomb(mebibytes: int) -> bytes:
    """So many zeros, in 1/1000 of the bytes."""
    return gzip.compress(bytes(1 << 20)) * mebibytes


def zip_bomb(mebibytes: int, claims: int) -> bytes:
    """A member of so many zeros that claims to have `claims` bytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("System.evtx", block * mebibytes + deflate.flush())
    raw = bytearray(data.getvalue())
    for signature, method_at, size_at in ((b"PK\x03\x04", 8, 22), (b"PK\x01\x02", 10, 24)):
        at = raw.rindex(signature)
        struct.pack_into("<H", raw, at + method_at, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", raw, at + size_at, claims)
    return bytes(raw)
