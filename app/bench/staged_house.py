"""The real staged assistant for one person of the scripted day: real skills, real notebook, nothing heard or spoken.

The language model is scripted, at the pace of the starter model on two cores, so that what the skills and the work
ahead do is measured and not the model. Everything else is what the program itself is made of.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.aio.clock import SystemClock
from app.assistant.assistant import Assistant
from app.assistant.jobs.book import JobBook
from app.assistant.parts import Parts, TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.routines.doing import Abilities
from app.assistant.routines.several import Several
from app.assistant.routines.skill import Routines
from app.assistant.skills.parts import SkillParts
from app.assistant.speculation.costs import Costs, Measured
from app.assistant.speculation.predictor import Predictor
from app.assistant.speculation.store import PreparedStore
from app.assistant.speculation.strategy import Strategy, budget
from app.assistant.staged.flow import StagedAssistant, StagedParts
from app.assistant.staged.skillset import SkillSet
from app.assistant.stream import BackendRelay
from app.assistant.understanding.matcher import Matcher
from app.bootstrap.staged import skills_of
from app.contracts.errors import SottoError
from app.contracts.events import TURN_ENDS, SystemEvent, TurnEvent
from app.contracts.text import GenerationRequest
from app.memory.notebook import Notebook
from app.power.service import PowerService
from models.fakes.demo import demo
from models.fakes.llm import FakeTextGenerator

TOKEN_S = 1.0 / 110.0
"""The starter model's pace on two cores."""
FIRST_TOKEN_S = 0.08
LONGEST_TURN_S = 20.0


class DayClock(SystemClock):
    """Time as it is, but the hour of the day is set by hand.

    Args:
        begins: Local, aware.
    """

    def __init__(self, begins: datetime) -> None:
        self._ahead_s = begins.timestamp() - super().time()

    def time(self) -> float:
        """Seconds since the epoch on the scripted day."""
        return super().time() + self._ahead_s

    def now(self) -> datetime:
        """Local time on the scripted day."""
        return datetime.fromtimestamp(self.time()).astimezone()

    def go_to(self, moment: datetime) -> None:
        """It is that moment now."""
        self._ahead_s = moment.timestamp() - super().time()


@dataclass
class Diary:
    """Everything that was reported, by turn."""

    turns: dict[str, list[TurnEvent]] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Write an event down."""
        if isinstance(event, TurnEvent):
            self.turns.setdefault(event.turn_id, []).append(event)
            self._moved.set()

    @property
    def newest(self) -> str:
        """Id of the turn that began last."""
        return next(reversed(self.turns), "")

    async def end_of(self, turn_id: str) -> list[TurnEvent]:
        """The events of a turn, once it has ended.

        Raises:
            TimeoutError: It does not end.
        """
        async with asyncio.timeout(LONGEST_TURN_S):
            while not (events := self.turns.get(turn_id, [])) or not isinstance(events[-1], TURN_ENDS):
                self._moved.clear()
                await self._moved.wait()
        return events


@dataclass(frozen=True, slots=True)
class House:
    """One person's assistant.

    Attributes:
        assistant: It.
        staged: Its stages.
        store: Its caches and work ahead.
        clock: Its time.
        diary: What it reported.
        skills: All of them.
    """

    assistant: Assistant
    staged: StagedAssistant
    store: PreparedStore
    clock: DayClock
    diary: Diary
    skills: SkillSet

    def costs(self) -> tuple[Measured, ...]:
        """What work ahead came to, by strategy."""
        return self.store.costs.report()


@dataclass(frozen=True, slots=True)
class _Facts:
    def profile(self) -> str:
        return "starter"

    def model(self) -> str:
        return "a script"


@asynccontextmanager
async def house(
    strategy: Strategy, begins: datetime, answers: dict[str, str], otherwise: str, power: PowerService
) -> AsyncIterator[House]:
    """An assistant that has never been used, in a folder of its own.

    Args:
        strategy: What is made ahead.
        begins: The first moment of its day, local, aware.
        answers: What the language model answers, by a word of the question.
        otherwise: What it answers to all other questions.
        power: Of this machine.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sotto-bench-", ignore_cleanup_errors=True)))
        clock, diary = DayClock(begins), Diary()
        notebook = Notebook(folder / "notebook.sqlite")
        stack.push_async_callback(notebook.aclose)
        publish: list[Assistant] = []

        def tell(event: SystemEvent) -> None:
            for assistant in publish:
                assistant.publish(event)

        parts = SkillParts(
            clock=clock, notebook=notebook, power=power, facts=_Facts(), publish=tell, announce=lambda _text: None
        )
        jobs = JobBook(clock, notebook, tell)
        later: list[Abilities] = []
        routines = Routines(parts, lambda: later[0], jobs)
        skills = SkillSet((*skills_of(parts), routines, Several(lambda: later[0])))
        store = PreparedStore(
            Predictor(clock.now),
            Costs(clock.now),
            notebook,
            clock=clock,
            power=power,
            strategy=lambda: strategy,
            at_once=budget(os.cpu_count() or 1),
        )
        await store.load()
        matcher = Matcher(skills)
        matcher.prepare()
        staged = StagedAssistant(StagedParts(skills, matcher, store, notebook, clock.now, tell))
        later.append(Abilities(matcher, skills, staged.making, notebook))
        stack.callback(staged.aclose)
        stack.push_async_callback(store.aclose)
        assistant = _assistant(clock, power, staged, folder, answers, otherwise)
        stack.push_async_callback(assistant.aclose)
        publish.append(assistant)
        assistant.subscribe(diary)
        await jobs.open()
        stack.push_async_callback(jobs.aclose)
        for skill in skills:
            stack.push_async_callback(skill.aclose)
            await skill.start()
        staged.get_ready()
        yield House(assistant, staged, store, clock, diary, skills)


def _assistant(
    clock: DayClock,
    power: PowerService,
    staged: StagedAssistant,
    folder: Path,
    answers: dict[str, str],
    otherwise: str,
) -> Assistant:
    def answer(request: GenerationRequest) -> str:
        question = request.messages[-1].content.lower()
        return next((text for word, text in answers.items() if word in question), otherwise)

    text = FakeTextGenerator(answer, clock=clock)
    text.token_s, text.delay_s = TOKEN_S, FIRST_TOKEN_S
    fakes = demo(clock)
    parts = Parts(
        microphone=fakes.microphone,
        speaker=fakes.speaker,
        speech_to_text=fakes.speech_to_text,
        text=text,
        text_to_speech=fakes.text_to_speech,
        voice_activity=fakes.voice_activity,
        power=power,
        governor=power,
        clock=clock,
    )
    return Assistant(
        parts,
        BackendRelay(),
        options=lambda: TurnOptions(speak=False),
        recordings=Recordings(folder / "recordings", on_problem=_ignore),
        recorder=Recorder(clock, None, keep=lambda: False, on_problem=_ignore),
        staged=staged,
    )


def _ignore(_error: SottoError) -> None:
    """Nothing is recorded here."""
