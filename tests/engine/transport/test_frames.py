"""Whatever comes over the wire: it is understood, or refused with one kind of error, and never more than its bound."""

import contextlib
import random
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.files import Data
from engine.sync.messages import MAX_MESSAGE, MAX_PAYLOAD, Message
from engine.sync.wire import BrokenTransferError, Framed
from engine.transport.control import Answer, Offer, Push, Request, Start, requested
from engine.transport.names import BadNameError, address_of, agent_in, agent_named, image_named


class Wire:
    """A stream from which these bytes come, and which remembers the most that was asked for."""

    local = True

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.largest = 0

    def write(self, parts: Sequence[Data]) -> None:
        raise AssertionError(parts)

    def read_into(self, room: memoryview) -> None:
        self.largest = max(self.largest, len(room))
        if len(room) > len(self.data):
            raise EOFError("the other side has closed the connection")
        if room:
            room[:] = self.data[: len(room)]
        self.data = self.data[len(room) :]

    def close(self) -> None:
        pass

    def linger(self) -> None:
        pass


lengths = st.one_of(
    st.integers(0, 300), st.integers(0, 2**32 - 1), st.sampled_from([2**31, 2**32 - 1, MAX_MESSAGE + 1])
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.binary(max_size=40), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=8), inner, max_size=5)),
    max_leaves=20,
)
kinds = st.sampled_from([kind.__name__ for union in (Message, Request, Answer) for kind in get_args(union)])
fields = st.sampled_from(["run", "image", "images", "blocks", "runs", "root", "request", "secret", "why", "version"])
shaped = st.builds(lambda kind, rest: {**rest, "type": kind}, kinds, st.dictionaries(fields, values, max_size=5))
bodies = st.one_of(st.binary(max_size=300), values.map(msgspec.msgpack.encode), shaped.map(msgspec.msgpack.encode))


@settings(max_examples=200)
@given(body=bodies, payload=st.binary(max_size=100), lies=st.one_of(st.none(), st.tuples(lengths, lengths)))
def test_any_bytes_are_understood_or_refused(body: bytes, payload: bytes, lies: tuple[int, int] | None):
    wire = struct.pack("<II", *(lies or (len(body), len(payload)))) + body + payload
    for most, receive in (
        (MAX_PAYLOAD, lambda stream: Framed(stream).receive(memoryview(bytearray(MAX_PAYLOAD)))),
        (MAX_MESSAGE, requested),
    ):
        stream = Wire(wire)
        with contextlib.suppress(BrokenTransferError):
            receive(stream)
        assert stream.largest <= most


@pytest.mark.parametrize("wire", [struct.pack("<II", MAX_MESSAGE + 1, 0), struct.pack("<II", 0, 1), b"\xff" * 8])
def test_a_request_that_is_too_large_is_not_even_read(wire: bytes):
    stream = Wire(wire + b"x" * 10)
    with pytest.raises(BrokenTransferError, match="too large"):
        requested(stream)
    assert len(stream.data) == 10


HOSTILE = [
    "", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "C:x", "a:b", "a\0", "a\n", "A", "-a", ".a", "a" * 81, "ä",
    "a b", "\\\\server\\share", "con\r", "$(x)", "a\u202e",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_path_and_nothing_strange_is_a_name_on_the_wire(name: str):
    for asked in (Push(bytes(16), name), Offer(bytes(16), (name,)), Start(name, b"")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=type(asked))
    with pytest.raises(BadNameError):
        agent_named(name)


@given(st.text(max_size=100).filter(lambda text: "\0" not in text))
def test_any_file_gets_a_name_that_can_travel(text: str):
    asked = Push(bytes(16), image_named(Path("/vm") / text))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Push) == asked


@given(st.text(max_size=60))
def test_an_address_is_understood_or_refused(text: str):
    for written in (text, "shindan://" + text):
        try:
            address = address_of(written)
        except BadNameError:
            continue
        assert address_of(str(address)) == address


def test_who_is_an_agent_follows_from_one_name_only():
    assert agent_in(["hv01.agent.shindan.internal"]) == "hv01"
    assert agent_in(["server.shindan.internal"]) is None
    assert agent_in(["hv01.agent.shindan.internal", "hv02.agent.shindan.internal"]) is None
    assert agent_in([]) is None


def test_the_decoder_survives_mutations_of_real_messages():
    dice = random.Random(5)
    real = [msgspec.msgpack.encode(asked) for asked in (Push(bytes(16), "disk"), Offer(bytes(16), ("a", "b")))]
    for _ in range(3000):
        body = bytearray(dice.choice(real))
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        stream = Wire(struct.pack("<II", len(body), 0) + body)
        with contextlib.suppress(BrokenTransferError):
            assert isinstance(requested(stream), get_args(Request))
