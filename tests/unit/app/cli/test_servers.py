"""`sotto servers`: what it says, what it keeps, and what it will not do."""

from __future__ import annotations

import getpass
import io
import json
import socket
import sys
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.parser import build_parser
from app.cli.servers import servers
from app.contracts.errors import ConnectionFailed, InvalidInput, SottoError, Unavailable
from app.settings.consent import Consent
from app.settings.paths import Paths
from app.settings.servers import ServersFile
from app.settings.store import SettingsStore


class Keys:
    """Secrets in memory; or none that can be had."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = ""

    def get(self, name: str) -> str | None:
        self._check()
        return self.kept.get(name)

    def set(self, name: str, value: str) -> None:
        self._check()
        self.kept[name] = value

    def delete(self, name: str) -> None:
        self._check()
        self.kept.pop(name, None)

    def _check(self) -> None:
        if self.broken:
            raise Unavailable("The keyring is locked.", code=self.broken)


class Typed(io.StringIO):
    """Standard input; of a terminal when told."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


class Terminal:
    """A person's folders and what the commands wrote."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = Paths.under(folder)
        self.keys = Keys()
        self.out, self.err = "", ""
        self._monkeypatch = monkeypatch

    def __call__(self, line: str, typed: str = "") -> int:
        out, err = io.StringIO(), io.StringIO()
        self._monkeypatch.setattr(sys, "stdin", Typed(typed))
        options = build_parser().parse_args(["servers", *line.split()])
        try:
            return servers(options, Console(out, err), self.paths, self.keys)
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def file(self) -> ServersFile:
        return ServersFile(self.paths.servers_file)

    def allowed(self, server_id: str) -> bool:
        return Consent(self.paths.machine_dir).given(self.file.get(server_id))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(tmp_path, monkeypatch)


def test_an_empty_list_says_how_to_begin(terminal: Terminal) -> None:
    assert terminal("list") == 0
    assert terminal.out == ""
    assert "sotto servers add" in terminal.err
    assert terminal("list --json") == 0
    assert json.loads(terminal.out) == {"offline": False, "servers": []}


def test_one_that_was_added_is_off(terminal: Terminal) -> None:
    assert terminal("add ollama-npu http://127.0.0.1:11434 llama3 --context 4096") == 0
    assert "http://127.0.0.1:11434/v1" in terminal.err
    assert "sotto servers allow ollama-npu" in terminal.err
    entry = terminal.file.get("ollama-npu")
    assert (entry.model, entry.context_tokens) == ("llama3", 4096)
    assert not terminal.allowed("ollama-npu")
    assert terminal("list") == 0
    assert "is not allowed" in terminal.out
    assert not (terminal.paths.machine_dir / "servers.json").exists()


def test_allow_says_where_text_goes_and_deny_takes_it_back(terminal: Terminal) -> None:
    terminal("add lan http://192.168.1.20:8080/v1 large")
    assert terminal("allow lan") == 0
    assert (
        "Text leaves this machine for 192.168.1.20:8080, within your own network, readable on the way." in terminal.err
    )
    assert terminal.allowed("lan")
    terminal("list --json")
    (listed,) = json.loads(terminal.out)["servers"]
    assert listed == {
        "id": "lan",
        "url": "http://192.168.1.20:8080/v1",
        "model": "large",
        "context_tokens": 8192,
        "log_probs": True,
        "device": "",
        "reach": "network",
        "encrypted": False,
        "allowed": True,
        "why_not": "",
    }
    assert terminal("deny lan") == 0
    assert not terminal.allowed("lan")
    assert terminal("deny lan") == 0
    assert "as before" in terminal.err


def test_in_the_clear_beyond_the_network_has_to_be_typed(terminal: Terminal) -> None:
    terminal("add far http://example.org/v1 large")
    for typed in ("", "yes\n"):
        with pytest.raises(InvalidInput, match="stays as it was") as caught:
            terminal("allow far", typed)
        assert caught.value.exit_code == 2
        assert not terminal.allowed("far")
    assert terminal("allow far", "Unencrypted\n") == 0
    assert "everybody on the way can read it" in terminal.err
    assert terminal.allowed("far")
    terminal("add far https://example.org/v1 large")
    assert not terminal.allowed("far")
    assert terminal("allow far") == 0


def test_a_key_goes_into_the_keyring_and_nowhere_else(terminal: Terminal) -> None:
    assert terminal("add lan https://box.local/v1 large --key", " sesame \n") == 0
    assert list(terminal.keys.kept.values()) == ["sesame"]
    written = "".join(path.read_text() for path in terminal.paths.config_dir.rglob("*") if path.is_file())
    assert "sesame" not in written + terminal.out + terminal.err


def test_a_key_is_not_shown_while_it_is_typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or "sesame")
    monkeypatch.setattr(Typed, "terminal", True)
    terminal("add lan https://box.local/v1 large --key")
    assert asked == ["Key: "]
    assert list(terminal.keys.kept.values()) == ["sesame"]


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "schlüssel\n"])
def test_a_key_that_is_none_adds_nothing(terminal: Terminal, typed: str) -> None:
    with pytest.raises(InvalidInput):
        terminal("add lan https://box.local/v1 large --key", typed)
    assert terminal.file.read() == ()


def test_without_a_keyring_nothing_is_added_with_a_key(terminal: Terminal) -> None:
    terminal.keys.broken = "keyring-locked"
    with pytest.raises(Unavailable, match="locked") as caught:
        terminal("add lan https://box.local/v1 large --key", "sesame\n")
    assert caught.value.exit_code == 4
    assert terminal.file.read() == ()


def test_adding_it_again_changes_it(terminal: Terminal) -> None:
    terminal("add lan http://box.local/v1 large")
    terminal("allow lan")
    assert terminal("add lan http://box.local/v1 huge") == 0
    assert "Changed lan" in terminal.err
    assert "allowed, as before" in terminal.err
    assert [entry.model for entry in terminal.file.read()] == ["huge"]
    terminal("add lan http://other.local/v1 huge")
    assert not terminal.allowed("lan")


def test_removing_forgets_key_and_consent(terminal: Terminal) -> None:
    terminal("add lan https://box.local/v1 large --key", "sesame\n")
    terminal("allow lan")
    entry = terminal.file.get("lan")
    assert terminal("remove lan") == 0
    assert terminal.keys.kept == {}
    assert terminal.file.read() == ()
    assert not Consent(terminal.paths.machine_dir).given(entry)


def test_a_locked_keyring_does_not_keep_a_server_from_being_removed(terminal: Terminal) -> None:
    terminal("add lan https://box.local/v1 large")
    terminal.keys.broken = "keyring-locked"
    assert terminal("remove lan") == 0
    assert "still in the keyring" in terminal.err
    assert terminal.file.read() == ()


@pytest.mark.parametrize("line", ["allow lann", "deny lann", "test lann", "remove lann"])
def test_one_that_is_not_there_is_told(terminal: Terminal, line: str) -> None:
    terminal("add lan https://box.local/v1 large")
    with pytest.raises(InvalidInput, match="Did you mean 'lan'"):
        terminal(line)


@pytest.mark.parametrize(
    "line",
    [
        "add Lan http://box.local/v1 large",
        "add lan box large",
        "add lan http://box.local/v1 large --context 1",
        "add llama-cpu http://box.local/v1 large",
    ],
)
def test_what_cannot_be_is_not_added(terminal: Terminal, line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        terminal(line)
    assert caught.value.exit_code == 2
    assert not terminal.paths.servers_file.exists()


def test_a_file_that_is_wrong_is_told_with_its_place(terminal: Terminal) -> None:
    terminal.paths.config_dir.mkdir(parents=True)
    terminal.paths.servers_file.write_text("servers:\n- {id: lan, url: box, model: x}\n")
    with pytest.raises(InvalidInput, match=r"servers.yaml:2:\d+"):
        terminal("list")


@pytest.mark.parametrize(
    ("prepare", "error", "exit_code"),
    [("", Unavailable, 4), ("offline", Unavailable, 4), ("allow", ConnectionFailed, 6)],
)
def test_a_server_that_cannot_be_tried_has_its_exit_code(
    terminal: Terminal, prepare: str, error: type[SottoError], exit_code: int
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    terminal(f"add lan http://127.0.0.1:{port}/v1 large")
    if prepare:
        terminal("allow lan")
    if prepare == "offline":
        SettingsStore(terminal.paths.settings_file).set("network.offline", True)
    with pytest.raises(error) as caught:
        terminal("test lan --json")
    assert caught.value.exit_code == exit_code
    assert terminal.out == ""


def test_one_written_into_the_file_with_the_id_of_a_backend_is_told(terminal: Terminal) -> None:
    terminal.paths.config_dir.mkdir(parents=True)
    terminal.paths.servers_file.write_text("servers:\n- {id: llama-cpu, url: 'http://127.0.0.1:1', model: x}\n")
    terminal("allow llama-cpu")
    terminal("list")
    assert "has the id of another backend" in terminal.out
