from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.calibration import Goal
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.settings.answer_stages import QUICK, AnswerStage
from app.settings.limits import Limits, OnBattery, QuietHours
from app.settings.paths import asset
from app.settings.profiles import Profile, ProfileStore
from app.settings.table import BY_KEY
from models.recipes import RECIPES
from models.registry import ENTRIES, Port

GOOD = """\
id: mine
name: Mine
description: My own.
speech_to_text:
  - {backend: moonshine-cpu, model: moonshine-tiny-en}
text:
  - {backend: llama-cpu, model: smollm2-135m-instruct-q4_1}
  - backend: openvino-cpu
    model: smollm2-135m-instruct-q4_1
text_to_speech: [{backend: espeak-cpu, model: espeak-ng}]
voice_activity: [{backend: silero-cpu, model: silero-vad-v6}]
limits: {max_tokens: 99}
voice: {id: en-us, speed: 1.5, speak: false}
pipeline: rag
goal: battery
"""
BUILT_IN = ProfileStore(asset("profiles"), Path("/nonexistent"))


@pytest.fixture
def user_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "profiles"
    folder.mkdir()
    return folder


def store(user_dir: Path) -> ProfileStore:
    return ProfileStore(asset("profiles"), user_dir)


@pytest.mark.parametrize("profile_id", BUILT_IN.ids())
def test_every_built_in_profile_runs_on_backends_there_are(profile_id: str) -> None:
    profile = BUILT_IN.load(profile_id)
    assert profile.name
    assert profile.description.endswith(".")
    for tiers, port in (
        (profile.speech_to_text, Port.SPEECH_TO_TEXT),
        (profile.text, Port.TEXT),
        (profile.text_to_speech, Port.TEXT_TO_SPEECH),
        (profile.voice_activity, Port.VOICE_ACTIVITY),
    ):
        with_program = [tier for tier in tiers if tier.backend_id in ENTRIES and tier.model]
        assert with_program, "a machine without anything else has these"
        for tier in with_program:
            assert ENTRIES[tier.backend_id].port is port
            assert ENTRIES[tier.backend_id].backend.model == tier.model
        recipes = {recipe.prefix: recipe.port for recipe in RECIPES}
        for tier in set(tiers) - set(with_program):
            assert recipes[tier.backend_id] is port
            assert not tier.model, "nobody knows what is installed"


def test_the_default_profile_ships_and_is_the_embedded_one() -> None:
    starter = BUILT_IN.load(str(BY_KEY["profile.active"].default))
    assert [tier.backend_id for tier in starter.speech_to_text] == ["moonshine-cpu"]
    assert [tier.backend_id for tier in starter.text] == ["llama-cpu", "openvino-cpu"]
    assert [tier.backend_id for tier in starter.text_to_speech] == ["espeak-cpu"]
    assert starter.speak


def test_a_profile_is_read_whole(user_dir: Path) -> None:
    path = user_dir / "mine.yaml"
    path.write_text(GOOD)
    assert store(user_dir).load("mine") == Profile(
        profile_id="mine",
        name="Mine",
        description="My own.",
        pipeline="rag",
        goal=Goal.BATTERY,
        speech_to_text=(Tier("moonshine-cpu", "moonshine-tiny-en"),),
        text=(
            Tier("llama-cpu", "smollm2-135m-instruct-q4_1"),
            Tier("openvino-cpu", "smollm2-135m-instruct-q4_1"),
        ),
        text_to_speech=(Tier("espeak-cpu", "espeak-ng"),),
        voice_activity=(Tier("silero-cpu", "silero-vad-v6"),),
        limits=Limits(max_tokens=99),
        voice="en-us",
        speed=1.5,
        speak=False,
        path=path,
    )


