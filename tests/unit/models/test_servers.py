"""The person's servers as backends: listed, allowed, refused; nothing is sent that may not be."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import SottoError, Unavailable
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.settings.consent import Consent
from app.settings.servers import ServersFile
from models.servers import Servers, key_name
from tests.helpers.http_server import Asked, Caller, Served, chunk, serving

REQUEST = GenerationRequest((ChatMessage(Role.USER, "Where is the treasure?"),))


@dataclass
class Keys:
    """Secrets in memory; or none that can be had."""

    kept: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    def get(self, name: str) -> str | None:
        if self.broken:
            raise Unavailable(self.broken, code="no-keyring")
        return self.kept.get(name)

    def set(self, name: str, value: str) -> None:
        self.kept[name] = value

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


@dataclass
class Here:
    """The person's file, consent and keys."""

    folder: Path
    keys: Keys = field(default_factory=Keys)
    offline: bool = False

    def __post_init__(self) -> None:
        self.file = ServersFile(self.folder / "servers.yaml")
        self.consent = Consent(self.folder / "machine", lambda: "mine")
        self.servers = Servers(self.file, self.consent, self.keys, lambda: self.offline)

    def listing(self, url: str, *ids: str) -> None:
        items = "".join(f"- {{id: {key}, url: '{url}', model: large}}\n" for key in ids or ("lan",))
        self.file.path.write_text(f"servers:\n{items}")


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


async def answering(asked: Asked, caller: Caller) -> None:
    if asked.path.endswith("/models"):
        await caller.reply("200 OK", '{"object": "list", "data": [{"id": "large", "object": "model"}]}')
    else:
        await caller.begin_stream()
        for event in (chunk("Under the tree."), chunk(finish="stop")):
            await caller.event(event)
        await caller.end_stream()


async def only_with_a_key(asked: Asked, caller: Caller) -> None:
    if asked.headers.get("authorization") == "Bearer sesame":
        await answering(asked, caller)
    else:
        await caller.reply("401 Unauthorized", "{}")


def test_no_file_means_no_servers(here: Here) -> None:
    assert here.servers.open() == ()
    assert here.servers.problems == ()


def test_every_listed_server_is_a_backend_that_is_off(here: Here) -> None:
    here.listing("http://127.0.0.1:1/v1", "ollama-npu", "lan")
    first, second = here.servers.open()
    assert (first.backend.backend_id, second.backend.backend_id) == ("ollama-npu", "lan")
    assert first.backend.device is Device.REMOTE
    assert first.capabilities.json_schema
    assert here.servers.why_not("lan") == (
        "The server lan is not allowed. `sotto servers allow lan` lets text be sent to 127.0.0.1:1."
    )
    here.consent.give(here.file.get("lan"))
    assert here.servers.why_not("lan") == ""
    assert "not allowed" in here.servers.why_not("ollama-npu")
    here.offline = True
    assert "stays offline" in here.servers.why_not("lan")
    assert here.servers.why_not("llama-cpu") == ""
    assert here.servers.revision("lan") == "large at http://127.0.0.1:1/v1"


def test_a_server_cannot_take_the_place_of_a_backend(here: Here) -> None:
    here.listing("http://127.0.0.1:1/v1", "llama-cpu", "openvino-embed-npu", "mine", "lan")
    (only,) = here.servers.open(taken={"mine"})
    assert only.backend.backend_id == "lan"
    taken = [problem.split("'")[1] for problem in here.servers.problems]
    assert taken == ["llama-cpu", "openvino-embed-npu", "mine"]
    assert all("is the id of another backend" in problem for problem in here.servers.problems)
    assert here.servers.why_not("mine") == ""


def test_a_file_that_is_wrong_costs_the_servers_and_nothing_else(here: Here) -> None:
    here.file.path.write_text("servers:\n- {id: lan, url: box, model: x}\n")
    assert here.servers.open() == ()
    assert "servers.yaml:2:" in here.servers.problems[0]
    here.listing("http://127.0.0.1:1/v1")
    assert len(here.servers.open()) == 1
    assert here.servers.problems == ()


