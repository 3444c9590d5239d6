"""What `sotto power` shows: every figure with where it comes from, at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.cli.columns import wrapped
from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading, Provenance, Quantity
from app.contracts.wire import JsonObject, fields_of
from app.power.energy.days import Day
from app.power.energy.units import in_joules
from app.power.energy.wording import energy_in_words
from app.power.figures import ABOUT, degrees, frequency, marked, memory, share, time_left, watts
from app.power.sensors.sample import Sample

_LABEL, _FIGURE = 15, 13
"""Widths of the first two columns."""
_PATH = 40
"""Longest path that fits behind its figure."""
_WIDTHS = (21, 10, 8, 7, 10, 10, 9)
"""Of the columns of the short table."""
_LEGEND = "≈ estimated, — unavailable; `sotto power` says why."


def as_text(sample: Sample, today: Day) -> str:
    """One block per device that is there, the battery, what today took; readable at 80 columns."""
    blocks = [_device(reading) for reading in sample.readings if reading.present or reading.device is not Device.REMOTE]
    if sample.battery is not None:
        blocks.append(_battery(sample.battery))
    blocks.append(_today(today))
    return "\n\n".join("\n".join(block) for block in blocks)


def as_table(sample: Sample) -> str:
    """One line per device that is there: what changes from second to second."""
    rows: list[tuple[str, ...]] = [("", "power", "heat", "busy", "memory", "clock", "state")]
    rows += [_row(reading) for reading in sample.readings if reading.present]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True)) for row in rows]
    if sample.battery is not None:
        power = sample.battery.watts.value
        drawn = f", the machine draws {watts(power)}" if power is not None else ""
        lines.append(f"Battery: {_charge(sample.battery)}{drawn}")
    return "\n".join(line.rstrip() for line in (*lines, _LEGEND))


def as_object(sample: Sample, today: Day) -> JsonObject:
    """The same as JSON: every quantity with its provenance, source, reason and remedy."""
    energy = today.energy
    return {
        "at_s": sample.counters.at_s,
        "devices": [fields_of(reading, reading.device.value) for reading in sample.readings],
        "battery": None if sample.battery is None else fields_of(sample.battery, "battery"),
        "meters": [
            {
                "name": meter.name,
                "devices": [device.value for device in Device if device in meter.devices],
                "joules": meter.joules,
                "source": meter.source,
            }
            for meter in sample.counters.meters
        ],
        "today": {
            "day": today.day,
            "turns": today.turns,
            "joules": energy.joules if today.turns else 0.0,
            "provenance": energy.provenance.value,
            "saved_joules": today.saved_joules,
        },
    }


def in_looks(count: int) -> str:
    """For instance ``1 look`` or ``60 looks``."""
    return f"{count} look{'s'[: count != 1]}"


def _device(reading: DeviceReading) -> list[str]:
    title = DEVICE_WORDS[reading.device].title
    if not reading.present:
        return [f"{title}: not there"]
    lines = [f"{title}: {reading.name}" if reading.name else title]
    if state := _state(reading):
        lines += wrapped(state, "  ")
    for label, quantity, figure in _figures(reading):
        lines += _quantity(label, quantity, figure)
    return [*lines, *_remedies([quantity for _, quantity, _ in _figures(reading)])]


def _figures(reading: DeviceReading) -> Iterator[tuple[str, Quantity, str]]:
    """Each figure of a device: what it is called, and how it is written without its mark."""
    for label, quantity, text in (
        ("power", reading.watts, watts),
        ("temperature", reading.temperature_c, degrees),
        ("busy", reading.busy, share),
        ("memory", reading.memory_bytes, memory),
        ("clock", reading.frequency_mhz, frequency),
    ):
        yield label, quantity, "" if quantity.value is None else text(quantity.value)


def _quantity(label: str, quantity: Quantity, figure: str) -> list[str]:
    """For instance ``power  ≈ 4.1 W  estimate: device model, …``, and why it could not be measured."""
    match quantity.provenance:
        case Provenance.MEASURED:
            about = f"measured: {_shortened(quantity.source)}" if quantity.source else "measured"
        case Provenance.ESTIMATE:
            figure, about = ABOUT + figure, f"estimate: {quantity.source}. {quantity.reason}".rstrip()
        case Provenance.UNAVAILABLE:
            figure, about = "unavailable", quantity.reason
    beginning = f"  {label.ljust(_LABEL)}{figure.ljust(_FIGURE)}"
    return wrapped(about, beginning) if about else [beginning.rstrip()]


def _shortened(source: str) -> str:
    """A source whose paths fit into their column, by their ends; `--json` has them whole."""
    return " ".join(_path_end(word) if word.startswith("/") else word for word in source.split())


def _path_end(path: str) -> str:
    while len(path) > _PATH and path.count("/") > 1:
        path = "…/" + path.removeprefix("…/").lstrip("/").partition("/")[2]
    return path


def _remedies(quantities: Sequence[Quantity]) -> list[str]:
    """Each once, and never broken: they are there to be copied."""
    return [f"  → {remedy}" for remedy in dict.fromkeys(quantity.remedy for quantity in quantities) if remedy]


def _state(reading: DeviceReading) -> str:
    """Asleep, slowed down, or where it would slow down; empty when there is nothing to say."""
    if reading.asleep:
        return "asleep; nothing was asked of it"
    limit = f" at {degrees(reading.slows_at_c)}" if reading.slows_at_c is not None else ""
    if reading.throttled:
        return f"throttled: it slows itself down because of heat or power{limit and f'; heat does so{limit}'}"
    return f"would slow itself down{limit}" if limit else ""


def _row(reading: DeviceReading) -> tuple[str, ...]:
    cells = [marked(figure, quantity.provenance) for _, quantity, figure in _figures(reading)]
    state = "asleep" if reading.asleep else "throttled" if reading.throttled else ""
    return (DEVICE_WORDS[reading.device].title, *cells, state)


def _battery(battery: BatteryReading) -> list[str]:
    figure = "" if battery.watts.value is None else watts(battery.watts.value)
    return [
        f"Battery: {_charge(battery)}",
        *_quantity("whole machine", battery.watts, figure),
        *_remedies([battery.watts]),
    ]


def _charge(battery: BatteryReading) -> str:
    parts = [] if battery.percent is None else [f"{battery.percent:.0f} %"]
    if battery.on_mains is not None:
        parts.append("on mains" if battery.on_mains else "on battery")
    if battery.left_s is not None:
        parts.append(f"{time_left(battery.left_s)} left")
    return ", ".join(parts) or "unknown"


def _today(today: Day) -> list[str]:
    if not today.turns:
        return ["Today: no turn so far"]
    turns = f"{today.turns} turn{'s'[: today.turns != 1]}"
    saved = f"{in_joules(abs(today.saved_joules))} {'less' if today.saved_joules >= 0 else 'more'}"
    return wrapped(f"Today: {turns}, {energy_in_words(today.energy)}; ≈ {saved} than all on the graphics card", "")
