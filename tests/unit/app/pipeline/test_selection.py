from __future__ import annotations

import pytest

from app.contracts.devices import Device, Tier
from app.contracts.energy import GovernorVerdict, Rest
from app.contracts.errors import Unavailable
from app.pipeline.plan import Substitution
from app.pipeline.selection import Choice, Selector, Wish, device_named
from models.fakes.catalogue import FakeCatalogue
from models.fakes.llm import FakeTextGenerator
from models.fakes.stt import FakeSpeechToText
from tests.helpers.pipelines import writer
from tests.helpers.virtual_time import LoopClock

KIND = "text_generation"


def selector(
    *runtimes: FakeTextGenerator | FakeSpeechToText,
    allowed: frozenset[Device] = frozenset(Device),
    reason: str = "",
    missing: dict[str, str] | None = None,
) -> Selector:
    return Selector(FakeCatalogue(*runtimes, missing=missing), GovernorVerdict(allowed, reason))


def model(backend_id: str, name: str) -> FakeTextGenerator:
    return FakeTextGenerator(["Yes."], backend_id, model=name)


def chosen(selector: Selector, wish: Wish) -> Choice:
    return selector.choose("say", KIND, wish)


NPU = writer("openvino-npu", device=Device.NPU)
IGPU = writer("ollama-intel", device=Device.IGPU)
GPU = writer("ollama-nvidia", device=Device.GPU)
CPU = writer("llama-cpu")
SERVER = writer("home-server", device=Device.REMOTE)


def test_nothing_asked_for_takes_what_is_preferred() -> None:
    assert chosen(selector(CPU, GPU), Wish()) == Choice(Tier("llama-cpu", "llama-cpu-model"), Device.CPU)


def test_a_backend_by_name_is_taken_whatever_else_is_there() -> None:
    choice = chosen(selector(CPU, GPU, SERVER), Wish(backend="ollama-nvidia", device=Device.NPU))
    assert choice == Choice(Tier("ollama-nvidia", "ollama-nvidia-model"), Device.GPU)


def test_a_runtime_on_a_device_means_the_model_that_is_wished_or_its_first() -> None:
    there = selector(model("llama-cpu", "small"), model("llama-cpu:qwen", "qwen"), model("llama-cpu:phi", "phi"))
    assert chosen(there, Wish("llama-cpu")).tier == Tier("llama-cpu", "small")
    for backend in ("llama-cpu", "llama-cpu:phi"):
        choice = chosen(there, Wish(backend, "phi"))
        assert (choice.tier, choice.substitution) == (Tier("llama-cpu:phi", "phi"), None)
    other = chosen(selector(model("piper-cpu:amy", "amy")), Wish("piper-cpu"))
    assert (other.tier, other.substitution) == (Tier("piper-cpu:amy", "amy"), None)
    assert chosen(there, Wish("llama-cpu:gone")).substitution is not None


def test_on_the_same_device_a_model_of_the_family_is_nearer() -> None:
    there = (model("espeak-cpu", "espeak-ng"), model("piper-cpu:cori", "en_GB-cori piper"))
    assert chosen(selector(*there), Wish(model="piper-tts", device=Device.NPU)).tier.backend_id == "piper-cpu:cori"
    assert chosen(selector(*there), Wish(model="7b", device=Device.NPU)).tier.backend_id == "espeak-cpu"
    nearer = writer("other-igpu", device=Device.IGPU)
    wish = Wish(model="piper-tts", device=Device.NPU)
    assert chosen(selector(*there, nearer), wish).tier.backend_id == "other-igpu", "the device counts for more"


def test_hardware_takes_the_first_match() -> None:
    other = writer("other-gpu", device=Device.GPU)
    choice = chosen(selector(CPU, GPU, other), Wish(device=Device.GPU))
    assert choice.tier.backend_id == "ollama-nvidia"
    assert choice.substitution is None


def test_a_model_is_looked_for_before_a_device() -> None:
    choice = chosen(selector(NPU, CPU), Wish(model="LLAMA-cpu-model", device=Device.NPU))
    assert choice.tier.backend_id == "llama-cpu"
    assert choice.substitution == Substitution(
        "LLAMA-cpu-model on npu",
        "llama-cpu-model on llama-cpu",
        "LLAMA-cpu-model is not served on the npu.",
    )


@pytest.mark.parametrize(
    ("asked", "there", "got"),
    [
        (Device.NPU, (CPU, GPU, IGPU), "ollama-intel"),
        (Device.NPU, (CPU, GPU), "ollama-nvidia"),
        (Device.IGPU, (NPU, CPU), "llama-cpu"),
        (Device.GPU, (NPU, IGPU), "ollama-intel"),
        (Device.CPU, (NPU, IGPU, GPU), "ollama-nvidia"),
        (Device.REMOTE, (NPU, GPU), "ollama-nvidia"),
    ],
)
def test_the_next_device_upwards_then_downwards(asked: Device, there: tuple[FakeTextGenerator, ...], got: str) -> None:
    choice = chosen(selector(*there), Wish(device=asked))
    assert choice.tier.backend_id == got
    assert choice.substitution is not None
    assert choice.substitution.asked == asked.value
    assert choice.substitution.reason == f"Nothing here does text generation on the {asked.value}."


