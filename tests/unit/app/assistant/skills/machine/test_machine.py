"""What this machine says of itself: measured, estimated, or not to be told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from app.assistant.skills.machine import telling
from app.assistant.skills.machine.looking import Battery, Load, Machine, Room, look
from app.assistant.skills.machine.skill import STATE, MachineSkill
from app.assistant.skills.skill import Data
from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, measured, unavailable
from app.contracts.skill_cards import ListCard
from models.fakes.system import FakePowerMonitor
from tests.helpers.skills import SATURDAY, asked, parts, planned, said
from tests.helpers.staged import staged_assistant
from tests.helpers.virtual_time import LoopClock, in_virtual_time


class Later(FakePowerMonitor):
    """Sensors that tell watts at the third look only."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def readings(self) -> tuple[DeviceReading, ...]:
        self.looks += 1
        watts = measured(6.24, "meter") if self.looks >= 3 else unavailable("It takes two looks.")
        return (DeviceReading(Device.CPU, watts=watts), DeviceReading(Device.NPU, present=False))


TOPICS = {
    "how much battery is left": "battery",
    "how much power is left in the battery": "battery",
    "how hot is the processor": "temperature",
    "how many watts does the computer use": "power",
    "which model are you using": "model",
    "what profile is in use": "profile",
    "how much disk space do i have": "disk",
    "cpu usage": "load",
    "battery, memory and disk": "battery,disk,memory",
    "how is the machine doing": "all",
    "how long has this computer been on": "uptime",
}


def test_topics_are_read_from_the_words(tmp_path: Path) -> None:
    skill = MachineSkill(parts(tmp_path))
    assert {text: skill.values(STATE, text, SATURDAY)["topic"] for text in TOPICS} == TOPICS


async def test_only_what_is_asked_for_is_looked_at(tmp_path: Path) -> None:
    found = await look(frozenset({"memory"}), tmp_path, 0.0)
    assert found.memory is not None
    assert found.memory.total == psutil.virtual_memory().total
    assert (found.disk, found.load, found.battery, found.up_s) == (None, None, None, None)
    everything = await look(
        frozenset({"battery", "memory", "disk", "load", "uptime"}), tmp_path, psutil.boot_time() + 60
    )
    assert everything.disk is not None
    assert everything.load is not None
    assert 0.0 <= everything.load.share <= 1.0
    assert everything.up_s == pytest.approx(60.0)


async def test_a_disk_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    assert (await look(frozenset({"disk"}), tmp_path / "gone", 0.0)).disk is None


@in_virtual_time
async def test_watts_are_waited_for_until_the_second_look(tmp_path: Path) -> None:
    power = Later()
    skill = MachineSkill(parts(tmp_path, clock=LoopClock(), power=power))
    request = asked(skill, STATE, "how many watts do you draw")
    fetches = {fetch.name: fetch for fetch in skill.fetches(request)}
    began = asyncio.get_running_loop().time()
    readings = await fetches["readings"].get()
    plan = await skill.plan(request, Data({"machine": Machine(), "readings": readings}))
    assert plan.speech == "The processor takes 6.2 W."
    assert asyncio.get_running_loop().time() - began <= 0.25


async def test_an_estimate_is_called_one(tmp_path: Path) -> None:
    skill = MachineSkill(parts(tmp_path))
    assert await said(skill, STATE, "how many watts does it use") == "The processor takes about 10 W, estimated."
    assert await said(skill, STATE, "how hot is the cpu") == "The processor is at about 50 °C, estimated."
    assert (
        await said(skill, STATE, "which model is in use")
        == "The model small-1 on llama-cpu answers, in the profile balanced."
    )
    assert await said(skill, STATE, "what profile is that") == "The profile balanced is in use."


async def test_all_of_it_is_a_list(tmp_path: Path) -> None:
    plan = await planned(MachineSkill(parts(tmp_path)), STATE, "how is the computer doing")
    (card,) = plan.cards
    assert isinstance(card, ListCard)
    assert [item.item_id for item in card.items] == [
        *("battery", "load", "temperature", "power", "memory", "disk", "model", "profile", "uptime")
    ]
    assert not any(item.checkable for item in card.items)
    assert plan.speech.endswith("The model small-1 on llama-cpu answers, in the profile balanced.")


SENTENCES = {
    telling.battery(None): "This machine has no battery, or does not tell of one.",
    telling.battery(Battery(80.0, on_mains=True)): "The battery is at 80 % and the machine runs on mains.",
    telling.battery(Battery(100.0, on_mains=True)): "The battery is at 100 % and full.",
    telling.battery(Battery(41.6, on_mains=False, left_s=5400.0)): "The battery is at 42 % and lasts about 1 h 30 min.",
    telling.battery(Battery(41.6, on_mains=False)): "The battery is at 42 %, without mains.",
    telling.battery(Battery(5.0, on_mains=None)): "The battery is at 5 %.",
    telling.room("memory", Room(16 * 10**9, 4 * 10**9)): "4.0 GB of 16.0 GB of memory are free.",
    telling.room("disk", None): "Nobody can tell how much disk is free here.",
    telling.load(Load(0.125, 1)): "The processor is 12 % busy, over 1 core.",
    telling.load(None): "The load of the processor cannot be read here.",
    telling.uptime(90_000.0): "This machine has been on for 1 day and 1 h.",
    telling.uptime(None): "Nobody can tell how long this machine has been on.",
    telling.power(()): "The watts cannot be told: no sensor has been read yet.",
    telling.model("", "eco"): "No model is there to answer.",
    telling.power((DeviceReading(Device.CPU, watts=unavailable("The file is closed.", "sudo open it")),)): (
        "The watts cannot be told. The file is closed. This makes it readable: sudo open it"
    ),
    telling.temperature(
        (
            DeviceReading(Device.CPU, temperature_c=measured(91.0, "zone"), throttled=True),
            DeviceReading(Device.GPU, temperature_c=measured(60.0, "card")),
            DeviceReading(Device.NPU, temperature_c=measured(60.0, "npu"), asleep=True),
        )
    ): "The processor is at 91 °C and the graphics card is at 60 °C. The processor slows itself down because of it.",
}


@pytest.mark.parametrize("found", SENTENCES)
def test_sentences(found: str) -> None:
    assert found == SENTENCES[found]


@in_virtual_time
async def test_the_whole_of_it_goes_through_the_stages(tmp_path: Path) -> None:
    skill = MachineSkill(parts(tmp_path, clock=LoopClock()))
    known = {"system status": (STATE, "machine", 0.95)}
    async with staged_assistant(tmp_path, skills=(skill,), known=known) as stage:
        lines = await stage.ask("system status")
    assert any(line.startswith("card list ") for line in lines)
    assert lines[-1] == "finished"
    assert "complete 1" in lines
