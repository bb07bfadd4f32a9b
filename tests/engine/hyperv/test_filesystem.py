"""The small file system: files hold what was written, and a copy of the device what was synced."""

import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.hyperv.filesystem import FileSystem

CAPACITY = 40_000
names = st.sampled_from(["a", "b", "c"])


class Memory:
    """A device in memory."""

    def __init__(self, content: bytearray) -> None:
        self.content = content
        self.size = len(content)

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        room[:] = self.content[offset : offset + len(room)]

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        assert offset + len(data) <= self.size
        self.content[offset : offset + len(data)] = data

    def flush(self) -> None:
        pass


class Files(RuleBasedStateMachine):
    """Against a dictionary of byte strings; a second one holds what a crash may not take away."""

    @initialize(seed=st.integers(0, 1000))
    def format(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.device = Memory(bytearray(self.chance.randbytes(1 << 18)))
        self.files = FileSystem.format(self.device)
        self.model: dict[str, bytes] = {}
        self.durable: dict[str, bytes] = {}

    @rule(name=names)
    def create(self, name: str) -> None:
        if name not in self.model:
            self.files.create(name, CAPACITY)
            self.model[name] = self.durable[name] = b""

    @rule(name=names, offset=st.integers(0, 30_000), data=st.binary(min_size=1, max_size=9000))
    def write(self, name: str, offset: int, data: bytes) -> None:
        if name in self.model:
            self.files.open(name).write(offset, data)
            old = self.model[name].ljust(offset, b"\0")
            self.model[name] = old[:offset] + data + old[offset + len(data) :]

    @rule(name=names, size=st.integers(0, 40_000))
    def truncate(self, name: str, size: int) -> None:
        if name in self.model:
            self.files.open(name).truncate(size)
            self.model[name] = self.model[name][:size]

    @rule(name=names)
    def sync(self, name: str) -> None:
        if name in self.model:
            self.files.open(name).sync()
            self.durable[name] = self.model[name]

    @rule(name=names)
    def remove(self, name: str) -> None:
        if name in self.model:
            self.files.remove(name)
            del self.model[name]
            self.durable.pop(name, None)

    @rule()
    def flush_and_mount_again(self) -> None:
        self.files.flush()
        self.durable = dict(self.model)
        self.files = FileSystem(self.device)

    @rule()
    def save_and_restore_the_memory(self) -> None:
        memory = self.files.unwritten()
        self.files = FileSystem(self.device)
        self.files.recall(memory)

    @rule()
    def write_lazily(self) -> None:
        """After this, what was not synced may be there in part; what was synced but not written since is there."""
        untouched = {name for name in self.model if not self.files.open(name).waiting()}
        self.files.write_lazily(self.chance)
        self.durable = {name: content for name, content in self.durable.items() if name in untouched}

    @invariant()
    def every_file_holds_what_was_written(self) -> None:
        if hasattr(self, "model"):
            assert self.files.names() == sorted(self.model)
            for name, content in self.model.items():
                assert self.files.open(name).read(0, CAPACITY) == content

    @invariant()
    def a_crash_keeps_what_was_synced(self) -> None:
        if hasattr(self, "durable"):
            after = FileSystem.frozen(Memory(bytearray(self.device.content)))
            for name, content in self.durable.items():
                assert after.open(name).read(0, CAPACITY) == content


TestFiles: Any = Files.TestCase
TestFiles.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