def test_a_missing_backend_goes_by_the_device_in_its_name() -> None:
    there = selector(NPU, CPU, GPU, missing={"ollama-intel": "Ollama is not running."})
    assert chosen(there, Wish(backend="ollama-intel", model="llama3:7b")) == Choice(
        Tier("ollama-nvidia", "ollama-nvidia-model"),
        Device.GPU,
        Substitution(
            "llama3:7b on ollama-intel",
            "ollama-nvidia-model on ollama-nvidia",
            "Ollama is not running. ollama-nvidia serves ollama-nvidia-model, not llama3:7b.",
        ),
    )


def test_a_backend_of_another_kind_is_not_taken() -> None:
    ears = FakeSpeechToText(backend_id="moonshine-cpu", clock=LoopClock())
    choice = chosen(selector(CPU, ears), Wish(backend="moonshine-cpu"))
    assert choice.tier.backend_id == "llama-cpu"
    assert choice.substitution is not None
    assert choice.substitution.reason == "moonshine-cpu does not do text generation."


def test_the_governors_word_counts_for_named_backends_too() -> None:
    there = selector(CPU, GPU, allowed=frozenset({Device.CPU}), reason="The battery is low.")
    by_name = chosen(there, Wish(backend="ollama-nvidia"))
    assert by_name.tier.backend_id == "llama-cpu"
    assert by_name.substitution == Substitution("ollama-nvidia", "llama-cpu-model on llama-cpu", "The battery is low.")
    by_device = chosen(there, Wish(device=Device.GPU))
    assert by_device.substitution == Substitution("gpu", "llama-cpu-model on llama-cpu", "The battery is low.")


def test_a_server_is_taken_only_when_it_is_asked_for() -> None:
    there = selector(SERVER, CPU)
    assert chosen(there, Wish()).tier.backend_id == "llama-cpu"
    assert chosen(there, Wish(backend="office-server")).tier.backend_id == "llama-cpu"
    assert chosen(there, Wish(model="home-server-model")).tier.backend_id == "llama-cpu"
    assert chosen(there, Wish(backend="home-server")).tier.backend_id == "home-server"
    assert chosen(there, Wish(device=Device.REMOTE)).tier.backend_id == "home-server"


def test_no_server_by_accident_when_there_is_nothing_else() -> None:
    with pytest.raises(Unavailable) as caught:
        chosen(selector(SERVER), Wish(device=Device.GPU))
    assert caught.value.code == "no-backend"
    assert "home-server" in caught.value.remedy


def test_nothing_at_all() -> None:
    with pytest.raises(Unavailable) as caught:
        chosen(selector(missing={"llama-cpu": "llama-cpp-python is not installed."}), Wish(backend="llama-cpu"))
    assert str(caught.value) == (
        "The stage say cannot run: nothing here does text generation. llama-cpp-python is not installed. "
        "`sotto doctor` shows what is missing and how to get it."
    )


def test_everything_held_back() -> None:
    with pytest.raises(Unavailable) as caught:
        chosen(selector(GPU, allowed=frozenset({Device.CPU}), reason="It is too hot."), Wish())
    assert caught.value.code == "device-held-back"
    assert "It is too hot." in caught.value.message


def test_each_device_is_held_back_for_its_own_reason() -> None:
    rests = (Rest(Device.GPU, "The card is hot."), Rest(Device.NPU, "You told it to rest."))
    verdict = GovernorVerdict(frozenset({Device.CPU}), "You told it to rest. The card is hot.", rests=rests)
    choice = chosen(Selector(FakeCatalogue(CPU, GPU, NPU), verdict), Wish(backend="ollama-nvidia"))
    assert choice.substitution is not None
    assert choice.substitution.reason == "The card is hot."
    with pytest.raises(Unavailable, match=r"cannot run now: The card is hot\. You told it to rest\."):
        chosen(Selector(FakeCatalogue(GPU, NPU), verdict), Wish())


@pytest.mark.parametrize("wish", [Wish(), Wish(backend="moonshine-cpu"), Wish(device=Device.NPU)])
def test_what_is_short_is_done_on_a_device_that_should_rest_when_nothing_else_can(wish: Wish) -> None:
    ears = FakeSpeechToText(backend_id="moonshine-cpu", clock=LoopClock())
    verdict = GovernorVerdict(frozenset({Device.NPU, Device.REMOTE}), rests=(Rest(Device.CPU, "It is hot."),))
    choice = Selector(FakeCatalogue(ears, CPU), verdict).choose("hear", "audio_to_text", wish)
    assert choice.tier.backend_id == "moonshine-cpu"
    assert choice.substitution is not None
    assert choice.substitution.reason.startswith(
        "It is hot. Nothing else here does speech recognition, so it is done there all the same."
    )
    other = FakeSpeechToText(backend_id="whisper-npu", clock=LoopClock(), device=Device.NPU)
    free = Selector(FakeCatalogue(ears, other), verdict).choose("hear", "audio_to_text", wish)
    assert free.tier.backend_id == "whisper-npu"


def test_others_leave_out_what_is_taken_and_servers() -> None:
    found = selector(SERVER, NPU, CPU, GPU).others(KIND, [Tier("llama-cpu", "llama-cpu-model")], Device.CPU)
    assert [tier.backend_id for tier in found] == ["ollama-nvidia", "openvino-npu"]


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("ollama-nvidia", Device.GPU),
        ("ollama-intel", Device.IGPU),
        ("openvino-npu", Device.NPU),
        ("llama_cpu", Device.CPU),
        ("my-remote", Device.REMOTE),
        ("ollama", None),
    ],
)
def test_the_device_in_a_name(name: str, device: Device | None) -> None:
    assert device_named(name) is device
