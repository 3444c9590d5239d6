"""What stages may use. One object for all of them, made where the program is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.contracts.audio import VoiceOptions
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.ports import AudioSource, Clock, Governor, PowerMonitor, RuntimeCatalogue
from app.pipeline.definition import OptionValue
from app.pipeline.text.ledger import EnergyLedger
from app.pipeline.values import Value, Vectors


@dataclass(frozen=True, slots=True)
class Judged:
    """A confidence in [0, 1] with where it comes from; ``confidence`` is None for `ConfidenceSource.NONE`."""

    confidence: float | None
    source: ConfidenceSource


class Confidence(Protocol):
    """Turns what a model showed of itself into a confidence that means something."""

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        """Confidence that the answer is right.

        Args:
            tier: Who wrote it; models are calibrated one by one.
            log_probs: Natural logarithm of each token's probability so far; empty where the runtime gives none.
            text: What was written so far.
        """
        ...


class Sandbox(Protocol):
    """Work on what others wrote (templates, documents, code), in a child process with limits.

    The child has no network, an empty environment, bounded memory, processor time, file size and output.
    """

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        """Run one of the operations the sandbox knows.

        Args:
            operation: ``module:function`` of its table; the function takes and returns what JSON can say.
            arguments: Its keywords.
            timeout_s: Seconds; the child is ended after that.

        Raises:
            InvalidInput: The operation refused what it was given; the sentence is its own.
            TimedOut: It took too long.
            RuntimeFault: It took too much memory, or died.
        """
        ...

    async def aclose(self) -> None:
        """End the children."""
        ...


class CacheStore(Protocol):
    """Where finished runs and stages are kept. Keys are SHA-256 in hexadecimal."""

    async def get(self, key: str) -> Kept | None:
        """What is kept, None when nothing is or it is too old."""
        ...

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        """Keep it, dropping what was used longest ago when there is no room. A full disk is no error."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A cached output and how it came about, the latter as `app.contracts.wire` writes a `StageFinished`."""

    value: Value
    origin: str = ""


class Documents(Protocol):
    """The person's indexed folders."""

    async def lookup(
        self, question: str, limit: int, collection: str = "", vector: tuple[float, ...] | None = None
    ) -> Value:
        """Passages for a question, the best first: BM25 and vectors fused by reciprocal rank.

        Returns:
            `app.pipeline.values.Passages`.
        """
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors as the index uses them."""
        ...

    async def indexed(self) -> int:
        """How many documents can be found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What stages may use.

    Attributes:
        runtimes: The backends of this machine.
        clock: Time.
        power: Joules.
        governor: Which devices may run.
        confidence: Calibrated per model.
        sandbox: For templates, documents and code of others.
        cache: None keeps nothing.
        documents: None when nothing is indexed.
        microphone: None where there is none.
        voice: How to speak.
        user_dir: Where the person's own pipeline files lie; paths in pipelines cannot leave it.
        ledger: What texts have cost and how fast they came; the energy budgets are kept by it.
    """

    runtimes: RuntimeCatalogue
    clock: Clock
    power: PowerMonitor
    governor: Governor
    confidence: Confidence
    sandbox: Sandbox
    cache: CacheStore | None = None
    documents: Documents | None = None
    microphone: AudioSource | None = None
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    user_dir: Path | None = None
    ledger: EnergyLedger = field(default_factory=EnergyLedger)
