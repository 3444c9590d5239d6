from __future__ import annotations

import json

import av

from app.bench.questions import spoken_questions
from app.settings.paths import asset


def test_at_least_thirty_six_questions_of_two_to_four_seconds_ship() -> None:
    questions = spoken_questions()
    assert len({question.question_id for question in questions}) == len(questions) >= 36
    for question in questions:
        with av.open(str(question.path)) as container:
            stream = container.streams.audio[0]
            samples = sum(frame.samples for frame in container.decode(stream))
            assert (stream.rate, stream.channels, stream.format.name) == (16_000, 1, "s16"), question.path
        assert 2.0 <= samples / 16_000 <= 4.0, question.path


def test_the_question_that_make_run_answers_is_the_first() -> None:
    first = spoken_questions()[0]
    assert first.path == asset("recordings/capital-of-france.wav")
    assert first.text == "What is the capital of France?"


def test_the_list_and_the_folder_agree_and_stay_small() -> None:
    folder = asset("recordings")
    entries = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    assert all(set(entry) == {"id", "file", "kind", "text"} for entry in entries)
    assert {entry["file"] for entry in entries} | {"README.md", "questions.json"} == {p.name for p in folder.iterdir()}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000
