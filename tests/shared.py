"""Where the material that is not part of the project lies, if it is there at all."""

import os
from pathlib import Path

import pytest

_folder = Path(os.environ.get("SHINDAN_SHARED", Path(__file__).parents[2] / "shared"))

SHARED: Path | None = _folder if _folder.is_dir() else None
"""The folder with real EVTX files and cases, None where it is absent."""

needs_shared = pytest.mark.skipif(SHARED is None, reason=f"no shared material at {_folder} (set SHINDAN_SHARED)")


def shared(*parts: str) -> Path:
    """A path below the shared folder; only for tests that are marked `needs_shared`."""
    return _folder.joinpath(*parts)
