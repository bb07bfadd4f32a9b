"""Remote backups from the command line: a server process, agents that enrol, push, and do what the server orders."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli import shindan

MIB = 1 << 20


def run(*words: object, stdin: str = "") -> Result:
    return CliRunner().invoke(shindan, [str(word) for word in words], input=stdin)


def process(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tui", *map(str, words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line_with(text: str, running: "subprocess.Popen[str]") -> str:
    """Read what a process tells until it tells this."""
    assert running.stderr
    told = []
    for line in running.stderr:
        told.append(line)
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never told: {told}")


class Site:
    """A server's folders, its process, and where it listens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state, self.repo = folder / "server", folder / "repo"
        self.jobs = folder / "jobs.yml"
        self.jobs.write_text("protection-groups:\n  - {name: nightly, every: 7d, images: ['hv01:sql-data']}\n")
        self.running = self.start("127.0.0.1:0")

    def start(self, listen: str, *options: object) -> "subprocess.Popen[str]":
        words = ("serve", "--repo", self.repo, "--state", self.state, "--listen", listen, "--retry-after", 0, *options)
        running = process(*words)
        self.address = line_with("listening on", running).split()[-1]
        return running

    def token(self, agent: str) -> str:
        return run("serve", "--state", self.state, "--new-token", agent).stdout

    def enrol(self, agent: str) -> Path:
        state = self.folder / agent
        result = run("agent", "enrol", self.address, "--token", "-", "--state", state, stdin=self.token(agent))
        assert result.exit_code == 0, result.stderr
        return state


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.running.send_signal(signal.SIGTERM)
    assert made.running.wait(20) == 0
    assert made.running.stderr
    assert "Traceback" not in made.running.stderr.read()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "SQL data.vhdx"
    path.write_bytes(random.Random(7).randbytes(MIB) + bytes(MIB) + b"an end that is on no boundary")
    return path


def test_a_backup_at_a_server_is_restored_there_byte_for_byte(site: Site, image: Path, tmp_path: Path):
    state = site.enrol("hv01")
    result = run("backup", image, "--to", site.address, "--state", state, "--json")
    assert result.exit_code == 0, result.stderr
    point = json.loads(result.stdout)
    assert point["image"].startswith("hv01:sql-data.vhdx-")
    [listed] = [json.loads(line) for line in run("points", site.repo, "--json").stdout.splitlines()]
    assert listed == point
    assert run("verify", site.repo).exit_code == 0
    run("restore", site.repo, point["id"], "--to", tmp_path / "restored")
    assert (tmp_path / "restored").read_bytes() == image.read_bytes()
    again = run("backup", image, "--to", site.address, "--state", state)
    assert "0 bytes of 2.0 MiB changed, 0 bytes sent" in again.stdout


def test_the_server_orders_and_the_agent_works(site: Site, image: Path, tmp_path: Path):
    state = site.enrol("hv01")
    site.running.send_signal(signal.SIGTERM)
    site.running.wait(20)
    site.running = site.start(site.address.removeprefix("shindan://"), "--jobs", site.jobs)
    line_with("nightly", site.running)
    images = tmp_path / "images.yml"
    images.write_text(f"images:\n  - name: sql-data\n    path: {image.name}\n")
    agent = process("agent", "run", "--images", images, "--state", state)
    assert "hv01:sql-data: recovery point 1" in line_with("recovery point", agent)
    ordered = run("serve", "--state", site.state, "--start", "hv01:sql-data")
    assert (ordered.exit_code, "hv01:sql-data is ordered" in ordered.stderr) == (0, True)
    assert "hv01:sql-data: recovery point 2" in line_with("recovery point", agent)
    begun = time.monotonic()
    agent.send_signal(signal.SIGINT)
    assert agent.wait(10) == 130
    assert time.monotonic() - begun < 3, "nobody waits for a job when told to stop"


def test_a_revoked_agent_is_told_so_and_so_is_the_server(site: Site, image: Path):
    state = site.enrol("hv01")
    assert run("serve", "--state", site.state, "--agents").stdout.startswith("hv01 ")
    assert run("serve", "--state", site.state, "--revoke", "hv01").exit_code == 0
    result = run("backup", image, "--to", site.address, "--state", state)
    assert result.exit_code == 1
    assert "it has been revoked" in result.stderr
    assert "its certificate has been revoked" in line_with("revoked", site.running)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("points", "shindan://dpm01"), "is a server; run this there"),
        (("backup", __file__, "--to", "shindan://dpm01:99999"), "is not an address"),
        (("backup", __file__, "--to", "shindan://dpm01"), "not enrolled"),
        (("agent", "enrol", "dpm01", "--token", "x" * 75), "is not an address"),
        (("agent", "enrol", "shindan://dpm01", "--token", "nonsense"), "not a token"),
        (("serve", "--new-token", "../hv01"), "cannot be an agent's name"),
        (("serve", "--start", "hv01"), "AGENT:IMAGE was expected"),
        (("serve", "--start", "hv01:sql-data"), "no agent is called hv01"),
        (("serve",), "--repo is missing"),
    ],
)
def test_wrong_use_is_told(words: tuple[str, ...], told: str, tmp_path: Path):
    state = () if words[0] == "points" else ("--state", tmp_path / "state")
    result = run(*words, *state)
    assert result.exit_code in {1, 2}
    assert told in " ".join(result.stderr.split())


def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path):
    images, jobs = tmp_path / "images.yml", tmp_path / "jobs.yml"
    images.write_text("images:\n  - name: ../a\n    path: a\n  - name: b\n    paht: b\n    path: b\n")
    told = run("agent", "run", "--images", images, "--state", tmp_path).stderr
    assert "images.yml:5: unknown key images[1].paht (expected path)" in told
    images.write_text("images:\n  - name: ../a\n    path: a\n  - name: b\n    path: b\n    freeze-command: x\n")
    told = run("agent", "run", "--images", images, "--state", tmp_path).stderr
    assert "images.yml:2: '../a' is no name for an image" in told
    assert "images.yml:4: freeze-command and thaw-command go together" in told
    jobs.write_text("protection-groups:\n  - {name: a, every: often, at: '25:00', check-every: 1y, images: [hv01]}\n")
    told = run("serve", "--repo", tmp_path / "r", "--jobs", jobs, "--state", tmp_path).stderr
    assert "jobs.yml:2: often is no duration" in told
    assert "jobs.yml:2: 25:00 is no time of day" in told
    assert "jobs.yml:2: 1y is no duration" in told
    assert "jobs.yml:2: 'hv01' names no image" in told
    assert not (tmp_path / "r").exists()
