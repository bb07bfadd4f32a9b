"""Rows that tell what is installed: `Get-HotFix`, `wmic qfe`, packages, Windows versions, versions of files."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PureWindowsPath

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.parsers.cells import Cells, Origin, Reader, text_of, unwrapped

KB = re.compile(r"KB(?P<number>\d{6,7})(?!\d)", re.IGNORECASE)
_PACKAGE = re.compile(r"Package(?:_\d{1,4})?_for_KB(?P<number>\d{6,7})~", re.IGNORECASE)
_ROLLUP = re.compile(
    r"Package_for_RollupFix~[^~]*~[^~]*~[^~]*~(?P<build>\d{5})\.(?P<revision>\d{1,6})\.", re.IGNORECASE
)
_MACHINE = ("csname", "pscomputername", "__server", "source", "computername", "node")
_WMIC_FILE = frozenset(
    ("name", "version", "caption", "description", "node", "manufacturer", "drive", "path", "filename", "extension")
)
"""Columns of `wmic datafile`; with any other, a name and a version are something else's."""
_PROGRAM = re.compile(r"\.(?:exe|sys|dll)$", re.IGNORECASE)
_PARTS = ("filemajorpart", "fileminorpart", "filebuildpart", "fileprivatepart")
_CUT = ("...", "\u2026")
"""What ends a value that did not fit into its column: the number before it is another one."""
_LABELS = re.compile(
    "(File|InternalName|OriginalFilename|FileVersion|FileDescription|Product|ProductVersion|Debug|Patched|PreRelease"
    r"|PrivateBuild|SpecialBuild|Language):(?=\s)"
)
"""Of `FileVersionInfo` as text; consoles that wrap it may leave nothing between a value and the next label."""


class _States(msgspec.Struct, frozen=True):
    installed: list[str]
    absent: list[str]


@cache
def _states() -> _States:
    return msgspec.yaml.decode(Path(__file__).with_name("package_states.yml").read_bytes(), type=_States)


def installed_state(state: str) -> str:
    """`true`, `false`, or empty where nobody knows what the state means."""
    told = state.strip().lower()
    return "true" if told in _states().installed else "false" if told in _states().absent else ""


def package_fields(package: str, state: str) -> tuple[Kind, dict[str, str]] | None:
    """What a servicing package is: an update, or, for the rollup of a cumulative product, its build."""
    installed = installed_state(state)
    if match := _PACKAGE.search(package):
        return Kind.UPDATE, {"Kb": f"KB{match['number']}", "Installed": installed, "Package": package}
    rollup = _ROLLUP.search(package)
    if rollup and installed == "true":
        build = rollup["build"]
        return Kind.OS, {"Version": f"10.0.{build}", "Build": build, "Revision": rollup["revision"]}
    return None


def os_fields(name: str, version: str, revision: str = "") -> dict[str, str]:
    """The fields of an `os` event, from `10.0.14393[.2368]`."""
    numbers = version.split(".")
    return {
        "Name": name,
        "Version": ".".join(numbers[:3]),
        "Build": numbers[2] if len(numbers) > 2 else "",
        "Revision": revision or (numbers[3] if len(numbers) > 3 else ""),
    }


def _event(kind: Kind, cells: Cells, origin: Origin, fields: Mapping[str, str]) -> Event:
    return Event(
        kind=kind,
        source=origin.document.name,
        record=cells.record,
        machine=cells.text(*_MACHINE).strip(".") or origin.document.machine,
        fields={name: value for name, value in fields.items() if value},
    )


def _hotfix(cells: Cells, origin: Origin) -> Event | None:
    match = KB.search(cells.text("hotfixid"))
    if match is None:
        return None
    fields = {
        "Kb": f"KB{match['number']}",
        "Installed": "true",
        "InstalledOn": cells.text("installedon"),
        "Description": cells.text("description"),
    }
    return _event(Kind.UPDATE, cells, origin, fields)


def _package(cells: Cells, origin: Origin) -> Event | None:
    told = package_fields(cells.text("packagename", "packageidentity"), text_of(unwrapped(cells.get("packagestate"))))
    return _event(told[0], cells, origin, told[1]) if told else None


def _operating_system(cells: Cells, origin: Origin) -> Event | None:
    name = cells.text("caption", "osname", "windowsproductname", "productname")
    version = cells.text("oshardwareabstractionlayer", "osversion", "version")
    build = cells.text("currentbuild", "currentbuildnumber")
    if build and not version:
        version = f"10.0.{build}" if build.isdecimal() and int(build) >= 10240 else cells.text("currentversion")
    return (
        _event(Kind.OS, cells, origin, os_fields(name, version, cells.text("ubr", "windowsubr"))) if version else None
    )


def _file_version(cells: Cells, origin: Origin) -> Event | None:
    told = _told(cells)
    path = told.get("filename") or told.get("name") or told.get("file") or told.get("originalfilename", "")
    parts = [told.get(part, "") for part in _PARTS]
    numbers = ".".join(parts) if all(part.isdecimal() for part in parts) else ""
    versions = (numbers, *(told.get(name, "") for name in ("fileversion", "version", "productversion")))
    version = next((version for version in versions if version and not version.endswith(_CUT)), "")
    if not _PROGRAM.search(path) or not version[:1].isdecimal():
        return None
    fields = {"File": PureWindowsPath(path).name.lower(), "Path": path, "FileVersion": version.split(" ")[0]}
    return _event(Kind.FILE_VERSION, cells, origin, fields)


def _told(cells: Cells) -> dict[str, str]:
    """The columns that tell of a file, with those inside of a `VersionInfo`, whose numbers do not go stale."""
    told = {name.lower(): value for name, value in cells.items()}
    inner = cells.get("versioninfo")
    if isinstance(inner, dict):
        told |= {str(name).lower(): text for name, value in inner.items() if (text := text_of(value))}
    elif inner is not None:
        _, *parts = _LABELS.split(text_of(inner))
        told |= {name.lower(): value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)}
    return told


def _is_operating_system(columns: frozenset[str]) -> bool:
    if "ubr" in columns and bool({"currentbuild", "currentbuildnumber"} & columns):
        return True
    if "osversion" in columns and bool({"osname", "osbuildnumber", "windowsproductname"} & columns):
        return True
    return {"version", "buildnumber"} <= columns and "vmname" not in columns


def _is_file_version(columns: frozenset[str]) -> bool:
    if "versioninfo" in columns or {"fileversion", "productversion"} <= columns:
        return True
    return {"name", "version"} <= columns <= _WMIC_FILE


UPDATE_SHAPES: tuple[tuple[Callable[[frozenset[str]], bool], Reader], ...] = (
    (lambda columns: "hotfixid" in columns, _hotfix),
    (lambda columns: "packagestate" in columns, _package),
    (_is_operating_system, _operating_system),
    (_is_file_version, _file_version),
)
