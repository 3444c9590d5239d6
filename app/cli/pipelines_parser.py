"""The command line of everything that has to do with pipelines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.cli.parser import Commands

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 50051


def add_pipelines(commands: Commands) -> None:
    """``sotto pipelines list|show|check|graph|run``."""
    parser = command(commands, "pipelines", "list, show, check, draw or run pipelines")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    json_flag(command(actions, "list", "list the pipelines, with their stages and where they come from"))
    show = command(actions, "show", "show what a pipeline says and what would run where")
    show.add_argument("id", metavar="ID")
    json_flag(show)
    check = command(actions, "check", "check files, or one pipeline, and say where they are wrong")
    check.add_argument("what", nargs="*", metavar="FILE|ID", help="without it, everything there is")
    json_flag(check)
    graph = command(actions, "graph", "draw the stages of a pipeline")
    graph.add_argument("id", metavar="ID")
    graph.add_argument("--format", choices=("text", "mermaid", "dot"), default="text")
    _run(actions)


def _run(actions: Commands) -> None:
    run = command(actions, "run", "run a pipeline once, with its output as it comes and what each stage took")
    run.add_argument("id", metavar="ID")
    run.add_argument("text", nargs="*", metavar="TEXT", help="the input; without it, what is piped in")
    run.add_argument("--audio", type=Path, metavar="FILE", help="a recording as the input, in any usual format")
    run.add_argument("--microphone", action="store_true", help="listen until Ctrl+C, for pipelines without an end")
    run.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="KEY=VALUE",
        help="override an option, or STAGE.KEY of a stage; may be given several times",
    )
    run.add_argument("--context", action="append", default=[], metavar="KEY=VALUE", help="a value for templates")
    run.add_argument("--save", type=Path, metavar="FILE", help="write the sound it makes to this WAV file")
    json_flag(run, "print the events of the run, one JSON object a line")


def add_documents(commands: Commands) -> None:
    """``sotto documents add|list|refresh|remove|search``."""
    parser = command(commands, "documents", "index folders, so that answers can quote what is in them")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = command(actions, "add", "index a folder of txt, md, html, pdf and docx files")
    add.add_argument("folder", type=Path, metavar="FOLDER")
    add.add_argument("--name", default="", metavar="NAME", help="what to call it; without it, the folder's name")
    _vectors(add)
    json_flag(add)
    json_flag(command(actions, "list", "list what is indexed"))
    refresh = command(actions, "refresh", "take over what has changed in the folders")
    refresh.add_argument("name", nargs="?", default="", metavar="NAME", help="which one; without it, all")
    _vectors(refresh)
    json_flag(refresh)
    remove = command(actions, "remove", "forget a folder; its files stay as they are")
    remove.add_argument("name", metavar="NAME")
    json_flag(remove)
    search = command(actions, "search", "find passages")
    search.add_argument("words", nargs="+", metavar="WORDS")
    search.add_argument("--name", default="", metavar="NAME", help="only in this folder")
    search.add_argument("--limit", type=int, default=5, metavar="N")
    json_flag(search)


def _vectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--vectors", action="store_true", help="find them by meaning too; an installed embedding model does that anyway"
    )


def add_serve(commands: Commands) -> None:
    """``sotto serve``."""
    parser = command(commands, "serve", "serve the pipelines over gRPC, on this machine alone unless told otherwise")
    parser.add_argument("--host", default=DEFAULT_HOST, metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, metavar="PORT", help="0 takes any that is free")
    parser.add_argument("--no-token", action="store_true", help="let everybody on this machine in")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate, needed off this machine")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key")
    parser.add_argument("--metrics-port", type=int, metavar="PORT", help="figures for Prometheus, on this machine")
    parser.add_argument("--otlp", default="", metavar="URL", help="send traces of runs to this address")
    parser.add_argument("--grace", type=float, default=10.0, metavar="S", help="seconds that runs get to finish")
    json_flag(parser, "say that it is ready as one JSON object")


def command(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    """A command with its one line of help."""
    return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)


def json_flag(parser: argparse.ArgumentParser, text: str = "print one JSON object") -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help=text)
