"""Times as the timeline shows them, always with their zone, and as a person asks for one."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from diagnostics.evidence.clock import find_zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RELATIVE = re.compile(r"([+-])(\d{1,6})\s*([smhd])")
_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WITH_YEAR = len("2026-11-22 01:02:03")
EXPECTED = "2026-11-22T01:02, 01:02:03, +10m, -2h, +1d"


class DisplayClock(NamedTuple):
    """The zone that times are shown in."""

    name: str = "UTC"
    zone: tzinfo = UTC

    @classmethod
    def of(cls, name: str) -> "DisplayClock":
        """A clock by the zone's name; raises `UnknownZoneError`."""
        return cls(name.strip(), find_zone(name))

    def short(self, time: int, width: int) -> str:
        """`2026-11-22 01:02:03.456`, or as much of it as fits: `2026-11-22 01:02:03`, `11-22 01:02:03`."""
        moment = self._moment(time)
        if moment is None:
            return ""
        whole = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"
        return next((form for form in (whole, whole[:_WITH_YEAR]) if len(form) <= width), whole[5:_WITH_YEAR])

    def year(self, time: int) -> int:
        """The year that a time is in."""
        moment = self._moment(time)
        return moment.year if moment else 0

    def full(self, time: int) -> str:
        """`2026-11-22 01:02:03.456789 Asia/Tokyo (+09:00)`."""
        moment = self._moment(time)
        if moment is None:
            return ""
        offset = f"{moment:%z}"
        named = self.name if self.zone is UTC else f"{self.name} ({offset[:3]}:{offset[3:5]})"
        return f"{moment:%Y-%m-%d %H:%M:%S.%f} {named}"

    def asked(self, text: str, here: int) -> int:
        """Microseconds UTC of what a person asks for; `here` is where the cursor is. Raises `ValueError`."""
        asked = text.strip()
        if relative := _RELATIVE.fullmatch(asked):
            sign, number, unit = relative.groups()
            return here + int(f"{sign}{number}") * _SECONDS[unit] * 1_000_000
        moment = self._moment(here) or _EPOCH
        if of_day := _OF_DAY.fullmatch(asked):
            hour, minute, second = (int(part or 0) for part in of_day.groups())
            time = moment.replace(hour=hour, minute=minute, second=second, microsecond=0)
        else:
            time = datetime.fromisoformat(asked)
            time = time if time.tzinfo else time.replace(tzinfo=self.zone)
        return (time - _EPOCH) // timedelta(microseconds=1)

    def _moment(self, time: int) -> datetime | None:
        try:
            return (_EPOCH + timedelta(microseconds=time)).astimezone(self.zone)
        except (OverflowError, ValueError):
            return None


UTC_CLOCK = DisplayClock()
