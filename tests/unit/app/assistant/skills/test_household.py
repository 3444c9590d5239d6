"""A household's requests through the whole assistant: real stages, real skills, real understanding."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.assistant.assistant import Assistant
from app.assistant.parts import TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.ringing import Ringer
from app.assistant.skills.day.skill import DaySkill
from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.memory.context import Known
from app.assistant.skills.memory.skill import MemorySkill
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Skill
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.speculation.direct import Direct
from app.assistant.staged.flow import StagedAssistant, StagedParts
from app.assistant.staged.skillset import SkillSet
from app.assistant.stream import BackendRelay
from app.assistant.understanding.matcher import Matcher
from app.contracts.audio import AudioChunk
from app.contracts.cards import AnyCard
from app.contracts.events import TURN_ENDS, CardChanged, CardUpserted, TurnFinished
from app.contracts.skill_cards import ListCard, TimerCard, TimerState
from app.memory.notebook import Notebook
from tests.helpers.assistants import SILENT, Cast, Watched, cast
from tests.helpers.timekeeping import Desk, MachineClock, desk
from tests.helpers.virtual_time import in_virtual_time


def skills_besides_timers(parts: SkillParts) -> tuple[Skill, ...]:
    return ListsSkill(parts, UTC), MemorySkill(parts), DaySkill(parts)


@cache
def matcher() -> Matcher:
    """One for all tests: making its index takes half a second, and what it asks of skills depends on nothing else."""
    parts = Desk(MachineClock(), Notebook(Path("never opened"))).parts
    return Matcher((TimersSkill(parts, UTC), *skills_besides_timers(parts)))


@dataclass
class House:
    assistant: Assistant
    watched: Watched
    at: Desk
    players: Cast
    rings: list[float]

    async def ask(self, text: str) -> str:
        """Ask and wait; the answer in words, or what waits for the person."""
        turn_id = self.assistant.ask(text)
        await self.watched.until(lambda: any(isinstance(each, TURN_ENDS) for each in self.watched.of(turn_id)))
        end = self.watched.of(turn_id)[-1]
        assert isinstance(end, TurnFinished), self.watched.lines(turn_id)
        if end.waiting_for:
            card = self.cards()[end.waiting_for]
            return getattr(card, "question", "") or getattr(card, "sentence", "")
        return self.watched.answer(turn_id).text

    def cards(self) -> dict[str, AnyCard]:
        """The newest form of every card."""
        shown = [each.card for each in self.watched.events if isinstance(each, CardUpserted | CardChanged)]
        return {card.card_id: card for card in shown}

    def timer(self) -> TimerCard:
        return [card for card in self.cards().values() if isinstance(card, TimerCard)][-1]


@asynccontextmanager
async def house(folder: Path, options: TurnOptions = SILENT) -> AsyncIterator[House]:
    async with desk(folder) as at:
        players = cast()
        parts = replace(players.parts, clock=at.clock, known=Known(at.notebook))
        later: list[Assistant] = []
        skill_parts = replace(
            at.parts,
            publish=lambda event: later[0].publish(event),
            announce=lambda text: later[0].announce(text),
        )
        timers = TimersSkill(skill_parts, UTC)
        skills = SkillSet((timers, *skills_besides_timers(skill_parts)))
        staged = StagedAssistant(
            StagedParts(
                skills=skills,
                understander=matcher(),
                preparations=Direct(),
                notebook=at.notebook,
                now=lambda: datetime.fromtimestamp(at.clock.time(), UTC),
                publish=lambda event: later[0].publish(event),
            )
        )
        assistant = Assistant(
            parts,
            BackendRelay(),
            options=lambda: options,
            recordings=Recordings(folder / "recordings", on_problem=lambda _error: None),
            recorder=Recorder(at.clock, None, keep=lambda: False, on_problem=lambda _error: None),
            staged=staged,
        )
        later.append(assistant)
        watched, rings = Watched(), []

        async def play(_chunk: AudioChunk) -> None:
            rings.append(at.clock.time())

        ringer = Ringer(at.clock, play, lambda: False, lambda: False)
        assistant.subscribe(watched)
        assistant.subscribe(ringer)
        await timers.start()
        try:
            yield House(assistant, watched, at, players, rings)
        finally:
            await timers.aclose()
            await assistant.aclose()
            await ringer.aclose()
            staged.aclose()


@in_virtual_time
async def test_a_timer_is_set_asked_about_rings_and_is_stopped_by_voice(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert await home.ask("set a tea timer for four minutes") == "Tea timer: 4 minutes, starting now."
        card = home.timer()
        assert (card.label, card.state, card.skill) == ("tea", TimerState.RUNNING, "timers")
        await home.at.clock.go_on(60)
        assert await home.ask("how long is left on the tea timer") == "The tea timer has 3 minutes left."
        await home.at.clock.go_on(card.due_at - home.at.clock.time() + 7)
        assert home.timer().state is TimerState.RINGING
        assert [round(when - card.due_at) for when in home.rings] == [0, 3, 6]
        assert home.watched.lines() == ["start announcement", "notice announcement", "finished"]
        home.assistant.ask("stop")
        await home.at.clock.go_on(5)
        assert home.timer().state is TimerState.DONE
        assert len(home.rings) == 3


@in_virtual_time
async def test_what_is_missing_is_asked_and_answered_in_own_words(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert await home.ask("remind me to water the plants") == "When shall I remind you?"
        assert await home.ask("tomorrow at six pm") == "I'll remind you tomorrow at 6 pm to water the plants."
        assert await home.ask("set a timer") == "For how long?"
        assert await home.ask("ten minutes") == "Timer: 10 minutes, starting now."


@in_virtual_time
async def test_a_list_by_voice_and_by_card(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert await home.ask("add milk and eggs to my shopping list") == "Milk and eggs added to your shopping list."
        card = home.cards()["list-shopping"]
        assert isinstance(card, ListCard)
        home.assistant.act(card.card_id, f"check:{card.items[0].item_id}")
        await home.at.clock.go_on(1)
        assert await home.ask("what's on my shopping list") == "On your shopping list: eggs."
        assert await home.ask("clear my shopping list") == "I'll delete both lines of your shopping list."
        assert await home.ask("what's on my shopping list") == "On your shopping list: eggs."
        await home.ask("clear my shopping list")
        assert await home.ask("yes") == "Your shopping list is empty."


@in_virtual_time
async def test_what_is_remembered_answers_and_goes_into_the_prompt(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert (
            await home.ask("remember that my sister's name is Anna") == "I'll remember that your sister's name is Anna."
        )
        assert await home.ask("what is my sister's name?") == "Your sister's name is Anna."
        await home.ask("write a poem for my sister about the sea")
        request = home.players.text.requests[-1]
        assert request.messages[-1].content.startswith('Known about the user: "my sister\'s name is Anna".\n\n')
        await home.ask("why is the sky blue")
        assert home.players.text.requests[-1].messages[-1].content == "why is the sky blue"


@in_virtual_time
async def test_the_day_gathers_what_was_said(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.ask("remind me to call the bank tomorrow at ten am")
        await home.ask("take a note: the plumber comes tomorrow at 2 pm")
        assert await home.ask("what does my day look like tomorrow") == (
            "Tomorrow you have 2 things: call the bank at 10 am and the plumber comes at 2 pm. "
            "You are free from 8 am to 10 am, from 11 am to 2 pm and from 3 pm to 8 pm."
        )
