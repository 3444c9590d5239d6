"""Keeps model libraries from reporting to their makers.

Why it exists: nothing leaves this machine unless the person asked for it, and two libraries would report by themselves
(seen with openvino 2026.4.1 and onnxruntime 1.31.1: each writes an identifier of the machine into the home folder as
soon as it is imported). Every process that imports such a library calls this first.
"""

from __future__ import annotations

import os
import sys

VARIABLES = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""What the libraries look at that can be told by the environment."""
_REPORTERS = ("openvino_telemetry",)
"""Packages that do nothing but report; whoever imports them goes on without when they cannot be had."""


def refuse_telemetry() -> None:
    """Have no library of this process report anything. To be called before they are imported."""
    os.environ.update(VARIABLES)
    for name in _REPORTERS:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it now fails as if it were not installed
