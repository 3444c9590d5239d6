"""The command line of models, devices, power and servers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.pipelines_parser import command, json_flag

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it


def add_devices(commands: Commands) -> None:
    """``sotto devices``."""
    parser = command(commands, "devices", "show which processors this machine has, and what keeps one from being used")
    parser.add_argument("--known", action="store_true", help="show what the last look found, without looking again")
    json_flag(parser, "print one JSON object")


def add_power(commands: Commands) -> None:
    """``sotto power``."""
    parser = command(commands, "power", "show watts, degrees and joules, and where each figure comes from")
    json_flag(parser, "print one JSON object; with --watch one a line")
    parser.add_argument("--watch", action="store_true", help="look once a second until Ctrl+C")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write every look to a trace; a file is replaced")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long --watch or --record goes on")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="say what the governor would do in a trace")
    parser.add_argument("--profile", default="", metavar="ID", help="replay with this profile's limits")


def add_models(commands: Commands) -> None:
    """``sotto models``."""
    parser = command(commands, "models", "get, check, import and remove models")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = command(actions, "list", "list the installed models and those that can be had")
    listing.add_argument("--installed", action="store_true", help="the installed ones alone")
    json_flag(listing, "print one JSON object")
    pull = command(actions, "pull", "download a model; a download that was interrupted goes on where it was")
    pull.add_argument("name", metavar="NAME", help="as `sotto models list` shows it")
    json_flag(pull, "print the progress, one JSON object a line")
    verify = command(actions, "verify", "read every file of a model again and compare it with what it should be")
    verify.add_argument("name", nargs="?", metavar="NAME", help="which one; without it, all")
    json_flag(verify, "print one JSON object")
    importing = command(actions, "import", "take in a model that is already on this machine; its kind is found out")
    importing.add_argument("path", type=Path, metavar="PATH", help="a file or folder")
    importing.add_argument("--name", default="", metavar="NAME", help="what to call it; without it, after its file")
    importing.add_argument("--move", action="store_true", help="move it instead of copying it")
    json_flag(importing, "print one JSON object")
    remove = command(actions, "remove", "delete an installed model")
    remove.add_argument("name", metavar="NAME")
    path = command(actions, "path", "print where an installed model lies")
    path.add_argument("name", nargs="?", metavar="NAME", help="which one; without it, the folder of all")


def add_servers(commands: Commands) -> None:
    """``sotto servers``."""
    parser = command(commands, "servers", "use a server of your own (Ollama, llama-server, vLLM, LM Studio) as a tier")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = command(actions, "list", "list the servers, and which of them may be asked")
    json_flag(listing, "print one JSON object")
    add = command(actions, "add", "add a server; nothing is sent to it until it is allowed")
    add.add_argument("id", metavar="ID", help="the id of its backend, for instance ollama-nvidia or lan")
    add.add_argument("url", metavar="URL", help="for instance http://127.0.0.1:11434/v1")
    add.add_argument("model", metavar="MODEL", help="as the server calls it")
    add.add_argument("--context", type=int, default=8192, metavar="TOKENS", help="length of its window")
    add.add_argument("--key", action="store_true", help="ask for a key, which is kept in the system's keyring")
    allow = command(actions, "allow", "let text be sent to a server, from this machine only")
    allow.add_argument("id", metavar="ID")
    deny = command(actions, "deny", "send nothing to a server any more")
    deny.add_argument("id", metavar="ID")
    test = command(actions, "test", "ask a server one short question")
    test.add_argument("id", metavar="ID")
    json_flag(test, "print one JSON object")
    remove = command(actions, "remove", "forget a server, its key and the consent")
    remove.add_argument("id", metavar="ID")


def add_calibrate(commands: Commands) -> None:
    """``sotto calibrate``."""
    parser = command(commands, "calibrate", "measure every installed model on every device it can run on")
    parser.add_argument("backends", nargs="*", metavar="BACKEND", help="these alone, for instance llama-cpu")
    parser.add_argument("--show", action="store_true", help="show what was measured, without measuring")
    json_flag(parser, "print one JSON object")