@pytest.mark.parametrize("why", ["not allowed", "offline", "moved"])
async def test_nothing_at_all_is_sent_to_one_that_may_not_be_asked(here: Here, why: str) -> None:
    async with serving(answering) as served:
        here.listing(served.url)
        if why != "not allowed":
            here.consent.give(here.file.get("lan"))
        here.offline = why == "offline"
        if why == "moved":
            here.listing(served.url.replace("/v1", "/v2"))
        (runtime,) = here.servers.open()
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await written(runtime)
            assert caught.value.code == ("offline" if why == "offline" else "server-not-allowed")
        assert served.callers == []
        await runtime.aclose()


async def test_taking_the_consent_back_counts_in_a_running_program(here: Here) -> None:
    async with serving(answering) as served:
        here.listing(served.url)
        (runtime,) = here.servers.open()
        here.consent.give(here.file.get("lan"))
        assert await written(runtime) == "Under the tree."
        asked = len(served.asked)
        Consent(here.folder / "machine", lambda: "mine").withdraw("lan")  # as another process does
        with pytest.raises(Unavailable, match="not allowed"):
            await written(runtime)
        assert len(served.asked) == asked
        await runtime.aclose()


async def test_the_key_comes_from_the_keyring_and_is_for_one_address(here: Here) -> None:
    async with serving(only_with_a_key) as served:
        here.listing(served.url)
        entry = here.file.get("lan")
        here.consent.give(entry)
        here.keys.set(key_name(entry), "sesame")
        (runtime,) = here.servers.open()
        assert await written(runtime) == "Under the tree."
        await runtime.aclose()
        here.listing(served.url.replace("127.0.0.1", "localhost"))
        moved = here.file.get("lan")
        here.consent.give(moved)
        assert here.keys.get(key_name(moved)) is None


async def test_a_new_key_is_taken_without_a_restart(here: Here) -> None:
    async with serving(only_with_a_key) as served:
        here.listing(served.url)
        entry = here.file.get("lan")
        here.consent.give(entry)
        (runtime,) = here.servers.open()
        with pytest.raises(Unavailable, match="refused the key"):
            await written(runtime)
        here.keys.set(key_name(entry), "sesame")
        assert await written(runtime) == "Under the tree."
        await runtime.aclose()


async def test_without_a_keyring_a_server_without_keys_works_and_another_says_why_not(here: Here) -> None:
    here.keys.broken = "This session has no keyring."
    async with serving(answering) as served:
        here.listing(served.url)
        here.consent.give(here.file.get("lan"))
        (runtime,) = here.servers.open()
        assert await written(runtime) == "Under the tree."
        await runtime.aclose()
    async with serving(only_with_a_key) as served:
        here.listing(served.url)
        here.consent.give(here.file.get("lan"))
        (runtime,) = here.servers.open()
        with pytest.raises(Unavailable, match=r"refused the key \(401\)\. This session has no keyring\."):
            await written(runtime)
        await runtime.aclose()


async def test_every_request_is_in_the_log_and_no_word_of_it(here: Here, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(answering) as served:
        await _asked_once(here, served, caplog)
        lines = [record.getMessage() for record in caplog.records if record.name == "models.llm.openai_compatible"]
        assert lines == [f"lan: GET {served.url}/models", f"lan: POST {served.url}/chat/completions"]
        assert len(served.asked) == 2
    assert "sesame" not in caplog.text
    assert "treasure" not in caplog.text
    assert "tree" not in caplog.text


async def _asked_once(here: Here, served: Served, caplog: pytest.LogCaptureFixture) -> None:
    here.listing(served.url)
    entry = here.file.get("lan")
    here.consent.give(entry)
    here.keys.set(key_name(entry), "sesame")
    (runtime,) = here.servers.open()
    with caplog.at_level(logging.INFO):
        await written(runtime)
    await runtime.aclose()


async def test_a_refusal_is_one_of_ours(here: Here) -> None:
    here.listing("http://127.0.0.1:1/v1")
    (runtime,) = here.servers.open()
    with pytest.raises(SottoError) as caught:
        await runtime.warm_up()
    assert caught.value.exit_code == 4


async def written(runtime: object) -> str:
    return "".join([piece.text async for piece in runtime.generate(REQUEST)])  # type: ignore[attr-defined]
