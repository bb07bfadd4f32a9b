"""A repository against a model of it: whatever fails or crashes wherever, committed points stay and none is half."""

import errno
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.dpm import Repository, prune, verify
from engine.dpm.errors import Cancelled, RepositoryError
from engine.progress import Unwatched
from tests.engine.disks import Call, Fault, Faulty, Plan, fail, no_fault, short
from tests.engine.dpm.disk import BLOCK, MEMORY, MixedDisk, Ticks, back_up, content, fill, opened


class CrashError(BaseException):
    """The machine stops here; nothing cleans up after it."""


def crash(number: int) -> Plan:
    def plan(call: Call) -> Fault:
        if call.number >= number:
            raise CrashError
        return None

    return plan


FAULTS = {
    "crash": crash,
    "EIO": lambda number: fail(number, errno.EIO),
    "ENOSPC from now on": lambda number: fail(number, errno.ENOSPC, sticky=True),
    "short": lambda number: short(every=max(2, number)),
}


class RepositoryMachine(RuleBasedStateMachine):
    """Images are written, backed up, pruned; calls fail and the machine stops at any of them."""

    @initialize(seed=st.integers(0, 2**32), blocks=st.integers(1, 40))
    def begin(self, seed: int, blocks: int) -> None:
        self.dice = random.Random(seed)
        self.temporary = tempfile.TemporaryDirectory(dir=MEMORY)
        self.folder = Path(self.temporary.name) / "repository"
        self.disk = MixedDisk()
        self.clock = Ticks()
        self.image = bytearray(blocks * BLOCK)
        self.model: dict[int, bytes] = {}

    def teardown(self) -> None:
        if hasattr(self, "temporary"):
            self.temporary.cleanup()

    @rule(share=st.floats(0.1, 1), zeros=st.booleans())
    def write(self, *, share: float, zeros: bool) -> None:
        """Some blocks of the image change."""
        for start in range(0, len(self.image), BLOCK):
            if self.dice.random() < share:
                self.image[start : start + BLOCK] = bytes(BLOCK) if zeros else self.dice.randbytes(BLOCK)

    @rule(length=st.integers(1, 45 * BLOCK))
    def resize(self, length: int) -> None:
        """The image grows or shrinks, not always by whole blocks."""
        self.image = (self.image + bytes(length))[:length]

    @rule(trust=st.booleans())
    def back_up(self, *, trust: bool) -> None:
        with opened(self.folder, self.disk, self.clock) as repository:
            self.model[back_up(repository, bytes(self.image), trust=trust).id] = bytes(self.image)

    def attempt(self, plan: Plan, work: Callable[[Repository], object]) -> None:
        """Work on a disk that behaves as planned; after a crash it is what a crash leaves of it."""
        repository = None
        try:
            repository = opened(self.folder, Faulty(self.disk, plan), self.clock)
            work(repository)
        except (OSError, RepositoryError):
            pass
        except CrashError:
            self.disk = self.disk.crashed(self.dice)
        finally:
            if repository:
                repository.close()

    @rule(fault=st.sampled_from(sorted(FAULTS)), number=st.integers(1, 60), trust=st.booleans())
    def back_up_with_a_fault(self, *, fault: str, number: int, trust: bool) -> None:
        before = set(self.model)

        def work(repository: Repository) -> None:
            back_up(repository, bytes(self.image), trust=trust)

        self.attempt(FAULTS[fault](number), work)
        self.learn(before)

    @rule(number=st.integers(1, 60) | st.none())
    def break_off(self, number: int | None) -> None:
        """A job is stopped after it brought everything; or the machine stops, perhaps while that is being kept."""

        def work(repository: Repository) -> None:
            with repository.draft(repository.replica_of("disk.vhdx", BLOCK), len(self.image)) as draft:
                fill(draft, bytes(self.image))
                raise Cancelled

        self.attempt(crash(number) if number else no_fault, work)

    def learn(self, before: set[int]) -> None:
        """A commit may have come about before the call that failed; then all of it must have."""
        with opened(self.folder, self.disk, self.clock) as repository:
            for point in repository.points():
                if point.id not in before:
                    self.model[point.id] = bytes(self.image)

    @rule(keep=st.integers(1, 3))
    def prune(self, keep: int) -> None:
        with opened(self.folder, self.disk, self.clock) as repository:
            prune(repository, keep)
        for point in sorted(self.model)[:-keep]:
            del self.model[point]

    @rule(keep=st.integers(1, 3), number=st.integers(1, 15))
    def crash_while_pruning(self, keep: int, number: int) -> None:
        self.attempt(crash(number), lambda repository: prune(repository, keep))
        with opened(self.folder, self.disk, self.clock) as repository:
            left = {point.id for point in repository.points()}
        assert left >= set(sorted(self.model)[-keep:])
        self.model = {point: data for point, data in self.model.items() if point in left}

    @invariant()
    def every_committed_point_is_there_byte_for_byte(self) -> None:
        if not hasattr(self, "model"):
            return
        with opened(self.folder, self.disk, self.clock) as repository:
            assert {point.id for point in repository.points()} == set(self.model)
            assert verify(repository, [], Unwatched()) == []
            for point, data in self.model.items():
                assert content(repository, point) == data


RepositoryMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
TestRepository = RepositoryMachine.TestCase
