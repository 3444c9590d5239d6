from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.audio import AudioDevice, Voice
from app.settings.store import SettingsStore
from app.settings.table import BY_KEY
from ui.viewmodels.settings import SIMPLE_PAGE, SettingsViewModel

LAPTOP = AudioDevice("ALSA/Laptop", "Laptop microphone", default=True)
HEADSET = AudioDevice("ALSA/Headset", "Headset")


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "config" / "settings.yaml")


@pytest.fixture
def page(store: SettingsStore, qt_messages: list[str]) -> SettingsViewModel:
    made = SettingsViewModel(store)
    QAbstractItemModelTester(made.list, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


def cell(page: SettingsViewModel, key: str, fact: str) -> object:
    rows = page.list
    role = next(role for role, name in rows.roleNames().items() if bytes(name).decode() == fact)
    return rows.data(rows.index([row.key for row in rows.rows].index(key)), role)


def test_every_row_comes_from_the_table(page: SettingsViewModel) -> None:
    keys = [key for _, section in SIMPLE_PAGE for key in section]
    assert [row.key for row in page.list.rows] == keys
    for key in keys:
        assert cell(page, key, "title") == BY_KEY[key].title
        assert cell(page, key, "explanation") == BY_KEY[key].explanation
    assert {cell(page, key, "kind") for key in keys} == {"choice", "flag", "number"}


def test_a_device_is_chosen_by_its_identity(page: SettingsViewModel, store: SettingsStore) -> None:
    page.show_devices([LAPTOP, HEADSET], [])
    page.choose("audio.input", 2)
    assert store.text("audio.input") == "ALSA/Headset"
    assert cell(page, "audio.input", "current") == 2
    page.choose("audio.input", 0)
    assert store.text("audio.input") == ""
    page.choose("audio.input", 17)
    page.choose("audio.input", -1)
    assert store.text("audio.input") == ""


def test_a_chosen_device_that_goes_away_stays_chosen_and_waits(page: SettingsViewModel) -> None:
    page.show_devices([LAPTOP, HEADSET], [])
    page.choose("audio.input", 2)
    page.show_devices([LAPTOP], [])
    row = page.list.row("audio.input")
    assert row.choices.options[row.current].label == "Headset (waiting)"


def test_voices_can_be_chosen(page: SettingsViewModel, store: SettingsStore) -> None:
    page.show_voices([Voice("en-gb", "English", "en-GB")])
    page.choose("voice.id", 1)
    assert store.text("voice.id") == "en-gb"


def test_power_is_on_the_page(page: SettingsViewModel, store: SettingsStore) -> None:
    page.setFlag("power.governor", False)
    page.setNumber("power.battery_percent", 35.0)
    page.choose("power.quiet_hours", 2)
    assert store.flag("power.governor") is False
    assert cell(page, "power.battery_percent", "numberText") == "35 %"
    assert store.text("power.quiet_hours") == "22:00-07:00"
    store.set("power.quiet_hours", "21:15-06:00")
    row = page.list.row("power.quiet_hours")
    assert row.choices.options[row.current].label == "21:15 to 06:00"


def test_flags_and_numbers(page: SettingsViewModel, store: SettingsStore) -> None:
    page.setFlag("voice.speak_answers", False)
    page.setNumber("voice.speed", 1.2500001)
    assert (store.flag("voice.speak_answers"), store.number("voice.speed")) == (False, 1.25)
    assert cell(page, "voice.speak_answers", "checked") is False
    assert cell(page, "voice.speed", "numberText") == "1.25"
    assert (cell(page, "voice.speed", "minimum"), cell(page, "voice.speed", "maximum")) == (0.5, 2.0)


def test_the_window_follows_a_change_by_anybody(page: SettingsViewModel, store: SettingsStore) -> None:
    told: list[str] = []
    page.themeChanged.connect(lambda: told.append("theme"))
    page.shadeChanged.connect(lambda: told.append("shade"))
    page.talkKeyChanged.connect(lambda: told.append("key"))
    store.set("appearance.theme", "dark")
    store.set("appearance.confidence_shade", False)
    store.set("keys.push_to_talk", "F9")
    assert told == ["theme", "shade", "key"]
    assert (page.property("theme"), page.property("confidenceShade")) == ("dark", False)
    assert (page.property("talkKey"), page.property("talkKeyName")) == (Qt.Key.Key_F9.value, "F9")


@pytest.mark.parametrize("name", ["Space", "", "no such key", "Ctrl+A", "A, B"])
def test_an_impossible_key_is_the_space_bar(page: SettingsViewModel, store: SettingsStore, name: str) -> None:
    store.set("keys.push_to_talk", name)
    assert page.property("talkKey") == Qt.Key.Key_Space.value
    assert page.property("talkKeyName") == "Space"


def test_what_cannot_be_kept_is_said_and_not_shown(tmp_path: Path, qt_messages: list[str]) -> None:
    in_the_way = tmp_path / "config"
    in_the_way.write_text("not a folder")
    page = SettingsViewModel(SettingsStore(in_the_way / "settings.yaml"))
    page.setFlag("voice.speak_answers", False)
    assert page.property("problem") != ""
    assert cell(page, "voice.speak_answers", "checked") is True


def test_opening_the_page_asks_for_what_is_there_now(page: SettingsViewModel) -> None:
    asked: list[None] = []
    page.refreshRequested.connect(lambda: asked.append(None))
    page.refresh()
    assert len(asked) == 1


def test_after_closing_nothing_is_heard(page: SettingsViewModel, store: SettingsStore) -> None:
    told: list[None] = []
    page.themeChanged.connect(lambda: told.append(None))
    page.close()
    store.set("appearance.theme", "dark")
    assert told == []
