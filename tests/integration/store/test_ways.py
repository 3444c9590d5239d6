"""The way to the hub: mirror, proxy, certificates, tokens, offline; and what is known only when the hub is asked."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from app.contracts.errors import InvalidInput, SottoError, Unavailable
from models.store.hub import ask_listing
from models.store.model import ModelFormat
from models.store.network import Line, Network
from models.store.pull import Pull
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile
from tests.helpers.hub import SIGN_IN, Fault, Hub, hub, proxy, until, weights
from tests.helpers.pulling import BYTES, HASTY, REPOSITORY, SIZE, no_model, pull


def test_offline_asks_nobody(store: Store, wanted: Wanted, hub_: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(Unavailable, match="set to stay offline") as caught:
        pull(store, wanted, hub_, network=Network(offline=True, mirror=hub_.url))
    assert (caught.value.code, "network.offline" in caught.value.remedy) == ("offline", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Unavailable, match="Unset HF_HUB_OFFLINE"):
        pull(store, wanted, hub_)


def test_the_hub_of_the_environment(store: Store, wanted: Wanted, hub_: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub_.url + "/")
    assert pull(store, wanted, hub_, network=Network()).read_bytes() == BYTES


def test_a_network_in_which_only_a_proxy_leads_out(
    store: Store, wanted: Wanted, hub_: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_.only_by_proxy = True
    with pytest.raises(Unavailable, match=r"a web page instead of tiny\.gguf") as caught:
        pull(store, wanted, hub_)
    assert "network.proxy" in caught.value.remedy
    assert no_model(store)
    with proxy() as way:
        assert pull(store, wanted, hub_, network=Network(mirror=hub_.url, proxy=way.url)).read_bytes() == BYTES
        assert len(way.asked) == 2
        store.remove("tiny")
        monkeypatch.setenv("http_proxy", way.url)
        assert pull(store, wanted, hub_).read_bytes() == BYTES
        assert len(way.asked) == 4
        store.remove("tiny")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(Unavailable, match="a web page"):
            pull(store, wanted, hub_)


def test_a_proxy_with_a_password(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.only_by_proxy = True
    with proxy(password="ann:s3cret") as way:
        with pytest.raises(Unavailable, match="The proxy wants a name and a password"):
            pull(store, wanted, hub_, network=Network(mirror=hub_.url, proxy=way.url))
        with_password = way.url.replace("//", "//ann:s3cret@")
        assert pull(store, wanted, hub_, network=Network(mirror=hub_.url, proxy=with_password)).read_bytes() == BYTES


def test_a_proxy_that_is_not_there(store: Store, wanted: Wanted, hub_: Hub) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(SottoError, match=r"The proxy on the way to 127\.0\.0\.1") as caught:
            pull(store, wanted, hub_, network=Network(mirror=hub_.url, proxy=address))
    assert (caught.value.code, hub_.asked) == ("proxy", [])


@pytest.mark.parametrize("address", ["ftp://mirror", "http://", "mirror.example", "http://host:port"])
def test_an_address_that_is_none(address: str, store: Store, wanted: Wanted, hub_: Hub) -> None:
    with pytest.raises(InvalidInput, match=r"setting network\.mirror"):
        pull(store, wanted, hub_, network=Network(mirror=address))


def test_a_hub_that_is_not_there(store: Store, wanted: Wanted, hub_: Hub) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(SottoError, match="cannot be reached") as caught:
            pull(store, wanted, hub_, network=Network(mirror=f"http://127.0.0.1:{nobody.getsockname()[1]}"))
    assert caught.value.temporary


def test_the_token_goes_to_the_hub_alone(
    store: Store, wanted: Wanted, hub_: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", hub_.url)
    pull(store, wanted, hub_, network=Network())
    sent = {each.path.split("/")[1]: each.headers.get("authorization") for each in hub_.asked}
    assert sent == {"people": "Bearer hf_secret", "cdn": None}
    store.remove("tiny")
    hub_.asked.clear()
    pull(store, wanted, hub_)
    assert [each.headers.get("authorization") for each in hub_.asked] == [None, None], "a mirror never gets it"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate nobody has signed, and a server's context with it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


@pytest.fixture
def safe_hub(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Hub]:
    with hub(certificate[1]) as made:
        made.add(REPOSITORY, {"tiny.gguf": BYTES})
        yield made


def test_a_certificate_counts_when_the_system_trusts_it(
    store: Store,
    wanted: Wanted,
    safe_hub: Hub,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Unavailable, match=r"The certificate of 127\.0\.0\.1 is not trusted by this system") as caught:
        pull(store, wanted, safe_hub)
    assert (caught.value.code, safe_hub.asked) == ("certificate", [])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert pull(store, wanted, safe_hub).read_bytes() == BYTES


def test_an_encrypted_hub_may_not_lead_to_one_that_is_not(
    store: Store,
    wanted: Wanted,
    safe_hub: Hub,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    safe_hub.cdn = safe_hub.cdn.replace("https", "http")
    with pytest.raises(Unavailable, match="which is not encrypted"):
        pull(store, wanted, safe_hub)
    assert no_model(store)


def test_pausing_is_quick_over_an_encrypted_line_too(
    store: Store,
    wanted: Wanted,
    safe_hub: Hub,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    for fault in (Fault(stall_after=200_000), Fault(stall_head=True)):
        safe_hub.go_wrong("cdn/tiny.gguf", fault)
        before = len(safe_hub.asked)
        paused = Pull(store, wanted, Network(mirror=safe_hub.url), patience=replace(HASTY, stall_s=60))
        ended: list[str] = []
        thread = threading.Thread(target=lambda: ended.append(code_of(paused)))  # noqa: B023 - joined below
        thread.start()
        until(lambda: len(safe_hub.asked) - before == 2)  # noqa: B023 - called at once
        time.sleep(0.2)
        paused.pause()
        thread.join(3)
        assert ended == ["paused"]
    assert pull(store, wanted, safe_hub).read_bytes() == BYTES


def code_of(paused: Pull) -> str:
    try:
        paused.run()
    except SottoError as error:
        return error.code
    return ""


@pytest.fixture
def unknown(wanted: Wanted) -> Wanted:
    """The same model, of which no source said revision, size or digest."""
    return replace(wanted, revision=None, files=(WantedFile("tiny.gguf"),))


def test_what_no_source_said_is_asked_recorded_and_compared_later(store: Store, unknown: Wanted, hub_: Hub) -> None:
    assert pull(store, unknown, hub_).read_bytes() == BYTES
    (model,) = store.installed_models()
    assert not model.verified
    record = json.loads((store.records() / "tiny.json").read_text())
    assert record["revision"] == hub_.commit(REPOSITORY)
    assert record["files"][0]["sha256"] == hashlib.sha256(BYTES).hexdigest()
    store.remove("tiny")
    hub_.asked.clear()
    hub_.go_wrong("cdn/tiny.gguf", Fault(body=weights(SIZE, 9)), always=True)
    with pytest.raises(Unavailable, match=r"is not tiny\.gguf"):
        pull(store, unknown, hub_)
    assert not any("/api/" in each.path for each in hub_.asked), "the record says it all"
    assert no_model(store)


def test_small_files_are_compared_by_what_git_calls_them(store: Store, hub_: Hub) -> None:
    files = {"config.json": b'{"a": 1}' * 40, "model.onnx": weights(5000)}
    hub_.add("people/voice", files, large=False)
    hub_.go_wrong("main/config.json", Fault(body=b"{}" * 160))
    wanted = Wanted("voice", ModelFormat.MOONSHINE, "people/voice", None, tuple(WantedFile(path) for path in files))
    hub_.go_wrong(f"{hub_.commit('people/voice')}/config.json", Fault(body=b"x" * 320))
    folder = pull(store, wanted, hub_)
    assert (folder / "config.json").read_bytes() == files["config.json"]
    assert len(hub_.bytes_asked("/config.json")) == 2


def test_the_files_a_format_needs_are_chosen(store: Store, hub_: Hub) -> None:
    files = {name: weights(3000, at) for at, name in enumerate(("model.bin", "config.json", "tokenizer.json",
             "vocabulary.json", "README.md", "pytorch_model.bin", ".gitattributes"))}  # fmt: skip
    hub_.add("people/whisper", files)
    folder = pull(store, Wanted("whisper", ModelFormat.CTRANSLATE2_WHISPER, "people/whisper"), hub_)
    found = {path.name for path in folder.iterdir()}
    assert found == {"model.bin", "config.json", "tokenizer.json", "vocabulary.json", "model.json"}


def test_a_mirror_that_lists_names_alone(store: Store, unknown: Wanted, hub_: Hub) -> None:
    hub_.bare = True
    hub_.go_wrong("cdn/tiny.gguf", Fault(body=weights(SIZE, 5)))
    assert pull(store, unknown, hub_).read_bytes() == BYTES, "the hub led there and said the digest"
    assert len(hub_.bytes_asked("/tiny.gguf")) == 4


def test_a_file_of_which_nobody_says_anything(store: Store, hub_: Hub) -> None:
    hub_.bare = True
    hub_.add("people/ear", {"encoder.ort": weights(5000)}, large=False)
    wanted = Wanted("ear", ModelFormat.MOONSHINE, "people/ear", None, (WantedFile("encoder.ort"),))
    for fault, words in (
        (Fault(chunked=True), "Nobody says how long encoder.ort is"),
        (Fault(body=b"not found"), "sent 9 bytes instead of encoder.ort"),
    ):
        hub_.go_wrong("/encoder.ort", fault)
        with pytest.raises(Unavailable, match=words):
            pull(store, wanted, hub_)
        assert no_model(store)
    assert (pull(store, wanted, hub_) / "encoder.ort").read_bytes() == weights(5000)


def test_a_mirror_with_another_file_is_found_before_it_comes(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.files[REPOSITORY]["tiny.gguf"] = weights(SIZE, 4)
    with pytest.raises(Unavailable, match="is another file than the one that is known here"):
        pull(store, wanted, hub_)
    assert store.begun() == {"tiny": 0}


LISTING_FAULTS = {
    "web page": (Fault(body=SIGN_IN, kind="text/html"), "not-a-model"),
    "no JSON": (Fault(body=b"oops"), "not-a-model"),
    "other JSON": (Fault(body=b'{"error": "no"}'), "not-a-model"),
    "a size below nothing": (
        Fault(body=b'{"sha": "%s", "siblings": [{"rfilename": "a.gguf", "size": -5}]}' % (b"a" * 40)),
        "not-a-model",
    ),
    "stalling": (Fault(stall_after=10), "stalled"),
    "dropped": (Fault(drop_after=10), "connection-failed"),
    "gated": (Fault(status=403, headers={"X-Error-Code": "GatedRepo"}), "gated"),
    "missing": (Fault(status=404, headers={"X-Error-Code": "RepoNotFound"}), "not-at-hub"),
    "busy": (Fault(status=429), "busy"),
}


@pytest.mark.parametrize(("fault", "code"), LISTING_FAULTS.values(), ids=LISTING_FAULTS.keys())
def test_a_listing_that_does_not_come(fault: Fault, code: str, store: Store, unknown: Wanted, hub_: Hub) -> None:
    hub_.go_wrong(f"/api/models/{REPOSITORY}", fault, always=True)
    with pytest.raises(SottoError) as caught:
        pull(store, unknown, hub_)
    assert caught.value.code == code, str(caught.value)
    assert no_model(store)


def test_the_hub_and_the_catalogue_disagree(store: Store, wanted: Wanted, hub_: Hub) -> None:
    digest = hashlib.sha256(b"something else").hexdigest()
    other = replace(wanted, revision=None, files=(WantedFile("tiny.gguf", SIZE, digest),))
    with pytest.raises(Unavailable, match=r"The SHA-256 of tiny\.gguf in people/tiny is not the one that is known"):
        pull(store, other, hub_)
    assert hub_.bytes_asked("/tiny.gguf") == []


def test_the_listing_says_what_the_hubs_own_library_reads(hub_: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_.add("people/mixed", {"model.bin": weights(9000), "config.json": b"{}"})
    hub_.large.discard("config.json")
    theirs = HfApi(endpoint=hub_.url, token=False).model_info("people/mixed", files_metadata=True)
    line = Line(Network(mirror=hub_.url), HASTY.connect_s, HASTY.stall_s)
    ours = ask_listing(line, hub_.url, Wanted("mixed", ModelFormat.MOONSHINE, "people/mixed"), lambda: None)
    line.close()
    assert ours.commit == theirs.sha
    siblings = {each.rfilename: each for each in theirs.siblings or ()}
    assert ours.files["model.bin"].sha256 == (siblings["model.bin"].lfs or {})["sha256"]
    assert ours.files["config.json"].blob == siblings["config.json"].blob_id
    assert [ours.files[name].size for name in sorted(siblings)] == [siblings[name].size for name in sorted(siblings)]
