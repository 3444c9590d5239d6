"""What a turn takes from the settings and the profile together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.bootstrap.core import CoreOptions, Services, _turn_options
from app.contracts.events import Notice
from app.settings.paths import Paths, asset
from app.settings.profiles import ProfileStore
from app.settings.store import SettingsStore
from models.fakes.tts import FakeTextToSpeech


@pytest.mark.parametrize(("chosen", "of_profile", "speed"), [(2.0, 1.15, 2.0), (0.5, 0.5, 0.5), (1.2, 1.5, 1.8)])
def test_the_two_speeds_together_are_one_that_every_voice_has(
    tmp_path: Path, chosen: float, of_profile: float, speed: float
) -> None:
    """No voice speaks at twice the limit: it would say nothing at all."""
    paths = Paths.under(tmp_path)
    settings = SettingsStore(paths.settings_file)
    settings.load()
    settings.set("voice.speed", chosen)
    profile = replace(ProfileStore(asset("profiles"), paths.profiles_dir).load("brief"), speed=of_profile)
    assert _turn_options(CoreOptions(paths), settings, profile).voice.speed == pytest.approx(speed)


@pytest.mark.parametrize(("of_settings", "of_profile", "told"), [("gone", "", 1), ("", "gone", 1), ("", "", 0)])
async def test_a_voice_that_is_not_there_is_told_wherever_it_was_asked_for(
    tmp_path: Path, of_settings: str, of_profile: str, told: int
) -> None:
    paths = Paths.under(tmp_path)
    settings = SettingsStore(paths.settings_file)
    settings.load()
    settings.set("voice.id", of_settings)
    profile = replace(ProfileStore(asset("profiles"), paths.profiles_dir).load("brief"), voice=of_profile)
    notices: list[Notice] = []
    services: Any = SimpleNamespace(
        settings=settings,
        profile=profile,
        voices=FakeTextToSpeech(),
        assistant=SimpleNamespace(publish=notices.append),
    )
    await Services._look_for_the_voice(services)
    assert [notice.code for notice in notices] == ["voice"] * told
