"""Server and agent that are killed, and a link that is cut, in the middle of backups."""

import os
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path

from engine.dpm import Repository, prune
from engine.progress import Unwatched
from engine.sync.backup import Wishes
from engine.transport.agent import LocalImage, Retry, push
from tests.engine.dpm.disk import MEMORY, content
from tests.engine.transport.forked import forked_site
from tests.engine.transport.hosts import MIB, Hosts, Pair, delayed, pair, two_hosts
from tests.engine.transport.link import Link
from tests.engine.transport.site import QUICK, site

_SIZE = 96 * MIB
_SMALL = MIB // 2
_GREETED = 4096
"""Bytes after which a handshake is surely over."""
_DELAY = 0.05
"""Seconds."""


def remote_kills(count: int) -> None:
    """Kill one side or the other, at random moments."""
    dice = random.Random()  # noqa: S311 - not secret
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, forked_site(Path(name)) as made:
        found = [made.kill_one(dice) for _ in range(count)]
    servers = sum(one.victim == "server" for one in found)
    committed, resumed = sum(one.committed for one in found), sum(one.kept > 0 for one in found)
    print(
        f"{servers} servers and {count - servers} agents killed in remote backups, {committed} after the commit: ",
        end="",
    )
    print(f"no recovery point lost or half, each retry sent exactly what was missing ({resumed} had less to send)")


def wire_flips(count: int) -> None:
    """Flip a bit of what an agent sends, at random places, and let the retry complete."""
    dice = random.Random()  # noqa: S311 - not secret
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, site(Path(name)) as made:
        member, image, told = made.agent(), Path(name, "image"), list[str]()
        for number in range(1, count + 1):
            image.write_bytes(dice.randbytes(_SMALL))
            link = Link(made.address, flips=[dice.randrange(_GREETED, _SMALL)])
            member.server = link.address
            push(member, "disk", LocalImage(image), Wishes(4096), Unwatched(), Retry(0, told.append), QUICK)
            link.close()
            assert len(told) == number, "a flipped bit was not noticed"
            with Repository.open(made.repository) as repository:
                assert content(repository, repository.points()[-1].id) == image.read_bytes()
                prune(repository, 2)
    print(f"{count} bits flipped on the wire: each was noticed, none reached a recovery point, each retry completed")


def cut_links(count: int) -> None:
    """Cut the link between two hosts, once as it is and once delayed; skipped, and said so, where there can be none."""
    if os.name != "posix" or os.geteuid():
        print("cut links: skipped, network namespaces need root")
        return
    try:
        with (
            two_hosts() as link,
            tempfile.TemporaryDirectory() as name,
            pair(Path(name), _SIZE, link.server, link.agent) as made,
        ):
            shares = [_cut(made, link, made.address, seed) for seed in range(2, count + 2)]
            _tell(f"{count} links cut after half of a backup", shares)
            with delayed(link, made.address, _DELAY) as address:
                quick = _undisturbed(made, str(address), count + 2)
                shares = [_cut(made, link, str(address), seed) for seed in range(count + 3, 2 * count + 3)]
            _tell(f"the same with {_DELAY * 1000:.0f} ms each way ({quick:.1f} s when it is not cut)", shares)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"cut links: skipped, there can be no network namespaces here: {error}")


def _tell(what: str, shares: list[float]) -> None:
    told = ", ".join(f"{share:.0%}" for share in shares)
    print(f"{what}: retries completed, and sent {told} of the image")


def _undisturbed(made: Pair, address: str, seed: int) -> float:
    """How many seconds a backup takes."""
    made.change(seed)
    begun = time.perf_counter()
    running = made.backup(0, address)
    assert running.wait(120) == 0, running.communicate()
    return time.perf_counter() - begun


def _cut(made: Pair, link: Hosts, address: str, seed: int) -> float:
    """Cut in the middle, wait until the agent has noticed, mend; the share of the image that the retry sent."""
    before = made.contents()
    made.change(seed)
    running = made.backup(0.5, address)
    made.wait_until_received(_SIZE // 2, running)
    link.cut()
    assert running.stderr
    told = next((line for line in running.stderr if "once more" in line), "nothing")
    assert "no sign of life" in told, told
    link.mend()
    said, errors = running.communicate(timeout=120)
    assert running.returncode == 0, told + errors
    assert made.contents() == [*before, made.image.read_bytes()]
    sent = re.search(r"([0-9.]+) MiB sent", said)
    assert sent
    share = float(sent[1]) * MIB / _SIZE
    assert share < 0.75
    return share
