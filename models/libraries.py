"""Third-party libraries as an engine meets them: may be missing, may be broken, may carry files this program needs.

Why it exists: every engine imports its library when it loads, not before, and every way that can fail has to reach the
person as the same kind of sentence. Weights of the embedded default lie inside installed packages; they are found here
without importing the package.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

from app.contracts.errors import Unavailable


@contextmanager
def importing(name: str, package: str) -> Iterator[None]:
    """Turn a failing import inside the block into one sentence.

    Args:
        name: What people call the library, for instance ``llama.cpp``.
        package: What it is installed as, for instance ``llama-cpp-python``.

    Raises:
        Unavailable: The library is not installed (``library-missing``) or cannot be loaded (``library-broken``).
    """
    remedy = f"Install it with: python -m pip install --force-reinstall {package}"
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unavailable(f"{name} is not installed.", code="library-missing", remedy=remedy) from error
    except (ImportError, OSError, RuntimeError) as error:
        raise Unavailable(f"{name} cannot be loaded: {error}.", code="library-broken", remedy=remedy) from error


def package_folder(package: str, name: str) -> Path:
    """Where an installed package lies, found without importing it.

    Args:
        package: Import name, for instance ``faster_whisper``.
        name: What it is installed as, for the remedy.

    Raises:
        Unavailable: It is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            f"The package {name} is not installed.",
            code="library-missing",
            remedy=f"Install it with: python -m pip install {name}",
        )
    return Path(spec.submodule_search_locations[0])


@cache
def version_of(distribution: str) -> str:
    """The version of an installed distribution, ``?`` when it does not say."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "?"


def require_file(path: Path, what: str, remedy: str) -> Path:
    """The same path, after looking that a file is there.

    Args:
        path: Where it should be.
        what: What it is, for the sentence: "The model", "The voice data".
        remedy: What to do when it is not there.

    Raises:
        Unavailable: There is no file, or it is empty (``model-missing``).
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise Unavailable(f"{what} is not there: {path}.", code="model-missing", remedy=remedy)
    return path


def require_path(path: Path, what: str) -> Path:
    """The same path, after looking that a file or folder is there.

    Raises:
        Unavailable: There is nothing (``model-missing``).
    """
    if not path.exists():
        raise Unavailable(
            f"{what} is not there: {path}.",
            code="model-missing",
            remedy="Get it again with `sotto models pull`, or take it off the list with `sotto models remove`.",
        )
    return path
