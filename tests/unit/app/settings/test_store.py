from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput, StorageError
from app.settings import files
from app.settings.locks import file_lock
from app.settings.store import SettingsStore
from app.settings.table import SETTINGS, SettingValue


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.yaml"


def loaded(path: Path, text: str | None = None) -> SettingsStore:
    if text is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    store = SettingsStore(path)
    store.load()
    return store


def listen(store: SettingsStore) -> list[tuple[str, SettingValue]]:
    heard: list[tuple[str, SettingValue]] = []
    store.subscribe(lambda key, value: heard.append((key, value)))
    return heard


def test_without_a_file_the_defaults_count_and_nothing_is_made(path: Path) -> None:
    store = loaded(path)
    assert {setting.key: store.get(setting.key) for setting in SETTINGS} == {s.key: s.default for s in SETTINGS}
    assert store.problems == ()
    assert not path.parent.exists()


def test_what_is_set_is_there_at_the_next_start(path: Path) -> None:
    store = loaded(path)
    store.set("audio.input", "ALSA/HDA Intel PCH: ALC257")
    store.set("voice.speed", 1.25)
    store.set("audio.cues", False)
    again = loaded(path)
    assert again.text("audio.input") == "ALSA/HDA Intel PCH: ALC257"
    assert again.number("voice.speed") == 1.25
    assert again.flag("audio.cues") is False
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_text_that_must_look_like_something_is_checked(path: Path) -> None:
    store = loaded(path)
    for hours in ("22:00-07:00", "never", ""):
        store.set("power.quiet_hours", hours)
        assert loaded(path).text("power.quiet_hours") == hours
    for hours in ("22:00", "25:00-07:00", "22:00-07:00 or so", "22:00-07:00\n"):
        with pytest.raises(InvalidInput, match=r"power\.quiet_hours is written as 22:00-07:00, not"):
            store.set("power.quiet_hours", hours)
    assert loaded(path, "power:\n  quiet_hours: at night\n").problems == (
        f"{path}:2:3: power.quiet_hours is written as 22:00-07:00, not 'at night'.",
    )


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_comes_back_as_it_went(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any-text.yaml"
    loaded(path).set("audio.input", text)
    assert loaded(path).text("audio.input") == text


def test_comments_unknown_keys_and_quotes_stay(path: Path) -> None:
    store = loaded(
        path,
        "# mine\naudio:\n  inptu: 'mic'  # oops\n  cues: false\n# between\nfuture:\n  flag: [1, 2]\n",
    )
    store.set("voice.speed", 1.5)
    text = path.read_text()
    assert text == (
        "# mine\naudio:\n  inptu: 'mic'  # oops\n  cues: false\n# between\nfuture:\n  flag: [1, 2]\n"
        "voice:\n  speed: 1.5\n"
    )
    assert store.problems == (
        f"{path}:3:3: There is no setting 'audio.inptu'. Did you mean 'audio.input'?",
        f"{path}:6:1: There is no section 'future'.",
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("cues: yes please", "audio.cues is on or off (true or false), not 'yes please'."),
        ("cues: 1", "audio.cues is on or off (true or false), not 1."),
        ("preroll_ms: -1", "audio.preroll_ms lies between 0 and 1000, not -1."),
        ("preroll_ms: .nan", "audio.preroll_ms is a number, not nan."),
        ("preroll_ms: .inf", "audio.preroll_ms is a number, not inf."),
        ("preroll_ms: true", "audio.preroll_ms is a number, not True."),
        (f"preroll_ms: {10**400}", "audio.preroll_ms is a number, not 1000"),
        ("input: 12", "audio.input is text, not 12."),
        ("input:", "audio.input is text, not None."),
        ('input: "\\ud800"', "audio.input is text, not "),
        ("1: x", "There is no setting 'audio.1'."),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_the_default_counts(path: Path, line: str, problem: str) -> None:
    store = loaded(path, f"audio:\n  warm_s: 5\n  {line}\n")
    assert len(store.problems) == 1
    assert store.problems[0].startswith(f"{path}:3:3: {problem}")
    assert store.number("audio.warm_s") == 5.0
    assert store.flag("audio.cues") is True
    assert store.number("audio.preroll_ms") == 0.0


def test_a_near_miss_among_choices_is_suggested(path: Path) -> None:
    store = loaded(path, "appearance:\n  theme: drak\n")
    assert store.problems[0].endswith("is one of system, light, dark, not 'drak'. Did you mean 'dark'?")
    with pytest.raises(InvalidInput, match="Did you mean 'dark'"):
        store.set("appearance.theme", "drak")


@pytest.mark.parametrize(("text", "place"), [("audio: 3\n", ":1:1: "), ("appearnce:\n  theme: dark\n", ":1:1: ")])
def test_a_section_that_is_none_is_told(path: Path, text: str, place: str) -> None:
    problems = loaded(path, text).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}{place}")


def test_an_empty_section_is_no_problem_and_can_be_filled(path: Path) -> None:
    store = loaded(path, "audio:\nvoice:\n  id: en\n")
    assert store.problems == ()
    store.set("audio.cues", False)
    assert loaded(path).flag("audio.cues") is False


def test_what_is_not_a_setting_is_refused(path: Path) -> None:
    store = loaded(path)
    with pytest.raises(InvalidInput, match=r"no setting 'audio\.ouput'\. Did you mean 'audio\.output'"):
        store.set("audio.ouput", "x")
    with pytest.raises(InvalidInput):
        store.get("nothing")
    with pytest.raises(InvalidInput):
        store.set("voice.speed", 99.0)
    with pytest.raises(InvalidInput):
        store.set("voice.speed", float("nan"))
    assert not path.exists()


def test_a_file_that_cannot_be_read_is_never_overwritten(path: Path) -> None:
    broken = "audio: [1\nvoice: {id: precious}\n"
    store = loaded(path, broken)
    assert store.problems[0].startswith(f"{path}:2:6: ")
    assert store.text("voice.id") == ""
    with pytest.raises(StorageError) as caught:
        store.set("voice.speed", 1.5)
    assert caught.value.remedy == f"Mend {path}, or move it away."
    assert path.read_text() == broken
    assert store.number("voice.speed") == 1.0

    path.write_text("voice: {id: precious}\n")
    store.set("voice.speed", 1.5)
    assert store.text("voice.id") == "precious"
    assert store.number("voice.speed") == 1.5


def test_a_file_broken_while_we_run_leaves_in_force_what_was(path: Path) -> None:
    store = loaded(path, "voice: {id: en}\n")
    heard = listen(store)
    path.write_text("voice: {id: en\n")
    assert store.reload_if_changed()
    assert store.text("voice.id") == "en"
    assert len(store.problems) == 1
    assert heard == []


def test_a_section_that_is_no_mapping_is_not_overwritten(path: Path) -> None:
    store = loaded(path, "audio: precious words\n")
    with pytest.raises(StorageError, match="'audio' is no mapping"):
        store.set("audio.cues", False)
    assert path.read_text() == "audio: precious words\n"


def test_changes_by_hand_are_taken_over_and_told(path: Path) -> None:
    store = loaded(path, "voice: {speed: 1.0}\n")
    heard = listen(store)
    assert not store.reload_if_changed()
    path.write_text("voice: {speed: 1.5}\naudio: {cues: false}\n")
    assert store.reload_if_changed()
    assert sorted(heard) == [("audio.cues", False), ("voice.speed", 1.5)]
    path.unlink()
    assert store.reload_if_changed()
    assert store.number("voice.speed") == 1.0


def test_an_edit_of_the_same_length_at_the_same_time_is_seen(path: Path) -> None:
    store = loaded(path, "voice: {speed: 1.0}\n")
    before = path.stat()
    files.write_whole(path, "voice: {speed: 1.9}\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.reload_if_changed()
    assert store.number("voice.speed") == 1.9


def test_setting_something_keeps_what_another_wrote_meanwhile(path: Path) -> None:
    ours, theirs = loaded(path), loaded(path)
    heard = listen(ours)
    theirs.set("profile.active", "quiet")
    ours.set("audio.cues", False)
    assert loaded(path).text("profile.active") == "quiet"
    assert loaded(path).flag("audio.cues") is False
    assert sorted(heard) == [("audio.cues", False), ("profile.active", "quiet")]


def test_listeners_hear_each_change_once_and_no_longer_than_they_want(path: Path) -> None:
    store = loaded(path)
    heard: list[tuple[str, SettingValue]] = []
    unsubscribe = store.subscribe(lambda key, value: heard.append((key, value)))
    store.set("audio.cues", False)
    store.set("audio.cues", False)
    store.reset("audio.cues")
    unsubscribe()
    unsubscribe()
    store.set("audio.cues", False)
    assert heard == [("audio.cues", False), ("audio.cues", True)]


def test_reset_takes_the_line_out_but_never_a_comment(path: Path) -> None:
    store = loaded(path, "audio:\n  warm_s: 5\n  cues: false  # no beeps\n  # about the microphone\n  input: mic\n")
    store.reset("audio.warm_s")
    store.reset("audio.cues")
    assert path.read_text() == "audio:\n  cues: true   # no beeps\n  # about the microphone\n  input: mic\n"
    assert store.flag("audio.cues") is True
    assert store.number("audio.warm_s") == 30.0
    store.reset("voice.speed")
    with pytest.raises(InvalidInput):
        store.reset("voice.sped")


def test_a_folder_that_cannot_be_made_is_told_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = loaded(tmp_path / "file" / "settings.yaml")
    assert store.problems == ()
    with pytest.raises(StorageError) as caught:
        store.set("audio.cues", False)
    assert caught.value.code == "in-the-way"
    assert store.flag("audio.cues") is True


def test_who_writes_waits_for_who_else_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.settings.store._LOCK_TIMEOUT_S", 0.0)
    store = loaded(path, "")
    with (
        file_lock(path.with_name(f".{path.name}.lock")),
        pytest.raises(StorageError, match="locked by another process"),
    ):
        store.set("audio.cues", False)
    store.set("audio.cues", False)
    assert store.flag("audio.cues") is False
