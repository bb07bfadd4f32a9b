"""`shindan backup --to shindan://HOST`: the agent's side of a backup, in this process."""

import json
import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.sync.backup import Wishes
from engine.transport.agent import LocalImage, Retry, push
from engine.transport.enrolment import Membership
from engine.transport.names import address_of, image_named, replica_named
from engine.transport.tls import Limits
from tui.commands.agent import agent_folder
from tui.shell.hooks import CommandWriters
from tui.shell.outcome import of_sent, say
from tui.shell.progress import watched
from tui.shell.protection import read_images
from tui.wording import size


class Server:
    """A server, and how to back up there."""

    def __init__(
        self, server: str, state: Path | None, named: Path | None, retry_after: float, timeout: float, wishes: Wishes
    ) -> None:
        self._server = server
        self._folder = agent_folder(state)
        known = read_images(named) if named else {}
        self._named = {image.path.resolve(): (name, image) for name, image in known.items()}
        self._retry = Retry(retry_after, say)
        self._limits = Limits(link=timeout)
        self._wishes = wishes

    def back_up(self, image: Path, writers: CommandWriters | None, *, as_json: bool) -> ExitCode:
        """Make a recovery point of an image, and tell of it."""
        path = image.resolve(strict=True)
        server = address_of(self._server)
        member = Membership(self._folder)
        member.server = server
        name, local = self._named.get(path) or (image_named(path), LocalImage(path))
        torn, track = self._wishes.allow_torn or local.allow_torn, self._wishes.track or local.track
        local = LocalImage(path, writers or local.writers, torn, track)
        with watched(sys.stderr, f"backup {image.name}") as watcher:
            done = push(member, name, local, self._wishes, watcher, self._retry, self._limits)
        replica = replica_named(member.name, name)
        if as_json:
            click.echo(json.dumps(of_sent(done, replica)))
        else:
            changed = f"{size(done.committed.bytes_changed)} of {size(done.image_size)} changed"
            sent = f"{size(done.bytes_sent)} sent"
            click.echo(f"recovery point {done.committed.point} of {one_line(replica)}: {changed}, {sent}, {done.mode}")
        return ExitCode.HEALTHY
