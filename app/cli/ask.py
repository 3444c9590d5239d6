"""`sotto ask`: one question, typed or recorded, and its answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from app.assistant.parts import Depth
from app.audio.files import read_clip
from app.cli.console import Console
from app.cli.render import view_for
from app.cli.replies import line_reader
from app.cli.session import Assistant, Opener, SessionOptions, one_turn, run
from app.contracts.errors import InvalidInput, StorageError

MAX_STDIN_CHARACTERS = 100_000
ANY_DEPTH = Depth()


def ask(
    open_assistant: Opener,
    console: Console,
    *,
    words: Sequence[str],
    audio: Path | None,
    speak: Path | None,
    as_json: bool,
    stats: bool = False,
    profile: str,
    depth: Depth = ANY_DEPTH,
) -> int:
    """Ask one question; returns the exit code.

    What is written into a file or a pipe cannot be taken back. There the answer is that of the first stage, unless
    stages were asked for, and then it is written once it is whole.
    """
    in_one_go = not as_json and not console.out_is_terminal
    chosen = bool(depth.stages or depth.hybrid)
    view = view_for(
        console,
        as_json=as_json,
        labelled=audio is not None or console.out_is_terminal,
        stats=stats,
        hold=in_one_go and chosen,
    )

    async def conversation() -> int:
        if audio is not None and words:
            raise InvalidInput("Ask either with words or with --audio, not both.", code="two-questions")
        if speak is not None:
            check_target(speak)
        begin = _recorded(audio) if audio is not None else _typed(question(words, sys.stdin))
        taken = replace(depth, single=in_one_go and not chosen)
        options = SessionOptions(profile=profile, speak_into=speak, depth=taken)
        asks_back = not as_json and console.out_is_terminal and sys.stdin.isatty()
        lines = line_reader(sys.stdin) if asks_back else None
        return await one_turn(open_assistant, options, view, console, begin, lines)

    return run(conversation(), view, console)


def depth_of(*, plain: bool, stages: str, hybrid: str) -> Depth:
    """How far the command line wants the answer to be taken; lists are divided by commas.

    Raises:
        InvalidInput: A list has an empty name in it.
    """
    return Depth(plain=plain, stages=_names(stages, "--stages"), hybrid=_names(hybrid, "--hybrid"))


def _names(listed: str, option: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in listed.split(",")) if listed.strip() else ()
    if not all(names):
        raise InvalidInput(f"{option} takes names divided by single commas.", code="bad-list")
    return names


def question(words: Sequence[str], stdin: TextIO) -> str:
    """The question: the words of the command line, or else what is piped in.

    Raises:
        InvalidInput: There is none, or the pipe holds a book or no text at all.
    """
    text = typed(words, stdin, MAX_STDIN_CHARACTERS)
    if not text.strip():
        raise InvalidInput(
            "There is no question.", code="empty-question", remedy='Try: sotto ask "What is the capital of France?"'
        )
    return text


def typed(words: Sequence[str], stdin: TextIO, most: int) -> str:
    """The words of the command line, or else what is piped in, which may be nothing.

    Raises:
        InvalidInput: It has more than ``most`` characters, or is no text at all.
    """
    text = " ".join(words)
    if not text and not stdin.isatty():
        try:
            text = stdin.read(most + 1)
        except UnicodeDecodeError as error:
            raise InvalidInput("What is piped in is not text.", code="question-not-text") from error
    if len(text) > most:
        raise InvalidInput(f"The question is longer than {most} characters.", code="question-too-long")
    return text


def check_target(file: Path) -> None:
    """Make sure that the spoken answer can be written before time is spent on it.

    Raises:
        StorageError: The folder is missing or may not be written to, or the name is taken by a folder.
    """
    folder = file.absolute().parent
    if not folder.is_dir():
        raise StorageError(f"The folder {folder} for the spoken answer does not exist.", code="speak-target")
    if file.is_dir():
        raise StorageError(f"{file} is a folder; the spoken answer needs a file.", code="speak-target")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise StorageError(f"{file} cannot be written.", code="speak-target")


def _typed(text: str) -> Callable[[Assistant], str]:
    return lambda assistant: assistant.ask(text)


def _recorded(file: Path) -> Callable[[Assistant], str]:
    return lambda assistant: assistant.ask_recording(read_clip(file), file.name)
