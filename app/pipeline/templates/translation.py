"""Go's three forms, turned into Jinja's.

Why it exists: pipeline files of others say ``{{ .Input }}``, ``{{ .Stages.ID.Output }}`` and ``{{ .Context.KEY }}``.
Those three are accepted, with Go's trim marks, and nothing else of Go: every other action is refused with the Jinja
form to write instead. Ids with hyphens may be written with a dot in either form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(
    r"\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"  # left as it is
    r"|\{#.*?#\}"  # a comment, likewise
    r"|(?P<open>\{\{[-+]?|\{%[-+]?)(?P<body>(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|.)*?)(?P<close>[-+]?\}\}|[-+]?%\})",
    re.DOTALL,
)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_STAGE_NAME = re.compile(r"(?<![\w.])stages\.([A-Za-z0-9][\w-]*)\.(output|passed|confidence)\b")
_GO_STAGE = re.compile(r"\.Stages\.([A-Za-z0-9][\w-]*)\.Output")
_GO_CONTEXT = re.compile(r"\.Context\.([A-Za-z_][\w-]*)")
_GO_FIELD = re.compile(r"(?<![\w)\]'\".])\.([A-Z]\w*(?:\.[\w-]+)*)")
_GO_WORDS = ("range", "if", "else", "end", "with", "define", "template", "block", "break", "continue")
_GO_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_GO_FUNCTIONS = ("printf", "print", "println", "len", "index", "slice", "html", "js", "call", "urlquery", "and", "or")
_KNOWN = "{{ input }}, {{ stages.ID.output }} and {{ context.KEY }}"


@dataclass(frozen=True, slots=True)
class GoActionError(Exception):
    """An action of Go's that is not accepted.

    Attributes:
        action: As it is written, with its braces.
        instead: The Jinja form.
        line: Of the template, from 1.
    """

    action: str
    instead: str
    line: int

    def __str__(self) -> str:
        return f"{self.action} is Go's; write {self.instead} instead"


def translated(source: str) -> str:
    """The template in Jinja's form.

    Raises:
        GoActionError: It has an action of Go's other than the three.
    """
    parts: list[str] = []
    taken = 0
    for match in _BLOCK.finditer(source):
        if match["body"] is None:
            continue
        parts.append(source[taken : match.start()])
        body = match["body"]
        if match["open"].startswith("{{"):
            body = _action(body, match[0], source.count("\n", 0, match.start()) + 1)
        parts.append(match["open"] + _outside_texts(body) + match["close"])
        taken = match.end()
    parts.append(source[taken:])
    return "".join(parts)


def _action(body: str, whole: str, line: int) -> str:
    """The inside of ``{{ }}`` in Jinja's form."""
    inside = body.strip()
    if plain := _reference(inside):
        return f" {plain} "
    instead = _instead(inside)
    if instead:
        raise GoActionError(" ".join(whole.split()), instead, line)
    return body


def _reference(inside: str) -> str:
    """One of the three forms in Jinja's, empty for anything else."""
    if inside == ".Input":
        return "input"
    if stage := _GO_STAGE.fullmatch(inside):
        return f"stages['{stage[1]}'].output"
    if key := _GO_CONTEXT.fullmatch(inside):
        return f"context['{key[1]}']"
    return ""


