"""`sotto routines make|list|show|run|delete|stats`: routines from the terminal, with standard input for parameters."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol, TextIO

from app.assistant.jobs.book import JobBook, Report, Result
from app.assistant.jobs.job import KeptJob
from app.assistant.routines.choosing import Chosen
from app.assistant.routines.parameters import LONGEST_INPUT, discover, mapped
from app.assistant.routines.routine import Routine
from app.assistant.routines.running import How, Ran
from app.assistant.routines.shelf import Saved
from app.assistant.routines.skill import Routines
from app.assistant.routines.timing import COLLECTION as PATHS
from app.assistant.routines.timing import PathTaken, report
from app.assistant.routines.workflow import Draft, Reused, refused
from app.assistant.skills.skill import Asked
from app.assistant.wording import counted
from app.cli.console import Console, printable
from app.contracts.errors import InvalidInput, TemporaryError
from app.contracts.skill_cards import JobState
from app.memory.notebook import Notebook


class Desk(Protocol):
    """What the commands work with."""

    @property
    def routines(self) -> Routines:
        """The skill."""
        ...

    @property
    def jobs(self) -> JobBook:
        """The jobs."""
        ...

    @property
    def notebook(self) -> Notebook:
        """Where both are kept."""
        ...


Opener = Callable[[], AbstractAsyncContextManager[Desk]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineRequest:
    """What was asked for on the command line.

    Attributes:
        action: ``make``, ``list``, ``show``, ``run``, ``delete`` or ``stats``.
        words: The request, or the name of a routine.
        settings: ``NAME=VALUE`` for parameters.
        new: Make one even where a saved one fits.
        replace: It may take the place of one of the same name.
        yes: What has weight may be done.
        dry: Say what would be done.
        compare: Take requests both ways and put the times side by side.
        as_json: Print JSON.
    """

    action: str
    words: Sequence[str] = ()
    settings: Sequence[str] = ()
    new: bool = False
    replace: bool = False
    yes: bool = False
    dry: bool = False
    compare: bool = False
    as_json: bool = False


async def routines(open_desk: Opener, console: Console, request: RoutineRequest, stdin: TextIO = sys.stdin) -> int:
    """Do what was asked; returns the exit code.

    Raises:
        SottoError: It cannot be done.
    """
    async with open_desk() as desk:
        match request.action:
            case "make":
                return await _make(desk, console, request, _piped(stdin))
            case "run":
                return await _run(desk, console, request, _piped(stdin))
            case "show":
                return _show(console, await desk.routines.shelf.get(" ".join(request.words)), as_json=request.as_json)
            case "delete":
                return await _delete(desk, console, request)
            case "stats" if request.compare:
                return await _compare(desk, console, as_json=request.as_json)
            case "stats":
                return await _stats(desk, console, as_json=request.as_json)
            case _:
                return await _list(desk, console, as_json=request.as_json)


async def _make(desk: Desk, console: Console, request: RoutineRequest, piped: str) -> int:
    text = " ".join(request.words)
    came = await desk.routines.workflow.take(text, _now(), standard_input=_given(request, piped), reuse=not request.new)
    result = came.result
    if isinstance(result, Reused):
        console.say(f"There is such a routine already: {printable(result.saved.routine.name)}.")
        await desk.notebook.commit(desk.routines.timed(came.took))
        return await _run_it(desk, console, request, result.saved.routine, result.mapped.values, piped)
    if not isinstance(result, Draft):
        raise InvalidInput("It is not said what the routine should do.", code="routine-empty", remedy=_EXAMPLE)
    if result.problems:
        raise refused(result)
    if result.replaces is not None and not (request.replace or request.dry):
        raise InvalidInput(
            f"There is a routine {result.routine.name!r} already.",
            code="routine-there",
            remedy="Give --replace, or delete it first.",
        )
    if not request.dry:
        await desk.notebook.commit((desk.routines.shelf.saving(result.kept), *desk.routines.timed(came.took)))
    if request.as_json:
        console.write(json.dumps(_object(Saved(result.kept, result.routine)) | {"took": asdict(came.took)}) + "\n")
        return console.settle()
    console.write(printable(result.kept.yaml))
    for step in result.unsure:
        console.say(printable(f"Only a language model can do this step: {step}"))
    said = "Would be saved" if request.dry else "Saved"
    console.say(printable(f"{said}. `sotto routines run {result.routine.routine_id}` runs it."))
    return console.settle()


async def _run(desk: Desk, console: Console, request: RoutineRequest, piped: str) -> int:
    text = " ".join(request.words)
    given = _given(request, piped)
    chosen = await desk.routines.chooser.choose(Asked("run_routine", text, {"name": text}, _now()))
    if chosen.saved is None:
        await desk.routines.shelf.get(text)  # says which there are
        raise InvalidInput(f"There is no routine {text!r}.", code="no-routine")
    values = mapped(chosen.saved.routine, discover(text, given), text)
    if values.missing:
        names = ", ".join(each.name for each in values.missing)
        remedy = f"Give --set {values.missing[0].name}=VALUE, or pipe it in."
        raise InvalidInput(f"{chosen.saved.routine.name} needs to know: {names}.", code="value-missing", remedy=remedy)
    _weighed(chosen, request)
    return await _run_it(desk, console, request, chosen.saved.routine, values.values, piped)


async def _run_it(
    desk: Desk,
    console: Console,
    request: RoutineRequest,
    routine: Routine,
    values: Mapping[str, str],
    piped: str,
) -> int:
    """Run it as a job, so that `sotto jobs` elsewhere sees it and can end it."""
    how = How(_now(), confirmed=request.yes, dry=request.dry, given=piped)
    ran: list[Ran] = []
    if request.dry:
        ran.append(await desk.routines.run_through(routine, values, how))
        return _ran(console, routine, values, ran[0], as_json=request.as_json)

    async def work(told: Report) -> Result:
        ran.append(
            await desk.routines.run_through(
                routine, values, How(how.now, confirmed=how.confirmed, told=told, given=piped)
            )
        )
        return Result(ran[0].speech, tuple(ran[0].cards.values()))

    started = await desk.jobs.start(routine.name, work)
    job = await _end_of(desk.jobs, started)
    if not ran:
        kind = TemporaryError if job.state is JobState.CANCELLED else InvalidInput
        raise kind(f"{routine.name}: {job.message}", code=job.code or job.state.value)
    return _ran(console, routine, values, ran[0], as_json=request.as_json)


async def _end_of(jobs: JobBook, job: KeptJob) -> KeptJob:
    """The end of a job of this process; who is interrupted ends it."""
    try:
        return await jobs.wait(job.job_id)
    except BaseException:
        await jobs.cancel(job.job_id)
        raise


def _weighed(chosen: Chosen, request: RoutineRequest) -> None:
    """Nothing of weight is done without a word."""
    if chosen.weighty and not (request.yes or request.dry):
        raise InvalidInput(
            f"This routine asks first: {' '.join(chosen.weighty)}",
            code="asks-first",
            remedy="Give --yes if that is what you want, or --dry-run to look.",
        )


def _ran(console: Console, routine: Routine, values: Mapping[str, str], ran: Ran, *, as_json: bool) -> int:
    if as_json:
        content = {
            "routine": routine.routine_id,
            "values": dict(values),
            "complete": ran.complete,
            "steps": [asdict(each) for each in ran.gave],
            "notes": ran.notes,
        }
        console.write(json.dumps(content) + "\n")
    else:
        for each in ran.gave:
            if each.text and not each.failed:
                console.write(printable(f"{each.text}\n"))
        for note in ran.notes:
            console.say(printable(note))
    return console.settle() or (0 if ran.complete else 1)


async def _list(desk: Desk, console: Console, *, as_json: bool) -> int:
    saved = list((await desk.routines.shelf.all()).values())
    if as_json:
        console.write(json.dumps({"routines": [_object(each) for each in saved]}) + "\n")
        return console.settle()
    if not saved:
        console.say(f"There are no routines yet. {_EXAMPLE}")
    width = max((len(each.routine.routine_id) for each in saved), default=0)
    for each in saved:
        phrases = ", ".join(each.routine.phrases)
        steps = counted(len(each.routine.steps), "step")
        console.write(printable(f"{each.routine.routine_id.ljust(width)}  {steps}, started by: {phrases}\n"))
    return console.settle()


def _show(console: Console, saved: Saved, *, as_json: bool) -> int:
    console.write(json.dumps(_object(saved)) + "\n" if as_json else printable(saved.kept.yaml))
    return console.settle()


async def _delete(desk: Desk, console: Console, request: RoutineRequest) -> int:
    saved = await desk.routines.shelf.get(" ".join(request.words))
    if not request.yes:
        raise InvalidInput(
            f"This would delete the routine {saved.routine.name!r} with {counted(len(saved.routine.steps), 'step')}.",
            code="asks-first",
            remedy="Give --yes if that is what you want.",
        )
    await desk.notebook.commit(desk.routines.shelf.removing(saved.kept.routine_id))
    console.say(printable(f"The routine {saved.routine.name} is gone."))
    return console.settle()


async def _compare(desk: Desk, console: Console, *, as_json: bool) -> int:
    """What beginning the parts of a request together wins, measured on the requests of the saved routines."""
    saved = (await desk.routines.shelf.all()).values()
    requests = [each.kept.request for each in saved if each.kept.request]
    compare = desk.routines.workflow.compare
    taken, made = await compare(requests, _now()), await compare(requests, _now(), unsaved=True)
    if as_json:
        console.write(json.dumps({"reuse": asdict(taken), "make": asdict(made)}) + "\n")
        return console.settle()
    for what, both in (("a saved one is taken", taken), ("a new one is made", made)):
        console.write(f"{what}, {both.requests} requests\n")
        console.write(f"  parts begun together      median {both.together_ms:.1f} ms\n")
        console.write(f"  one part after the other  median {both.apart_ms:.1f} ms\n")
    console.write(f"work in vain when a saved one is taken  {taken.discarded_ms:.1f} ms on average\n")
    return console.settle()


async def _stats(desk: Desk, console: Console, *, as_json: bool) -> int:
    summed = report(await desk.notebook.entries(PATHS, PathTaken))
    if as_json:
        console.write(json.dumps(asdict(summed)) + "\n")
        return console.settle()
    if not summed.requests:
        console.say("No routine has been asked for in the last 30 days.")
        return console.settle()
    lines = [
        f"requests in 30 days     {summed.requests}",
        f"a saved one was taken   {summed.reuse_share:.0%}, median {_ms(summed.reuse_ms)}",
        f"a new one was made      {1 - summed.reuse_share:.0%}, median {_ms(summed.make_ms)}",
        f"work in vain when reused  {summed.discarded_ms:.2f} ms on average",
    ]
    console.write("".join(f"{line}\n" for line in lines))
    return console.settle()


def _object(saved: Saved) -> dict[str, object]:
    return asdict(saved.kept) | {
        "name": saved.routine.name,
        "phrases": list(saved.routine.phrases),
        "parameters": {each.name: each.default for each in saved.routine.parameters},
        "steps": [{"step_id": step.step_id, "does": step.in_words()} for step in saved.routine.steps],
    }


def _given(request: RoutineRequest, piped: str) -> str:
    """Standard input with what the command line sets behind it, in the form parameters are read."""
    for setting in request.settings:
        name, equals, _ = setting.partition("=")
        if not equals or not name.strip().isidentifier():
            raise InvalidInput(f"--set takes NAME=VALUE, not {setting!r}.", code="bad-setting")
    if not request.settings:
        return piped
    named = discover("", piped).given or {}
    return "\n".join([*(f"{name}={value}" for name, value in named.items()), *request.settings])


def _piped(stdin: TextIO) -> str:
    """What is piped in; empty on a terminal.

    Raises:
        InvalidInput: It is far too long, or no text.
    """
    if stdin.closed or stdin.isatty():
        return ""
    try:
        text = stdin.read(LONGEST_INPUT + 1)
    except UnicodeDecodeError as error:
        raise InvalidInput("What is piped in is no UTF-8 text.", code="not-text") from error
    if _NO_TEXT.search(text):  # some systems read bytes that are no text as if they were
        raise InvalidInput("What is piped in is no UTF-8 text.", code="not-text")
    if len(text) > LONGEST_INPUT:
        raise InvalidInput(f"More than {LONGEST_INPUT} characters are piped in.", code="input-too-long")
    return text


_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def _now() -> datetime:
    return datetime.now().astimezone()


def _ms(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f} ms"


_EXAMPLE = 'Try: sotto routines make "when I say good morning, tell me the time and the battery".'
