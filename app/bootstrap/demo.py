"""The demonstration: the real assistant over scripted fakes of every port, for designers, screenshots and window tests.

Its skills are real as well, on a notebook that is empty at the start and gone at the end. Nothing of the person is
read, written or recorded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from app.aio.clock import SystemClock
from app.assistant.assistant import Assistant
from app.assistant.parts import Parts, TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.skills.parts import SkillParts
from app.assistant.speculation.direct import Direct
from app.assistant.staged.flow import StagedAssistant, StagedParts
from app.assistant.staged.skillset import SkillSet
from app.assistant.stream import BackendRelay
from app.assistant.understanding.matcher import Matcher
from app.bootstrap.staged import ProgramFacts, local_now, skills_of
from app.contracts.errors import SottoError
from app.contracts.events import SystemEvent
from app.contracts.ports import Clock
from app.memory.notebook import Notebook
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from models.fakes.demo import Demo, demo
from models.fakes.power import ScriptedPower

Start = Callable[[], Awaitable[None]]


def open_demo(stack: AsyncExitStack, clock: Clock | None = None) -> tuple[Assistant, Demo, ScriptedPower, Start]:
    """The assistant of the demonstration, the fakes it runs on, its sensors, and what begins it.

    ``stack`` takes them apart.
    """
    clock = clock or SystemClock()
    fakes = demo(clock)
    parts = Parts(
        microphone=fakes.microphone,
        speaker=fakes.speaker,
        speech_to_text=fakes.speech_to_text,
        text=fakes.text,
        text_to_speech=fakes.text_to_speech,
        voice_activity=fakes.voice_activity,
        power=EstimatedPowerMonitor(),
        governor=PermissiveGovernor(),
        clock=clock,
    )
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-demo-", ignore_cleanup_errors=True)))
    later: list[Assistant] = []
    staged, skills = _stages(stack, folder, clock, later)
    assistant = Assistant(
        parts,
        BackendRelay(),
        options=TurnOptions,
        recordings=Recordings(folder, on_problem=_ignore),
        recorder=Recorder(clock, None, keep=lambda: False, on_problem=_ignore),
        staged=staged,
    )
    later.append(assistant)
    stack.push_async_callback(assistant.aclose)
    sensors = ScriptedPower(assistant.publish, clock)
    stack.push_async_callback(sensors.aclose)
    stack.callback(assistant.subscribe(sensors.hear))

    async def start() -> None:
        await assistant.start()
        for skill in skills:
            await skill.start()

    return assistant, fakes, sensors, start


def _stages(
    stack: AsyncExitStack, folder: Path, clock: Clock, later: list[Assistant]
) -> tuple[StagedAssistant, SkillSet]:
    """The stages, and the skills that need nothing but themselves; ``later`` gets the assistant they belong to."""
    notebook = Notebook(folder / "notebook.db")

    def publish(event: SystemEvent) -> None:
        later[0].publish(event)

    parts = SkillParts(
        clock=clock,
        notebook=notebook,
        power=EstimatedPowerMonitor(),
        facts=ProgramFacts("Demo", tuple),
        publish=publish,
        announce=lambda text: later[0].announce(text),
    )
    skills = SkillSet(skills_of(parts))
    staged = StagedAssistant(
        StagedParts(
            skills=skills,
            understander=Matcher(skills),
            preparations=Direct(),
            notebook=notebook,
            now=local_now(clock),
            publish=publish,
        )
    )

    async def end() -> None:
        for skill in skills:
            await skill.aclose()
        staged.aclose()
        await notebook.aclose()

    stack.push_async_callback(end)
    return staged, skills


def _ignore(_error: SottoError) -> None:
    """A demonstration keeps nothing, so nothing can fail to be kept."""
