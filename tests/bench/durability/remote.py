"""Server and agent that are killed, and a link that is cut, in the middle of backups."""

import os
import random
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.engine.transport.hosts import MIB, Pair, kill_one, pair, two_hosts

_SIZE = 96 * MIB


def remote_kills(count: int) -> None:
    """Kill one side or the other, at random moments."""
    dice = random.Random()  # noqa: S311 - not secret
    with tempfile.TemporaryDirectory() as name, pair(Path(name), _SIZE) as made:
        assert made.backup(0).wait(60) == 0
        for number in range(count):
            victim = dice.choice(["server", "agent"])
            kill_one(made, victim, dice.randrange(_SIZE * 3 // 4), seed=number + 2)
    print(
        f"{count} servers or agents killed in remote backups: no recovery point is lost or half, each retry completed"
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
