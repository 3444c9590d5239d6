"""Frames: what is written is read, however it is cut, and what is no frame is refused."""

from __future__ import annotations

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts import errors
from app.contracts.errors import HostDied, InvalidInput, RuntimeFault, SottoError
from models.host import protocol
from models.host.protocol import (
    Alive,
    Answer,
    BrokenFrame,
    Cancel,
    Decoder,
    End,
    Frame,
    Message,
    Request,
    encode_head,
    header_of,
    message_of,
    read_frame,
)

names = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
fields = st.dictionaries(names, values, max_size=3)
numbers = st.integers(min_value=0)
payloads = st.binary(max_size=300)
messages: st.SearchStrategy[Message] = (
    st.builds(Request, numbers, names, fields, payloads)
    | st.builds(Cancel, numbers)
    | st.builds(Answer, numbers, fields, payloads)
    | st.builds(End, numbers)
    | st.builds(Alive)
)


def encoded(message: Message) -> bytes:
    payload = getattr(message, "payload", b"")
    return encode_head(header_of(message), len(payload)) + payload


@given(st.lists(messages, max_size=5), st.integers(1, 40))
def test_a_decoder_gives_what_was_written_whatever_the_pieces(sent: list[Message], piece: int) -> None:
    stream = b"".join(encoded(message) for message in sent)
    decoder = Decoder()
    received = [
        message_of(frame) for at in range(0, len(stream), piece) for frame in decoder.feed(stream[at : at + piece])
    ]
    assert received == sent


@given(st.lists(messages, max_size=5))
def test_a_blocking_reader_gives_the_same(sent: list[Message]) -> None:
    stream = io.BytesIO(b"".join(encoded(message) for message in sent))
    received = []
    while (frame := read_frame(stream)) is not None:
        received.append(message_of(frame))
    assert received == sent


@given(st.binary(max_size=200))
def test_nothing_but_a_broken_frame_comes_of_noise(noise: bytes) -> None:
    try:
        for frame in Decoder().feed(noise):
            message_of(frame)
    except BrokenFrame:
        pass


@pytest.mark.parametrize("cut", [1, 7, 9, 20])
def test_a_stream_that_ends_inside_a_frame(cut: int) -> None:
    whole = encoded(Request(1, "echo", {"a": 1}, b"payload"))
    with pytest.raises(BrokenFrame, match="middle"):
        read_frame(io.BytesIO(whole[:cut]))


def test_a_claim_beyond_the_limits_is_refused_before_it_is_believed() -> None:
    with pytest.raises(BrokenFrame, match="claims"):
        list(Decoder().feed(b"library warning: something\n"))
    with pytest.raises(BrokenFrame, match="claims"):
        list(Decoder().feed(struct.pack("<II", 2, protocol.MAX_PAYLOAD_BYTES + 1)))


@pytest.mark.parametrize("header", [b"{", b"[]", b"3", b"\xff\xfe", b"[" * 50_000])
def test_headers_that_are_no_object(header: bytes) -> None:
    with pytest.raises(BrokenFrame):
        list(Decoder().feed(struct.pack("<II", len(header), 0) + header))


@pytest.mark.parametrize(
    "header", [{}, {"id": 1}, {"id": "1", "end": None}, {"id": 1, "op": 3, "args": {}}, {"id": 1, "end": "no"}]
)
def test_objects_that_mean_nothing(header: dict[str, protocol.JsonValue]) -> None:
    with pytest.raises(BrokenFrame, match="means nothing"):
        message_of(Frame(header))


def test_what_is_too_long_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_HEADER_BYTES", 100)
    with pytest.raises(InvalidInput, match="too long"):
        encode_head({"op": "x" * 100}, 0)
    with pytest.raises(InvalidInput, match="too long"):
        encode_head({}, protocol.MAX_PAYLOAD_BYTES + 1)


def test_the_payload_is_neither_text_nor_copied_into_the_header() -> None:
    payload = bytes(range(256)) * 4
    whole = encoded(Request(1, "transcribe", {}, payload))
    header_bytes, payload_bytes = struct.unpack_from("<II", whole)
    assert payload_bytes == len(payload)
    assert whole.endswith(payload)
    assert json.loads(whole[8 : 8 + header_bytes]) == {"id": 1, "op": "transcribe", "args": {}}


TREE = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, SottoError)]


@pytest.mark.parametrize("cls", TREE)
def test_every_error_crosses_with_class_code_message_and_remedy(cls: type[SottoError]) -> None:
    error = crossed(cls("What.", code="a-code", remedy="Do."))
    assert type(error) is cls
    assert (error.message, error.code, error.remedy) == ("What.", "a-code", "Do.")


def test_a_class_of_somebody_else_crosses_as_the_nearest_of_the_tree() -> None:
    class Special(HostDied):
        default_code = "special"

    error = crossed(Special("What."))
    assert type(error) is HostDied
    assert error.code == "special"


def test_an_unknown_class_is_a_fault() -> None:
    header: dict[str, protocol.JsonValue] = {"id": 1, "end": {"class": "SystemExit", "message": "What."}}
    message = message_of(Frame(header))
    assert isinstance(message, End)
    assert type(message.error) is RuntimeFault


def crossed(error: SottoError) -> SottoError:
    (frame,) = Decoder().feed(encoded(End(1, error)))
    message = message_of(frame)
    assert isinstance(message, End)
    assert message.error is not None
    return message.error
