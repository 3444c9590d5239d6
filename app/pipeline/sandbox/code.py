"""The operation that runs the examples of code a model wrote, behind a wall of the kernel's or not at all."""

from __future__ import annotations

import json

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue
from app.pipeline.sandbox.boundary import MEMORY_MB, OUTPUT_BYTES, PROCESSES, NoBoundaryError, Ran, run_behind

OPERATION = "app.pipeline.sandbox.code:run_examples"
"""What the sandbox knows it by."""
LONGEST = 200_000
"""Longer code is not run."""
_UNABLE = "unable"


def run_examples(code: str, doctests: str = "", timeout_s: float = 5.0) -> dict[str, OptionValue]:
    """Run a module with its assertions and its ``if __name__`` block, then the examples in its docstrings.

    Args:
        code: Python.
        doctests: Further examples as an interpreter's session shows them.
        timeout_s: Seconds until it is ended, 0.1 to 20.

    Returns:
        ``ran``: whether it was run; ``passed``; ``reason``: why not, or what failed; ``examples``: how many docstring
        examples were tried; ``boundary``: what kept it in; ``output``: the last of what it printed.

    Raises:
        InvalidInput: The code is too long.
    """
    if len(code) + len(doctests) > LONGEST:
        raise InvalidInput(f"Code of more than {LONGEST} characters is not run.", code="code-too-long")
    timeout_s = min(20.0, max(0.1, timeout_s))
    bounds = {"processes": PROCESSES, "memory_mb": MEMORY_MB, "seconds": round(timeout_s) + 1}
    given = json.dumps({"code": code, "doctests": doctests, **bounds}).encode()
    try:
        boundary, ran = run_behind(given, timeout_s)
    except NoBoundaryError as error:
        return _result(ran=False, passed=False, reason=str(error))
    except OSError as error:
        return _result(ran=False, passed=False, reason=f"it could not be started: {error.strerror}")
    reported = _reported(ran)
    outcome = str(reported.get("outcome", ""))
    reason = str(reported.get("detail", ""))
    if ran.ended == "time":
        outcome, reason = "failed", f"It did not end within {timeout_s:g} s."
    elif ran.ended == "output":
        outcome, reason = "failed", f"It printed more than {OUTPUT_BYTES >> 10} KB."
    elif not outcome:
        outcome, reason = "failed", f"It ended its process (code {ran.code})."
    tried = reported.get("examples", 0)
    return _result(
        ran=outcome != _UNABLE,
        passed=outcome == "passed",
        reason=reason,
        examples=tried if isinstance(tried, int) else 0,
        boundary=boundary,
        output=ran.output.decode("utf-8", "replace")[-1000:],
    )


def _reported(ran: Ran) -> dict[str, OptionValue]:
    """What the harness said; code of others may have written there as well, or kept it from writing."""
    try:
        answer = json.loads(ran.report)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _result(
    *, ran: bool, passed: bool, reason: str, examples: int = 0, boundary: str = "", output: str = ""
) -> dict[str, OptionValue]:
    return {
        "ran": ran,
        "passed": passed,
        "reason": reason,
        "examples": examples,
        "boundary": boundary,
        "output": output,
    }
