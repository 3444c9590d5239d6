"""Modules and functions stay small enough to read at one sitting, and each module says why it exists."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
MEDIAN_FILE = 200
FOLDERS = ("app", "models", "ui", "tests", "packaging")
SKIPPED = {"__pycache__", "artefacts"}


def files(*patterns: str, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for pattern in patterns
        for path in (ROOT / folder).rglob(pattern)
        if not SKIPPED & set(path.parts)
    )


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of every function of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_too_long() -> None:
    sources = files("*.py", "*.qml", "*.sh")
    assert sources
    assert {str(path.relative_to(ROOT)): lines(path) for path in sources if lines(path) > LONGEST_FILE} == {}
    assert statistics.median(lines(path) for path in files("*.py", folders=("app", "models", "ui"))) <= MEDIAN_FILE


def test_no_function_is_too_long() -> None:
    sources = files("*.py", folders=("app", "models", "ui"))
    assert {name: size for path in sources for name, size in functions(path) if size > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("folder", ["app", "models", "ui"])
def test_every_module_says_why_it_exists(folder: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in files("*.py", folders=(folder,))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_packaging_is_no_package() -> None:
    """A package of this name would hide the library `packaging` from the tools that build Sotto."""
    assert not (ROOT / "packaging" / "__init__.py").exists()
