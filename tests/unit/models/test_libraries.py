"""Every way a library can fail to be there is one kind of sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.errors import Unavailable
from models.libraries import importing, package_folder, require_file


def test_a_library_that_is_not_installed_is_told_with_its_remedy() -> None:
    with pytest.raises(Unavailable) as caught, importing("Nolib", "nolib-package"):
        import nolib_that_does_not_exist  # noqa: F401
    assert caught.value.message == "Nolib is not installed."
    assert "nolib-package" in caught.value.remedy
    assert caught.value.code == "library-missing"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("error", [ImportError("no symbol"), OSError("libgomp.so.1"), RuntimeError("wrong processor")])
def test_a_library_that_does_not_load_is_told_with_the_reason(error: Exception) -> None:
    with pytest.raises(Unavailable, match=f"Nolib cannot be loaded: {error}") as caught, importing("Nolib", "nolib"):
        raise error
    assert caught.value.code == "library-broken"


def test_an_error_of_our_own_passes() -> None:
    with pytest.raises(ValueError, match="ours"), importing("Nolib", "nolib"):
        raise ValueError("ours")


def test_a_package_is_found_without_importing_it() -> None:
    assert (package_folder("faster_whisper", "faster-whisper") / "__init__.py").is_file()
    with pytest.raises(Unavailable, match="The package no-such is not installed"):
        package_folder("no_such_package", "no-such")


def test_a_missing_or_empty_file_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for path in (empty, tmp_path / "gone", tmp_path):
        with pytest.raises(Unavailable, match="The thing is not there") as caught:
            require_file(path, "The thing", "Get it.")
        assert caught.value.remedy == "Get it."
    empty.write_text("x")
    assert require_file(empty, "The thing", "") == empty
