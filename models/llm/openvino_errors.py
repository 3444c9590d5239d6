"""What OpenVINO raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.contracts.errors import RuntimeFault


@contextmanager
def translated(what: str, remedy: str = "Install the model again.") -> Iterator[None]:
    """Turn a `RuntimeError` inside the block into one sentence.

    Args:
        what: What failed, for instance "OpenVINO could not generate".
        remedy: What to do about it.

    Raises:
        RuntimeFault: With the last line of what the library said.
    """
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
        raise RuntimeFault(f"{what}: {reason}", remedy=remedy) from error
