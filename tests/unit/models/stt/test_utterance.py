"""One utterance over a recogniser that says what it was given: what reaches a model, and what does not."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from models.stt.hypothesis import NOTHING, Activity, Hypothesis
from models.stt.utterance import Heard, Utterance
from models.vad.silero_model import FRAME, SileroModel, model_file
from tests.helpers.engines import Samples, recording
from tests.helpers.spoken import joined, melody, silence, white_noise

NOW = threading.Event()


class Scripted:
    """A recogniser that keeps what it is given and answers from a list; the last answer stays."""

    def __init__(self, *answers: Hypothesis | None) -> None:
        self.given: list[tuple[Samples, Activity]] = []
        self._answers = list(answers)

    def transcribe(self, speech: Samples, cancelled: threading.Event, activity: Activity) -> Hypothesis | None:
        self.given.append((speech, activity))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class ScriptedGate:
    """A voice gate with given probabilities, one for each frame."""

    def __init__(self, probabilities: list[float]) -> None:
        self._left = list(probabilities)

    def feed(self, samples: Samples) -> Activity:
        frames = len(samples) // FRAME
        now, self._left = self._left[:frames], self._left[frames:]
        return np.array(now, np.float32)


def heard_of(model: Scripted, probabilities: list[float]) -> Heard:
    utterance = Utterance(model, ScriptedGate(probabilities))  # type: ignore[arg-type]
    utterance.add(np.full(len(probabilities) * FRAME, 0.1, np.float32))
    heard = utterance.hear(NOW)
    assert heard is not None
    return heard


SURE = Hypothesis("yes", -0.1, 2, "en")
DOUBTFUL = Hypothesis("you", -3.0, 2, "en")


@pytest.mark.parametrize("probabilities", [[], [0.9] * 3, [0.49] * 90, [0.9, 0.9, 0.1] * 30], ids=str)
def test_what_is_too_short_for_a_word_never_reaches_the_model(probabilities: list[float]) -> None:
    model = Scripted(SURE)
    heard = heard_of(model, probabilities)
    assert (heard.text, heard.confidence, heard.language, model.given) == ("", None, "", [])


def test_a_short_word_has_to_be_sure() -> None:
    assert heard_of(Scripted(DOUBTFUL), [0.0] * 20 + [0.9] * 5).text == ""
    assert heard_of(Scripted(SURE), [0.0] * 20 + [0.9] * 5).text == "yes"
    assert heard_of(Scripted(DOUBTFUL), [0.0] * 20 + [0.9] * 30).text == "you"


def test_what_looks_like_speech_far_from_the_words_is_left_out() -> None:
    model = Scripted(SURE)
    heard_of(
        model, [0.0] * 5 + [0.7] + [0.0] * 60 + [0.2] * 3 + [0.9] * 20 + [0.3] * 2 + [0.0] * 50 + [0.6] + [0.0] * 9
    )
    ((sound, activity),) = model.given
    assert len(sound) == len(activity) * FRAME
    assert len(activity) == 16 + 3 + 20 + 2 + 16
    assert activity[16] == np.float32(0.2)


def test_confidence_is_the_mean_over_all_tokens_and_the_language_that_of_the_first_words() -> None:
    model = Scripted(NOTHING, Hypothesis("un deux", -0.3, 3, "fr"), Hypothesis("three", -0.1, 1, "en"))
    utterance = Utterance(model, ScriptedGate([0.9] * 900))  # type: ignore[arg-type]
    utterance.add(np.full(900 * FRAME, 0.1, np.float32))
    heard = utterance.hear(NOW)
    assert heard is not None
    assert heard.text.startswith("un deux three")
    assert heard.language == "fr"
    assert heard.confidence is not None
    assert 0.9 <= heard.confidence <= 0.91


def test_long_speech_reaches_the_model_in_pieces_and_says_that_it_lives() -> None:
    signs: list[int] = []
    model = Scripted(SURE)
    speech = recording("two_cities")
    utterance = Utterance(model, SileroModel(model_file()).stream())
    utterance.add(speech)
    heard = utterance.hear(NOW, lambda: signs.append(len(model.given)))
    assert heard is not None
    assert heard.samples == len(speech)
    assert len(model.given) >= 4
    assert signs == list(range(1, len(model.given)))
    assert all(len(sound) <= 13 * 16_000 for sound, _ in model.given)


def test_a_cancelled_one_goes_on_where_it_was() -> None:
    cancelled = threading.Event()
    model = Scripted(SURE, None, SURE)
    utterance = Utterance(model, ScriptedGate([0.9] * 900))  # type: ignore[arg-type]
    utterance.add(np.full(900 * FRAME, 0.1, np.float32))
    assert utterance.hear(cancelled) is None
    cancelled.set()
    assert utterance.hear(cancelled) is None
    assert len(model.given) == 2
    heard = utterance.hear(NOW)
    assert heard is not None
    assert heard.text.split() == ["yes"] * (len(model.given) - 1)


def test_music_and_noise_never_reach_the_model_and_speech_between_them_does() -> None:
    model = Scripted(SURE)
    gate = SileroModel(model_file())
    for sound in (melody(20.0), white_noise(20.0, 0.3), silence(20.0)):
        utterance = Utterance(model, gate.stream())
        utterance.add(sound)
        assert utterance.hear(NOW) == Heard("", len(sound), None)
    assert model.given == []
    utterance = Utterance(model, gate.stream())
    utterance.add(joined(melody(5.0), recording("beckett")[:48_000], white_noise(5.0, 0.05)))
    heard = utterance.hear(NOW)
    assert heard is not None
    assert heard.text == "yes"
