"""What can be exported from machines, as `collect.yml` lists it, and as the scripts that a person pastes."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.event import Kind
from diagnostics.knowledge.catalog import Role, Text
from engine.pipeline import Component, Mode

_FILE = Path(__file__).with_name("collect.yml")
SCRIPT_ROLES = (Role.DPM_SERVER, Role.HOST, Role.GUEST, Role.DOMAIN_CONTROLLER)


class Shell(StrEnum):
    """What a person pastes commands into."""

    POWERSHELL = "powershell"
    CMD = "cmd"


class Windows(StrEnum):
    """Versions of Windows Server, in their order."""

    W2008 = "2008"
    W2008R2 = "2008r2"
    W2012 = "2012"
    W2012R2 = "2012r2"
    W2016 = "2016"
    W2019 = "2019"
    W2022 = "2022"
    W2025 = "2025"

    @property
    def printed(self) -> str:
        """`2008 R2`."""
        return self.value.replace("r2", " R2")

    @property
    def shell(self) -> Shell:
        """PowerShell where it has cmdlets for Hyper-V, that is since 2012."""
        return Shell.POWERSHELL if self in _VERSIONS[_VERSIONS.index(Windows.W2012) :] else Shell.CMD


_VERSIONS = tuple(Windows)


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to see that an export was handed in."""

    channels: frozenset[str] = frozenset()
    listings: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    binaries: frozenset[str] = frozenset()


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that makes an export."""

    run: Text
    """With `{file}` for the file to make."""
    shell: Shell | None = None
    """Both where it is None."""
    since: Windows = _VERSIONS[0]
    until: Windows = _VERSIONS[-1]

    def fits(self, shell: Shell, windows: Windows) -> bool:
        """Does it work in this shell, on this version?"""
        between = _VERSIONS[_VERSIONS.index(self.since) : _VERSIONS.index(self.until) + 1]
        return self.shell in (None, shell) and windows in between


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to export from machines of some roles."""

    id: Text
    title: Text
    why: Text
    """What it tells."""
    roles: tuple[Role, ...]
    have: Traits
    file: Text
    """With `{machine}` for the machine's name."""
    ways: tuple[Way, ...]
    cost: float
    tells: dict[Role, dict[Component, float]] = {}

    def file_of(self, machine: str) -> str:
        """The file's name on a machine."""
        return self.file.replace("{machine}", machine)

    def command(self, machine: str) -> str:
        """One line that makes it in whichever shell, for a machine whose name is plainly a name."""
        way = self.ways[0]
        line = way.run.replace("{file}", self.file_of(machine)).replace("{machine}", machine).replace("$m", machine)
        return f'powershell -Command "{line}"' if way.shell is Shell.POWERSHELL else line

    def way(self, windows: Windows) -> Way | None:
        """The command for a version; None where it has nothing of the kind."""
        return next((way for way in self.ways if way.fits(windows.shell, windows)), None)


class TryAgain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A retry of the job, as a test."""

    id: str
    title: str
    mode: Mode
    command: str
    cost: float


class Collection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that can be collected or tried."""

    exports: tuple[Export, ...]
    retries: tuple[TryAgain, ...]


@cache
def load_collection() -> Collection:
    """The shipped list."""
    return msgspec.yaml.decode(_FILE.read_bytes(), type=Collection)


def exports_of(role: Role, windows: Windows) -> Iterator[tuple[Export, Way]]:
    """What machines of a role can give on a version of Windows, and with which command."""
    for export in load_collection().exports:
        way = export.way(windows) if role in export.roles else None
        if way is not None:
            yield export, way


def script(role: Role, windows: Windows) -> str:
    """A script to paste: it makes one folder with all exports, and changes nothing else."""
    write = _powershell if windows.shell is Shell.POWERSHELL else _cmd
    return "\n".join(write(role, windows)) + "\n"


_TITLE = "What Shindan wants of a {} with Windows Server {}. Paste it into {}, run as administrator."
_PROMISE = "It reads only. All files go to one folder; a command whose log does not exist on this machine may fail."


def _powershell(role: Role, windows: Windows) -> Iterator[str]:
    yield f"# {_TITLE.format(role, windows.printed, 'PowerShell')}"
    yield f"# {_PROMISE}"
    yield "$m = $env:COMPUTERNAME"
    yield "$folder = New-Item -ItemType Directory -Force -Path (Join-Path $env:TEMP ('shindan-' + $m))"
    yield "Set-Location $folder"
    for export, way in exports_of(role, windows):
        yield f"\n# {export.title}: {export.why}"
        line = way.run.replace("{file}", f'"{export.file_of("$m")}"')
        yield _fresh(line)
    yield "\n# One archive to hand over"
    if _VERSIONS.index(windows) >= _VERSIONS.index(Windows.W2016):
        yield "Compress-Archive -Force -Path (Join-Path $folder '*') -DestinationPath ($folder.FullName + '.zip')"
    yield "Write-Output $folder.FullName"


def _cmd(role: Role, windows: Windows) -> Iterator[str]:
    yield f"rem {_TITLE.format(role, windows.printed, 'cmd')}"
    yield f"rem {_PROMISE}"
    yield 'mkdir "%TEMP%\\shindan-%COMPUTERNAME%"'
    yield 'cd /d "%TEMP%\\shindan-%COMPUTERNAME%"'
    for export, way in exports_of(role, windows):
        yield f"\nrem {export.title}: {export.why}"
        machine = "%COMPUTERNAME%"
        yield _fresh(way.run.replace("{file}", export.file_of(machine)).replace("{machine}", machine))
    yield "\nrem The folder to hand over"
    yield "cd"


def _fresh(line: str) -> str:
    """Wevtutil refuses to write over a file of an earlier run unless it is told to."""
    return f"{line} /ow:true" if line.startswith("wevtutil epl ") else line
