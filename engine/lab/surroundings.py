"""What everything in a lab shares: its scenario, its time, its chance, its files, and who watches."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from engine.clock import VirtualClock
from engine.dpm import Repository
from engine.hyperv.building import Ground
from engine.lab.disks import LabFiles
from engine.lab.scenario import Scenario
from engine.occurrence import Machine, Observer
from engine.pipeline import Scope

LEAD = 30.0
"""Seconds for which the guests work before jobs begin."""


class Surroundings:
    """One for each lab."""

    def __init__(self, scenario: Scenario, folder: Path, seed: int, observer: Observer) -> None:
        self.scenario = scenario
        self.seed = seed
        self.observer = observer
        self.clock = VirtualClock(scenario.start.astimezone(UTC) - timedelta(seconds=LEAD))
        self.files = LabFiles()
        self.ground = Ground(folder, self.files)
        self.repository = Repository.create(folder / "pool", self.files, self.nanoseconds, durable=False)
        """In the server's storage pool."""
        self._ids = self.random("identifiers")

    def random(self, purpose: str) -> Random:
        """Chance for one purpose, so that what is added elsewhere does not change it."""
        return Random(f"{self.seed}/{purpose}")  # noqa: S311 - repeatable on purpose

    def new_id(self) -> UUID:
        """The next identifier."""
        return UUID(int=self._ids.getrandbits(128), version=4)

    def nanoseconds(self) -> int:
        """The time as the catalog of recovery points counts it."""
        return int((self.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000

    def machine(self, name: str, scope: Scope) -> Machine:
        """A computer that is watched and lives in this time."""
        return Machine(name, scope, self.clock, self.observer, self.new_id)
