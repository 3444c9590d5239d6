"""One run of a pipeline, from its request to its one end.

Why it exists: a run may end in five ways (well, in an error, out of time, cancelled by somebody, cancelled with the
program), several of which can come together. Here they all come down to one end event and one result.

The end of a cancelled run is told at once, on the stack of whoever cancels it; its engines wind down after that, and
`Execution.idle` waits for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import (
    CacheHit,
    PlanMade,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    Substituted,
    TurnEvent,
)
from app.contracts.metrics import RunMetrics
from app.contracts.text import ChatMessage
from app.pipeline.definition import PipelineDefinition, StageDefinition
from app.pipeline.inputs import check_input
from app.pipeline.keeping import Keeping, how_it_came
from app.pipeline.metrics import RunLedger
from app.pipeline.outlet import Outlet
from app.pipeline.plan import Plan
from app.pipeline.planning import make_plan
from app.pipeline.reporting import RunStream
from app.pipeline.retrying import Draw, timed_out
from app.pipeline.run import RunResult, StageResult, StageStatus
from app.pipeline.runner import Alert, Job, Runner, StageError, internal_error, log_internal
from app.pipeline.stages.processor import Done, Processor
from app.pipeline.tools import Kept, Tools
from app.pipeline.values import Value, in_words
from app.pipeline.working import Render, StageWork, replay

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs of an engine share.

    Attributes:
        tools: What stages may use.
        processors: Finds the code of a stage.
        render: Fills templates in.
        chance: Draws the jitter of retries.
        alert: Told of errors of the system.
        flights: Runs whose answer will be kept, by key: those who ask the same meanwhile wait for it.
        loaded: Kinds of stages whose code has been loaded: type and use.
    """

    tools: Tools
    processors: Callable[[StageDefinition], Processor]
    render: Render
    chance: Draw
    alert: Alert
    flights: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    loaded: set[tuple[str, str]] = field(default_factory=set)

    async def found(self, stages: tuple[StageDefinition, ...]) -> dict[str, Processor]:
        """The code of stages, by id. What is needed for the first time is loaded beside the event loop.

        Raises:
            InvalidInput: A custom stage uses something nobody brings.
            Unavailable: The package that brings it is broken.
        """
        kinds = {(stage.type.value, stage.use) for stage in stages}
        if kinds <= self.loaded:
            return self._find(stages)
        processors = await asyncio.to_thread(self._find, stages)
        self.loaded.update(kinds)
        return processors

    def _find(self, stages: tuple[StageDefinition, ...]) -> dict[str, Processor]:
        return {stage.stage_id: self.processors(stage) for stage in stages}


