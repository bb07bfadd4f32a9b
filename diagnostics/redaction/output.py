"""Where a copy goes: a folder, or a zip. It is there once it is whole, or not at all."""

import os
import shutil
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_FILE, _FOLDER = 0o644, 0o755


class Output:
    """A folder in the making beside its place. A context manager: what was not finished is removed."""

    def __init__(self, place: Path | None) -> None:
        """`place`: None where nothing is to stay."""
        self._place = place
        self._made = Path(tempfile.mkdtemp(prefix=".redacting-", dir=place.parent if place else None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._made, ignore_errors=True)

    def file(self, path: str) -> Path:
        """Where a file of the copy is to be written, by its path with slashes."""
        target = self._made.joinpath("files", *path.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def finish(self, modified: dict[str, int | None]) -> None:
        """Put the copy in its place, each file with its time (microseconds UTC). Raises `OSError`."""
        files = self._made / "files"
        files.mkdir(exist_ok=True)
        for path, time in modified.items():
            if time is not None:
                os.utime(self.file(path), ns=(time * 1000, time * 1000))
        if self._place is None:
            return
        if is_zip(self._place):
            self._pack(files, modified).replace(self._place)
        else:
            for folder in (files, *(path for path in files.rglob("*") if path.is_dir())):
                folder.chmod(_FOLDER)
            if self._place.is_dir():
                self._place.rmdir()  # it is empty; not every system moves a folder over another
            files.replace(self._place)

    def _pack(self, files: Path, modified: dict[str, int | None]) -> Path:
        packed = self._made / "packed"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(modified):
                member = zipfile.ZipInfo(path, _moment(modified[path]))
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = _FILE << 16
                with files.joinpath(*path.split("/")).open("rb") as source, archive.open(member, "w") as target:
                    shutil.copyfileobj(source, target)
        packed.chmod(_FILE)
        return packed


def is_zip(place: Path) -> bool:
    """Whether a copy of this name is an archive."""
    return place.suffix.lower() == ".zip"


def _moment(time: int | None) -> tuple[int, int, int, int, int, int]:
    if time is None:
        return _EARLIEST
    moment = _EPOCH + timedelta(microseconds=time)
    told = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return max(told, _EARLIEST)
