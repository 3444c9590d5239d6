"""Takes a line of Markdown apart and leaves the words: no marks, no addresses, no pictures.

Used on text that may be the middle of a line or of a pair of marks, so a mark that has no partner is dropped too.
"""

# ruff: noqa: RUF001 - typographic marks are what this module is about
from __future__ import annotations

import re

_LINE_START = re.compile(
    r"^[ \t]*(?:>[ \t]*)*(?:#{1,6}[ \t]+|[-*+•‣▪◦][ \t]+|(\d{1,3})[.)][ \t]+)?(?:\[[ xX]\][ \t]+)?"
)
_RULE = re.compile(r"[ \t]*(?:[-*_=][ \t]*){3,}$")
_IMAGE_OR_LINK = re.compile(
    r"!?\[([^\[\]\n]*)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])"
)
_REFERENCE = re.compile(r"\[\^?\d{1,3}\](?!\()|\[\^[\w-]+\]")
_ADDRESS = re.compile(r"<?\b(?:https?://|ftp://|www\.)[^\s<>\"')\]]+>?|<mailto:[^<>\s]+>", re.IGNORECASE)
_MAIL = re.compile(r"\b([\w.+-]{1,64})@([\w-]{1,64}(?:\.[\w-]{1,64})+)\b")
_HOST = re.compile(
    r"(?:[a-z]+://|mailto:)?(?:[^/@\s]*@)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})(?![\w-])", re.IGNORECASE
)
_BARE_HOST = re.compile(
    r"(?<![\w@./-])((?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|io|dev|app|co\.uk))(/[^\s,;!?]*)?(?![\w-])",
    re.IGNORECASE,
)
_TAGS = (
    "a|abbr|b|blockquote|br|center|code|del|details|div|em|figure|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|"
    "small|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul|var"
)
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--.*?-->", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<([A-Za-z][\w .-]{0,40})>")
_ENTITY = re.compile(r"&(amp|lt|gt|nbsp|quot|#39|apos|mdash|ndash|hellip);")
_ENTITIES = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "nbsp": " ",
    "quot": '"',
    "#39": "'",
    "apos": "'",
    "mdash": "—",
    "ndash": "–",
    "hellip": "…",
}
_STRONG = re.compile(r"\*\*\*|\*\*|__|~~|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_TIMES = re.compile(r"(?<=\d)\s*\*\s*(?=\d)|(?<=\w)\s+\*\s+(?=\w)")
_POWER = re.compile(r"(?<=[\w)])\s*\^\s*(?=[\w({-])|(?<=\d)\s*\*\*\s*(?=\d)")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_LATEX_WORD = re.compile(r"\\([A-Za-z]+)")
_LATEX = {
    "times": "×",
    "cdot": "×",
    "div": "÷",
    "pm": "±",
    "approx": "≈",
    "neq": "≠",
    "ne": "≠",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "to": "→",
    "rightarrow": "→",
    "sqrt": "√",
    "infty": "∞",
    "sum": "∑",
    "degree": "°",
    "circ": "°",
    "ldots": "…",
    "dots": "…",
    "left": "",
    "right": "",
    "text": "",
    "mathrm": "",
    "quad": "",
}
_ARROWS = (("<-->", "↔"), ("<->", "↔"), ("-->", "→"), ("==>", "⇒"), ("->", "→"), ("=>", "⇒"))


def plain(line: str) -> str:
    """The words of one line or of a part of one.

    Args:
        line: Markdown without line breaks; code blocks and tables have been taken out before.
    """
    if _RULE.match(line):
        return ""
    line = _LINE_START.sub(_kept_number, line, count=1)
    if "[" in line:
        line = _IMAGE_OR_LINK.sub(r"\1", _REFERENCE.sub("", line))
    if "." in line:
        line = _addresses(line)
    if "&" in line:
        line = _ENTITY.sub(lambda match: _ENTITIES[match.group(1)], line)
    if "<" in line or ">" in line:
        line = _TAG.sub(" ", line)
        for drawn, arrow in _ARROWS:
            line = line.replace(drawn, arrow)
        line = _PLACEHOLDER.sub(r"\1", line)
    if "\\" in line:
        line = _latex(line)
    return _emphasis(line)


def starts_line(line: str) -> bool:
    """True when a line begins with a mark that only means something there: a heading, a bullet, a number, a quote."""
    match = _LINE_START.match(line)
    return match is not None and bool(match.group().strip())


def _kept_number(match: re.Match[str]) -> str:
    return f"{match.group(1)}, " if match.group(1) else ""


def _addresses(line: str) -> str:
    line = _ADDRESS.sub(_spoken_address, line)
    line = _MAIL.sub(lambda match: f"{_dots(match.group(1))} at {_dots(match.group(2))}", line)
    return _BARE_HOST.sub(lambda match: _dots(match.group(1)), line)


def _spoken_address(match: re.Match[str]) -> str:
    """An address becomes its site's name, or "link"; stops behind it belong to the sentence."""
    address = match.group().strip("<>")
    bare = address.rstrip(".,;:!?")
    host = _HOST.match(bare)
    return (_dots(host.group(1)) if host else "link") + address[len(bare) :]


def _dots(name: str) -> str:
    return name.replace("_", " ").replace(".", " dot ")


def _latex(line: str) -> str:
    line = _LATEX_FRACTION.sub(r"\1 over \2", line)
    return _LATEX_WORD.sub(_latex_word, line).replace("\\", " ")


def _latex_word(match: re.Match[str]) -> str:
    return f" {_LATEX.get(match.group(1), match.group(1))} "


def _emphasis(line: str) -> str:
    """Drop emphasis and code marks; a star or a caret between two operands is arithmetic."""
    if not any(mark in line for mark in "*_`~^"):
        return line
    line = _POWER.sub(" to the power of ", _TIMES.sub(" × ", line))
    line = _STRONG.sub("", line)
    return line.replace("_", " ").replace("*", " ").replace("`", "")
