"""Agent and server start quickly and stay small: nothing heavy is imported, and memory stays bounded."""

import random
import subprocess
import sys
from pathlib import Path

HEAVY = ("numpy", "rich", "networkx", "asyncio", "click", "cryptography", "diagnostics")


def test_neither_side_imports_anything_heavy():
    asked = f"import sys, engine.sync.server, engine.transport.agent; print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_backup_of_a_large_image_takes_little_memory(tmp_path: Path):
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.write(random.Random(1).randbytes(1 << 20) * 64)
        file.truncate(8 << 30)
    asked = (
        "import sys\n"
        "from engine.dpm import Repository\n"
        "from engine.progress import Unwatched\n"
        "from engine.sync.backup import Wishes, back_up\n"
        "from pathlib import Path\n"
        "back_up(Repository.create(Path(sys.argv[2])), Path(sys.argv[1]), Unwatched(), Wishes())\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('RssAnon')][0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked, image, tmp_path / "r"], capture_output=True, text=True, check=True
    )
    assert int(told.stdout) < 64 << 10
