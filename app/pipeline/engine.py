"""Starts pipelines, keeps count of what runs, and ends it.

Why it exists: terminal, service, assistant and benchmark all run pipelines, and none of them should know how. A run is
started at once and tells everything that happens by its events; runs know nothing of each other. Several who ask the
same question of the same plan at the same time, where it may be kept, wait for one answer.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from app.aio.tasks import TaskOwner
from app.contracts.errors import Busy, SottoError, Unavailable
from app.contracts.events import CacheHit, Retrying, RunCancelled, RunFailed, RunFinished, Substituted, TurnEvent
from app.contracts.text import ChatMessage
from app.pipeline.definition import OptionValue, PipelineDefinition, StageDefinition
from app.pipeline.execution import Execution, Surroundings
from app.pipeline.overrides import overridden
from app.pipeline.plan import Plan
from app.pipeline.planning import make_plan
from app.pipeline.retrying import Draw, draw
from app.pipeline.run import Run
from app.pipeline.runner import Alert
from app.pipeline.stages.processor import Processor
from app.pipeline.stages.registry import processor_for
from app.pipeline.templates import render
from app.pipeline.tools import Tools
from app.pipeline.values import Value

log = logging.getLogger(__name__)

MAX_RUNS = 64
"""Runs at the same time, those that wind down included."""

Processors = Callable[[StageDefinition], Processor]
_NOTHING: Mapping[str, OptionValue] = MappingProxyType({})
_NO_CONTEXT: Mapping[str, str] = MappingProxyType({})


class Definitions(Protocol):
    """The pipelines there are."""

    def get(self, pipeline_id: str) -> PipelineDefinition:
        """One of them.

        Raises:
            InvalidInput: There is none of that name (code ``no-pipeline``).
        """
        ...

    def ids(self) -> tuple[str, ...]:
        """Their names."""
        ...


@dataclass(slots=True)
class Counters:
    """What became of the runs of an engine since it was made.

    Attributes:
        started: Runs that began.
        finished: Of these, ended well.
        failed: Ended in an error.
        cancelled: Were ended from outside.
        refused: Requests for which there was no room.
        cache_hits: Stages and whole runs answered from the cache.
        cache_lookups: How often the cache was asked.
        retries: Second tries.
        substitutions: What had to give way in plans.
    """

    started: int = 0
    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    cache_hits: int = 0
    cache_lookups: int = 0
    retries: int = 0
    substitutions: int = 0

    def note(self, event: TurnEvent) -> None:
        """Count an event."""
        match event:
            case RunFinished():
                self.finished += 1
            case RunFailed():
                self.failed += 1
            case RunCancelled():
                self.cancelled += 1
            case Retrying():
                self.retries += 1
            case Substituted():
                self.substitutions += 1
            case CacheHit():
                self.cache_hits += 1
            case _:
                pass


class PipelineEngine:
    """Runs pipelines. Belongs to one event loop.

    Args:
        definitions: The pipelines there are.
        tools: What stages may use.
        processors: Finds the code of a stage; None for the built-in ones and those of installed packages.
        max_runs: Bound of the runs at the same time.
        alert: Told of errors of the system: the error, the run and the stage.
        chance: Draws the jitter of retries.
    """

    def __init__(
        self,
        definitions: Definitions,
        tools: Tools,
        processors: Processors | None = None,
        *,
        max_runs: int = MAX_RUNS,
        alert: Alert | None = None,
        chance: Draw = draw,
    ) -> None:
        self._definitions = definitions
        self._tools = tools
        self._max_runs = max_runs
        self._runs: dict[str, Execution] = {}
        self._listeners: list[Callable[[TurnEvent], None]] = []
        self._closed = False
        self._tasks = TaskOwner(lambda error, name: log.error("%s failed: %s", name, type(error).__name__))
        self.counters = Counters()
        self._surroundings = Surroundings(
            tools=tools,
            processors=processors or processor_for,
            render=render,
            chance=chance,
            alert=alert or _nobody,
        )

    @property
    def runs(self) -> Mapping[str, Run]:
        """Those that are going on, by id."""
        return MappingProxyType({run_id: run for run_id, run in self._runs.items() if not run.ended})

    def start(
        self,
        pipeline_id: str,
        given: Value,
        *,
        overrides: Mapping[str, OptionValue] = _NOTHING,
        context: Mapping[str, str] = _NO_CONTEXT,
        messages: tuple[ChatMessage, ...] = (),
        run_id: str = "",
        turn_id: str = "",
    ) -> Run:
        """Begin a run of a pipeline by its name. Everything that goes wrong after this is told by its events.

        Args:
            pipeline_id: Its name.
            given: Its input.
            overrides: Options for this run: ``OPTION`` or ``STAGE.KEY``.
            context: ``Context`` of templates.
            messages: The conversation before.
            run_id: Chosen by the caller; empty to have one made.
            turn_id: The turn it belongs to, empty for none.

        Raises:
            InvalidInput: No such pipeline (``no-pipeline``) or option (``bad-override``).
            Busy: As many runs as are allowed are going on.
            Unavailable: The engine has been closed.
        """
        definition = self.definition(pipeline_id, overrides)
        return self._begin(definition, given, context, messages, run_id, turn_id)

    def start_definition(
        self,
        definition: PipelineDefinition,
        given: Value,
        *,
        overrides: Mapping[str, OptionValue] = _NOTHING,
        context: Mapping[str, str] = _NO_CONTEXT,
        messages: tuple[ChatMessage, ...] = (),
        run_id: str = "",
        turn_id: str = "",
    ) -> Run:
        """Begin a run of a pipeline that need not have a name; everything else as `start`."""
        changed = overridden(definition, overrides) if overrides else definition
        return self._begin(changed, given, context, messages, run_id, turn_id)

    def definition(self, pipeline_id: str, overrides: Mapping[str, OptionValue] = _NOTHING) -> PipelineDefinition:
        """What a pipeline says, overrides included.

        Raises:
            InvalidInput: As `start`.
        """
        definition = self._definitions.get(pipeline_id)
        return overridden(definition, overrides) if overrides else definition

    def plan(self, pipeline_id: str, overrides: Mapping[str, OptionValue] = _NOTHING) -> Plan:
        """What would run where, if it were started now.

        Raises:
            InvalidInput: As `start`.
            Unavailable: A stage needs something of which there is nothing at all.
        """
        return make_plan(self.definition(pipeline_id, overrides), self._tools.runtimes, self._tools.governor)

    def subscribe(self, listener: Callable[[TurnEvent], None]) -> Callable[[], None]:
        """Give a listener every event of every run that begins from now on; returns what ends it."""
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    def cancel(self, run_id: str, reason: str = "") -> bool:
        """End a run: nothing is shown or heard of it from now on. False when it is not going on."""
        run = self._runs.get(run_id)
        if run is None or run.ended:
            return False
        run.cancel(reason)
        return True

    async def cancel_all(self) -> int:
        """End every run; returns how many there were, once their engines are idle."""
        going_on = list(self.runs)
        for run_id in going_on:
            self.cancel(run_id, "Everything was ended.")
        for run in list(self._runs.values()):
            await run.idle()
        return len(going_on)

    async def aclose(self) -> None:
        """End everything and take no more. May be called twice."""
        self._closed = True
        await self.cancel_all()
        await self._tasks.aclose()

    def _begin(
        self,
        definition: PipelineDefinition,
        given: Value,
        context: Mapping[str, str],
        messages: tuple[ChatMessage, ...],
        run_id: str,
        turn_id: str,
    ) -> Run:
        if self._closed:
            raise Unavailable("Sotto is closing; no new run is begun.", code="closing")
        if len(self._runs) >= self._max_runs:
            self.counters.refused += 1
            raise Busy(
                f"{len(self._runs)} runs are going on, which is as many as are allowed.",
                code="too-many-runs",
                remedy="Try again when one of them has ended.",
            )
        run_id = run_id or uuid.uuid4().hex
        if run_id in self._runs:
            raise Busy(f"A run {run_id} is going on already.", code="run-exists", remedy="Choose another id.")
        run = Execution(definition, given, self._surroundings, dict(context), messages, run_id, turn_id)
        self._runs[run_id] = run
        self.counters.started += 1
        run.subscribe(self.counters.note)
        for listener in self._listeners:
            run.subscribe(listener)
        task = self._tasks.start(run.execute(), name=f"run {run_id}")
        task.add_done_callback(lambda _task: self._over(run))
        run.owned_by(task)
        return run

    def _over(self, run: Execution) -> None:
        self._runs.pop(run.run_id, None)
        self.counters.cache_lookups += run.cache_lookups


def _nobody(_error: SottoError, _run_id: str, _stage: str) -> None:
    """Nobody wants to be alarmed."""
