from __future__ import annotations

import re

import pytest

from app.settings.store import SettingsStore
from app.settings.table import BY_KEY, SECTIONS, SETTINGS, Setting

AGREED = {
    "audio.input": "",
    "audio.output": "",
    "audio.preroll_ms": 0.0,
    "audio.warm_s": 30.0,
    "audio.cues": True,
    "voice.id": "",
    "voice.speed": 1.0,
    "voice.speak_answers": True,
    "keys.push_to_talk": "Space",
    "appearance.theme": "system",
    "appearance.confidence_shade": True,
    "profile.active": "starter",
    "assistant.speculation": "top-k",
    "pipelines.enabled": True,
    "pipelines.config_file": "",
    "privacy.keep_history": True,
    "privacy.retention_days": 0.0,
    "power.governor": True,
    "power.quiet_hours": "",
    "power.battery_percent": 0.0,
    "power.joules_per_hour": 0.0,
    "log.words": False,
}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_can_be_shown_and_explained(setting: Setting) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", setting.key)
    assert setting.title
    assert not setting.title.endswith(".")
    assert setting.explanation.endswith(".")
    assert setting.page
    assert setting.kind in (str, float, bool)
    if setting.kind is float:
        assert setting.minimum is not None
        assert setting.maximum is not None
        assert setting.minimum < setting.maximum
    else:
        assert setting.minimum is None
        assert setting.maximum is None
        assert setting.unit == ""
    if setting.pattern:
        assert re.fullmatch(setting.pattern, setting.example)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_default_is_a_value_the_setting_may_have(setting: Setting, tmp_path) -> None:
    store = SettingsStore(tmp_path / "settings.yaml")
    store.set(setting.key, setting.default)
    assert store.get(setting.key) == setting.default
    assert store.problems == ()


def test_keys_are_told_apart_and_the_defaults_are_those_agreed() -> None:
    assert len(BY_KEY) == len(SETTINGS)
    assert {key: BY_KEY[key].default for key in AGREED} == AGREED
    assert set(SECTIONS) == {key.split(".")[0] for key in BY_KEY}
