"""Runs the stages of a plan: when each may begin, what it is given, and how it ends.

Why it exists: this is the one place that knows about order. Every stage is a task that waits for its turn, and a turn
depends only on stages that come earlier in the plan, so that stages can never wait for each other in a circle:

* A stage begins when everything it needs has ended. One that works on a stream (speech, ``each``, a custom stage whose
  class says ``streams = True``) begins as soon as the one stage it needs has handed something on.
* With ``parallel_stages`` that is all. Without, every earlier stage must have ended too, except those whose stream it
  works on, directly or through others. Nobody who makes a stream ever waits for who reads it.

A stage ends exactly once: finished, skipped, failed or cancelled. When one fails that is not optional, the others are
cancelled and waited for.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from app.contracts.errors import RuntimeFault, SottoError, StorageError, TurnCancelledError
from app.contracts.events import StageCancelled, StageFailed, StageSkipped, TurnEvent
from app.contracts.metrics import StageMetadata, StageMetrics
from app.contracts.text import ChatMessage
from app.pipeline.definition import StageDefinition, StageType
from app.pipeline.inputs import passes_over
from app.pipeline.keeping import Keeping, ancestors
from app.pipeline.metrics import RunLedger
from app.pipeline.outlet import Outlet
from app.pipeline.plan import Plan, PlannedStage
from app.pipeline.retrying import Draw
from app.pipeline.run import StageResult, StageStatus
from app.pipeline.stages.processor import Processor
from app.pipeline.tools import Tools
from app.pipeline.values import Value

log = logging.getLogger(__name__)

Alert = Callable[[SottoError, str, str], None]
"""Told of errors of the system: the error, the run and the stage (empty when it came from none)."""


class StageError(Exception):
    """A stage failed that the run cannot do without."""

    def __init__(self, stage_id: str, error: SottoError) -> None:
        super().__init__(stage_id)
        self.stage_id = stage_id
        self.error = error


@dataclass(slots=True, eq=False)
class StageState:
    """One stage of one run.

    Attributes:
        stage: What is planned.
        outlet: Where its output is.
        processor: Its code.
        turn: Done when it may begin.
        streams: It works on the stream of the one stage it needs.
        running: It has begun.
        begun: It has handed something on.
        status: How it ended, None before.
        given: What it worked on, None while that is not whole.
        value: What stages that need it get; None when it made nothing.
    """

    stage: PlannedStage
    outlet: Outlet
    processor: Processor
    turn: asyncio.Future[None]
    streams: bool = False
    running: bool = False
    begun: bool = False
    status: StageStatus | None = None
    given: Value | None = None
    value: Value | None = None
    metrics: StageMetrics | None = None
    metadata: StageMetadata | None = None
    error: SottoError | None = None
    reason: str = ""

    @property
    def stage_id(self) -> str:
        """Its id."""
        return self.stage.definition.stage_id

    @property
    def definition(self) -> StageDefinition:
        """What the file says."""
        return self.stage.definition

    @property
    def ended(self) -> bool:
        """It has ended, one way or another."""
        return self.status is not None

    def result(self) -> StageResult:
        """How it ended; a stage that never got its turn was skipped."""
        finished = self.status is StageStatus.FINISHED
        return StageResult(
            stage_id=self.stage_id,
            status=self.status or StageStatus.SKIPPED,
            value=self.value if finished else None,
            metrics=self.metrics,
            metadata=self.metadata,
            error=self.error,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything one run works with.

    Attributes:
        run_id: Its id.
        plan: What runs.
        given: The run's input, checked.
        tools: What stages may use.
        processors: The code of each stage, by id.
        output: Outlet of the stage whose output is the run's.
        emit: Takes events.
        ledger: Adds up.
        keeping: The cache.
        context: ``Context`` of templates.
        messages: The conversation before.
        chance: Draws the jitter of retries.
        alert: Told of errors of the system.
    """

    run_id: str
    plan: Plan
    given: Value
    tools: Tools
    processors: Mapping[str, Processor]
    output: Outlet
    emit: Callable[[TurnEvent], None]
    ledger: RunLedger
    keeping: Keeping
    chance: Draw
    alert: Alert
    context: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[ChatMessage, ...] = ()


