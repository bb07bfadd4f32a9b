"""Server and agent that are killed, and a link that is cut, in the middle of backups."""

import os
import random
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.engine.dpm.disk import MEMORY
from tests.engine.transport.forked import forked_site
from tests.engine.transport.hosts import MIB, Pair, pair, two_hosts

_SIZE = 96 * MIB


def remote_kills(count: int) -> None:
    """Kill one side or the other, at random moments."""
    dice = random.Random()  # noqa: S311 - not secret
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, forked_site(Path(name)) as made:
        found = [made.kill_one(dice) for _ in range(count)]
    servers = sum(one.victim == "server" for one in found)
    committed, resumed = sum(one.committed for one in found), sum(one.kept > 0 for one in found)
    print(
        f"{servers} servers and {count - servers} agents killed in remote backups, {committed} after the commit: no "
        f" recovery point is lost or half, each retry sent exactly what was missing ({resumed} had less to send)"
    )


def cut_links(count: int) -> None:
    """Cut the link between two hosts; skipped, and said so, where there can be none."""
    if os.name != "posix" or os.geteuid():
        print("cut links: skipped, network namespaces need root")
        return
    try:
        with (
            two_hosts() as link,
            tempfile.TemporaryDirectory() as name,
            pair(Path(name), _SIZE, link.server, link.agent) as made,
        ):
            shares = [_cut(made, link.cut, link.mend, seed) for seed in range(2, count + 2)]
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"cut links: skipped, there can be no network namespaces here: {error}")
        return
    told = ", ".join(f"{share:.0%}" for share in shares)
    print(f"{count} links cut after half of a backup: retries completed, and sent {told} of the image")


def _cut(made: Pair, cut: Callable[[], None], mend: Callable[[], None], seed: int) -> float:
    """Cut in the middle, wait until the agent has noticed, mend; the share of the image that the retry sent."""
    before = made.contents()
    made.change(seed)
    running = made.backup(retry_after=0.5)
    made.wait_until_received(_SIZE // 2, running)
    cut()
    assert running.stderr
    told = next(line for line in running.stderr if "once more" in line)
    mend()
    said, errors = running.communicate(timeout=60)
    assert running.returncode == 0, told + errors
    assert made.contents() == [*before, made.image.read_bytes()]
    sent = re.search(r"([0-9.]+) MiB sent", said)
    assert sent
    share = float(sent[1]) * MIB / _SIZE
    assert share < 0.75
    return share
