"""Drops what a model repeats of an answer it was to go on with."""

from __future__ import annotations


class RestOfAnswer:
    """Takes an answer as it comes and gives what is new in it.

    A model that is told to go on sometimes begins anew. As long as its text is the beginning of what there was, it is
    held back; when all of that has come again it is dropped, and when the texts part it is given after all. An answer
    that ends before that said nothing new.

    Args:
        begun: What there was.
    """

    def __init__(self, begun: str) -> None:
        self._begun = begun.strip()
        self._held = ""

    def push(self, text: str) -> str:
        """The next text; returns what of it, and of what was held, is new."""
        if not self._begun:
            return text
        self._held += text
        said = self._held.lstrip()
        if said.startswith(self._begun):
            rest = said[len(self._begun) :]
        elif self._begun.startswith(said):
            return ""
        else:
            rest = self._held
        self._begun = self._held = ""
        return rest
