"""The command `sotto power`: watts, degrees and joules of this machine, and where each figure comes from."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path

from app.aio.clock import SystemClock
from app.cli.console import Console, printable
from app.cli.findings import Finding, State
from app.cli.power_replay import replay
from app.cli.power_text import as_object, as_table, as_text, in_looks
from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import Provenance
from app.contracts.errors import InvalidInput, SottoError, Unavailable
from app.power.energy.days import FILE, Days
from app.power.energy.model import model_in_force, power_model
from app.power.sampler import Sampler
from app.power.sensors.estimating import with_estimates
from app.power.sensors.opening import open_sensors
from app.power.sensors.sample import Sample, Sensors
from app.power.trace import TraceWriter
from app.settings.paths import Paths

BETWEEN_S = 1.0
"""Between the two looks that a rate needs."""
BRIEFLY_S = 0.5
"""The same where only what is measured at all is asked."""
PATIENCE_S = 10.0
"""A look that takes longer hangs in a driver."""
_CLEAR = "\x1b[H\x1b[J"
OpenSensors = Callable[[], Sensors]


def power(options: argparse.Namespace, console: Console, open_them: OpenSensors = open_sensors) -> int:
    """Run it; returns the exit code. With ``--watch`` and ``--record``, Ctrl+C is the way to end it and no failure.

    Raises:
        SottoError: The options do not go together, a trace or a profile is wrong, or the sensors do not answer.
    """
    _check(options)
    paths = Paths.default()
    if options.replay is not None:
        return replay(console, paths, options.replay, profile=options.profile, as_json=options.json)
    shown = _Shown(console, paths, as_json=options.json)
    if not (options.watch or options.record):
        console.live("Looking…")
        shown.whole(asyncio.run(two_looks(open_them(), BETWEEN_S)))
        return console.settle()
    try:
        asyncio.run(_watch(options, console, shown, open_them()))
    except KeyboardInterrupt:
        console.end_line()
    return console.settle()


async def two_looks(sensors: Sensors, between_s: float) -> Sample:
    """The second of two looks, with the rates between them.

    Raises:
        Unavailable: A driver hangs.
    """
    async with aclosing(Sampler(sensors, SystemClock())) as sampler:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await sampler.once()
                await asyncio.sleep(between_s)
                return await sampler.once()
        except TimeoutError as error:
            raise _hangs() from error


def sensors_of_machine(paths: Paths, open_them: OpenSensors = open_sensors) -> Iterator[Finding]:
    """The check of `sotto doctor`: whose watts are measured, and the command that would let more be."""
    try:
        model = power_model(paths.power_file)
    except SottoError as error:
        yield Finding("power-model", "Device model", State.WARNING, error.message, f"Edit {paths.power_file}")
        return
    try:
        sample = with_estimates(asyncio.run(two_looks(open_them(), BRIEFLY_S)), model)
    except Unavailable as error:
        yield Finding("sensors", "Power sensors", State.WARNING, error.message, error.remedy)
        return
    there = [reading for reading in sample.readings if reading.present and reading.device is not Device.REMOTE]
    parts = []
    for provenance, words in (
        (Provenance.MEASURED, "measured"),
        (Provenance.ESTIMATE, "estimated"),
        (Provenance.UNAVAILABLE, "unknown"),
    ):
        names = [DEVICE_WORDS[each.device].short for each in there if each.watts.provenance is provenance]
        if names:
            parts.append(f"{words}: {', '.join(names)}")
    remedy = " && ".join(dict.fromkeys(each.watts.remedy for each in there if each.watts.remedy))
    yield Finding("sensors", "Power sensors", State.OK, f"Watts {'; '.join(parts)}", remedy)


class _Shown:
    """Writes looks to a console; what is wrong with the person's own device table is said at once.

    Args:
        console: Where to.
        paths: Where that table and the days lie.
        as_json: As JSON.
    """

    def __init__(self, console: Console, paths: Paths, *, as_json: bool) -> None:
        self._console, self._as_json = console, as_json
        self._model, problems = model_in_force(paths.power_file)
        for problem in problems:
            console.say(problem)
        self._days = Days(paths.machine_dir / FILE, SystemClock())
        self._looks = 0

    def whole(self, sample: Sample) -> None:
        """Everything about one look."""
        sample, today = with_estimates(sample, self._model), self._days.today()
        text = json.dumps(as_object(sample, today), indent=2) if self._as_json else printable(as_text(sample, today))
        self._console.write(text + "\n")

    def next(self, sample: Sample) -> None:
        """One look of many: in place on a terminal, else a block or a line of JSON each."""
        sample = with_estimates(sample, self._model)
        if self._as_json:
            self._console.write(json.dumps(as_object(sample, self._days.today())) + "\n")
        else:
            before = _CLEAR if self._console.out_is_terminal else "\n" if self._looks else ""
            self._console.write(f"{before}{printable(as_table(sample))}\n")
        self._looks += 1


async def _watch(options: argparse.Namespace, console: Console, shown: _Shown, sensors: Sensors) -> None:
    """Look once a second until the time is up, the reader left, or Ctrl+C was pressed."""
    async with aclosing(Sampler(sensors, SystemClock())) as sampler, _recorder(options.record) as record:
        left = asyncio.Event()
        console.on_failure = left.set
        count = 0
        try:
            async with asyncio.timeout(None) as time_left, aclosing(_looks(sampler, left)) as looks:
                async for sample in looks:
                    if count == 0 and options.seconds is not None:  # they count from the first look on
                        time_left.reschedule(asyncio.get_running_loop().time() + options.seconds)
                    record(sample)
                    count += 1
                    if options.watch:
                        shown.next(sample)
                    else:
                        console.live(f"{in_looks(count)} recorded; Ctrl+C ends it")
        except TimeoutError:
            pass
        finally:
            if options.record is not None:
                console.say(printable(f"{options.record}: {in_looks(count)}"))


async def _looks(sampler: Sampler, left: asyncio.Event) -> AsyncGenerator[Sample, None]:
    """Every look from now on, until ``left``.

    Raises:
        Unavailable: None came for a while: a driver hangs.
    """
    queue: asyncio.Queue[Sample] = asyncio.Queue()
    end = sampler.subscribe(queue.put_nowait)
    try:
        while not left.is_set():
            try:
                yield await asyncio.wait_for(queue.get(), PATIENCE_S)
            except TimeoutError as error:
                raise _hangs() from error
    finally:
        end()


@asynccontextmanager
async def _recorder(path: Path | None) -> AsyncIterator[Callable[[Sample], None]]:
    """What takes every look: a trace, or nothing."""
    if path is None:
        yield _forget
        return
    now = datetime.now()
    writer = TraceWriter(path, machine=_machine(), minute_of_day=now.hour * 60 + now.minute)
    try:
        yield writer.add
    finally:
        writer.close()


def _forget(_sample: Sample) -> None:
    """Record nothing."""


def _machine() -> str:
    """System and processor architecture: nothing that tells whose machine it is."""
    return f"{platform.system()} {platform.machine()}"


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        InvalidInput: They do not.
    """
    if options.replay is not None:
        for name in ("record", "watch", "seconds"):
            if getattr(options, name):
                raise InvalidInput(f"--replay looks at a file and not at this machine, so --{name} has no place.")
    elif options.profile:
        raise InvalidInput("--profile says whose limits --replay goes by, and has no place without it.")
    if options.seconds is not None:
        if not 0 < options.seconds <= 86_400:
            raise InvalidInput(f"--seconds must be over 0 and at most 86400, a day, not {options.seconds:g}.")
        if not (options.watch or options.record):
            raise InvalidInput("--seconds says how long --watch or --record goes on, and has no place without them.")
    if options.record is not None and options.json and not options.watch:
        raise InvalidInput("--record alone prints nothing, so --json has no place; --watch shows what is recorded.")


def _hangs() -> Unavailable:
    return Unavailable(
        "The sensors do not answer; one of the drivers hangs.",
        code="sensors-hang",
        remedy="Start the machine again, and update the driver of its graphics card.",
    )
