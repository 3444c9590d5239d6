from __future__ import annotations

import ctypes
import json

import pytest

from app.contracts.devices import Device
from models.devices import libraries
from models.devices.answers import Answer, Seen, answer_of, as_fields, normal_pci

ANSWER = Answer(
    "openvino",
    "1",
    (
        Seen("GPU.0", Device.IGPU, "Arc", "2", "0000:00:02.0", (("memory", "1 GiB"),), "no room"),
        Seen("CPU", Device.CPU),
    ),
    "trouble",
    (Device.NPU,),
)


@pytest.mark.parametrize("answer", [ANSWER, Answer("nvml")])
def test_an_answer_crosses_the_pipe_unchanged(answer: Answer) -> None:
    assert answer_of(json.loads(json.dumps(as_fields(answer)))) == answer


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        {},
        {"library": 3},
        {"library": "x", "seen": {}},
        {"library": "x", "seen": ["y"]},
        {"library": "x", "seen": [{"target": "a"}]},
        {"library": "x", "seen": [{"target": "a", "device": "toaster"}]},
        {"library": "x", "seen": [{"device": "cpu"}]},
        {"library": "x", "seen": [{"target": "a", "device": "cpu", "facts": []}]},
        {"library": "x", "ended": ["toaster"]},
    ],
)
def test_what_is_no_answer_is_told_as_one_error(fields: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence differs, the type is what callers handle
        answer_of(fields)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("00000000:01:00.0", "0000:01:00.0"),
        ("0000:C1:00.0", "0000:c1:00.0"),
        ("01:00.1", "0000:01:00.1"),
        ("", ""),
        ("GPU", ""),
    ],
)
def test_addresses_of_every_library_are_brought_to_one_form(written: str, normal: str) -> None:
    assert normal_pci(written) == normal


def test_the_list_of_devices_of_llama_cpp_is_read_as_its_header_lays_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the processor build the only device is the processor; it stands for a graphics card here."""
    llama_cpp = pytest.importorskip("llama_cpp")
    from llama_cpp._ggml import libggml

    llama_cpp.llama_backend_init()
    monkeypatch.setattr(libraries, "_GGML_KINDS", {0: Device.GPU})
    (seen,) = libraries._ggml_devices(libraries._with_base(libggml))
    assert seen.target == "CPU"
    assert seen.name
    (memory,) = dict(seen.facts).values()
    assert 0.1 < float(memory.split()[0]) < 10_000


def test_room_is_left_for_what_llama_cpp_adds_to_its_structure() -> None:
    assert ctypes.sizeof(libraries._Properties) > 6 * ctypes.sizeof(ctypes.c_void_p) + 64
