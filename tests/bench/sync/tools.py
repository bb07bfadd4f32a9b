"""Running ours and others, with the time that they take and the anonymous memory that ours take."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Run(NamedTuple):
    """What a run took."""

    seconds: float
    session: float = 0.0
    """Seconds between the first and the last byte, without the start of processes."""
    anonymous: int = 0
    """The most bytes of anonymous memory that a process of it was seen to have."""
    root: str = ""
    processor: float = 0.0
    """Seconds of all processes together: says most on a machine that is busy with other things."""


def timed(work: Callable[[], Run]) -> Run:
    """The run with the processor time of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return run._replace(processor=used)


def commands(*lines: Sequence[object], env: dict[str, str] | None = None) -> Run:
    """Run commands side by side."""
    os.sync()
    begun = time.perf_counter()
    running = [
        subprocess.Popen([str(word) for word in line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        for line in lines
    ]
    for process in running:
        _, told = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{process.args!r}: {told.decode(errors='replace')}")
    return Run(time.perf_counter() - begun)


def floor(one: Path, other: Path) -> Run:
    """Read both files."""
    return commands(("cat", one), ("cat", other))


def rsync(image: Path, copy: Path) -> Run:
    """In place, by its own comparison; the times of files are not to be believed."""
    return commands(("rsync", "--inplace", "--no-whole-file", "--ignore-times", image, copy))


def rsync_whole(image: Path, copy: Path) -> Run:
    copy.unlink(missing_ok=True)
    return commands(("rsync", "-W", "--sparse", image, copy))


def cp(image: Path, copy: Path) -> Run:
    copy.unlink(missing_ok=True)
    return commands(("cp", "--sparse=auto", "--reflink=never", image, copy))


def cp_durable(image: Path, copy: Path) -> Run:
    """As `cp`, and on the disk at the end, as ours is."""
    copy.unlink(missing_ok=True)
    return commands(("sh", "-c", 'cp --sparse=auto --reflink=never "$0" "$1" && sync "$1"', image, copy))


def borg(image: Path, repository: Path) -> Run:
    """Fixed blocks of the size that ours have, and no look at the times of files."""
    home = str(repository.with_suffix(".home"))
    env = {**os.environ, "BORG_BASE_DIR": home, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
    if not repository.exists():
        commands(("borg", "init", "-e", "none", repository), env=env)
    how = ("--files-cache=disabled", "--chunker-params=fixed,65536", "--sparse")
    return commands(("borg", "create", *how, f"{repository}::{{now:%s.%f}}", image), env=env)


def restic(image: Path, repository: Path) -> Run:
    """With no look at the times of files."""
    cache = str(repository.with_suffix(".cache"))
    env = {**os.environ, "RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": cache}
    if not repository.exists():
        commands(("restic", "init", "-r", repository), env=env)
    return commands(("restic", "backup", "-q", "--force", "-r", repository, image), env=env)


def ours(image: Path, repository: Path, *, trust: bool = False, tracked: tuple[str, object] | None = None) -> Run:
    """Agent and server, two processes over a local socket."""
    place = repository.with_suffix(".socket")
    place.unlink(missing_ok=True)
    more = []
    if tracked:
        ranges = repository.with_suffix(".ranges")
        ranges.write_text(json.dumps(tracked))
        more = [str(ranges)]
    os.sync()
    module = (sys.executable, "-m", "tests.bench.sync.side")
    begun = time.perf_counter()
    server = _started(*module, "server", repository, image, place, *(["--trust"] if trust else []))
    agent = _started(*module, "agent", image, place, *more)
    memory = _watched(server, agent)
    seconds = time.perf_counter() - begun
    told = _answer(server)
    _answer(agent)
    return Run(seconds, told["seconds"], memory, told["root"])


def direct(image: Path, repository: Path, *options: str) -> Run:
    """The command for images of the same machine."""
    os.sync()
    begun = time.perf_counter()
    process = _started(sys.executable, "-m", "tui", "backup", image, "--to", repository, "--json", *options)
    memory = _watched(process)
    _answer(process)
    return Run(time.perf_counter() - begun, 0.0, memory)


def forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _started(*line: object) -> "subprocess.Popen[bytes]":
    words = [str(word) for word in line]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _answer(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    said, told = process.communicate()
    if process.returncode:
        raise RuntimeError(told.decode(errors="replace"))
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer


def _watched(*processes: "subprocess.Popen[bytes]") -> int:
    """Wait for processes, looking at their memory now and then; the most that one of them had."""
    most = 0
    while any(process.poll() is None for process in processes):
        for process in processes:
            most = max(most, _anonymous(process.pid))
        time.sleep(0.01)
    return most


def _anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("RssAnon")]
    return int(lines[0].split()[1]) * 1024 if lines else 0
