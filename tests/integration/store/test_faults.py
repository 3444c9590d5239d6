"""Show 4: whatever a hub does, a download ends in a verified file or one sentence; nothing half-made counts."""

from __future__ import annotations

import hashlib
import random

import pytest

from app.contracts.errors import Busy, ConnectionFailed, InvalidInput, SottoError, TimedOut, Unavailable
from models.store.manifest import Manifest, ManifestFile
from models.store.model import ModelFormat, Origin
from models.store.network import Network
from models.store.progress import Progress, State
from models.store.store import Store
from models.store.wanted import Wanted
from tests.helpers.hub import SIGN_IN, Fault, Hub, weights
from tests.helpers.pulling import BYTES, SIZE, no_model, pull


def test_a_model_comes_whole_and_verified(store: Store, wanted: Wanted, hub_: Hub) -> None:
    seen: list[Progress] = []
    path = pull(store, wanted, hub_, seen.append)
    assert path.read_bytes() == BYTES
    (model,) = Store(store.folder).installed_models()
    assert (model.verified, model.origin, model.size_bytes) == (True, Origin.CATALOGUE, SIZE)
    assert store.verify("tiny").ok
    assert not any("/api/" in each.path for each in hub_.asked), "everything was known, so nothing was asked"
    assert (seen[-1].state, seen[-1].received_bytes, seen[-1].total_bytes) == (State.DONE, SIZE, SIZE)
    assert not store.partial("tiny").exists()


def test_what_is_there_is_not_fetched_again(store: Store, wanted: Wanted, hub_: Hub) -> None:
    pull(store, wanted, hub_)
    before = len(hub_.asked)
    pull(store, wanted, hub_, network=Network(offline=True))
    assert len(hub_.asked) == before


def imported(store: Store, content: bytes) -> None:
    """A model of the person's own, called as the one at the hub is."""
    made = store.partial("tiny") / "mine"
    made.mkdir(parents=True)
    (made / "tiny.gguf").write_bytes(content)
    file = ManifestFile("tiny.gguf", len(content), hashlib.sha256(content).hexdigest())
    store.put_in_place(made, Manifest("tiny", ModelFormat.GGUF, (file,), Origin.IMPORTED))


def test_a_model_of_the_persons_own_is_not_replaced(store: Store, wanted: Wanted, hub_: Hub) -> None:
    imported(store, b"mine")
    with pytest.raises(InvalidInput, match="There is another model tiny already"):
        pull(store, wanted, hub_)
    assert (store.path("tiny").read_bytes(), hub_.asked) == (b"mine", [])


def test_what_was_imported_byte_for_byte_is_not_fetched(store: Store, wanted: Wanted, hub_: Hub) -> None:
    imported(store, BYTES)
    assert pull(store, wanted, hub_).read_bytes() == BYTES
    assert hub_.asked == []


RECOVERED = {
    "dropped twice": [Fault(drop_after=150_000), Fault(drop_after=100_000)],
    "stalled": [Fault(stall_after=150_000)],
    "stalled before the head": [Fault(stall_head=True)],
    "trickling": [Fault(trickle_s=0.05)],
    "too busy": [Fault(status=503, headers={"Retry-After": "0"})],
    "too many": [Fault(status=429, headers={"Retry-After": "1"})],
    "broken server": [Fault(status=500), Fault(status=502)],
    "ranges refused": [Fault(drop_after=150_000), Fault(whole=True)],
    "ranges refused for good": [Fault(drop_after=150_000), Fault(status=416), Fault()],
    "another range": [Fault(drop_after=150_000), Fault(shift=7), Fault()],
    "no length": [Fault(chunked=True)],
    "no length and dropped": [Fault(chunked=True, drop_after=150_000)],
    "wrong bytes once": [Fault(body=weights(SIZE, 1)), Fault()],
    "led elsewhere once more": [Fault(leads_to="/people/tiny/resolve/main/tiny.gguf")],
}


