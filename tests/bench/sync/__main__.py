"""Block sync against `cat`, rsync, cp, borg and restic, on one image; exits 1 where a goal is missed.

usage: python -m tests.bench.sync [--quick] [--gib N] [--rounds N] [--folder DIR] [--peers] [--sizes] [--clones]

--quick is 256 MiB and two rounds, and judges nothing but memory: it shows that everything runs. --peers takes borg and
restic into the rounds, --sizes measures the growth from 1 to 8 GiB, --clones what `backup --track` gains on XFS (as
root). All rounds go through all tools in turn, and the table shows medians, so that a noisy machine is noisy to all.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.sync import tools
from tests.bench.sync.images import change, make
from tests.bench.sync.tools import Run
from tests.engine.cloning import on_xfs

MEMORY = 64 << 20


class Table:
    """Medians, ratios and goals."""

    def __init__(self, *, with_peers: bool) -> None:
        self.with_peers = with_peers
        self.runs: dict[str, list[Run]] = {}
        self.missed: list[str] = []

    def measure(self, name: str, work: Callable[[], Run]) -> Run:
        run = tools.timed(work)
        self.runs.setdefault(name, []).append(run)
        session = f", session {run.session:.2f} s" if run.session else ""
        print(f"  {name:28}{run.seconds:8.2f} s, {run.processor:6.2f} s of processors{session}", flush=True)
        return run

    def seconds(self, name: str) -> float:
        return median(run.seconds for run in self.runs[name])

    def processor(self, name: str) -> float:
        return median(run.processor for run in self.runs[name])

    def session(self, name: str) -> float:
        return median(run.session for run in self.runs[name])

    def goal(self, what: str, found: float, most: float) -> None:
        verdict = "ok" if found <= most else "MISSED"
        print(f"{what:66}{found:8.2f}  (goal {most:.2f})  {verdict}")
        if found > most:
            self.missed.append(what)


def peers(table: Table, folder: Path, what: str) -> None:
    """Borg and restic, if they are wished for."""
    if table.with_peers:
        table.measure(f"{what} borg", lambda: tools.borg(folder / "image", folder / "borg"))
        table.measure(f"{what} restic", lambda: tools.restic(folder / "image", folder / "restic"))


def first_copies(table: Table, folder: Path) -> None:
    """Every tool without anything to build on; each has just removed what it made before, so memory is equally warm."""
    image, copy, plain, repo = folder / "image", folder / "rsync", folder / "cp", folder / "ours"
    table.measure("first cp --sparse=auto", lambda: tools.cp(image, plain))
    table.measure("first cp, durable", lambda: tools.cp_durable(image, plain))
    table.measure("first rsync -W --sparse", lambda: tools.rsync_whole(image, copy))
    tools.forget(repo)
    table.measure("first ours", lambda: tools.ours(image, repo))
    tools.forget(folder / "direct")
    table.measure("first direct", lambda: tools.direct(image, folder / "direct"))
    tools.forget(folder / "borg")
    tools.forget(folder / "restic")
    peers(table, folder, "first")


def warm_up(folder: Path, size: int) -> None:
    """All first copies once, for nothing: what each removes again it finds warm.

    A machine gets memory that it has not used lately from its host (or by moving its own together), which is dearer
    than the copying: the first to grow would pay for all.
    """
    print("first copies that do not count", flush=True)
    make(folder / "image", size, 0)
    first_copies(Table(with_peers=False), folder)


def one_round(table: Table, folder: Path, size: int, seed: int) -> None:
    """Every tool on a new image, the same, and changed by 1 and by 10 %."""
    image, copy, repo = folder / "image", folder / "rsync", folder / "ours"
    make(image, size, seed)
    first_copies(table, folder)
    table.measure("identical cat both", lambda: tools.floor(image, copy))
    table.measure("identical rsync", lambda: tools.rsync(image, copy))
    table.measure("identical ours", lambda: tools.ours(image, repo))
    table.measure("identical ours, trusting", lambda: tools.ours(image, repo, trust=True))
    table.measure("identical direct", lambda: tools.direct(image, folder / "direct"))
    trusting = partial(tools.direct, image, folder / "direct", "--trust-digests")
    table.measure("identical direct, trusting", trusting)
    table.measure("identical cat both", lambda: tools.floor(image, copy))
    table.measure("identical ours", lambda: tools.ours(image, repo))
    peers(table, folder, "identical")
    for share in (0.01, 0.1):
        change(image, share, seed)
        name = f"{share:.0%}"
        table.measure(f"{name} rsync", lambda: tools.rsync(image, copy))
        table.measure(f"{name} direct", lambda: tools.direct(image, folder / "direct"))
        base = table.measure(f"{name} ours", lambda: tools.ours(image, repo))
        peers(table, folder, name)
        if share == 0.01:
            tracked = (base.root, change(image, share, seed + 1))
            table.measure(f"{name} tracked", partial(tools.ours, image, repo, tracked=tracked))


def sizes(table: Table, folder: Path) -> None:
    """How time grows with the image, for a comparison and for tracked changes of the same number."""
    print("\nGiB   comparison   tracked, 64 MiB changed (seconds of a session)")
    for gib in (1, 2, 4, 8):
        image, repo = folder / "image", folder / "ours"
        tools.forget(repo)
        make(image, gib << 30, gib)
        base = tools.ours(image, repo)
        full = [base := tools.ours(image, repo) for _ in range(3)]
        tracked = []
        for seed in range(3):
            ranges = change(image, (64 << 20) / (gib << 30), seed)
            base = tools.ours(image, repo, tracked=(base.root, ranges))
            tracked.append(base)
        table.runs[f"{gib} GiB"], table.runs[f"{gib} GiB tracked"] = full, tracked
        print(f"{gib:3} {table.session(f'{gib} GiB'):12.2f} {table.session(f'{gib} GiB tracked'):12.2f}", flush=True)
    table.goal("comparison, 8 GiB to 1 GiB", table.session("8 GiB") / table.session("1 GiB"), 8 * 1.2)
    table.goal("tracked, 8 GiB to 1 GiB", table.session("8 GiB tracked") / table.session("1 GiB tracked"), 1.5)


def clones(table: Table, folder: Path, size: int, rounds: int) -> None:
    """An image on a file system that clones files, with 1 % changed each time: compared whole, and tracked."""
    print("\non XFS")
    with on_xfs(folder, size * 2) as mounted:
        image = mounted / "image"
        make(image, size)
        ways = {"compared": (), "--track": ("--track",)}
        for way, options in ways.items():
            tools.direct(image, folder / way, *options)
        for seed in range(rounds):
            change(image, 0.01, seed)
            for way, options in ways.items():
                table.measure(f"XFS, 1% {way}", partial(tools.direct, image, folder / way, *options))
    print(f"--track to comparing: {table.seconds('XFS, 1% --track') / table.seconds('XFS, 1% compared'):.2f}")


def judge(table: Table) -> None:
    """The goals."""
    print("\nmedian seconds: on the clock, of processors")
    for name in table.runs:
        print(f"  {name:28}{table.seconds(name):8.2f}{table.processor(name):8.2f}")
    at = table.seconds
    print()
    table.goal("identical: ours to rsync", at("identical ours") / at("identical rsync"), 0.40)
    table.goal("identical: ours to reading both files", at("identical ours") / at("identical cat both"), 1.6)
    table.goal("identical: direct to reading both files", at("identical direct") / at("identical cat both"), 1.3)
    table.goal("1 % changed: ours to rsync", at("1% ours") / at("1% rsync"), 0.40)
    table.goal("10 % changed: ours to rsync", at("10% ours") / at("10% rsync"), 0.20)
    table.goal("first copy: ours to rsync -W --sparse", at("first ours") / at("first rsync -W --sparse"), 0.5)
    table.goal("first copy: ours to cp --sparse=auto", at("first ours") / at("first cp --sparse=auto"), 3.0)
    tracked, full = table.session("1% tracked"), table.session("1% ours")
    table.goal("1 % tracked to comparing everything (sessions)", tracked / full, 0.15)
    for peer in ("borg", "restic") if table.with_peers else ():
        for what in ("first", "identical", "1%", "10%"):
            table.goal(f"{what}: direct to {peer}", at(f"{what} direct") / at(f"{what} {peer}"), 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sync")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--gib", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--clones", action="store_true")
    wishes = parser.parse_args()
    size = 256 << 20 if wishes.quick else int(wishes.gib * (1 << 30))
    table = Table(with_peers=wishes.peers)
    with tempfile.TemporaryDirectory(dir=wishes.folder) as name:
        warm_up(Path(name), size)
        for number in range(2 if wishes.quick else wishes.rounds):
            print(f"round {number + 1}, {size >> 20} MiB", flush=True)
            one_round(table, Path(name), size, number + 1)
        judge(table)
        if wishes.quick:
            table.missed.clear()
        if wishes.sizes:
            sizes(table, Path(name))
        if wishes.clones:
            clones(table, Path(name), size, wishes.rounds)
    memory = max(run.anonymous for runs in table.runs.values() for run in runs)
    table.goal("anonymous memory of a process, MiB", memory / (1 << 20), MEMORY / (1 << 20))
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