def _instead(inside: str) -> str:
    """The Jinja form of any other action of Go's; empty for what is no Go."""
    bare = _TEXT.sub("''", inside)
    word = re.match(r"[a-z]+(?=\s|$)", bare)
    first = word[0] if word else ""
    rest = inside[len(first) :].strip() if first else ""
    if inside.startswith("/*"):
        return f"{{# {inside.strip('/* ')} #}}"
    if first in _GO_WORDS:
        return _keyword(first, rest)
    if "$" in bare:
        name = re.match(r"\$(\w*)\s*:?=\s*(.*)", inside, re.DOTALL)
        return f"{{% set {name[1]} = {_jinja(name[2])} %}}" if name else f"{{{{ {_jinja(inside.replace('$', ''))} }}}}"
    operands = bool(re.match(r"[a-z]+\s+(?!(?:is|in|not|if|else|and|or)\b)[\w'\"(.$]", bare))
    if (first in _GO_FUNCTIONS or first in _GO_COMPARISONS) and operands:
        return f"{{{{ {_call(first, rest)} }}}}"
    if re.search(r"\|\s*(?:printf|print|println|len|html|js|urlquery)\b", bare):
        left, _, right = inside.partition("|")
        function, _, arguments = right.strip().partition(" ")
        return f"{{{{ {_call(function, f'{arguments.strip()} {left.strip()}'.strip())} }}}}"
    if inside == ".":
        return "{{ input }}"
    if _GO_FIELD.search(bare):
        known = f" (Sotto knows {_KNOWN})" if re.fullmatch(r"\.[A-Z][\w.-]*", inside) else ""
        return f"{{{{ {_jinja(inside)} }}}}{known}"
    return ""


def _keyword(word: str, rest: str) -> str:
    """A block of Go's in Jinja's form."""
    match word:
        case "range":
            return f"{{% for item in {_jinja(re.sub(r'^.*:=', '', rest).strip()) or 'stages'} %}} … {{% endfor %}}"
        case "if":
            return f"{{% if {_jinja(rest) or 'input'} %}} … {{% endif %}}"
        case "else":
            condition = re.sub(r"^if\s*", "", rest)
            return f"{{% elif {_jinja(condition)} %}}" if condition else "{% else %}"
        case "end":
            return "{% endif %} or {% endfor %}"
        case "with":
            return f"{{% if {_jinja(rest)} %}} … {{% endif %}}"
        case "define" | "block" | "template":
            return "{% macro name() %} … {% endmacro %} and {{ name() }}"
        case _:
            return "{% if … %} inside the loop"


def _call(function: str, rest: str) -> str:
    """A call of Go's as a Jinja expression."""
    operands = [_jinja(word) for word in re.findall(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|\([^)]*\)|\S+", rest)]
    match function:
        case "printf" if operands:
            return f"{operands[0]}|format({', '.join(operands[1:])})"
        case "len":
            return f"{' '.join(operands)}|length"
        case "index" if len(operands) > 1:
            return operands[0] + "".join(f"[{key}]" for key in operands[1:])
        case "slice" if len(operands) > 1:
            return f"{operands[0]}[{':'.join(operands[1:])}]"
        case "html" | "js" | "urlquery":
            return f"{' '.join(operands)}|{ {'html': 'escape', 'js': 'tojson', 'urlquery': 'urlencode'}[function] }"
        case "and" | "or":
            return f" {function} ".join(operands)
        case _ if function in _GO_COMPARISONS:
            return f" {_GO_COMPARISONS[function]} ".join(operands)
        case _:
            return " ~ ".join(operands)


def _jinja(expression: str) -> str:
    """Go's names in an expression as Jinja's; the rest as it is."""
    pieces = []
    for piece, quoted in _pieces(expression):
        if not quoted:
            piece = _GO_STAGE.sub(r"stages['\1'].output", piece)
            piece = _GO_CONTEXT.sub(lambda found: _keyed("context", found[1]), piece)
            piece = re.sub(r"(?<![\w\])'])\.Input\b", "input", piece)
            piece = _GO_FIELD.sub(lambda found: _keyed("context", found[1]), piece)
        pieces.append(piece)
    return "".join(pieces)


def _keyed(name: str, key: str) -> str:
    return f"{name}['{key}']" if "-" in key else f"{name}.{key}"


def _outside_texts(body: str) -> str:
    """``stages.some-id.output`` as Jinja reads it; what stands in quotes stays."""
    return "".join(piece if quoted else _STAGE_NAME.sub(r"stages['\1'].\2", piece) for piece, quoted in _pieces(body))


def _pieces(expression: str) -> Iterator[tuple[str, bool]]:
    """The expression cut at its quoted texts, with whether each piece is one."""
    taken = 0
    for match in _TEXT.finditer(expression):
        yield expression[taken : match.start()], False
        yield match[0], True
        taken = match.end()
    yield expression[taken:], False
