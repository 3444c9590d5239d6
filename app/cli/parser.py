"""The command line: which commands there are and what they take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.models_parser import add_calibrate, add_devices, add_models, add_power, add_servers
from app.cli.pipelines_parser import add_documents, add_pipelines, add_serve, command, json_flag
from app.cli.routines_parser import add_jobs, add_routines

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

BENCHES = ("voice", "overhead", "ui", "pipeline", "escalation", "runtimes", "power", "soak", "staged")

_STATS = "say also where every joule went, and how what was saved was computed"
_STAGES = "answer in exactly these stages of the profile: quick_response,deep_analysis,synthesis"
_HYBRID = "the quick answer, then one stage on each of these: small, larger, largest, or a backend or model"
_EPILOGUE = """\
exit codes: 0 done, 1 a library failed, 2 the input cannot be used, 3 already running, 4 something is missing,
5 disk, 6 a passing failure, 130 stopped. `sotto doctor` says what is missing.
"""


def program_version() -> str:
    """The installed version of Sotto."""
    try:
        return version("sotto")
    except PackageNotFoundError:
        return "unknown"


def build_parser() -> argparse.ArgumentParser:
    """The parser of the `sotto` command."""
    parser = argparse.ArgumentParser(
        prog="sotto",
        description="A private voice assistant. Without a command it opens the window.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"sotto {program_version()}")
    parser.add_argument("--demo", action="store_true", help="open the window on a script: no model, no microphone")
    parser.add_argument("--profile", default="", metavar="ID", dest="window_profile", help="open it with this profile")
    parser.add_argument("--events", type=Path, metavar="FILE", help="append every event to this file, as JSON")
    parser.add_argument("--pipelines", type=Path, metavar="FILE", help="a file of pipelines that go before all others")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _ask(commands)
    _listen(commands)
    add_pipelines(commands)
    add_documents(commands)
    add_routines(commands)
    add_jobs(commands)
    add_serve(commands)
    add_devices(commands)
    add_power(commands)
    add_models(commands)
    add_servers(commands)
    add_calibrate(commands)
    _profiles(commands)
    _routing(commands)
    _doctor(commands)
    _bench(commands)
    return parser


def read_command_line(parser: argparse.ArgumentParser, given: Sequence[str]) -> argparse.Namespace:
    """What was asked for; the words of a run may stand before and behind its options alike.

    Raises:
        SystemExit: The command line is wrong, or only help or the version was asked for.
    """
    options, rest = parser.parse_known_args(given)
    takes_words = options.command == "pipelines" and options.action == "run"
    if rest and not (takes_words and not any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.text = [*options.text, *rest]
    return options


def _ask(commands: Commands) -> None:
    parser = command(commands, "ask", "answer one question, typed, piped in or recorded")
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the question; without it, what is piped in")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a recording of the question, in any usual format")
    parser.add_argument("--speak", type=Path, metavar="FILE", help="write the spoken answer to this WAV file")
    parser.add_argument("--profile", default="", metavar="ID", help="answer with this profile, not the chosen one")
    parser.add_argument("--stats", action="store_true", help=_STATS)
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--plain", action="store_true", help="one pass of the language model: no skills, no stages")
    depth.add_argument("--stages", default="", metavar="NAME[,NAME…]", help=_STAGES)
    depth.add_argument("--hybrid", default="", metavar="TIER[,TIER…]", help=_HYBRID)
    json_flag(parser, "print the turn's events, one JSON object a line")


def _listen(commands: Commands) -> None:
    parser = command(commands, "listen", "answer a spoken question: Space starts, Space or Enter ends, Esc cancels")
    parser.add_argument("--repeat", action="store_true", help="go on with the next question until Esc")
    parser.add_argument("--profile", default="", metavar="ID", help="answer with this profile, not the chosen one")
    parser.add_argument("--stats", action="store_true", help=_STATS)
    json_flag(parser, "print the turn's events, one JSON object a line")


def _profiles(commands: Commands) -> None:
    parser = command(commands, "profiles", "list, show or choose the profile that answers")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = command(actions, "list", "list the profiles, the chosen one marked")
    json_flag(listing, "print one JSON object")
    show = command(actions, "show", "show a profile: models, limits, voice")
    show.add_argument("id", nargs="?", metavar="ID", help="which one; without it, the chosen one")
    json_flag(show, "print one JSON object")
    use = command(actions, "use", "choose a profile")
    use.add_argument("id", metavar="ID")


def _routing(commands: Commands) -> None:
    parser = command(commands, "routing", "say which stages answer which questions, and what your ratings moved")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    explain = command(actions, "explain", "show the stages, the routes and what you said of answers")
    json_flag(explain, "print one JSON object")
    command(actions, "reset", "forget what you said of answers")


def _doctor(commands: Commands) -> None:
    parser = command(commands, "doctor", "say what is there, what is missing, and the one command that mends it")
    json_flag(parser, "print one JSON object")
    parser.add_argument("--probe", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def _bench(commands: Commands) -> None:
    parser = command(commands, "bench", "measure a spoken turn, its overhead, the window, the pipelines, or the stages")
    parser.add_argument("name", choices=BENCHES, metavar="|".join(BENCHES))
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="[--json]")
