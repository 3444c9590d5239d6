from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.profiles import list_profiles, show_profile, use_profile
from app.contracts.errors import InvalidInput
from app.settings.paths import Paths
from app.settings.store import SettingsStore


class Streams:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(self.out, self.err)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path)


@pytest.fixture
def streams() -> Streams:
    return Streams()


def active(paths: Paths) -> str:
    store = SettingsStore(paths.settings_file)
    store.load()
    return store.text("profile.active")


def test_the_chosen_profile_is_marked(paths: Paths, streams: Streams) -> None:
    assert list_profiles(streams.console, paths, as_json=False) == 0
    lines = streams.out.getvalue().splitlines()
    assert [line[2:].split()[0] for line in lines if line.startswith("* ")] == ["starter"]
    assert len(lines) > 1
    assert streams.err.getvalue() == ""


def test_the_list_for_scripts_names_what_is_wrong(paths: Paths, streams: Streams) -> None:
    paths.profiles_dir.mkdir(parents=True)
    (paths.profiles_dir / "broken.yaml").write_text("id: broken\nname: [\n", encoding="utf-8")
    assert list_profiles(streams.console, paths, as_json=True) == 0
    content = json.loads(streams.out.getvalue())
    assert content["active"] == "starter"
    assert "starter" in {profile["id"] for profile in content["profiles"]}
    assert "broken.yaml" in content["problems"][0]
    assert "broken.yaml" in streams.err.getvalue()


def test_a_profile_is_shown_for_people_and_for_scripts(paths: Paths, streams: Streams) -> None:
    assert show_profile(streams.console, paths, None, as_json=False) == 0
    assert "speech to text" in streams.out.getvalue()
    other = Streams()
    assert show_profile(other.console, paths, "starter", as_json=True) == 0
    content = json.loads(other.out.getvalue())
    assert content["id"] == "starter"
    assert content["text"][0].keys() == {"backend", "model"}


def test_the_limits_are_shown_with_what_the_settings_make_of_them(paths: Paths, streams: Streams) -> None:
    SettingsStore(paths.settings_file).set("power.quiet_hours", "22:00-07:00")
    assert show_profile(streams.console, paths, "battery", as_json=False) == 0
    assert streams.out.getvalue().endswith(
        "limits\n"
        "  A device rests 5 °C under the point where it slows itself down, until it is 10 °C cooler still, "
        "and for 30 s at least.\n"
        "  On battery, what takes much power rests, and answers are shorter.\n"
        "  Under 30 % of battery, only what is frugal works, and answers are short.\n"
        "  Sotto's own work takes no more than 30 W for long.\n"
        "  From 22:00 to 07:00 the graphics card rests, and answers are shorter.\n"
    )
    other = Streams()
    assert show_profile(other.console, paths, "battery", as_json=True) == 0
    limits = json.loads(other.out.getvalue())["limits"]
    assert (limits["on_battery"], limits["watts"], limits["quiet_hours"]) == ("frugal", 30.0, None)


def test_using_a_profile_is_kept(paths: Paths, streams: Streams) -> None:
    assert use_profile(streams.console, paths, "brief") == 0
    assert active(paths) == "brief"
    assert streams.err.getvalue()


def test_a_profile_that_is_not_there_is_refused_and_nothing_changes(paths: Paths, streams: Streams) -> None:
    with pytest.raises(InvalidInput, match="There is no profile 'starer'") as caught:
        use_profile(streams.console, paths, "starer")
    assert "starter" in caught.value.remedy
    assert active(paths) == "starter"
