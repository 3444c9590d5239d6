"""Consent to send text: for one machine, one server, one address."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput, Unavailable
from app.settings.addresses import address
from app.settings.consent import Consent, machine_id
from app.settings.servers import ServerEntry

LAN = ServerEntry(server_id="lan", address=address("http://192.168.1.20:8080/v1"), model="qwen3:8b")
OPEN = replace(LAN, address=address("http://example.org/v1"))


def on(folder: Path, machine: str = "mine") -> Consent:
    return Consent(folder, lambda: machine)


def test_nobody_is_asked_before_it_was_allowed(tmp_path: Path) -> None:
    consent = on(tmp_path / "not-there")
    assert not consent.given(LAN)
    consent.give(LAN)
    assert consent.given(LAN)
    assert on(tmp_path / "not-there").given(LAN)
    assert consent.withdraw("lan")
    assert not consent.given(LAN)
    assert not consent.withdraw("lan")


def test_taking_it_back_counts_at_once_for_everybody(tmp_path: Path) -> None:
    one, other = on(tmp_path), on(tmp_path)
    one.give(LAN)
    assert other.given(LAN)
    one.withdraw("lan")
    assert not other.given(LAN)


def test_a_copy_on_another_machine_allows_nothing(tmp_path: Path) -> None:
    on(tmp_path / "mine").give(LAN)
    shutil.copytree(tmp_path / "mine", tmp_path / "theirs")
    assert on(tmp_path / "theirs").given(LAN)
    assert not on(tmp_path / "theirs", "theirs").given(LAN)


@pytest.mark.parametrize(
    "other",
    [
        replace(LAN, address=address("http://192.168.1.21:8080/v1")),
        replace(LAN, address=address("https://192.168.1.20:8080/v1")),
        replace(LAN, address=address("http://192.168.1.20:8080/v2")),
        replace(LAN, server_id="other"),
        replace(LAN, model="gpt-oss:120b-cloud"),
    ],
)
def test_it_is_for_this_server_at_this_address_alone(tmp_path: Path, other: ServerEntry) -> None:
    consent = on(tmp_path)
    consent.give(LAN)
    assert not consent.given(other)
    assert consent.given(replace(LAN, model="another", context_tokens=512))


def test_in_the_clear_beyond_the_network_needs_a_word(tmp_path: Path) -> None:
    consent = on(tmp_path)
    with pytest.raises(InvalidInput, match="not encrypted") as caught:
        consent.give(OPEN)
    assert caught.value.code == "not-encrypted"
    assert not consent.given(OPEN)
    consent.give(OPEN, in_the_clear=True)
    assert consent.given(OPEN)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"allowed": 7}', '{"allowed": {"lan": 7}}', '{"allowed": {"lan": "ä"}}', "\ufffe"]
)
def test_a_damaged_file_allows_nothing_and_can_be_written_again(tmp_path: Path, content: str) -> None:
    (tmp_path / "servers.json").write_text(content, encoding="utf-8")
    consent = on(tmp_path)
    assert not consent.given(LAN)
    consent.give(LAN)
    assert consent.given(LAN)


def test_neither_addresses_nor_the_machine_stand_in_the_file(tmp_path: Path) -> None:
    on(tmp_path, "the-identity").give(LAN)
    text = (tmp_path / "servers.json").read_text()
    assert "192.168" not in text
    assert "the-identity" not in text
    assert list(json.loads(text)["allowed"]) == ["lan"]
    assert (tmp_path / "servers.json").stat().st_mode & 0o077 == 0


def test_a_machine_without_identity_keeps_none(tmp_path: Path) -> None:
    def none() -> str:
        raise Unavailable("No identity.", code="no-machine-id")

    on(tmp_path).give(LAN)
    consent = Consent(tmp_path, none)
    assert not consent.given(LAN)
    with pytest.raises(Unavailable):
        consent.give(LAN)


def test_this_machine_is_itself() -> None:
    assert machine_id() == machine_id()
    assert len(machine_id()) >= 12
