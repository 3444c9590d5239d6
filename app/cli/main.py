"""The `sotto` command: reads the command line and hands over. Commands are imported only when they are called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from app.cli.console import Console


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code.

    Raises:
        SystemExit: The command line is wrong (2), or only help or the version was asked for (0).
    """
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        from app.contracts.errors import TurnCancelledError

        return TurnCancelledError.exit_code


def _run(given: list[str]) -> int:
    """The whole command. What it needs is imported here, where Ctrl+C is already expected."""
    from app.cli.console import report, standard_console
    from app.cli.parser import build_parser, read_command_line
    from app.cli.streams import ensure_standard_streams
    from app.contracts.errors import SottoError

    ensure_standard_streams()
    if getattr(sys, "frozen", False):
        _be_a_host(given)
    parser = build_parser()
    options = read_command_line(parser, given)
    if options.command is not None and (options.demo or options.window_profile or options.events):
        parser.error("--demo, --profile and --events before a command belong to the window, which no command opens")
    console = standard_console()
    try:
        return _dispatch(options, console)
    except SottoError as error:
        return report(console, error)


def _dispatch(options: argparse.Namespace, console: Console) -> int:
    match options.command:
        case None:
            return _window(options)
        case "ask":
            return _ask(options, console)
        case "listen":
            return _listen(options, console)
        case "pipelines":
            from app.cli.pipelines_commands import pipelines

            return pipelines(options, console)
        case "documents":
            from app.cli.pipelines_commands import documents

            return documents(options, console)
        case "routines":
            from app.cli.routines_parser import routines

            return routines(options, console)
        case "jobs":
            from app.cli.routines_parser import jobs

            return jobs(options, console)
        case "serve":
            from app.cli.pipelines_commands import serve

            return serve(options, console)
        case "devices":
            from app.cli.devices import devices

            return devices(options, console)
        case "power":
            from app.cli.power import power

            return power(options, console)
        case "models":
            from app.cli.models import models

            return models(options, console)
        case "servers":
            from app.cli.servers import servers

            return servers(options, console)
        case "calibrate":
            from app.cli.calibrate import calibrate

            return calibrate(options, console)
        case "routing":
            from app.cli.routing import routing

            return routing(options, console)
        case "profiles":
            return _profiles(options, console)
        case "doctor":
            return _doctor(options, console)
        case "bench":
            return _bench(options)
        case other:
            raise AssertionError(f"the parser let {other!r} through")


def _window(options: argparse.Namespace) -> int:
    from app.cli.window import open_window

    return open_window(demo=options.demo, profile=options.window_profile, events_file=options.events)


def _ask(options: argparse.Namespace, console: Console) -> int:
    from app.cli.ask import ask, depth_of
    from app.cli.opening import open_assistant

    return ask(
        open_assistant,
        console,
        words=options.text,
        audio=options.audio,
        speak=options.speak,
        as_json=options.json,
        stats=options.stats,
        profile=options.profile,
        depth=depth_of(plain=options.plain, stages=options.stages, hybrid=options.hybrid),
    )


def _listen(options: argparse.Namespace, console: Console) -> int:
    from app.cli.listen import listen
    from app.cli.opening import open_assistant

    return listen(
        open_assistant,
        console,
        as_json=options.json,
        repeat=options.repeat,
        stats=options.stats,
        profile=options.profile,
    )


def _profiles(options: argparse.Namespace, console: Console) -> int:
    from app.cli.profiles import list_profiles, show_profile, use_profile
    from app.settings.paths import Paths

    paths = Paths.default()
    match options.action:
        case "list":
            return list_profiles(console, paths, as_json=options.json)
        case "show":
            return show_profile(console, paths, options.id, as_json=options.json)
        case _:
            return use_profile(console, paths, options.id)


def _doctor(options: argparse.Namespace, console: Console) -> int:
    if options.probe:
        from app.cli.probes import run_probe

        return run_probe(options.probe[0], options.probe[1:])
    from app.cli.doctor import doctor
    from app.settings.paths import Paths

    return doctor(console, Paths.default(), as_json_object=options.json)


def _bench(options: argparse.Namespace) -> int:
    match options.name:
        case "voice":
            from app.bench.voice import main as bench
        case "overhead":
            from app.bench.overhead import main as bench
        case "pipeline":
            from app.bench.pipeline import main as bench
        case "escalation":
            from app.bench.escalation import main as bench
        case "runtimes":
            from app.bench.runtimes import main as bench
        case "power":
            from app.bench.power import main as bench
        case "soak":
            from app.bench.soak import main as bench
        case "staged":
            from app.bench.staged import main as bench
        case _:
            from app.bench.ui import main as bench
    return bench(options.rest)


def _be_a_host(arguments: Sequence[str]) -> None:
    """Become a host, a sandbox or a look for devices: a frozen program cannot start Python with ``-m``."""
    from app.pipeline.sandbox.process import SANDBOX_FLAG
    from models.devices.probe import PROBE_FLAG
    from models.host.launch import HOST_FLAG

    if arguments[:1] == [HOST_FLAG]:
        from models.host.__main__ import main as serve

        serve(arguments[1:])
    if arguments[:1] == [SANDBOX_FLAG]:
        from app.pipeline.sandbox.worker import main as work

        work(arguments[1:])
    if arguments[:1] == [PROBE_FLAG]:
        from models.devices.probe import main as probe

        probe(arguments[1:])
