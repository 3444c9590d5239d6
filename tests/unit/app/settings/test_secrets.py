"""Keys in the keyring: through the real library, with back ends of its own kind."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest

from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Secrets
from app.settings.secrets import KeyringSecrets


class Memory(keyring.backend.KeyringBackend):
    """Keeps what it is given for as long as it lives."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")


class Raising(Memory):
    """Fails in one way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error


class PlaintextKeyring(Memory):
    """Named as those are that keep everything in an open file."""


class Several(Memory):
    """Several at once, as the library's chainer."""

    def __init__(self, *backends: keyring.backend.KeyringBackend) -> None:
        super().__init__()
        self.backends = list(backends)


@pytest.fixture
def use() -> Iterator[object]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_what_is_kept_is_found_and_forgotten(use) -> None:
    use(Memory())
    secrets: Secrets = KeyringSecrets()
    assert secrets.get("lan") is None
    secrets.set("lan", "sesame")
    assert KeyringSecrets().get("lan") == "sesame"
    assert KeyringSecrets("other").get("lan") is None
    secrets.delete("lan")
    secrets.delete("lan")
    assert secrets.get("lan") is None


def test_an_empty_key_is_none(use) -> None:
    use(Memory())
    with pytest.raises(InvalidInput, match="no key"):
        KeyringSecrets().set("lan", "")


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        (keyring.backends.fail.Keyring, "has no keyring"),
        (keyring.backends.null.Keyring, "has no keyring"),
        (PlaintextKeyring, "in an open file"),
        (lambda: Several(PlaintextKeyring(), keyring.backends.null.Keyring()), "in an open file"),
    ],
)
def test_what_keeps_nothing_or_keeps_it_open_is_refused(use, ring, words: str) -> None:
    use(ring())
    secrets = KeyringSecrets()
    for asking in (lambda: secrets.get("lan"), lambda: secrets.set("lan", "sesame"), lambda: secrets.delete("lan")):
        with pytest.raises(Unavailable, match=words) as caught:
            asking()
        assert caught.value.code == "no-keyring"
        assert "Secret Service" in caught.value.remedy


def test_files_of_the_alternative_package_are_refused(use) -> None:
    kind = types.new_class("EncryptedKeyring", (Memory,))
    kind.__module__ = "keyrings.alt.file"
    use(kind())
    with pytest.raises(Unavailable, match="open file"):
        KeyringSecrets().set("lan", "sesame")


def test_of_several_the_first_good_one_is_used(use) -> None:
    good, bad = Memory(), PlaintextKeyring()
    use(Several(bad, good))
    KeyringSecrets().set("lan", "sesame")
    assert good.kept == {("sotto", "lan"): "sesame"}
    assert bad.kept == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (keyring.errors.KeyringLocked("no"), "keyring-locked"),
        (keyring.errors.NoKeyringError("no"), "no-keyring"),
        (keyring.errors.InitError("sesame"), "keyring-failed"),
        (OSError("sesame"), "keyring-failed"),
        (RuntimeError("sesame"), "keyring-failed"),
    ],
)
def test_whatever_a_back_end_raises_is_ours(use, error: Exception, code: str) -> None:
    use(Raising(error))
    with pytest.raises(Unavailable) as caught:
        KeyringSecrets().get("lan")
    assert caught.value.code == code
    assert caught.value.__cause__ is error
    assert "sesame" not in str(caught.value)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring.errors", None)
    with pytest.raises(Unavailable, match=r"not installed.*pip install keyring"):
        KeyringSecrets().get("lan")
