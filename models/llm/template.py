"""A conversation as one prompt, with the words of people kept apart from the marks of the template.

Why it exists: a question that contains ``<|im_end|>`` must not end the question. The template is rendered around
placeholders, so that the caller can tokenise its marks as marks and what was said as mere text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.contracts.text import GenerationRequest

Rendered = Callable[[list[dict[str, str]]], str]
"""Renders messages (``role``, ``content``) up to and including the beginning of the assistant's answer."""

_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A stretch of a prompt.

    Attributes:
        text: The characters.
        marks: True for the template's own text, in which control marks count; False for what somebody said.
    """

    text: str
    marks: bool


def prompt_parts(request: GenerationRequest, render: Rendered) -> tuple[PromptPart, ...]:
    """The prompt of a request, `answer_so_far` after the beginning of the answer."""
    messages = request.messages
    skeleton = render(
        [{"role": message.role.value, "content": f"\ue000{at}\ue001"} for at, message in enumerate(messages)]
    )
    parts = [
        PromptPart(messages[int(piece)].content, marks=False) if at % 2 else PromptPart(piece, marks=True)
        for at, piece in enumerate(_PLACEHOLDER.split(skeleton))
    ]
    parts.append(PromptPart(request.answer_so_far, marks=False))
    return tuple(part for part in parts if part.text)


def chatml(messages: Sequence[dict[str, str]]) -> str:
    """ChatML, for a model that brings no template of its own."""
    turns = "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    return f"{turns}<|im_start|>assistant\n"


def without_marks(text: str) -> tuple[str, ...]:
    """The text in pieces none of which holds a whole control mark, for a tokeniser that always looks for them."""
    return tuple(piece for piece in re.split("(?<=<)|(?<=\\[)", text) if piece)
