"""What a run asks of the cache: keys that change with everything that changes the output, and when not to ask.

Why it exists: a kept answer saves seconds and joules, but only where the same question would be answered the same way
again. Nothing is kept unless the pipeline's ``cache`` option or a stage's ``cache`` says so; who switches it on also
agrees that a sampled answer is given again. Never kept: what comes from an endless source, what failed or was
cancelled, what a fault, an energy budget or the governor had a hand in, and the output of a custom stage that looks at
more than its input (one that does not, says so by an attribute ``pure = True`` of its class, or its definition by
``cache``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import StageFinished
from app.contracts.metrics import StageMetadata, StageMetrics
from app.contracts.text import ChatMessage
from app.contracts.wire import from_line, to_line
from app.pipeline.definition import StageType
from app.pipeline.identity import digest, of_value, options_identity, plain, stage_identity
from app.pipeline.metrics import RunLedger
from app.pipeline.plan import Plan, PlannedStage
from app.pipeline.stages.processor import Processor
from app.pipeline.tools import Kept, Tools
from app.pipeline.values import Value

log = logging.getLogger(__name__)

_FAULTS = frozenset({"failed", "failed-over", "stopped"})
"""Decisions on an attempt after which an answer is not what the plan would give on a good day."""


class Keeping:
    """The cache as one run sees it.

    Args:
        plan: What runs.
        tools: The store, and what else changes an output.
        ledger: Counts hits and time.
        context: Of the run.
        messages: Of the run.
        processors: By stage id.
    """

    def __init__(
        self,
        plan: Plan,
        tools: Tools,
        ledger: RunLedger,
        context: Mapping[str, str],
        messages: Sequence[ChatMessage],
        processors: Mapping[str, Processor],
    ) -> None:
        self._plan = plan
        self._tools = tools
        self._ledger = ledger
        self._surroundings = {
            "options": options_identity(plan.options),
            "context": dict(context),
            "voice": plain(tools.voice),
        }
        self._messages = tuple(messages)
        self._processors = processors
        self._whole = False
        self._held_short = self._is_held_short()

    def keeps(self, stage: PlannedStage) -> bool:
        """Whether a stage is looked up and kept."""
        if self._tools.cache is None:
            return False
        own = stage.definition.cache
        if own is not None:
            return own.enabled
        return self._plan.options.cache and self._pure(stage)

    def run_key(self, given: Value) -> str:
        """Key of the whole run; empty when it is not to be kept."""
        if self._tools.cache is None or not self._plan.options.cache:
            return ""
        if not all(map(self.keeps, self._plan.stages)) or (known := of_value(given)) is None:
            return ""
        self._whole = True
        return self._key({"run": self._plan.plan_id, "given": known, "messages": plain(self._messages)})

    def stage_key(self, stage: PlannedStage, value: Value, messages: Sequence[ChatMessage]) -> str:
        """Key of one stage: itself, what leads to it, and what it is given; empty when it is not to be kept.

        A single stage is not kept beside the run it is.
        """
        if self._whole and len(self._plan.stages) == 1:
            return ""
        if not self.keeps(stage) or (known := of_value(value)) is None:
            return ""
        leading = [stage_identity(self._plan.stage(name)) for name in ancestors(self._plan, stage)]
        own = {"stage": stage_identity(stage), "after": leading, "given": known, "messages": plain(tuple(messages))}
        return self._key(own)

    async def get(self, key: str) -> Kept | None:
        """Look something up; a cache that cannot be read has nothing."""
        assert self._tools.cache is not None
        began = self._ledger.now()
        self._ledger.cache_lookups += 1
        try:
            kept = await self._tools.cache.get(key)
        except SottoError as error:
            log.warning("the cache cannot be read: %s", error.code)
            return None
        finally:
            self._ledger.cache_s += self._ledger.now() - began
        self._ledger.cache_hits += kept is not None
        return kept

    async def put(self, key: str, value: Value, metrics: StageMetrics | None, how: StageMetadata | None) -> None:
        """Keep an output, unless a fault or a budget had a hand in it."""
        assert self._tools.cache is not None
        if not self.worth_keeping(how):
            return
        began = self._ledger.now()
        try:
            origin = "" if metrics is None else to_line(StageFinished(metrics=metrics, metadata=how))
            await self._tools.cache.put(key, Kept(value, origin), self._ttl_s(metrics))
        except SottoError as error:
            log.warning("the cache cannot be written: %s", error.code)
        finally:
            self._ledger.cache_s += self._ledger.now() - began

    def worth_keeping(self, how: StageMetadata | None) -> bool:
        """False for what a budget may have shortened or a fault may have changed."""
        options = self._plan.options
        if options.joules_per_run is not None or options.joules_per_hour is not None:
            return False
        if self._held_short or self._is_held_short():
            return False
        return how is None or not any(attempt.decision in _FAULTS for attempt in how.attempts)

    def _is_held_short(self) -> bool:
        """Whether the governor shortens answers just now, or has them accepted that would be asked again elsewhere."""
        verdict = self._tools.governor.verdict()
        return verdict.max_tokens is not None or verdict.joules is not None or verdict.patience > 0.0

    def _ttl_s(self, metrics: StageMetrics | None) -> float:
        own = None if metrics is None else self._plan.stage(metrics.stage).definition.cache
        return self._plan.options.cache_ttl_s if own is None else own.ttl_s

    def _pure(self, stage: PlannedStage) -> bool:
        if stage.definition.type is not StageType.CUSTOM:
            return True
        return bool(getattr(self._processors[stage.definition.stage_id], "pure", False))

    def _key(self, what: Mapping[str, object]) -> str:
        return digest({**self._surroundings, **what})


def how_it_came(kept: Kept) -> StageMetadata:
    """How a cached output came about, marked as cached; empty for one that another version kept."""
    how: StageMetadata | None = None
    if kept.origin:
        try:
            event = from_line(kept.origin)
        except InvalidInput:
            log.info("the origin of a cached output cannot be read")
        else:
            how = event.metadata if isinstance(event, StageFinished) else None
    return replace(how or StageMetadata(), cached=True, attempt_count=0, attempts=())


def ancestors(plan: Plan, stage: PlannedStage) -> tuple[str, ...]:
    """Everything a stage needs, directly or not, in the order of the plan."""
    found: set[str] = set()
    waiting = list(stage.definition.needs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(plan.stage(name).definition.needs)
    return tuple(other.definition.stage_id for other in plan.stages if other.definition.stage_id in found)
