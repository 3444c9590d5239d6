from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.contracts.errors import Busy, InvalidInput, StorageError, Unavailable
from app.service.limits import Admission, Limits
from app.service.security import check_exposure, is_loopback, read_token


def test_the_token_is_made_once_and_is_nobody_elses_business(tmp_path: Path) -> None:
    token, path = read_token(tmp_path / "data")
    assert len(token) >= 32
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    assert read_token(tmp_path / "data") == (token, path)
    assert [file.name for file in path.parent.iterdir()] == ["service.token"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_token_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    token, path = read_token(tmp_path)
    path.chmod(0o644)
    other, _ = read_token(tmp_path)
    assert other != token
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 40])
def test_a_token_file_without_a_token_is_replaced(tmp_path: Path, content: bytes) -> None:
    _, path = read_token(tmp_path)
    path.write_bytes(content)
    token, _ = read_token(tmp_path)
    assert token.isascii()
    assert len(token) >= 32


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "service.token"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    token, _ = read_token(tmp_path)
    assert len(token) >= 32
    assert not path.is_symlink()
    assert path.is_file()


@pytest.mark.parametrize("content", ["two lines of a token\nare not a token", "x" * 5_000])
def test_what_no_header_can_carry_is_replaced(tmp_path: Path, content: str) -> None:
    _, path = read_token(tmp_path)
    path.write_text(content)
    token, _ = read_token(tmp_path)
    assert token not in content


@pytest.mark.parametrize("host", ["", "no-such-host.invalid"])
def test_an_address_that_is_none_is_called_so(host: str) -> None:
    with pytest.raises(InvalidInput, match="There is no address"):
        check_exposure(host, with_token=True, tls_cert=None, tls_key=None)


def test_a_token_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError, match=r"service\.token"):
        read_token(tmp_path / "data")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("", False),
        ("no-such-host.invalid", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_places_are_counted_by_client_and_given_back_once() -> None:
    admission = Admission(Limits(runs=2, runs_per_client=1))
    back = admission.admit("a")
    with pytest.raises(Busy, match="This client has 1 runs"):
        admission.admit("a")
    admission.admit("b")
    with pytest.raises(Busy, match="as many as this server takes"):
        admission.admit("c")
    back()
    back()
    assert admission.running == 1
    admission.admit("a")
    admission.draining = True
    with pytest.raises(Unavailable):
        admission.admit("c")
