"""The micro voices in tests/data/voices, as installed models and as backends, and an ear for what they say.

They are made by `tests.tools.make_micro_vits` and `tests.tools.make_micro_kokoro`: every phoneme is a tone, so what was
spoken is read from the sound itself.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.aio.lease import CpuLease
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from models.hosted.tts import HostedTextToSpeech
from models.openvino.target import NPU_ON_CPU
from models.recipes.recipe import Recipe
from models.recipes.voices import EXPERIMENT, VOICES
from models.registry import Surroundings
from models.store.model import InstalledModel, ModelFormat
from models.tts.piper_files import read_piper
from tests.helpers.engines import Samples
from tests.helpers.hosts import LIMITS, WatchedHost
from tests.tools import make_micro_kokoro, make_micro_vits

ARCHIVES = Path(__file__).parents[1] / "data" / "voices"
VITS, VITS_TWO, KOKORO = "en_US-vits-medium", "en_US-vits2-medium", "micro-kokoro"
_FORMATS = {VITS: ModelFormat.PIPER, VITS_TWO: ModelFormat.PIPER, KOKORO: ModelFormat.OPENVINO_SPEECH}
_TARGETS = {Device.CPU: "CPU", Device.NPU: NPU_ON_CPU}
"""Where each kind of device is stood in for here."""
_unpacked: list[TemporaryDirectory[str]] = []
_SILENT_SHARE = 0.25
"""A frame this much quieter than the loudest one is silent."""


@cache
def voice_folder(name: str) -> Path:
    """The folder of a micro voice, unpacked for this process."""
    if not _unpacked:
        _unpacked.append(TemporaryDirectory(prefix="sotto-voices-"))
        for archive in ARCHIVES.glob("*.tar.xz"):
            with tarfile.open(archive) as files:
                files.extractall(_unpacked[0].name, filter="data")
    return Path(_unpacked[0].name) / name


def installed_voice(name: str) -> InstalledModel:
    """A micro voice as the store would have it."""
    return InstalledModel(name.lower(), _FORMATS[name], voice_folder(name), 0, f"{name} for tests")


def device_info(device: Device) -> DeviceInfo:
    """A device OpenVINO can use."""
    support = (RuntimeSupport("openvino", usable=True, target=_TARGETS[device]),)
    return DeviceInfo(device=device, name="for tests", presence=Presence.READY, runtimes=support)


def micro_voices() -> dict[str, tuple[Recipe, str]]:
    """Every recipe over every micro voice it takes, by the id of the backend; devices that are stood in for."""
    found = {}
    for recipe in (*VOICES, *EXPERIMENT):
        for name, kind in _FORMATS.items():
            if recipe.device in _TARGETS and kind in recipe.formats:
                found[recipe.backend_id(installed_voice(name), embedded=False)] = (recipe, name)
    return found


def hosted_voice(backend_id: str) -> HostedTextToSpeech:
    """A micro voice in a host of its own."""
    recipe, name = micro_voices()[backend_id]
    support = RuntimeSupport(recipe.runtime, usable=True, target=_TARGETS[recipe.device])
    entry = recipe.entry(installed_voice(name), support)
    options = entry.options(Surroundings(voice_folder(name), 1, "", entry.target))
    host = WatchedHost(entry.engine, LIMITS, dict(options))
    return HostedTextToSpeech(host, entry.backend, entry.capabilities, CpuLease(1) if entry.heavy else None)


def spoken_by(name: str, text: str, samples: Samples, speaker: int = 0) -> tuple[list[int], list[int]]:
    """Which tones a micro voice made of a text, and which it should have made; silences and repeats left out."""
    if name == KOKORO:
        tones = [make_micro_kokoro.tone_hz(at) for at in range(make_micro_kokoro.CHANNELS)]
        heard = tones_heard(samples, tones, make_micro_kokoro.RATE_HZ, make_micro_kokoro.HOP)
        return heard, without_repeats([at % make_micro_kokoro.CHANNELS for at in _kokoro_phonemes(text)])
    tones = [make_micro_vits.tone_hz(at) for at in range(make_micro_vits.CHANNELS)]
    heard = tones_heard(samples, tones, make_micro_vits.RATE_HZ, make_micro_vits.HOP)
    shift = make_micro_vits.SPEAKER_SHIFT * speaker
    return heard, without_repeats([(at + shift) % make_micro_vits.CHANNELS for at in _vits_phonemes(name, text)])


def _kokoro_phonemes(text: str) -> list[int]:
    """The numbers of the phonemes that make a sound, for words of the micro dictionary."""
    numbers, silent = make_micro_kokoro.vocabulary(), make_micro_kokoro.PUNCTUATION + make_micro_kokoro.STRESS
    letters = "".join(make_micro_kokoro.DICTIONARY[word.strip(".,!?").lower()] for word in text.split())
    return [numbers[letter] for letter in letters if letter not in silent]


def _vits_phonemes(name: str, text: str) -> list[int]:
    """The numbers of the phonemes that make a sound, as the library has them."""
    from models.tts.piper_phonemes import Phonemes

    silent = {make_micro_vits.DEFAULT_PHONEME_ID_MAP[phoneme][0] for phoneme in make_micro_vits.SILENT}
    sentences = Phonemes(read_piper(voice_folder(name))).sentences(text)
    return [number for ids in sentences for number in ids if number not in silent]


def tones_heard(samples: Samples, tones_hz: Sequence[float], rate_hz: int, frame: int) -> list[int]:
    """Which tones follow each other in a sound, by their place in ``tones_hz``; the same one twice is once.

    Each frame is compared with every tone at every phase. Silent frames do not count, nor those where a tone changes.
    """
    usable = len(samples) // frame * frame
    frames = samples[:usable].reshape(-1, frame).astype(np.float64)
    at = np.arange(frame) / rate_hz
    waves = np.exp(-2j * np.pi * np.outer(np.asarray(tones_hz), at))
    strength = np.abs(frames @ waves.T)
    best, loud = strength.argmax(axis=1), strength.max(axis=1)
    heard: list[int] = []
    for index in range(1, len(frames)):
        settled = best[index] == best[index - 1]
        if settled and loud[index] > _SILENT_SHARE * loud.max() and (not heard or heard[-1] != best[index]):
            heard.append(int(best[index]))
    return heard


def without_repeats(numbers: Sequence[int]) -> list[int]:
    """Numbers that follow each other; the same one twice is once."""
    return [number for at, number in enumerate(numbers) if at == 0 or numbers[at - 1] != number]
