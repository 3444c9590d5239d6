"""Finds what a model's chat template leaks into an answer, while the text is still arriving.

Why it exists: a model that misses its stop goes on with the next message of the conversation, mark by mark. Such a
mark ends the answer; one at its very beginning is dropped and the answer goes on behind it.

A line that begins with ``User:`` is taken for the next message only where an answer could be over (behind a sentence
end or a blank line), outside code, and when the answer has no other line of the form ``Name:``: it may be a dialogue.
"""

from __future__ import annotations

import re

LEADING = (
    "<|im_start|>assistant\n",
    "<|im_start|>assistant",
    "<|im_start|>",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|begin_of_text|>",
    "<|assistant|>",
    "<start_of_turn>model\n",
    "<start_of_turn>",
    "<bos>",
    "<s>",
    "[/INST]",
    "assistant:",
    "Assistant:",
)
"""Dropped at the beginning of an answer, the longer before the shorter."""

ENDING = (
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<bos>",
    "<eos>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<｜User｜>",  # noqa: RUF001 - the mark is written with these
    "<｜Assistant｜>",  # noqa: RUF001
    "<｜end▁of▁sentence｜>",  # noqa: RUF001
)
"""End an answer wherever they stand. ``</s>`` may also close an ``<s>`` of the answer's own: that one passes."""

_STRUCK = "<s>"
_MARK = re.compile("|".join(re.escape(mark) for mark in (*ENDING, _STRUCK)))
_STARTS = frozenset(mark[:end] for mark in (*ENDING, _STRUCK) for end in range(1, len(mark)))
_LONGEST = max(map(len, ENDING))
_ROLES = ("user", "human", "### instruction", "### human", "### user")
_ROLE = re.compile(rf"[ \t]{{0,3}}\*{{0,2}}(?:{'|'.join(_ROLES)})\*{{0,2}}[ \t]?:", re.IGNORECASE)
_ROLE_STARTS = "|".join(sorted({re.escape(role[:end]) for role in _ROLES for end in range(1, len(role))}, key=len))
_ROLE_BEGUN = re.compile(
    rf"[ \t]{{0,3}}\*{{0,2}}(?:(?:{'|'.join(_ROLES)})\*{{0,2}}[ \t]?|{_ROLE_STARTS})?\Z", re.IGNORECASE
)
_NAME = re.compile(r"\W{0,4}[^\W\d_][\w .'-]{0,24}\*{0,2}:")
_OVER = re.compile(r"[.!?…。！？`)][\"'”’»)\]*_]*\s*\Z")  # noqa: RUF001 - full stops of other scripts
_TORN = re.compile(r"<\|\w*\|?\Z")


class LeakFilter:
    """Lets an answer through up to where it leaks. Push what comes, then flush.

    Attributes:
        ended: The answer is over; nothing more comes out.
        dropped: A mark at the beginning was dropped.
    """

    def __init__(self) -> None:
        self.ended = False
        self.dropped = False
        self._held = ""
        self._begun = False
        self._line = ""
        self._over = False
        self._named = False
        self._in_code = False
        self._struck = 0

    def push(self, delta: str) -> str:
        """Take more text; returns what may be shown of the text so far and has not been returned yet."""
        if self.ended:
            return ""
        text, self._held = self._held + delta, ""
        if not self._begun:
            text = self._without_leading(text, whole=False)
            if not self._begun:
                self._held = text
                return ""
        return self._scan(text, whole=False)

    def flush(self) -> str:
        """No more text will come: returns what was held back, unless it is a mark that was cut off."""
        if self.ended:
            return ""
        text, self._held = self._held, ""
        if not self._begun:
            text = self._without_leading(text, whole=True)
        shown = self._scan(text, whole=True)
        return shown if not _TORN.search(shown) else _TORN.sub("", shown)

    def _without_leading(self, text: str, *, whole: bool) -> str:
        """Drop marks at the beginning; ``_begun`` is set as soon as there can be no more of them."""
        while True:
            bare = text.lstrip()
            if not whole and (not bare or any(mark.startswith(bare) for mark in LEADING)):
                return text
            mark = next((mark for mark in LEADING if bare.startswith(mark)), None)
            if mark is None:
                self._begun = True
                return text
            self.dropped = True
            text = bare[len(mark) :].lstrip()

    def _scan(self, text: str, *, whole: bool) -> str:
        """Go through the text line by line; what cannot be decided yet is held back."""
        shown: list[str] = []
        position = 0
        while position < len(text) and not self.ended:
            if not self._line and (role := self._role(text, position, whole=whole)) is not None:
                if role:
                    self.ended = True
                else:
                    self._held = text[position:]
                break
            newline = text.find("\n", position)
            end = len(text) if newline < 0 else newline + 1
            piece, position = self._part(text, position, end, whole=whole)
            shown.append(piece)
            if self._held:
                break
        return "".join(shown)

    def _role(self, text: str, position: int, *, whole: bool) -> bool | None:
        """At the start of a line: True for another's message, False when it cannot be told yet, None for neither."""
        if _ROLE.match(text, position):
            return True if self._over and not self._named and not self._in_code else None
        return False if not whole and _ROLE_BEGUN.match(text, position) else None

    def _part(self, text: str, position: int, end: int, *, whole: bool) -> tuple[str, int]:
        """What of one line, or of the rest of one, may be shown; and where to go on."""
        start = position
        while match := _MARK.search(text, position, end):
            if match.group() == _STRUCK:
                self._struck += 1
            elif match.group() == "</s>" and self._struck:
                self._struck -= 1
            else:
                self.ended = True
                return self._note(text[start : match.start()]), end
            position = match.end()
        if not whole and text[end - 1] != "\n":
            for at in range(max(position, end - _LONGEST + 1), end):
                if text[at:end] in _STARTS:
                    self._held = text[at:end]
                    return self._note(text[start:at]), end
        return self._note(text[start:end]), end

    def _note(self, shown: str) -> str:
        """Remember what the rule about roles needs to know of a line."""
        self._line += shown
        if self._line.endswith("\n"):
            line, self._line = self._line, ""
            self._over = bool(_OVER.search(line)) or not line.strip()
            self._named = self._named or bool(_NAME.match(line))
            if line.lstrip().startswith(("```", "~~~")):
                self._in_code = not self._in_code
        return shown
