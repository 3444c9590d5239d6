"""Sentences about this machine. What is estimated is called so, and what nobody can tell says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from app.assistant.skills.machine.looking import Battery, Load, Machine, Room
from app.assistant.wording import capital, counted, joined
from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import DeviceReading, Provenance, Quantity
from app.power.figures import degrees, memory, share, time_left, watts


class Topic(StrEnum):
    """What is asked about."""

    ALL = "all"
    BATTERY = "battery"
    POWER = "power"
    TEMPERATURE = "temperature"
    MEMORY = "memory"
    DISK = "disk"
    LOAD = "load"
    MODEL = "model"
    PROFILE = "profile"
    UPTIME = "uptime"


TITLES = {
    Topic.BATTERY: "Battery",
    Topic.POWER: "Power",
    Topic.TEMPERATURE: "Temperature",
    Topic.MEMORY: "Memory",
    Topic.DISK: "Disk",
    Topic.LOAD: "Processor load",
    Topic.MODEL: "Model",
    Topic.PROFILE: "Profile",
    Topic.UPTIME: "Uptime",
}


def battery(found: Battery | None) -> str:
    """Charge, mains, and how long it lasts."""
    if found is None:
        return "This machine has no battery, or does not tell of one."
    charge = f"The battery is at {share(found.percent / 100.0)}"
    if found.on_mains is None:
        return f"{charge}."
    if found.on_mains:
        return f"{charge} and full." if found.percent >= 99.5 else f"{charge} and the machine runs on mains."
    return f"{charge} and lasts about {time_left(found.left_s)}." if found.left_s else f"{charge}, without mains."


def power(readings: Sequence[DeviceReading]) -> str:
    """What each device takes now."""
    told = [(reading, reading.watts) for reading in _there(readings) if reading.watts.value is not None]
    if not told:
        return _untold("watts", (reading.watts for reading in _there(readings)))
    parts = [f"{_the(reading)} takes {_figure(watts(quantity.value or 0.0), quantity)}" for reading, quantity in told]
    return _sentence(parts)


def temperature(readings: Sequence[DeviceReading]) -> str:
    """How warm each device is."""
    told = [(reading, reading.temperature_c) for reading in _there(readings) if reading.temperature_c.value is not None]
    if not told:
        return _untold("temperature", (reading.temperature_c for reading in _there(readings)))
    parts = [f"{_the(reading)} is at {_figure(degrees(quantity.value or 0.0), quantity)}" for reading, quantity in told]
    slow = [reading for reading, _ in told if reading.throttled]
    return " ".join((_sentence(parts), *(f"{capital(_the(one))} slows itself down because of it." for one in slow)))


def room(what: str, found: Room | None) -> str:
    """How much memory or disk is free."""
    if found is None:
        return f"Nobody can tell how much {what} is free here."
    return f"{capital(memory(found.free))} of {memory(found.total)} of {what} are free."


def load(found: Load | None) -> str:
    """How busy the processor is."""
    if found is None:
        return "The load of the processor cannot be read here."
    return f"The processor is {share(found.share)} busy, over {counted(found.cores, 'core')}."


def model(name: str, profile: str) -> str:
    """Which model answers first."""
    if name in ("", "no model"):
        return "No model is there to answer."
    return f"The model {name} answers, in the profile {profile}."


def uptime(seconds: float | None) -> str:
    """How long the machine has been on."""
    if seconds is None:
        return "Nobody can tell how long this machine has been on."
    days = int(seconds // 86_400)
    rest = time_left(seconds - days * 86_400)
    whole = f"{counted(days, 'day')} and " if days else ""
    return f"This machine has been on for {whole}{rest}."


def told(topic: Topic, machine: Machine, readings: Sequence[DeviceReading], profile: str, model_name: str) -> str:
    """The sentence about one topic."""
    match topic:
        case Topic.BATTERY:
            return battery(machine.battery)
        case Topic.POWER:
            return power(readings)
        case Topic.TEMPERATURE:
            return temperature(readings)
        case Topic.MEMORY:
            return room("memory", machine.memory)
        case Topic.DISK:
            return room("disk", machine.disk)
        case Topic.LOAD:
            return load(machine.load)
        case Topic.PROFILE:
            return f"The profile {profile} is in use."
        case Topic.UPTIME:
            return uptime(machine.up_s)
        case Topic.MODEL | Topic.ALL:
            return model(model_name, profile)


def _there(readings: Iterable[DeviceReading]) -> list[DeviceReading]:
    return [one for one in readings if one.present and one.device is not Device.REMOTE and not one.asleep]


def _the(reading: DeviceReading) -> str:
    return f"the {DEVICE_WORDS[reading.device].noun}"


def _figure(text: str, quantity: Quantity) -> str:
    return f"about {text}, estimated," if quantity.provenance is Provenance.ESTIMATE else text


def _sentence(parts: Sequence[str]) -> str:
    return f"{capital(joined(parts).replace(',,', ',').removesuffix(','))}."


def _untold(what: str, quantities: Iterable[Quantity]) -> str:
    """Nothing is told: why, and what would help."""
    for quantity in quantities:
        if quantity.reason:
            remedy = f" This makes it readable: {quantity.remedy}" if quantity.remedy else ""
            return f"The {what} cannot be told. {quantity.reason}{remedy}"
    return f"The {what} cannot be told: no sensor has been read yet."
