"""Which addresses a server may have, and where text sent there goes."""

from __future__ import annotations

import pytest

from app.contracts.errors import InvalidInput
from app.settings.addresses import Reach, address


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        (" http://NAS.local:8080/v1/ ", "http://nas.local:8080/v1"),
        ("https://api.example.org/openai/v1", "https://api.example.org/openai/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_written_in_one_way(url: str, taken: str) -> None:
    assert address(url).url == taken
    assert address(taken).url == taken


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("127.0.0.1", Reach.MACHINE),
        ("127.1.2.3", Reach.MACHINE),
        ("localhost", Reach.MACHINE),
        ("models.localhost", Reach.MACHINE),
        ("[::1]", Reach.MACHINE),
        ("[::ffff:127.0.0.1]", Reach.MACHINE),
        ("192.168.1.20", Reach.NETWORK),
        ("10.0.0.1", Reach.NETWORK),
        ("172.31.0.1", Reach.NETWORK),
        ("169.254.1.1", Reach.NETWORK),
        ("[fd00::1]", Reach.NETWORK),
        ("[fe80::1]", Reach.NETWORK),
        ("box.local", Reach.NETWORK),
        ("box.home.arpa", Reach.NETWORK),
        ("8.8.8.8", Reach.INTERNET),
        ("172.32.0.1", Reach.INTERNET),
        ("100.64.0.1", Reach.INTERNET),
        ("0.0.0.0", Reach.INTERNET),
        ("[::ffff:8.8.8.8]", Reach.INTERNET),
        ("[2001:4860:4860::8888]", Reach.INTERNET),
        ("gpu-box", Reach.INTERNET),
        ("localhost.example.org", Reach.INTERNET),
        ("box.local.example.org", Reach.INTERNET),
    ],
)
def test_how_far_text_goes(host: str, reach: Reach) -> None:
    found = address(f"http://{host}:8080/v1")
    assert found.reach is reach
    assert found.needs_a_word is (reach is Reach.INTERNET)
    assert not address(f"https://{host}/v1").needs_a_word


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "does not begin with http"),
        ("ftp://box/v1", "does not begin with http"),
        ("127.0.0.1:11434", "does not begin with http"),
        ("http://", "names no server"),
        ("http:///v1", "names no server"),
        ("http://box:99999/v1", "is no address"),
        ("http://[::1/v1", "is no address"),
        ("http://a b/v1", "names no server"),
        ("http://box/v1?key=sesame", "goes on after its path"),
        ("http://box/v1#x", "goes on after its path"),
    ],
)
def test_what_is_no_address_is_told(url: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        address(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput, match="name or password") as caught:
        address("https://me:sesame@example.org/v1")
    assert "sesame" not in str(caught.value)
    assert "--key" in caught.value.remedy


def test_where_text_goes_is_one_sentence() -> None:
    assert "does not leave it" in address("http://127.0.0.1:11434").sentence("llama3")
    assert "ollama.com" in address("http://127.0.0.1:11434").sentence("gpt-oss:120b-cloud")
    assert address("http://192.168.1.2/v1").sentence().endswith("within your own network, readable on the way.")
    assert address("https://api.example.org/v1").sentence().endswith("beyond your own network, encrypted.")


def test_a_key_is_for_scheme_host_and_port() -> None:
    assert address("https://api.example.org:8443/openai/v1").origin == "https://api.example.org:8443"
    assert address("http://api.example.org/v1").origin != address("https://api.example.org/v1").origin
