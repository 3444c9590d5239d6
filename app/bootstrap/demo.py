"""The demonstration: the real assistant over scripted fakes of every port, for designers, screenshots and window tests.

Nothing of the person is read, written or recorded.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from app.aio.clock import SystemClock
from app.assistant.assistant import Assistant
from app.assistant.parts import Parts, TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.stream import BackendRelay
from app.contracts.errors import SottoError
from app.contracts.ports import Clock
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from models.fakes.demo import Demo, demo
from models.fakes.power import ScriptedPower


def open_demo(stack: AsyncExitStack, clock: Clock | None = None) -> tuple[Assistant, Demo, ScriptedPower]:
    """The assistant of the demonstration, the fakes it runs on and its sensors; ``stack`` takes them apart."""
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
    assistant = Assistant(
        parts,
        BackendRelay(),
        options=TurnOptions,
        recordings=Recordings(folder, on_problem=_ignore),
        recorder=Recorder(clock, None, keep=lambda: False, on_problem=_ignore),
    )
    stack.push_async_callback(assistant.aclose)
    sensors = ScriptedPower(assistant.publish, clock)
    stack.push_async_callback(sensors.aclose)
    stack.callback(assistant.subscribe(sensors.hear))
    return assistant, fakes, sensors


def _ignore(_error: SottoError) -> None:
    """A demonstration keeps nothing, so nothing can fail to be kept."""