def test_limits_are_read_whole(user_dir: Path) -> None:
    own = """limits:
  max_tokens: 50
  rest_under_trip_c: 8
  warm_again_c: 12.5
  dwell_s: 60
  battery_percent: 35
  on_battery: frugal
  watts: 25
  joules_per_turn: 40
  joules_per_hour: 3600
  quiet_hours: 22:30-07:00
"""
    (user_dir / "mine.yaml").write_text(GOOD.replace("limits: {max_tokens: 99}\n", own))
    assert store(user_dir).load("mine").limits == Limits(
        max_tokens=50,
        rest_under_trip_c=8.0,
        warm_again_c=12.5,
        dwell_s=60.0,
        battery_percent=35.0,
        on_battery=OnBattery.FRUGAL,
        watts=25.0,
        joules_per_turn=40.0,
        joules_per_hour=3600.0,
        quiet_hours=QuietHours(22 * 60 + 30, 7 * 60),
    )


def test_what_may_be_left_out_has_a_default(user_dir: Path) -> None:
    optional = ("description", "pipeline", "goal", "limits", "voice:")
    lines = [line for line in GOOD.splitlines() if not line.startswith(optional)]
    (user_dir / "mine.yaml").write_text("\n".join(lines))
    profile = store(user_dir).load("mine")
    assert (profile.description, profile.voice, profile.speed, profile.speak) == ("", "", 1.0, True)
    assert profile.limits == Limits()
    assert profile.max_tokens > 0
    assert profile.pipeline == "voice-assistant"
    assert profile.goal is Goal.AS_WRITTEN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: Mine", "nmae: Mine", ":2:1: 'nmae' is not known here. Did you mean 'name'?"),
        ("name: Mine\n", "", ":1:1: 'name' is missing."),
        ("id: mine", "id: other", ":1:1: the id must be the file's name, 'mine'."),
        ("name: Mine", "name: 3", ":2:1: 'name' must be text, not 3."),
        ("goal: battery", "goal: fats", ":15:1: 'goal' must be one of as-written, battery, balanced, fast."),
        ("{max_tokens: 99}", "{max_tokens: 0}", ":12:10: 'max_tokens' must be between 1 and 8192, not 0."),
        ("{max_tokens: 99}", "{max_tokens: many}", ":12:10: 'max_tokens' must be between 1 and 8192, not 'many'."),
        ("{max_tokens: 99}", "{max_tokens: 9.5}", ":12:10: 'max_tokens' must be a whole number, not 9.5."),
        ("{max_tokens: 99}", f"{{max_tokens: 1{'0' * 400}}}", ":12:10: 'max_tokens' must be between"),
        ("{max_tokens: 99}", "{max_token: 9}", ":12:10: 'max_token' is not known here. Did you mean 'max_tokens'?"),
        ("{max_tokens: 99}", "{dwell_s: 1}", ":12:10: 'dwell_s' must be between 5 and 3600, not 1."),
        ("{max_tokens: 99}", "{watts: no}", ":12:10: 'watts' must be between 1 and 1000, not 'no'."),
        ("{max_tokens: 99}", "{on_battery: frugl}", ":12:10: 'on_battery' must be one of as-is, frugal. Did"),
        ("{max_tokens: 99}", "{quiet_hours: 22-7}", ":12:10: 'quiet_hours' must be two different times"),
        ("{max_tokens: 99}", "{quiet_hours: 24:00-07:00}", ":12:10: 'quiet_hours' must be two different times"),
        ("{max_tokens: 99}", "{quiet_hours: 22:00-22:00}", ":12:10: 'quiet_hours' must be two different times"),
        ("{max_tokens: 99}", "{quiet_hours: 22}", ":12:10: 'quiet_hours' must be text, not 22."),
        ("limits: {max_tokens: 99}", "limits: 99", ":12:1: 'limits' must be a mapping (key: value)."),
        ("speed: 1.5", "speed: 3", ":13:20: 'speed' must be between 0.5 and 2, not 3."),
        ("speak: false", "speak: no", ":13:32: 'speak' must be true or false, not 'no'."),
        ("backend: espeak-cpu, model: espeak-ng", "model: espeak-ng", ":10:18: the tier has no 'backend'."),
        ("model: espeak-ng", "modle: espeak-ng", ":10:40: 'modle' is not known here. Did you mean 'model'?"),
        ("[{backend: espeak-cpu, model: espeak-ng}]", "[]", ":10:1: 'text_to_speech' must be a list of at least one"),
        ("[{backend: espeak-cpu, model: espeak-ng}]", "espeak", ":10:1: 'text_to_speech' must be a list of at least"),
        ("[{backend: espeak-cpu, model: espeak-ng}]", "[espeak]", ":10:18: a tier is a mapping: "),
        ("voice: {id", "voice: [{id", ":"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_column(user_dir: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    path = user_dir / "mine.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InvalidInput) as caught:
        store(user_dir).load("mine")
    assert caught.value.message.startswith(f"{path}{said}")


def test_a_profile_of_ones_own_replaces_the_built_in_one(user_dir: Path) -> None:
    (user_dir / "quiet.yaml").write_text(GOOD.replace("id: mine", "id: quiet"))
    profile = store(user_dir).load("quiet")
    assert (profile.name, profile.path) == ("Mine", user_dir / "quiet.yaml")
    assert store(user_dir).ids().count("quiet") == 1


def test_one_bad_file_hides_no_other(user_dir: Path) -> None:
    (user_dir / "bad.yaml").write_text("id: [")
    (user_dir / "mine.yaml").write_text(GOOD)
    profiles, problems = store(user_dir).list()
    assert [profile.profile_id for profile in profiles] == sorted((*BUILT_IN.ids(), "mine"))
    assert len(problems) == 1
    assert problems[0].startswith(f"{user_dir / 'bad.yaml'}:1:")


@pytest.mark.parametrize(
    ("asked", "hint"), [("startre", "Did you mean 'starter'?"), ("../quiet", "Did you mean 'quiet'?"), ("x", "`sotto ")]
)
def test_a_profile_there_is_not(user_dir: Path, asked: str, hint: str) -> None:
    with pytest.raises(InvalidInput, match="There is no profile") as caught:
        store(user_dir).load(asked)
    assert caught.value.remedy.startswith(hint)


def test_without_a_list_an_answer_has_the_three_stages(user_dir: Path) -> None:
    (user_dir / "mine.yaml").write_text(GOOD)
    quick, deep, synthesis = store(user_dir).load("mine").answers
    assert [stage.name for stage in (quick, deep, synthesis)] == ["quick_response", "deep_analysis", "synthesis"]
    assert [stage.temperature for stage in (quick, deep, synthesis)] == [0.1, 0.7, 0.8]
    assert [stage.prior for stage in (quick, deep, synthesis)] == [0.6, 0.85, 0.95]
    assert [stage.timeout_s for stage in (quick, deep, synthesis)] == [2.0, 15.0, 30.0]
    assert quick.system == ""
    assert deep.system != synthesis.system != ""


def test_a_list_of_stages_is_read_whole_and_takes_the_rest_from_the_stage_of_that_name(user_dir: Path) -> None:
    own = """answers:
  - {name: quick_response, timeout_s: 3}
  - name: second_opinion
    tier: ollama-nvidia
    system: Look for mistakes.
    temperature: 0.4
    prior: 0.8
    timeout_s: 20
"""
    (user_dir / "mine.yaml").write_text(GOOD + own)
    quick, second = store(user_dir).load("mine").answers
    assert quick == replace(QUICK, timeout_s=3.0)
    assert second == AnswerStage(
        name="second_opinion",
        tier="ollama-nvidia",
        system="Look for mistakes.",
        temperature=0.4,
        prior=0.8,
        timeout_s=20.0,
    )


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("answers: []", "'answers' must be a list"),
        ("answers: [quick]", "a stage of an answer is a mapping"),
        ("answers: [{name: a}, {name: a}]", "two stages 'a'"),
        ("answers: [{name: a, prior: 2}]", "'prior' must be between 0 and 1"),
        ("answers: [{name: a, promt: x}]", "'promt' is not known here"),
        ("answers: [{name: a, tier: ' '}]", "'tier' is small, larger, largest, or a backend or a model"),
        ("answers: [{name: 'a,b'}]", "a stage's name is letters"),
    ],
)
def test_a_wrong_stage_is_told_with_its_place(user_dir: Path, own: str, said: str) -> None:
    (user_dir / "mine.yaml").write_text(f"{GOOD.rstrip()}\n{own}\n")
    with pytest.raises(InvalidInput, match=said) as caught:
        store(user_dir).load("mine")
    assert "mine.yaml:" in str(caught.value)
