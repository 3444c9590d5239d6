"""The whole list of what a sandbox child may be asked to do, with what each may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one operation may take.

    Attributes:
        memory_mb: Address space beyond what the child holds when it begins.
        cpu_s: Seconds of processor time.
        output_bytes: Length of the answer as JSON.
        launches: It starts a process of its own, which is confined more tightly; runs in a child apart, without the
            confinement that would forbid that.
    """

    memory_mb: int
    cpu_s: int
    output_bytes: int
    launches: bool = False


TEMPLATES = Limits(memory_mb=128, cpu_s=5, output_bytes=4 << 20)
DOCUMENTS = Limits(memory_mb=1536, cpu_s=120, output_bytes=32 << 20)
CODE_READING = Limits(memory_mb=256, cpu_s=5, output_bytes=1 << 20)
CODE_RUNNING = Limits(memory_mb=512, cpu_s=30, output_bytes=1 << 20, launches=True)

OPERATIONS: Mapping[str, Limits] = MappingProxyType(
    {
        "app.pipeline.templates.rendering:render": TEMPLATES,
        "app.pipeline.documents.parsing:parse": DOCUMENTS,
        "app.pipeline.sandbox.reading:examine": CODE_READING,
        "app.pipeline.sandbox.code:run_examples": CODE_RUNNING,
    }
)
"""Functions as ``module:function``; they take and return what JSON can say."""
