"""Takes the code out of an answer: what stands between fences, and what the fence says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPEN = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
PYTHON = frozenset({"py", "python", "python3"})
SESSION = frozenset({"doctest", "pycon", "python-repl"})


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``language`` in lower case, empty when it says none; ``closed`` unless the answer ends in it."""

    language: str
    text: str
    closed: bool


def blocks(answer: str) -> list[Block]:
    """The fenced blocks of an answer, in order."""
    found: list[Block] = []
    mark = language = ""
    lines: list[str] = []
    for line in answer.splitlines():
        if not mark:
            if match := _OPEN.match(line):
                mark, lines = match["mark"], []
                language = (match["info"].split() or [""])[0].strip("{}.").lower()
        elif line.strip().startswith(mark) and not line.strip().strip(mark[0]):
            found.append(Block(language, "\n".join(lines) + "\n", closed=True))
            mark = ""
        else:
            lines.append(line)
    if mark:
        found.append(Block(language, "\n".join(lines) + "\n", closed=False))
    return found


@dataclass(frozen=True, slots=True)
class Python:
    """The Python of an answer.

    Attributes:
        code: All of it, empty when there is none.
        session: Examples as an interpreter shows them.
        cut: The answer ends in the middle of the code.
    """

    code: str
    session: str = ""
    cut: bool = False


def python_in(answer: str, *, bare: bool) -> Python:
    """The Python of an answer.

    Args:
        answer: As the model wrote it.
        bare: An answer without any fence is code itself.
    """
    code: list[str] = []
    session: list[str] = []
    cut = False
    found = blocks(answer)
    for block in found:
        if block.language in SESSION or block.text.lstrip().startswith(">>>"):
            session.append(block.text)
        elif block.language in PYTHON or not block.language:
            code.append(block.text)
        else:
            continue
        cut = cut or not block.closed
    if not found and bare:
        code.append(answer)
    return Python("\n".join(code), "\n".join(session), cut)