@pytest.mark.parametrize("faults", RECOVERED.values(), ids=RECOVERED.keys())
def test_the_download_gets_over(faults: list[Fault], store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", *faults)
    assert pull(store, wanted, hub_).read_bytes() == BYTES
    assert store.verify("tiny").ok


HTML = Fault(body=SIGN_IN, kind="text/html; charset=utf-8")
REFUSED: dict[str, tuple[Fault, type[SottoError], str, str]] = {
    "web page": (HTML, Unavailable, "not-a-model", "sent a web page instead of tiny.gguf"),
    "web page called bytes": (Fault(body=SIGN_IN, says=SIZE), Unavailable, "not-a-model", "a web page"),
    "pointer": (Fault(body=b"version https://git-lfs.github.com/spec/v1\n", says=SIZE), Unavailable, "not-a-model",
                "a pointer"),
    "too short": (Fault(body=BYTES[:9]), Unavailable, "wrong-size", "has 9 bytes; it should have 400000"),
    "too long": (Fault(body=BYTES * 2), Unavailable, "wrong-size", "has 800000 bytes"),
    "endless": (Fault(body=BYTES * 2, chunked=True), ConnectionFailed, "strange-answer", "more than the 400000 bytes"),
    "lying length": (Fault(body=BYTES[:1000], says=SIZE), ConnectionFailed, "connection-failed", "broke"),
    "wrong bytes": (Fault(body=weights(SIZE, 1)), Unavailable, "wrong-bytes", "is not tiny.gguf"),
    "always stalling": (Fault(stall_after=10), TimedOut, "stalled", "says nothing any more"),
    "always dropping": (Fault(drop_after=10), ConnectionFailed, "connection-failed", "broke"),
    "always busy": (Fault(status=503), Busy, "busy", "too much to do"),
    "busy for an hour": (Fault(status=429, headers={"Retry-After": "3600"}), Busy, "busy", "alone for 60 minutes"),
    "gated": (Fault(status=403, headers={"X-Error-Code": "GatedRepo"}), Unavailable, "gated", "asked first"),
    "unauthorised": (Fault(status=401), Unavailable, "gated", "HF_TOKEN"),
    "missing": (Fault(status=404), Unavailable, "not-at-hub", "does not have tiny.gguf"),
    "compressed": (Fault(headers={"Content-Encoding": "gzip"}), Unavailable, "not-a-model", "compressed"),
    "in circles": (Fault(leads_to="tiny.gguf"), Unavailable, "redirect", "without end"),
    "to nowhere": (Fault(leads_to="file:///etc/passwd"), InvalidInput, "network-address", "no address"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "kind", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_the_download_ends_in_one_sentence(
    fault: Fault, kind: type[SottoError], code: str, words: str, store: Store, wanted: Wanted, hub_: Hub
) -> None:
    hub_.go_wrong("cdn/tiny.gguf", fault, always=True)
    seen: list[Progress] = []
    with pytest.raises(kind) as caught:
        pull(store, wanted, hub_, seen.append)
    assert (caught.value.code, words in str(caught.value)) == (code, True), str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert seen[-1].state is State.FAILED
    assert no_model(store)


@pytest.mark.parametrize("seed", range(20))
def test_any_row_of_faults_ends_in_the_model_or_in_a_sentence(
    seed: int, store: Store, wanted: Wanted, hub_: Hub
) -> None:
    chance = random.Random(seed)
    at = lambda: chance.randrange(1, SIZE)  # noqa: E731
    kinds = (
        lambda: Fault(drop_after=at()),
        lambda: Fault(chunked=True, drop_after=at()),
        lambda: Fault(whole=True, drop_after=at()),
        lambda: Fault(shift=chance.randrange(1, 99)),
        lambda: Fault(status=chance.choice((429, 500, 503, 504, 416))),
        lambda: Fault(body=weights(SIZE, seed + 1), drop_after=at()),
        lambda: Fault(body=SIGN_IN, says=SIZE),
        lambda: Fault(says=at()),
    )
    hub_.go_wrong("cdn/tiny.gguf", *(chance.choice(kinds)() for _ in range(chance.randrange(2, 7))))
    for _ in range(8):  # a person who tries again until it is there
        try:
            path = pull(store, wanted, hub_)
        except SottoError as error:
            assert error.remedy, str(error)  # noqa: PT017 - either is right
            assert no_model(store)
        else:
            assert path.read_bytes() == BYTES
            break
    assert store.verify("tiny").ok
