from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput
from models.store.from_catalogue import catalogue_of_program, find_wanted, wanted_of
from models.store.journal import Plan, read_plan
from models.store.model import ModelFormat
from models.store.network import Network, without_password
from models.store.wanted import Wanted, WantedFile

SHA = "a" * 64
WANTED = Wanted("tiny", ModelFormat.GGUF, "people/tiny", "b" * 40, (WantedFile("tiny.gguf", 10, SHA),))
PLAN = Plan("people/tiny", "b" * 40, (WantedFile("tiny.gguf", 10, SHA, remote="q4/tiny.gguf"),), "v1.0")


@pytest.mark.parametrize(
    "path",
    ["../a", "a/../b", "/etc/passwd", "C:/a", "a\\b", ".hidden", "a/.git/b", "", "a//b", "a/", "./a", "model.json",
     "nul.txt", "a ", "a.", "a\nb", "model.json/x"],
)  # fmt: skip
def test_a_file_never_leads_out_of_its_folder(path: str) -> None:
    for file in (WantedFile(path), WantedFile("fine", remote=path or "..")):
        with pytest.raises(InvalidInput, match="cannot be the name of a file"):
            replace(WANTED, files=(file,)).check()


@pytest.mark.parametrize(
    "changes",
    [{"name": "../x"}, {"repository": "a/b/c"}, {"repository": "../b"}, {"repository": "a/.."}, {"repository": "a b"},
     {"revision": "../.."}, {"revision": "a b"}, {"files": (WantedFile("a", 1, "xyz"),)},
     {"files": (WantedFile("a", -1),)}, {"files": (WantedFile("a"), WantedFile("A"))}],
    ids=str,
)  # fmt: skip
def test_an_entry_that_cannot_be_used(changes: dict[str, object]) -> None:
    WANTED.check()
    with pytest.raises(InvalidInput):
        replace(WANTED, **changes).check()  # type: ignore[arg-type]


def test_what_is_known_beforehand() -> None:
    assert (WANTED.complete, WANTED.verifiable, WANTED.size_bytes) == (True, True, 10)
    assert not replace(WANTED, revision=None).complete
    assert replace(WANTED, revision=None).verifiable
    unknown = replace(WANTED, files=(WantedFile("tiny.gguf"),))
    assert (unknown.complete, unknown.verifiable, unknown.size_bytes) == (False, False, None)
    assert not replace(WANTED, files=()).verifiable


def test_a_plan_fits_what_says_nothing_else() -> None:
    wanted = replace(WANTED, files=(WantedFile("tiny.gguf", 10, SHA, remote="q4/tiny.gguf"),))
    for fitting in (
        wanted,
        replace(wanted, revision=None),
        replace(wanted, revision="v1.0"),
        replace(wanted, files=()),
        replace(wanted, files=(WantedFile("tiny.gguf"),)),
    ):
        assert PLAN.fits(fitting)
    for other in (
        replace(wanted, revision="c" * 40),
        replace(wanted, repository="people/other"),
        replace(wanted, files=(WantedFile("other.gguf"),)),
        replace(wanted, files=(WantedFile("tiny.gguf", 11, SHA),)),
        replace(wanted, files=(WantedFile("tiny.gguf", 10, "c" * 64),)),
    ):
        assert not PLAN.fits(other)


def test_a_plan_is_kept_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plan.json"
    PLAN.write(path)
    assert read_plan(path) == PLAN
    content = json.loads(path.read_text())
    damaged = (
        "", "{", "[]", "null", json.dumps(content | {"version": 9}), json.dumps(content | {"repository": "../.."}),
        json.dumps(content | {"files": [content["files"][0] | {"path": "../x"}]}), json.dumps({"version": 1}),
    )  # fmt: skip
    for text in damaged:
        path.write_text(text)
        assert read_plan(path) is None
    assert read_plan(tmp_path / "nowhere") is None


def test_every_model_of_the_catalogue_can_be_wanted() -> None:
    catalogue = catalogue_of_program()
    for model in catalogue.models:
        wanted = wanted_of(model)
        wanted.check()
        assert wanted.verifiable or not model.verified
        assert wanted.complete == (model.verified and model.revision.value is not None)
        assert wanted.size_bytes == model.size_bytes
    assert find_wanted(catalogue, catalogue.models[0].name).name == catalogue.models[0].name
    with pytest.raises(InvalidInput, match="The catalogue has no model 'nothing-like-it'"):
        find_wanted(catalogue, "nothing-like-it")


def test_the_settings_about_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    values = {"network.offline": False, "network.mirror": " https://mirror.example/ ", "network.proxy": "proxy:3128"}
    network = Network.of(values.__getitem__)
    assert network.endpoint == "https://mirror.example"
    assert network.proxies_for("https://mirror.example/x") == {
        "http": "http://proxy:3128",
        "https": "http://proxy:3128",
    }
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert (network.token, Network().token) == ("", "secret")
    with pytest.raises(InvalidInput, match="network.proxy") as caught:  # noqa: RUF043
        Network(proxy="socks5://ann:secret@proxy").proxies_for("https://x.example")
    assert "secret" not in str(caught.value)


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert without_password("http://ann:pw@proxy:3128/a?token=x") == "http://proxy:3128/a"
    assert without_password("nonsense") == "nonsense"
