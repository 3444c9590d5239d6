"""The command line: which commands there are and what they take."""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

BENCHES = ("voice", "overhead", "ui")

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
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _ask(commands)
    _listen(commands)
    _profiles(commands)
    _doctor(commands)
    _bench(commands)
    return parser


def _command(commands: _Commands, name: str, text: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)


def _json(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--json", action="store_true", help=text)


def _ask(commands: _Commands) -> None:
    parser = _command(commands, "ask", "answer one question, typed, piped in or recorded")
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the question; without it, what is piped in")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a recording of the question, in any usual format")
    parser.add_argument("--speak", type=Path, metavar="FILE", help="write the spoken answer to this WAV file")
    parser.add_argument("--profile", default="", metavar="ID", help="answer with this profile, not the chosen one")
    _json(parser, "print the turn's events, one JSON object a line")


def _listen(commands: _Commands) -> None:
    parser = _command(commands, "listen", "answer a spoken question: Space starts, Space or Enter ends, Esc cancels")
    parser.add_argument("--repeat", action="store_true", help="go on with the next question until Esc")
    parser.add_argument("--profile", default="", metavar="ID", help="answer with this profile, not the chosen one")
    _json(parser, "print the turn's events, one JSON object a line")


def _profiles(commands: _Commands) -> None:
    parser = _command(commands, "profiles", "list, show or choose the profile that answers")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _command(actions, "list", "list the profiles, the chosen one marked")
    _json(listing, "print one JSON object")
    show = _command(actions, "show", "show a profile: models, limits, voice")
    show.add_argument("id", nargs="?", metavar="ID", help="which one; without it, the chosen one")
    _json(show, "print one JSON object")
    use = _command(actions, "use", "choose a profile")
    use.add_argument("id", metavar="ID")


def _doctor(commands: _Commands) -> None:
    parser = _command(commands, "doctor", "say what is there, what is missing, and the one command that mends it")
    _json(parser, "print one JSON object")
    parser.add_argument("--probe", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def _bench(commands: _Commands) -> None:
    parser = _command(commands, "bench", "measure a spoken turn, the overhead over the bare libraries, or the window")
    parser.add_argument("name", choices=BENCHES, metavar="|".join(BENCHES))
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="[--json]")