class Execution:
    """Implements `app.pipeline.run.Run`.

    Args:
        definition: What is run, overrides included.
        given: Its input.
        surroundings: What it shares with other runs.
        context: ``Context`` of templates.
        messages: The conversation before.
        run_id: Its id.
        turn_id: The turn it belongs to.
    """

    def __init__(
        self,
        definition: PipelineDefinition,
        given: Value,
        surroundings: Surroundings,
        context: dict[str, str],
        messages: tuple[ChatMessage, ...],
        run_id: str,
        turn_id: str,
    ) -> None:
        tools = surroundings.tools
        self._definition = definition
        self._given = given
        self._around = surroundings
        self._context = context
        self._messages = messages
        self._run_id = run_id
        self._stream = RunStream(run_id, turn_id, tools.clock)
        self._ledger = RunLedger(tools.clock, tools.power, collect=definition.options.collect_metrics)
        self._output = Outlet(definition.output_stage, self._stream.emit)
        self._plan: Plan | None = None
        self._runner: Runner | None = None
        self._cached: StageResult | None = None
        self._result: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._stream.emit(RunStarted(pipeline_id=definition.pipeline_id))

    @property
    def run_id(self) -> str:
        """Unique for ever."""
        return self._run_id

    @property
    def pipeline_id(self) -> str:
        """What is run."""
        return self._definition.pipeline_id

    @property
    def output(self) -> Outlet:
        """The output of the last stage while it is made."""
        return self._output

    @property
    def ended(self) -> bool:
        """True once its end has been told; engines may still wind down."""
        return self._stream.ended

    @property
    def cache_lookups(self) -> int:
        """How often it asked the cache."""
        return self._ledger.cache_lookups

    def subscribe(self, listener: Callable[[TurnEvent], None]) -> Callable[[], None]:
        """Get every event from the first on, those of the past at once; returns what ends it."""
        return self._stream.subscribe(listener)

    async def result(self) -> RunResult:
        """Wait for the end. A failed or cancelled run is a result, not an exception."""
        return await asyncio.shield(self._result)

    async def idle(self) -> None:
        """Wait until nothing of it works any more."""
        if self._task is not None and self._task is not asyncio.current_task():
            await asyncio.wait([self._task])

    def owned_by(self, task: asyncio.Task[None]) -> None:
        """The task that executes it."""
        self._task = task

    def cancel(self, reason: str = "") -> None:
        """End it: nothing is shown or heard of it from now on; engines are idle soon after."""
        if self._stream.ended:
            return
        self._end_cancelled(reason)
        if self._task is not None:
            self._task.cancel()

    async def execute(self) -> None:
        """Run it; the result says how it went."""
        try:
            limit = asyncio.timeout(self._definition.options.timeout_s)
            try:
                async with limit:
                    value = await self._work()
            except TimeoutError as error:
                if not limit.expired():
                    raise
                seconds = self._definition.options.timeout_s or 0.0
                raise timed_out(f"The pipeline {self.pipeline_id}", seconds) from error
            self._end_well(value)
        except StageError as error:
            self._end_failed(error.error, error.stage_id)
        except SottoError as error:
            self._end_failed(error, "")
        except asyncio.CancelledError:
            self._end_cancelled("")
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a run ends once and says so
            log_internal(error, self._run_id, "")
            fault = internal_error(error)
            self._around.alert(fault, self._run_id, "")
            self._end_failed(fault, "")

    async def _work(self) -> Value | None:
        began = self._ledger.now()
        check_input(self._given, self._definition, self._definition.options)
        checked = self._ledger.now()
        self._ledger.validation_s += checked - began
        tools = self._around.tools
        processors = await self._around.found(self._definition.stages)
        await tools.governor.ready()
        plan = self._plan = make_plan(self._definition, tools.runtimes, tools.governor)
        self._ledger.routing_s += self._ledger.now() - checked
        self._tell(plan)
        keeping = Keeping(plan, tools, self._ledger, self._context, self._messages, processors)
        key = keeping.run_key(self._given)
        if not key:
            return await self._stages(plan, keeping, processors)
        while (flight := self._around.flights.get(key)) is not None:
            await asyncio.shield(flight)
        flight = self._around.flights[key] = asyncio.get_running_loop().create_future()
        try:
            kept = await keeping.get(key)
            if kept is not None:
                return self._answered(kept)
            value = await self._stages(plan, keeping, processors)
            await self._keep(keeping, key, value)
            return value
        finally:
            del self._around.flights[key]
            flight.set_result(None)

    async def _stages(self, plan: Plan, keeping: Keeping, processors: dict[str, Processor]) -> Value | None:
        job = Job(
            run_id=self._run_id,
            plan=plan,
            given=self._given,
            tools=self._around.tools,
            processors=processors,
            output=self._output,
            emit=self._stream.emit,
            ledger=self._ledger,
            keeping=keeping,
            chance=self._around.chance,
            alert=self._around.alert,
            context=self._context,
            messages=self._messages,
        )
        self._runner = Runner(job, StageWork(job, self._around.render))
        return await self._runner.run()

    async def _keep(self, keeping: Keeping, key: str, value: Value | None) -> None:
        """Keep the output of the whole run, when every stage did what it does on a good day."""
        assert self._runner is not None
        results = self._runner.results()
        if value is None or any(result.status is StageStatus.FAILED for result in results):
            return
        if not all(keeping.worth_keeping(result.metadata) for result in results):
            return
        last = next((result for result in reversed(results) if result.value is value), None)
        await keeping.put(key, value, last.metrics if last else None, last.metadata if last else None)

    def _answered(self, kept: Kept) -> Value:
        """The whole run was in the cache."""
        self._stream.emit(CacheHit(stage=""))
        how = how_it_came(kept)
        replay(Done(kept.value, how), self._output)
        self._cached = StageResult(
            stage_id=self._output.stage_id, status=StageStatus.FINISHED, value=kept.value, metadata=how
        )
        return kept.value

    def _tell(self, plan: Plan) -> None:
        names = tuple(stage.definition.stage_id for stage in plan.stages)
        self._stream.emit(PlanMade(plan_id=plan.plan_id, stages=names))
        for stage in plan.stages:
            for gone in stage.substitutions:
                self._stream.emit(
                    Substituted(stage=stage.definition.stage_id, asked=gone.asked, got=gone.got, reason=gone.reason)
                )

    def _end_well(self, value: Value | None) -> None:
        if value is not None:
            self._output.finish(value)
        self._output.fail(SottoError(f"The run of {self.pipeline_id} made no output.", code="no-output"))
        metrics = self._metrics()
        text = "" if value is None else in_words(value) or self._spoken_words()
        event = RunFinished(pipeline_id=self.pipeline_id, text=text, metrics=self._told(metrics))
        self._end(event, self._made(metrics, success=True, output=value))

    def _spoken_words(self) -> str:
        """The words of an output that is sound: those of the last stage before it that made any."""
        results = () if self._runner is None else self._runner.results()
        words = (in_words(result.value) for result in reversed(results) if result.value is not None)
        return next((text for text in words if text), "")

    def _end_failed(self, error: SottoError, stage_id: str) -> None:
        self._output.fail(error)
        metrics = self._metrics()
        event = RunFailed(
            pipeline_id=self.pipeline_id,
            code=error.code,
            message=error.message,
            remedy=error.remedy,
            stage=stage_id,
            exit_code=error.exit_code,
            metrics=self._told(metrics),
        )
        self._end(event, self._made(metrics, error=error))

    def _end_cancelled(self, reason: str) -> None:
        """The end of a cancelled run: nothing after it, and whoever reads its output is told at once."""
        if self._stream.ended:
            return
        if self._runner is not None:
            self._runner.cancel_stages()
        self._output.fail(TurnCancelledError(reason or "The run was ended."))
        event = RunCancelled(pipeline_id=self.pipeline_id, after_ms=self._stream.elapsed_ms())
        self._end(event, self._made(self._metrics(), cancelled=True))

    def _end(self, event: RunFinished | RunFailed | RunCancelled, result: RunResult) -> None:
        """The one end; a second one is dropped."""
        if self._stream.ended:
            return
        if not self._result.done():
            self._result.set_result(result)
        self._stream.emit(event)

    def _made(
        self,
        metrics: RunMetrics,
        *,
        success: bool = False,
        cancelled: bool = False,
        output: Value | None = None,
        error: SottoError | None = None,
    ) -> RunResult:
        stages = self._runner.results() if self._runner is not None else ()
        return RunResult(
            run_id=self._run_id,
            pipeline_id=self.pipeline_id,
            success=success,
            cancelled=cancelled,
            output=output,
            error=error,
            stages=(self._cached,) if self._cached is not None else stages,
            metrics=metrics,
        )

    def _metrics(self) -> RunMetrics:
        stages = () if self._plan is None else self._plan.stages
        needs = {stage.definition.stage_id: stage.definition.needs for stage in stages}
        return self._ledger.run_metrics(self._stream.elapsed_ms(), needs)

    def _told(self, metrics: RunMetrics) -> RunMetrics | None:
        return metrics if self._definition.options.collect_metrics else None
