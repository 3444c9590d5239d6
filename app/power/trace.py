"""Traces: looks at the sensors, kept as JSON lines.

Why it exists: what the governor decides has to be explained and repeated, on a machine that has none of the sensors as
well as on the one it happened on. The first line says what the file is: its format, the machine's kind (no name of a
person or a host is in it), and the minute of the day it began, which quiet hours go by. Every other line is one
`Sample`, and comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading
from app.contracts.errors import InvalidInput, StorageError
from app.contracts.wire import JsonValue, fields_of, read_fields
from app.power.sensors.sample import Counters, Meter, Sample

FORMAT = "sotto-power-trace"
VERSION = 1
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """The first line.

    Attributes:
        format: Always `FORMAT`.
        version: Of the format.
        machine: Its system and processors, for people.
        minute_of_day: When the first look was taken, by the wall clock, 0 to 1439.
    """

    format: str
    version: int
    machine: str = ""
    minute_of_day: int = 720


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace that was read.

    Attributes:
        header: Its first line.
        samples: In the order of their times, at least one.
        cut_off: The last line was not whole and is left out: the recording was ended in the middle of it.
    """

    header: TraceHeader
    samples: tuple[Sample, ...]
    cut_off: bool = False

    def minute_of_day(self, sample: Sample) -> int:
        """The wall clock's minute at one of its samples, 0 to 1439."""
        passed = sample.counters.at_s - self.samples[0].counters.at_s
        return (self.header.minute_of_day + int(passed // 60)) % 1440


class TraceWriter:
    """Writes a trace, one line at a time, each at once.

    Args:
        path: The file; one that is there is replaced.
        machine: What the header says of the machine.
        minute_of_day: By the wall clock now.

    Raises:
        StorageError: It cannot be written.
    """

    def __init__(self, path: Path, *, machine: str, minute_of_day: int) -> None:
        self._path = path
        try:
            self._file: TextIO = path.open("w", encoding="ascii", newline="\n")
        except OSError as error:
            raise _cannot("written", path, error) from error
        self._put(TraceHeader(FORMAT, VERSION, machine, minute_of_day), "header")

    def add(self, sample: Sample) -> None:
        """Write one look.

        Raises:
            StorageError: The disk is full, or the file went away.
            InvalidInput: A figure in it is infinite or not a number.
        """
        self._put(_line_of(sample), "sample")

    def close(self) -> None:
        """End the file. Idempotent."""
        try:
            self._file.close()
        except OSError as error:
            raise _cannot("written", self._path, error) from error

    def _put(self, line: object, place: str) -> None:
        try:
            self._file.write(json.dumps(_terse(line, fields_of(line, place)), separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            raise _cannot("written", self._path, error) from error


def read_trace(path: Path) -> Trace:
    """A whole trace, or as much as there is of one whose recording was ended in the middle of a line.

    Raises:
        InvalidInput: There is no such file, or it is no trace; the sentence says in which line it is wrong.
        StorageError: It cannot be read.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise InvalidInput(f"{path} is empty; a trace begins with a header.", code="trace-empty")
    header = _header(first[1], path, first[0])
    samples: list[Sample] = []
    cut_off = False
    for number, text in lines:
        try:
            content = _json(text, path, number)
        except InvalidInput:
            if text.endswith("\n"):
                raise
            cut_off = True
            break
        sample = _sample_of(_typed(_Line, content, path, number), path, number)
        if samples and sample.counters.at_s < samples[-1].counters.at_s:
            raise _wrong(path, number, "its time is before that of the line above it")
        samples.append(sample)
    if not samples:
        raise InvalidInput(f"{path} holds a header and no look at the sensors.", code="trace-empty")
    return Trace(header, tuple(samples), cut_off)


@dataclass(frozen=True, slots=True)
class _Meter:
    """A `Meter` as a line holds it."""

    name: str
    devices: tuple[Device, ...]
    joules: float
    source: str


@dataclass(frozen=True, slots=True)
class _Busy:
    """How long a device has worked."""

    device: Device
    seconds: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A `Sample` as a line holds it: lists in place of sets and mappings."""

    at_s: float
    meters: tuple[_Meter, ...]
    busy_s: tuple[_Busy, ...]
    readings: tuple[DeviceReading, ...]
    battery: BatteryReading | None = None


def _line_of(sample: Sample) -> _Line:
    counters = sample.counters
    return _Line(
        at_s=counters.at_s,
        meters=tuple(
            _Meter(each.name, tuple(device for device in Device if device in each.devices), each.joules, each.source)
            for each in counters.meters
        ),
        busy_s=tuple(_Busy(device, seconds) for device, seconds in counters.busy_s.items()),
        readings=sample.readings,
        battery=sample.battery,
    )


def _sample_of(line: _Line, path: Path, number: int) -> Sample:
    if tuple(reading.device for reading in line.readings) != tuple(Device):
        raise _wrong(path, number, f"it must hold one reading of every device, in the order {', '.join(Device)}")
    meters = tuple(Meter(each.name, frozenset(each.devices), each.joules, each.source) for each in line.meters)
    busy_s = {each.device: each.seconds for each in line.busy_s}
    return Sample(Counters(line.at_s, meters, busy_s), line.readings, line.battery)


def _terse(value: object, written: JsonValue) -> JsonValue:
    """What was written of a value without what has its default, which reading puts in again: most of a look is that."""
    if isinstance(value, tuple) and isinstance(written, list):
        return [_terse(each, as_json) for each, as_json in zip(value, written, strict=True)]
    if not is_dataclass(value) or not isinstance(written, dict):
        return written
    own = {each.name: getattr(value, each.name) for each in fields(value) if getattr(value, each.name) != each.default}
    return {name: _terse(each, written[name]) for name, each in own.items()}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    yield number, text
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}.", code="no-trace") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no trace: it is not text.", code="trace-broken") from error
    except OSError as error:
        raise _cannot("read", path, error) from error


def _header(text: str, path: Path, number: int) -> TraceHeader:
    """The first line; another version may hold other fields, so its number is looked at before them."""
    content = _json(text, path, number)
    if isinstance(content, dict) and content.keys() >= {"format", "version"}:
        said = content["format"], content["version"]
        if said != (FORMAT, VERSION):
            found = f"{said[0]!r}, version {said[1]}"
            raise _wrong(path, number, f"a trace of {FORMAT!r}, version {VERSION}, is wanted, this is one of {found}")
    return _typed(TraceHeader, content, path, number)


def _typed(cls: type[_T], content: object, path: Path, number: int) -> _T:
    try:
        return read_fields(cls, content, "the line")
    except InvalidInput as error:
        raise _wrong(path, number, error.message.removesuffix(".")) from error


def _json(text: str, path: Path, number: int) -> object:
    try:
        content: object = json.loads(text.strip())
    except json.JSONDecodeError as error:
        raise _wrong(path, number, f"it is not JSON from column {error.colno} on") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(path, number, f"it is not JSON: {error}") from error
    return content


def _wrong(path: Path, number: int, what: str) -> InvalidInput:
    return InvalidInput(f"{path}, line {number}: {what}.", code="trace-broken")


def _cannot(what: str, path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be {what}: {error.strerror or error}.", code="trace-file")
