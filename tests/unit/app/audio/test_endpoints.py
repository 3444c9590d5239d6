from __future__ import annotations

import pytest

from app.audio.endpoints import Direction, Endpoint, identified, nothing_there, shown_name


def alsa(index: int, name: str, *, inputs: int = 1, outputs: int = 0, default: bool = False) -> Endpoint:
    return Endpoint(index, "ALSA", name, inputs, outputs, 48_000, default_input=default)


def test_an_identity_survives_another_card_number() -> None:
    before = identified([alsa(3, "USB Audio: Desk (hw:2,0)")], Direction.INPUT)
    after = identified([alsa(5, "USB Audio: Desk (hw:4,0)")], Direction.INPUT)
    assert list(before) == list(after) == ["ALSA/USB Audio: Desk"]
    assert after["ALSA/USB Audio: Desk"].index == 5
    assert shown_name("ALSA/USB Audio: Desk") == "USB Audio: Desk"


def test_namesakes_are_numbered() -> None:
    found = identified([alsa(0, "Desk (hw:1,0)"), alsa(1, "Desk (hw:2,0)"), alsa(2, "Desk (hw:3,0)")], Direction.INPUT)
    assert list(found) == ["ALSA/Desk", "ALSA/Desk #2", "ALSA/Desk #3"]


def test_each_direction_has_its_own_list() -> None:
    both = [alsa(0, "Microphone"), alsa(1, "Speaker", inputs=0, outputs=2), alsa(2, "Headset", outputs=2)]
    assert list(identified(both, Direction.INPUT)) == ["ALSA/Microphone", "ALSA/Headset"]
    assert list(identified(both, Direction.OUTPUT)) == ["ALSA/Speaker", "ALSA/Headset"]


def test_parts_and_mixes_are_left_out_unless_one_is_the_default() -> None:
    names = ["surround51", "front", "dmix", "pulse"]
    assert list(identified([alsa(i, name) for i, name in enumerate(names)], Direction.INPUT)) == ["ALSA/pulse"]
    assert list(identified([alsa(0, "sysdefault", default=True)], Direction.INPUT)) == ["ALSA/sysdefault"]
    assert list(identified([Endpoint(0, "Core Audio", "front", 1, 0, 48_000)], Direction.INPUT)) == ["Core Audio/front"]


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("any_device", [True, False])
def test_there_is_always_a_sentence_and_a_remedy(direction: Direction, any_device: bool) -> None:
    sentence, remedy = nothing_there(direction, any_device=any_device)
    assert ("microphone" if direction is Direction.INPUT else "speaker") in sentence
    assert sentence.endswith(".")
    assert remedy
