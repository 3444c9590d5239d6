"""What `sotto serve` refuses before it opens anything."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.serve import ServeRequest, serve


def opened() -> object:
    raise AssertionError("nothing is opened for a request that is refused")


@pytest.mark.parametrize("grace_s", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_grace_that_is_none(tmp_path: Path, grace_s: float) -> None:
    said = io.StringIO()
    request = ServeRequest(host="127.0.0.1", port=0, data_dir=tmp_path, grace_s=grace_s)
    assert serve(opened, Console(io.StringIO(), said), request) == 2  # type: ignore[arg-type]
    assert "--grace lies between 0 and 3600 seconds." in said.getvalue()


@pytest.mark.parametrize("host", ["", "no-such-host.invalid", "[192.0.2.1"])
def test_an_address_that_is_none(tmp_path: Path, host: str) -> None:
    said = io.StringIO()
    assert serve(opened, Console(io.StringIO(), said), ServeRequest(host=host, port=0, data_dir=tmp_path)) == 2  # type: ignore[arg-type]
    assert "There is no address" in said.getvalue() or "without TLS" in said.getvalue()
