"""Imports point down, and each third-party library is imported in one package; the rules stand in pyproject.toml."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("app", "models", "ui")
QT = {"PySide6", "shiboken6", "qasync"}
SHARED = {"openvino", "openvino_genai", "llama_cpp", "ctranslate2", "pynvml"}
"""Libraries that more than one package may import: whoever looks for devices, or reads their sensors, asks them too."""
ANYWHERE = {"numpy", "psutil"}
"""Libraries that may be imported anywhere outside the contracts."""

PLANTS = {
    "app.settings.a": "import app.memory",
    "app.aio.a": "import app.settings",
    "app.contracts.a": "import app.aio",
    "app.audio.a": "import app.memory",
    "app.assistant.a": "import models",
    "app.assistant.b": "import app.bootstrap",
    "app.bootstrap.a": "import app.cli",
    "models.a": "import ui",
    "ui.a": "import models",
    "app.contracts.b": "import numpy",
    "app.contracts.c": "import psutil",
    "app.bootstrap.core": "from PySide6.QtCore import QObject",
    "app.cli.a": "import qasync",
    "models.b": "import shiboken6",
    "models.c": "import sounddevice",
    "app.cli.b": "import av.error",
    "app.assistant.c": "import moonshine_voice",
    "models.tts.a": "import llama_cpp",
    "models.stt.a": "import llama_cpp",
    "models.vad.b": "import openvino",
    "models.llm.b": "import ctranslate2",
    "models.devices.a": "import faster_whisper",
    "app.audio.b": "import pynvml",
    "models.embed.a": "import piper",
    "models.llm.c": "import requests",
    "models.b2": "import truststore",
    "app.bench.a": "import openvino_genai",
    "models.llm.a": "import espeakng_loader",
    "models.vad.a": "import onnxruntime",
    "app.memory.a": "from ruamel.yaml import YAML",
    "app.cli.c": "import platformdirs",
    "app.cli.d": "import sqlite3",
    "app.pipeline.a": "import app.assistant",
    "app.pipeline.b": "import sqlite_vec",
    "app.pipeline.c": "import pypdf",
    "app.pipeline.d": "import docx",
    "app.memory.b": "import bs4",
    "app.pipeline.documents.a": "import jinja2",
    "app.cli.e": "import grpc",
    "app.assistant.d": "import pint",
}
"""One import for every rule that it breaks, by the module it is planted in."""


@cache
def contracts() -> list[dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def owners() -> dict[str, list[str]]:
    """Who may import each protected library."""
    return {
        library: contract["allowed_importers"]
        for contract in contracts()
        if contract["type"] == "protected"
        for library in contract["protected_modules"]
    }


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run([*command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level names of the absolute imports of a file, wherever in it they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0], node.lineno


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_the_rules_are_kept() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def stub_tree(folder: Path) -> None:
    """The packages without what is in them: every rule is kept, and every library is imported by its owners alone."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in sorted({path.parent for path in sources(*OURS) if path.name == "__init__.py"}):
        stub = folder / package.relative_to(ROOT)
        stub.mkdir(parents=True, exist_ok=True)
        (stub / "__init__.py").write_text("")
    needed: dict[str, list[str]] = {}
    for library, importers in owners().items():
        for importer in importers:
            is_package = (folder / importer.replace(".", "/")).is_dir()
            needed.setdefault(f"{importer}.owner" if is_package else importer, []).append(f"import {library}")
    for module, lines in needed.items():
        plant(folder, module, "\n".join(lines))


def plant(folder: Path, module: str, line: str) -> None:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{line}\n")


def test_every_planted_violation_is_caught(tmp_path: Path) -> None:
    stub_tree(tmp_path)
    clean = lint(tmp_path)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    for module, line in PLANTS.items():
        plant(tmp_path, module, line)
    broken = lint(tmp_path)
    assert broken.returncode == 1
    missed = [module for module in PLANTS if f"{module} ->" not in broken.stdout]
    assert missed == [], broken.stdout
    assert " KEPT" not in broken.stdout


def test_every_library_has_one_owner_and_is_declared() -> None:
    known = owners()
    assert {library for library, importers in known.items() if len(importers) > 1} == QT | SHARED
    ownerless = {
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(*OURS)
        for name, line in imports(path)
        if name not in known and name not in ANYWHERE and name not in OURS and name not in sys.stdlib_module_names
    }
    assert ownerless == set(), "add it to a contract of type 'protected' in pyproject.toml"


@pytest.mark.parametrize("path", sources("app/contracts"), ids=lambda path: path.stem)
def test_contracts_import_the_standard_library_only(path: Path) -> None:
    foreign = {name for name, _ in imports(path) if name not in sys.stdlib_module_names and name != "app"}
    assert foreign == set()


def test_imports_are_absolute() -> None:
    relative = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(*OURS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    }
    assert relative == set()


def test_putting_it_together_for_the_terminal_loads_neither_qt_nor_a_model_library() -> None:
    heavy = sorted(QT | {name for name, importers in owners().items() if importers[0].startswith("models")})
    script = (
        "import sys, app.bootstrap.core, app.cli.main\n"
        f"print(*(name for name in {heavy!r} if name in sys.modules))\n"
    )  # fmt: skip
    child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == []
