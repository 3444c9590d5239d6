from __future__ import annotations

from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.audio import AudioDevice, Voice
from ui.viewmodels.choices import ChoiceModel, Option, device_options, quiet_hours_options, voice_options

LAPTOP = AudioDevice("ALSA/Laptop", "Laptop microphone", default=True)
HEADSET = AudioDevice("ALSA/Headset", "Headset", present=False)


def test_the_system_default_comes_first_and_names_what_it_is() -> None:
    assert device_options([LAPTOP, HEADSET], "") == [
        Option("", "System default (Laptop microphone)"),
        Option("ALSA/Laptop", "Laptop microphone"),
        Option("ALSA/Headset", "Headset (waiting)"),
    ]


def test_without_devices_the_default_is_still_there() -> None:
    assert device_options([], "") == [Option("", "System default")]


def test_a_chosen_device_that_is_away_is_waiting() -> None:
    assert device_options([LAPTOP], "ALSA/USB/Studio")[-1] == Option("ALSA/USB/Studio", "Studio (waiting)")


def test_voices_name_their_language() -> None:
    voices = [Voice("en-gb", "English", "en-GB")]
    assert voice_options(voices, "") == [Option("", "Default voice"), Option("en-gb", "English (en-GB)")]
    assert voice_options(voices, "gone")[-1] == Option("gone", "gone (waiting)")


def test_quiet_hours_are_those_of_the_profile_none_or_common_ones() -> None:
    options = quiet_hours_options(["22:00-07:00"], "")
    assert options == [
        Option("", "As the profile says"),
        Option("never", "Never"),
        Option("22:00-07:00", "22:00 to 07:00"),
    ]
    assert quiet_hours_options(["22:00-07:00"], "21:15-06:00")[-1] == Option("21:15-06:00", "21:15 to 06:00")


def test_the_model_tells_where_a_value_stands(qt_messages: list[str]) -> None:
    model = ChoiceModel([Option("", "Default")])
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    assert model.replace([Option("", "Default"), Option("b", "B")]) is True
    assert model.replace([Option("", "Default"), Option("b", "B")]) is False
    assert (model.index_of("b"), model.index_of("c"), model.rowCount()) == (1, -1, 2)
    label = next(iter(model.roleNames()))
    assert [model.data(model.index(row), label) for row in range(2)] == ["Default", "B"]
