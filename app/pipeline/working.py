"""The work of one stage whose turn has come: its input, its tries, its output.

Why it exists: what every stage has in common (conditions, templates, the cache, second tries, time limits, running once
for every item) is done here, so that a processor has nothing to do but its own work.

A try that failed for a temporary reason is repeated as long as nothing of it stands. What has been committed, sounded
or given on may have been spoken or used by the next stage already, and a repetition would say it twice: such a stage
fails with its error. (Going on in the middle is the business of the text stages, whose tiers take an answer over.)
Sound from an endless source can be read only once, so there is no second try for it either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import CacheHit, Retrying, StageFinished, StageStarted
from app.contracts.metrics import StageMetadata
from app.contracts.text import ChatMessage
from app.pipeline.definition import OptionValue, Template
from app.pipeline.inputs import Source, answers_before, combined, is_true
from app.pipeline.keeping import how_it_came
from app.pipeline.metrics import StageTimes
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.retrying import Patience, delay_ms, worth_another
from app.pipeline.runner import Job, Runner, StageState
from app.pipeline.stages.processor import Done, StageCall, Timings
from app.pipeline.stretch import Stretch
from app.pipeline.tools import Sandbox
from app.pipeline.values import Parts, Sound, Text, Value, Verdict, in_words

Render = Callable[[Sandbox, Template, Mapping[str, OptionValue]], Awaitable[str]]
"""Fills a template in."""

KEPT_ITEMS = 10_000
"""Of a stage that runs for every item, so many of the last results are its output: a source may have no end."""
KEPT_ATTEMPTS = 64
"""Of a stage that runs for every item, so many of the last attempts are told."""


class StageWork:
    """Does the work of stages.

    Args:
        job: What the run works with.
        render: Fills templates in.
    """

    def __init__(self, job: Job, render: Render) -> None:
        self._job = job
        self._render = render

    async def __call__(self, runner: Runner, state: StageState) -> None:
        """Run one stage to its end.

        Raises:
            SottoError: It could not be done.
        """
        trial = _Trial(self._job, self._render, runner, state)
        if not state.streams:
            made = {name: runner.states[name].value for name in state.definition.needs}
            needed = {name: value for name, value in made.items() if value is not None}
            state.given = combined(state.definition, self._job.given, needed)
            condition = None if state.definition.each else state.definition.when
            if condition is not None and not await trial.wanted(condition, state.given):
                runner.skip(state, "Its condition (`when`) does not hold.")
                return
            if state.ended:
                return
        state.running = True
        trial.times = self._job.ledger.stage_started()
        backend = state.stage.ladder[0].backend_id if state.stage.ladder else ""
        self._job.emit(StageStarted(stage=state.stage_id, backend=backend))
        done: Done | None = None
        try:
            done = await trial.made()
        finally:
            how = None if done is None else done.metadata
            state.metrics = self._job.ledger.stage_ended(state.stage, trial.times, how)
        assert done is not None
        if trial.key:
            await self._job.keeping.put(trial.key, trial.untransformed, state.metrics, done.metadata)
        state.metadata = done.metadata
        runner.finish(state, done.value, StageFinished(metrics=state.metrics, metadata=done.metadata))


class _Trial:
    """One stage of one run, from its input to its output."""

    def __init__(self, job: Job, render: Render, runner: Runner, state: StageState) -> None:
        self._job = job
        self._render = render
        self._runner = runner
        self._state = state
        self._definition = state.definition
        self.times = StageTimes()
        self.key = ""
        self.untransformed: Value = Text("")

    async def wanted(self, condition: Template, value: Value) -> bool:
        """Whether a condition holds for an input."""
        return is_true(await self._filled(condition, value))

    async def made(self) -> Done:
        """The output, from the cache or from the processor, as the next stages get it."""
        state = self._state
        if state.given is None:
            outlet = self._runner.states[self._definition.needs[0]].outlet
            done = await self._worked(Source(None, outlet))
            state.given = await outlet.value()
            return done
        value = state.given
        if self._definition.input_transform is not None and not self._definition.each:
            value = state.given = Text(await self._filled(self._definition.input_transform, value))
        key = self._job.keeping.stage_key(state.stage, value, self._messages())
        kept = await self._job.keeping.get(key) if key else None
        if kept is None:
            done = await self._worked(Source(value))
            self.key = key
            return done
        self._job.emit(CacheHit(stage=state.stage_id))
        done = Done(kept.value, how_it_came(kept))
        stretch = self._stretch()
        replay(done, stretch)
        return await self._transformed(done, stretch)

    async def _worked(self, source: Source) -> Done:
        if self._definition.each:
            return await self._for_each(source)
        done, stretch = await self._tried(source)
        self.untransformed = done.value
        return await self._transformed(done, stretch)

    async def _for_each(self, source: Source) -> Done:
        """Once for every item as it comes; items for which ``when`` does not hold are passed over."""
        made: deque[Value] = deque(maxlen=KEPT_ITEMS)
        raw: deque[Value] = deque(maxlen=KEPT_ITEMS)
        count = 0
        how: list[StageMetadata] = []
        patience = Patience(None, self._job.tools.clock, "")
        async for item in source.items(patience):
            self.times.waited_s, patience.waited_s = self.times.waited_s + patience.waited_s, 0.0
            if self._definition.when is not None and not await self.wanted(self._definition.when, item):
                continue
            value = item
            if self._definition.input_transform is not None:
                value = Text(await self._filled(self._definition.input_transform, item))
            done, stretch = await self._tried(Source(value), lead="\n" if self._state.outlet.shown else "")
            raw.append(done.value)
            done = await self._transformed(done, stretch)
            self._state.outlet.commit()
            self._state.outlet.item(done.value)
            self._runner.begun(self._state)
            made.append(done.value)
            count += 1
            how = [*how[-KEPT_ATTEMPTS:], done.metadata]
        self.untransformed = Parts(tuple(raw))
        together = _together(how, count)
        if count > len(made):
            note = f"Only the last {len(made)} of {count} results are part of the output."
            together = replace(together, notes=(*together.notes, note))
        return Done(Parts(tuple(made)), together)

    async def _tried(self, source: Source, lead: str = "") -> tuple[Done, Stretch]:
        """The processor's output, after as many tries as it takes.

        Raises:
            SottoError: The last of them failed, or there can be no other.
        """
        number = 0
        while True:
            stretch = self._stretch(lead)
            try:
                return await self._once(source, stretch), stretch
            except SottoError as error:
                number += 1
                retry = self._definition.retry
                again = (
                    not stretch.handed_on
                    and not source.spent
                    and not self._runner.passed_on(self._state, error)
                    and worth_another(error, retry, number)
                )
                if again or (self._definition.optional and not stretch.handed_on):
                    stretch.take_back("retry" if again else "failed")
                if not again:
                    raise
                wait_ms = delay_ms(retry, number, self._job.chance)
                self._job.emit(Retrying(attempt=number, of=retry.attempts, delay_ms=wait_ms, code=error.code))
                await self._job.tools.clock.sleep(wait_ms / 1000.0)
            except BaseException:
                stretch.done()
                raise
            finally:
                self.times.note_output(stretch.first_at)

    async def _once(self, source: Source, stretch: Stretch) -> Done:
        clock = self._job.tools.clock
        patience = Patience(self._definition.timeout_s, clock, f"The stage {self._definition.stage_id}")
        timings = Timings()
        call = StageCall(
            stage=self._state.stage,
            options=self._job.plan.options,
            tools=self._job.tools,
            value=lambda: source.value(patience),
            stream=lambda: source.stream(patience),
            inputs={name: self._runner.states[name].outlet for name in self._needed()},
            context=self._job.context,
            messages=self._messages(),
            report=self._job.emit,
            timings=timings,
            pipeline_id=self._job.plan.definition.pipeline_id,
            run_id=self._job.run_id,
        )
        began = clock.monotonic()
        try:
            async with patience.limit():
                return await self._state.processor.run(call, stretch)
        finally:
            self.times.waited_s += patience.waited_s
            self.times.tries.append(timings)
            self.times.tried_s.append(max(0.0, clock.monotonic() - began - patience.waited_s))

    def _needed(self) -> list[str]:
        """The stages it needs, without those that ended and made nothing."""
        states = self._runner.states
        return [name for name in self._definition.needs if states[name].value is not None or not states[name].ended]

    def _stretch(self, lead: str = "") -> Stretch:
        return Stretch(
            self._state.outlet,
            self._job.tools.clock,
            hold=self._definition.output_transform is not None,
            lead=lead,
            on_first=lambda: self._runner.begun(self._state),
        )

    async def _transformed(self, done: Done, stretch: Stretch) -> Done:
        """The output as the next stages get it, and as it is shown."""
        state, tier = self._state, _tier_of(done, self._state.stage)
        if self._definition.output_transform is not None:
            text = await self._filled(self._definition.output_transform, done.value)
            confidence = done.value.confidence if isinstance(done.value, Text) else None
            stretch.settle(text, confidence, tier)
            return replace(done, value=Text(text, confidence))
        if state.outlet is self._job.output and isinstance(done.value, Text) and not stretch.shown:
            stretch.show(done.value.text, done.value.confidence, tier)
        stretch.done()
        return done

    async def _filled(self, template: Template, value: Value) -> str:
        """A template with its places filled in.

        Raises:
            InvalidInput: It cannot be.
        """
        stages: dict[str, OptionValue] = {state.stage_id: _seen(state) for state in self._runner.before(self._state)}
        variables: dict[str, OptionValue] = {
            "input": in_words(value),
            "stages": stages,
            "context": dict(self._job.context),
        }
        return await self._render(self._job.tools.sandbox, template, variables)

    def _messages(self) -> tuple[ChatMessage, ...]:
        if not self._job.plan.options.preserve_context:
            return self._job.messages
        before = [
            (state.definition, state.given, state.value)
            for state in self._runner.before(self._state)
            if state.given is not None and state.value is not None
        ]
        return (*self._job.messages, *answers_before(before))


def replay(done: Done, outlet: Outlet, tier: Tier | None = None) -> None:
    """Put a cached output where a processor would have put it."""
    tier = tier or Tier(done.metadata.backend, done.metadata.model)
    match done.value:
        case Text(text=text, confidence=confidence):
            outlet.show(text, confidence, tier)
            outlet.commit()
        case Sound(chunk=chunk):
            outlet.sound(chunk)
        case Parts(items=items):
            for item in items:
                replay(replace(done, value=item), outlet, tier)
                outlet.item(item)
        case _:
            pass


def _seen(state: StageState) -> OptionValue:
    """What a template sees of an earlier stage; one that made nothing has an empty output."""
    value = state.value
    passed = value.passed if isinstance(value, Verdict) else value is not None
    confidence = value.confidence if isinstance(value, Text | Verdict) else None
    return {"output": "" if value is None else in_words(value), "passed": passed, "confidence": confidence}


def _tier_of(done: Done, stage: PlannedStage) -> Tier:
    """Who a text is said to come from: who made it, or the stage itself."""
    if done.metadata.backend:
        return Tier(done.metadata.backend, done.metadata.model)
    return stage.ladder[0] if stage.ladder else Tier(stage.definition.stage_id, "")


def _together(how: list[StageMetadata], count: int) -> StageMetadata:
    """How many outputs came about: as the last of them, with the lowest confidence and everybody's attempts."""
    if not how:
        return StageMetadata()
    confidences = [one.confidence for one in how if one.confidence is not None]
    attempts = [attempt for one in how for attempt in one.attempts]
    return replace(
        how[-1],
        forwarded=any(one.forwarded for one in how),
        confidence=min(confidences, default=None),
        attempt_count=sum(one.attempt_count for one in how),
        attempts=tuple(attempts[-KEPT_ATTEMPTS:]),
        notes=tuple(dict.fromkeys(note for one in how for note in one.notes)),
        figures=(("items", float(count)),),
    )
