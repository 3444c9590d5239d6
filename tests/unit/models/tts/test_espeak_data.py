"""The data folder of espeak-ng is looked at before the library gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.errors import Unavailable
from models.tts.espeak_data import check_data_folder


def folder(at: Path) -> Path:
    at.mkdir(parents=True)
    (at / "phontab").write_bytes(b"x")
    return at


def test_a_good_one(tmp_path: Path) -> None:
    good = folder(tmp_path / "data")
    assert check_data_folder(good, "Install it.", "linux") == good


def test_without_its_table_the_library_would_end_the_process(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="espeak-ng") as caught:
        check_data_folder(tmp_path, "Install it.")
    assert (caught.value.code, caught.value.remedy) == ("model-missing", "Install it.")


@pytest.mark.parametrize(("platform", "usable"), [("linux", True), ("darwin", False), ("win32", False)])
def test_a_path_that_would_be_cut_off(tmp_path: Path, platform: str, usable: bool) -> None:
    long = folder(tmp_path / ("x" * 160))
    if usable:
        assert check_data_folder(long, "", platform) == long
    else:
        with pytest.raises(Unavailable, match="too long"):
            check_data_folder(long, "", platform)


def test_letters_windows_would_garble(tmp_path: Path) -> None:
    odd = folder(Path(tmp_path) / "\u00fc")
    if len(str(odd)) >= 160:
        pytest.skip("the folder for temporary files has too long a name")
    assert check_data_folder(odd, "", "darwin") == odd
    with pytest.raises(Unavailable, match="letters"):
        check_data_folder(odd, "", "win32")
