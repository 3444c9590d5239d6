"""The command line of routines and jobs, and how their commands open what they need."""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.cli.pipelines_parser import command, json_flag

if TYPE_CHECKING:
    from app.cli.console import Console
    from app.cli.parser import Commands
    from app.cli.routines import Desk


def add_routines(commands: Commands) -> None:
    """``sotto routines make|list|show|run|delete|stats``."""
    parser = command(commands, "routines", "make, list, show, run or delete routines of several steps")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    make = command(
        actions, "make", "make one from words, or run a saved one that fits; what is piped in are its values"
    )
    make.add_argument("words", nargs="+", metavar="TEXT", help='as in "when I say good morning, tell me the time"')
    make.add_argument("--new", action="store_true", help="make one even where a saved one fits")
    make.add_argument("--replace", action="store_true", help="it may take the place of one of the same name")
    _running(make)
    json_flag(command(actions, "list", "list the saved ones, with what starts them"))
    show = command(actions, "show", "print the text of one")
    show.add_argument("words", nargs="+", metavar="NAME")
    json_flag(show)
    run = command(actions, "run", "run one; what is piped in are its values, or its input")
    run.add_argument("words", nargs="+", metavar="NAME")
    _running(run)
    delete = command(actions, "delete", "delete one")
    delete.add_argument("words", nargs="+", metavar="NAME")
    delete.add_argument("--yes", action="store_true", help="do it without asking")
    stats = command(actions, "stats", "say which way requests for routines went, and what that took")
    stats.add_argument("--compare", action="store_true", help="do those of the saved ones both ways, side by side")
    json_flag(stats)


def _running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", help="a value for a parameter"
    )
    parser.add_argument("--yes", action="store_true", help="do also what asks first")
    parser.add_argument("--dry-run", action="store_true", dest="dry", help="say what would be done, and change nothing")
    json_flag(parser)


def add_jobs(commands: Commands) -> None:
    """``sotto jobs list|show|wait|cancel``."""
    parser = command(commands, "jobs", "list, show, wait for or cancel what goes on by itself")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = command(actions, "list", "list jobs, the newest first")
    listing.add_argument("--limit", type=_count, default=20, metavar="N", help="so many at most")
    json_flag(listing)
    for name, text in (
        ("show", "show one, by its id or the begin of it"),
        ("wait", "wait for the end of one; exit code 1 when it did not end well"),
        ("cancel", "cancel one and wait for its end"),
    ):
        parser = command(actions, name, text)
        parser.add_argument("id", metavar="ID")
        if name == "wait":
            parser.add_argument("--timeout", type=_seconds, metavar="S", help="seconds to wait at most")
        json_flag(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def routines(options: argparse.Namespace, console: Console) -> int:
    """``sotto routines …``; returns the exit code."""
    from app.cli.routines import RoutineRequest
    from app.cli.routines import routines as work
    from app.contracts.errors import TurnCancelledError

    request = RoutineRequest(
        action=options.action,
        words=getattr(options, "words", ()),
        settings=getattr(options, "settings", ()),
        new=getattr(options, "new", False),
        replace=getattr(options, "replace", False),
        yes=getattr(options, "yes", False),
        compare=getattr(options, "compare", False),
        dry=getattr(options, "dry", False),
        as_json=getattr(options, "json", False),
    )
    try:
        return asyncio.run(work(_open_desk, console, request))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return TurnCancelledError.exit_code


def jobs(options: argparse.Namespace, console: Console) -> int:
    """``sotto jobs …``; returns the exit code."""
    from app.cli.jobs import jobs as work
    from app.cli.jobs import open_jobs
    from app.contracts.errors import TurnCancelledError
    from app.settings.paths import Paths

    try:
        return asyncio.run(
            work(
                lambda: open_jobs(Paths.default().notebook),
                console,
                options.action,
                getattr(options, "id", ""),
                limit=getattr(options, "limit", 20),
                timeout_s=getattr(options, "timeout", None),
                as_json=options.json,
            )
        )
    except (KeyboardInterrupt, asyncio.CancelledError):
        return TurnCancelledError.exit_code


@asynccontextmanager
async def _open_desk() -> AsyncIterator[Desk]:
    """The routines of this machine with models of their own, without sound or window."""
    from app.bootstrap.core import CoreOptions, Speech, open_services

    async with open_services(CoreOptions(speech=Speech.SILENT, lasting=False)) as services:
        await asyncio.to_thread(services.pipelines.library.refresh)  # so that no file is read on the loop
        yield services.staged
