"""Every error of the network becomes one of ours, with a sentence and, where something helps, a remedy."""

from __future__ import annotations

import http.client
import inspect
import socket
import time

import pytest
import requests
import urllib3.exceptions

from app.contracts.errors import SottoError
from models.store.refusals import Place, network_errors, refused, retry_after_s, translated

PLACE = Place("tiny", "people/tiny", "tiny.gguf")
URL = "https://hub.example/people/tiny/resolve/main/tiny.gguf"


def made(kind: type[Exception]) -> Exception:
    """An error of a kind, without what its constructor asks for."""
    error = kind.__new__(kind)
    error.args = ("boom",)
    return error


def kinds() -> list[type[Exception]]:
    found = [
        kind
        for module in (requests.exceptions, urllib3.exceptions, http.client)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning) and issubclass(kind, network_errors())
    ]
    return sorted({*found, socket.gaierror, TimeoutError, BrokenPipeError}, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_error_is_translated(kind: type[Exception]) -> None:
    error = translated(made(kind), URL, PLACE)
    assert isinstance(error, SottoError)
    assert error.message.endswith(".")
    assert "boom" not in error.message
    assert error.code != "error"


def answer(status: int, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url = status, URL
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize("status", [*range(300, 308), *range(400, 432), 451, *range(500, 512), 599])
def test_every_status_that_is_no_file_is_refused(status: int) -> None:
    error = refused(answer(status), PLACE)
    assert (error is None) == (status == 416), "a range that cannot be had is looked at by whoever asked for it"
    if error is not None:
        assert error.message.startswith(("hub.example", "The proxy"))
        assert error.temporary == (status in {408, 429} or status >= 500)


def test_a_file_is_not_refused() -> None:
    assert refused(answer(200, content_type="application/octet-stream"), PLACE) is None
    assert refused(answer(206), PLACE) is None
    assert refused(answer(200, content_type="text/plain; charset=utf-8"), PLACE) is None
    page = Place("tiny", "people/tiny", "index.html")
    assert refused(answer(200, content_type="text/html"), page) is None


def test_how_long_a_server_wants_to_be_left_alone() -> None:
    assert retry_after_s(answer(503, retry_after="7")) == 7.0
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(1_000_030))
    assert retry_after_s(answer(503, retry_after=date), clock=1_000_000.0) == 30.0
    assert retry_after_s(answer(503, retry_after=date), clock=2_000_000.0) == 0.0
    for text in ("", "soon", "-3"):
        assert retry_after_s(answer(503, retry_after=text)) is None
