"""Looks at code without running it: does it parse, and which examples does it bring?"""

from __future__ import annotations

import ast
import doctest
import warnings

from app.pipeline.definition import OptionValue


def examine(code: str) -> dict[str, OptionValue]:
    """Read Python.

    Args:
        code: A module.

    Returns:
        ``problem``: why it does not parse, empty when it does; ``examples``: how many assertions, docstring examples
        and ``if __name__`` blocks it has; ``names``: what it defines.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(code)
    except SyntaxError as error:
        return {"problem": f"line {error.lineno}: {error.msg}", "examples": 0, "names": []}
    except (ValueError, RecursionError, MemoryError) as error:
        return {"problem": str(error) or type(error).__name__, "examples": 0, "names": []}
    names: list[OptionValue] = [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    return {"problem": "", "examples": _examples(tree), "names": names}


def _examples(tree: ast.Module) -> int:
    asserts = sum(isinstance(node, ast.Assert) for node in tree.body)
    blocks = sum(isinstance(node, ast.If) and "__name__" in ast.dump(node.test) for node in tree.body)
    return asserts + blocks + sum(_docstring_examples(node) for node in ast.walk(tree))


def _docstring_examples(node: ast.AST) -> int:
    if not isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    try:
        return len(doctest.DocTestParser().get_examples(ast.get_docstring(node) or ""))
    except ValueError:
        return 0
