"""What a model library has to look like inside a host process.

Why it exists: the host's server knows nothing about speech or language, and an engine knows nothing about processes and
pipes. An engine is written as plain blocking code in one thread; the server turns its replies into frames.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from app.contracts.devices import Device

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One frame of an answer: small fields as JSON, samples or vectors as a raw buffer."""

    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    payload: bytes | memoryview = b""


def _nobody_waits() -> None:
    return


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an engine sees it.

    Attributes:
        args: Small arguments.
        payload: Raw buffer, for instance float32 samples.
        cancelled: Set, from another thread, when the answer is no longer wanted. An engine looks at it between tokens
            or chunks, hands it to the library's abort hook where there is one, and simply returns.
        alive: To be called while the engine works and has nothing to answer yet, for instance between two batches of a
            long prompt: a host that says nothing for long is taken for hung and ended. May be called often.
    """

    args: Mapping[str, JsonValue]
    payload: bytes
    cancelled: threading.Event
    alive: Callable[[], None] = field(default=_nobody_waits)


Operation = Callable[[Call], Iterator[Reply]]


class Engine(ABC):
    """A model library in its host. All methods are called from one thread.

    The constructor takes the engine's options as keyword arguments and is cheap; `load` does the work. Operations raise
    the errors of `app.contracts.errors`; anything else reaches the parent as a `RuntimeFault`.
    """

    @abstractmethod
    def load(self) -> Device:
        """Import the library, load the model and run it once; returns the device that really runs it."""

    @abstractmethod
    def operations(self) -> Mapping[str, Operation]:
        """The requests this engine answers, by name."""

    def close(self) -> None:
        """Free what the library holds. The process ends right after."""