class Runner:
    """The stages of one run.

    Args:
        job: What it works with.
        work: Does the work of one stage whose turn has come; see `app.pipeline.working`.
    """

    def __init__(self, job: Job, work: Work) -> None:
        self._job = job
        self._work = work
        self.states: dict[str, StageState] = {}
        loop = asyncio.get_running_loop()
        for stage in job.plan.stages:
            stage_id = stage.definition.stage_id
            outlet = job.output if stage_id == job.output.stage_id else Outlet(stage_id, job.emit)
            state = StageState(stage, outlet, job.processors[stage_id], loop.create_future())
            state.streams = self._streams(state)
            self.states[stage_id] = state

    def results(self) -> tuple[StageResult, ...]:
        """How each stage ended, in the order of the plan."""
        return tuple(state.result() for state in self.states.values())

    async def run(self) -> Value | None:
        """Run every stage; returns the run's output, None when every stage that leads to it was skipped.

        Raises:
            StageError: A stage failed; everything else has ended.
        """
        loop = asyncio.get_running_loop()
        tasks = [
            loop.create_task(self._stage(state), name=f"run {self._job.run_id} stage {state.stage_id}")
            for state in self.states.values()
        ]
        self._look()
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            cancelled = await _wound_down(tasks)
        errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
        if errors:
            raise errors[0]
        if cancelled:
            raise cancelled
        return self._output()

    def cancel_stages(self) -> None:
        """Tell at once that every stage that has not ended is cancelled; its outlet is closed."""
        for state in self.states.values():
            self._cancelled(state)

    def begun(self, state: StageState) -> None:
        """A stage has handed something on: those that work on its stream may begin."""
        state.begun = True
        self._look()

    def before(self, state: StageState) -> list[StageState]:
        """The stages a stage needs, directly or not, in the order of the plan."""
        return [self.states[name] for name in ancestors(self._job.plan, state.stage)]

    async def _stage(self, state: StageState) -> None:
        """One stage from its wait to its end."""
        try:
            await state.turn
            if state.ended:  # its turn came with the failure that skipped it
                return
            if reason := self._nothing_to_do(state):
                self.skip(state, reason)
            else:
                await self._work(self, state)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():  # nobody ended us: something inside gave up
                log_internal(error, self._job.run_id, state.stage_id)
                self._ended_by(state, internal_error(error))
                return
            self._cancelled(state)
            raise
        except SottoError as error:
            self._ended_by(state, error)
        except Exception as error:  # noqa: BLE001 - whatever a stage does wrong becomes one clear error
            log_internal(error, self._job.run_id, state.stage_id)
            self._ended_by(state, internal_error(error))

    def _look(self) -> None:
        """Give their turn to all who may begin, in the order of the plan."""
        for state in self.states.values():
            if not state.turn.done() and self._may_begin(state):
                state.turn.set_result(None)

    def _may_begin(self, state: StageState) -> bool:
        needed = [self.states[name] for name in state.definition.needs]
        if state.streams:
            if not (needed[0].ended or needed[0].begun):
                return False
        elif not all(other.ended for other in needed):
            return False
        if self._job.plan.options.parallel_stages:
            return True
        beside = self._upstream(state)
        for other in self.states.values():
            if other is state:
                return True
            if not other.ended and other not in beside:
                return False
        return True

    def _upstream(self, state: StageState) -> list[StageState]:
        """The stages whose stream it works on, directly or through others."""
        found = []
        while state.streams:
            state = self.states[state.definition.needs[0]]
            found.append(state)
        return found

    def _streams(self, state: StageState) -> bool:
        definition = state.definition
        if not self._job.plan.options.enable_streaming or len(definition.needs) != 1:
            return False
        if definition.cache is not None and definition.cache.enabled:
            return False
        if definition.each:
            return True
        if definition.when is not None or definition.input_transform is not None:
            return False
        return definition.type is StageType.TEXT_TO_AUDIO or bool(getattr(state.processor, "streams", False))

    def _nothing_to_do(self, state: StageState) -> str:
        """Why a stage does not run, empty when it does."""
        if passes_over(state.definition, self._job.given):
            state.value = self._job.given
            return "The input is text already."
        needed = [self.states[name] for name in state.definition.needs]
        gone = [other for other in needed if other.ended and other.value is None]
        if not needed or len(gone) < len(needed):
            return ""
        names = " and ".join(other.stage_id for other in gone)
        return f"It needs {names}, which made nothing."

    def passed_on(self, state: StageState, error: SottoError) -> bool:
        """Whether an error is not a stage's own, but of one whose stream it reads."""
        return any(other.error is error for other in self._upstream(state))

    def skip(self, state: StageState, reason: str) -> None:
        """A stage does not run."""
        state.reason = reason
        if self._end(state, StageStatus.SKIPPED, StageSkipped(stage=state.stage_id, reason=reason)):
            if state.value is not None:
                state.outlet.finish(state.value)
            elif state.outlet is not self._job.output:
                state.outlet.fail(_no_output(state.stage_id))

    def finish(self, state: StageState, value: Value, event: TurnEvent) -> None:
        """A stage has made its output."""
        state.value = value
        if self._end(state, StageStatus.FINISHED, event):
            state.outlet.finish(value)

    def _cancelled(self, state: StageState) -> None:
        if self._end(state, StageStatus.CANCELLED, StageCancelled(stage=state.stage_id)):
            state.outlet.fail(TurnCancelledError("The run was ended."))

    def _ended_by(self, state: StageState, error: SottoError) -> None:
        """A stage ended in an error. One that only passes on the error of a stage it reads from is cancelled."""
        if self.passed_on(state, error):
            self._cancelled(state)
            return
        self._failed(state, error)

    def _failed(self, state: StageState, error: SottoError) -> None:
        if state.ended:
            return
        state.error = error
        event = StageFailed(stage=state.stage_id, code=error.code, message=error.message)
        self._end(state, StageStatus.FAILED, event)
        if isinstance(error, RuntimeFault | StorageError) or error.code == INTERNAL:
            self._job.alert(error, self._job.run_id, state.stage_id)
        if state.definition.optional:
            state.outlet.fail(error)
            return
        for other in self.states.values():
            if not other.ended and not other.running and state in self.before(other):
                self.skip(other, f"It needs {state.stage_id}, which failed.")
        state.outlet.fail(error)
        raise StageError(state.stage_id, error) from error

    def _end(self, state: StageState, status: StageStatus, event: TurnEvent) -> bool:
        """The one end of a stage; returns False when it had ended already."""
        if state.ended:
            return False
        state.status = status
        self._job.emit(event)
        self._look()
        return True

    def _output(self) -> Value | None:
        """The output of the stage that was asked for, or else of the last one before it that made any."""
        asked = self.states[self._job.output.stage_id]
        if asked.value is not None:
            return asked.value
        made = [state.value for state in self.before(asked) if state.value is not None]
        if made:
            return made[-1]
        if asked.error is not None:
            raise StageError(asked.stage_id, asked.error)
        return None


Work = Callable[[Runner, StageState], Awaitable[None]]
INTERNAL = "internal"


def internal_error(cause: BaseException) -> SottoError:
    """What a person is told of an exception nobody expected."""
    error = SottoError(
        "Something inside Sotto went wrong.", code=INTERNAL, remedy="Try again; the log says where it happened."
    )
    error.__cause__ = cause
    return error


async def _wound_down(tasks: list[asyncio.Task[None]]) -> asyncio.CancelledError | None:
    """Cancel what still runs, in order, and wait for it whatever happens; returns what cancelled us meanwhile."""
    for task in tasks:
        task.cancel()
    cancelled = None
    while waiting := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(waiting)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def _no_output(stage_id: str) -> SottoError:
    return SottoError(f"The stage {stage_id} was skipped.", code="stage-skipped")


def log_internal(error: BaseException, run_id: str, stage_id: str) -> None:
    """Log where something broke, without its message: that may hold words of the person."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("run %s stage %s: %s\n%s", run_id, stage_id or "none", type(error).__name__, places)
