"""An engine for a real host process that compiles before it loads, as those for an NPU do.

Why it exists: how long a compile takes, and what happens when it never ends, must be shown without an NPU.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.fakes.engines import FakeLlmEngine

_BLOB = "1234.blob"
_WHOLE = b"compiled"


class CompilingEngine(FakeLlmEngine):
    """Counts, as `FakeLlmEngine`, once it has been compiled.

    Args:
        cache_dir: Where the compiled model is kept; empty keeps nothing.
        compile_s: How long a compile takes, seconds.
        trouble: ``die`` or ``raise`` while compiling, ``refuse`` what was compiled.
        log: Every compile and every load from the cache adds a line to this file.
    """

    def __init__(self, cache_dir: str = "", compile_s: float = 0.0, trouble: str = "", log: str = "") -> None:
        super().__init__()
        self._cache = Path(cache_dir) if cache_dir else None
        self._compile_s = compile_s
        self._trouble = trouble
        self._log = Path(log)

    def load(self) -> Device:
        """Import what was compiled, or compile."""
        blob = self._cache / _BLOB if self._cache else None
        if blob is not None and blob.exists():
            self._note("import")
            if self._trouble == "refuse" or blob.read_bytes() != _WHOLE:
                raise RuntimeFault("The blob was made by another compiler.", code="import-failed")
            return Device.NPU
        self._note("compile")
        time.sleep(self._compile_s)
        if self._trouble == "die":
            os._exit(6)
        if self._trouble == "raise":
            raise RuntimeFault("StopLocationVerifierPass: duplicated names.")
        if blob is not None:
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(_WHOLE)
        return Device.NPU

    def _note(self, what: str) -> None:
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")


def options(log: Path, compile_s: float = 0.0, trouble: str = "") -> Mapping[str, str | float]:
    """The constructor's arguments without the cache."""
    return {"compile_s": compile_s, "trouble": trouble, "log": str(log)}
