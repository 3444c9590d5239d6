"""The file of the person's servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, StorageError
from app.settings.addresses import address
from app.settings.servers import ServerEntry, ServersFile

LAN = ServerEntry(server_id="lan", address=address("http://192.168.1.20:8080/v1"), model="qwen3:8b")
WRITTEN = """\
# Mine.
servers:
  # The quiet one.
  - id: ollama-npu
    url: http://127.0.0.1:11434/v1
    model: llama3  # a small one

  # The box in the cellar.
  - {id: lan, url: "http://192.168.1.20:8080", model: "qwen3:8b", context_tokens: 4096, log_probs: false, device: gpu}
# The end.
"""


@pytest.fixture
def file(tmp_path: Path) -> ServersFile:
    return ServersFile(tmp_path / "servers.yaml")


def written(file: ServersFile, text: str = WRITTEN) -> ServersFile:
    file.path.write_text(text, encoding="utf-8")
    return file


def test_no_file_lists_nothing(file: ServersFile) -> None:
    assert file.read() == ()


@pytest.mark.parametrize("text", ["", "servers:\n", "servers: []\n", "# nothing yet\n"])
def test_an_empty_file_lists_nothing(file: ServersFile, text: str) -> None:
    assert written(file, text).read() == ()


def test_servers_are_read_in_their_order(file: ServersFile) -> None:
    first, second = written(file).read()
    assert (first.server_id, first.address.url, first.model) == ("ollama-npu", "http://127.0.0.1:11434/v1", "llama3")
    assert (first.context_tokens, first.log_probs, first.device) == (8192, True, None)
    assert second == replace(LAN, context_tokens=4096, log_probs=False, device=Device.GPU)
    assert file.get("lan") == second


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("servers: {lan: x}", "1:1", "must be a list"),
        ("servers:\n- lan", "2:3", "a server is a mapping"),
        ("server: []", "1:1", "Did you mean 'servers'?"),
        ("servers:\n- id: lan\n  url: http://box.local\n", "2:3", "no 'model'"),
        ("servers:\n- id: lan\n  url: box\n  model: x\n", "3:3", "does not begin with http"),
        ("servers:\n- id: Lan\n  url: http://box\n  model: x\n", "2:3", "cannot be the id"),
        ("servers:\n- id: a:b\n  url: http://box\n  model: x\n", "2:3", "cannot be the id"),
        ("servers:\n- id: lan\n  url: http://box\n  model: 7\n", "4:3", "must be text, not 7"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n  context_tokens: 1\n", "5:3", "whole number"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n  context_tokens: true\n", "5:3", "whole number"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n  log_probs: maybe\n", "5:3", "true or false"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n  device: remote\n", "5:3", "npu, igpu, gpu, cpu"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n  contex_tokens: 9\n", "5:3", "Did you mean"),
        ("servers:\n- id: lan\n  url: http://box\n  model: x\n- id: lan\n  url: http://b\n  model: x\n", "5:3", "two"),
        ("servers: [\n", "2:1", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file: ServersFile, text: str, place: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        written(file, text).read()
    assert caught.value.message.startswith(f"{file.path}:{place}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("key", ["key", "api_key", "API-Key", "token", "password"])
def test_a_key_does_not_stand_in_a_file(file: ServersFile, key: str) -> None:
    text = f"servers:\n- id: lan\n  url: https://box.local/v1\n  model: x\n  {key}: sesame\n"
    with pytest.raises(
        InvalidInput, match=r"servers.yaml:5:3: .*does not belong into a file.*keyring.*--key"
    ) as caught:
        written(file, text).read()
    assert "sesame" not in str(caught.value)


def test_one_that_is_not_there_has_a_hint(file: ServersFile) -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'lan'"):
        written(file).get("lann")


def test_the_first_one_makes_the_file(file: ServersFile) -> None:
    assert not file.put(LAN)
    assert file.read() == (LAN,)
    assert file.path.stat().st_mode & 0o077 == 0


def test_adding_and_changing_keep_what_the_person_wrote(file: ServersFile) -> None:
    written(file)
    other = replace(LAN, server_id="other", context_tokens=512)
    assert not file.put(other)
    assert file.put(replace(LAN, model="qwen3:14b"))
    text = file.path.read_text()
    for comment in ("# Mine.", "# The quiet one.", "# a small one", "# The box in the cellar.", "# The end."):
        assert comment in text
    assert [entry.model for entry in file.read()] == ["llama3", "qwen3:14b", "qwen3:8b"]
    assert file.get("lan").log_probs
    assert file.get("lan").device is None
    assert file.get("other") == other


@pytest.mark.parametrize("server_id", ["ollama-npu", "lan"])
def test_removing_one_keeps_what_is_written_about_the_other(file: ServersFile, server_id: str) -> None:
    other = next(entry for entry in written(file).read() if entry.server_id != server_id)
    file.remove(server_id)
    assert file.read() == (other,)
    text = file.path.read_text()
    assert "# Mine." in text
    assert "# The end." in text
    assert ("# The box in the cellar." if server_id == "ollama-npu" else "# a small one") in text
    file.remove(other.server_id)
    assert file.read() == ()


def test_one_line_of_everything_can_be_changed_too(file: ServersFile) -> None:
    written(file, "servers: [{id: a, url: http://a.local, model: x}, {id: b, url: http://b.local, model: y}]\n")
    file.remove("a")
    assert [entry.server_id for entry in file.read()] == ["b"]
    file.put(LAN)
    assert [entry.server_id for entry in file.read()] == ["b", "lan"]


@pytest.mark.parametrize("change", [{"server_id": "Lan"}, {"model": " "}, {"model": "a\nb"}, {"context_tokens": 1}])
def test_what_could_not_be_read_again_is_not_written(file: ServersFile, change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        file.put(replace(LAN, **change))
    assert not file.path.exists()


def test_a_file_that_is_wrong_is_left_alone(file: ServersFile) -> None:
    written(file, "servers: 7\n")
    for change in (lambda: file.put(LAN), lambda: file.remove("lan")):
        with pytest.raises(InvalidInput):
            change()
    assert file.path.read_text() == "servers: 7\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        ServersFile(tmp_path / "file" / "servers.yaml").put(LAN)
