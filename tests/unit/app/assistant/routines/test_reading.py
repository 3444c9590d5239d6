"""A routine's text is read back as it was written, and what is wrong with it is told with its place."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.routines.reading import problem_of, read_routine
from app.assistant.routines.routine import Kind, Parameter, Routine, Step
from app.assistant.routines.writing import id_of, yaml_of
from app.contracts.errors import InvalidInput

WHOLE = """\
# mine
routine: good-morning
name: Good morning
phrases: [good morning, wake up]
parameters:
  city: {default: Berlin, about: Where I am}
  minutes: {unit: min}
  who: Anna
steps:
  - ask: what time is it in {{ city }}
  - intent: show_list
    values: {list: shopping, limit: 3, done: false, tags: [a, b]}
    optional: true
  - pipeline: shout
    input: "{{ steps.step1 }}"
    id: loud
  - say: Have a good day.
"""


def test_a_whole_routine() -> None:
    routine = read_routine(WHOLE)
    assert routine.phrases == ("good morning", "wake up")
    assert [(each.name, each.default, each.unit) for each in routine.parameters] == [
        ("city", "Berlin", ""),
        ("minutes", None, "min"),
        ("who", "Anna", ""),
    ]
    assert [(step.step_id, step.kind, step.target, step.text) for step in routine.steps] == [
        ("step1", Kind.ASK, "", "what time is it in {{ city }}"),
        ("step2", Kind.INTENT, "show_list", ""),
        ("loud", Kind.PIPELINE, "shout", "{{ steps.step1 }}"),
        ("step4", Kind.SAY, "", "Have a good day."),
    ]
    assert routine.steps[1].values == (("list", "shopping"), ("limit", 3), ("done", False), ("tags", ("a", "b")))
    assert routine.steps[1].optional
    assert routine.steps[2].place == (14, 5)


HEAD = "routine: a\nphrases: [a]\nsteps:\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("routine: [", (1, 11), "expected"),
        ("phrases: [a]\n", (1, 1), "'routine' is missing"),
        ("routine: Good Morning\nphrases: [a]\nsteps: [{say: x}]\n", (1, 1), "no id"),
        (f"{HEAD}  - ask: one\n    say: two\n", (4, 5), "ask and say"),
        (f"{HEAD}  - ask: {{{{ x }}}}\n", (4, 5), "in quotes"),
        (f"{HEAD}  - aks: one\n", (4, 5), "Did you mean 'ask'"),
        (f"{HEAD}  - say: one\n  - id: step1\n    say: two\n", (5, 5), "two steps 'step1'"),
        (f"{HEAD}  - say: x\n    values: {{a: 1}}\n", (5, 5), "Only a step with 'intent'"),
        ("routine: a\nphrases: [a]\nsteps: []\n", (3, 1), "1 to 20 steps"),
        ("routine: a\nphrases: [a]\nparameters: {previous: 1}\nsteps: [{say: x}]\n", (3, 14), "has that name already"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_routine(text)
    problem = problem_of(caught.value)
    assert words in problem.message
    assert problem.place == place


_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("previous", "steps", "input")
)
_texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=30)
_steps = st.lists(st.tuples(st.sampled_from([Kind.ASK, Kind.SAY]), _texts), min_size=1, max_size=6)


@settings(deadline=None)
@given(_texts, st.lists(_texts, min_size=1, max_size=3), _steps, st.dictionaries(_names, _texts, max_size=3))
def test_what_is_written_is_read_back(
    name: str, phrases: list[str], steps: list[tuple[Kind, str]], parameters: dict[str, str]
) -> None:
    routine = Routine(
        routine_id=id_of(name),
        name=name,
        phrases=tuple(phrases),
        steps=tuple(Step(f"step{at}", kind, text) for at, (kind, text) in enumerate(steps, 1)),
        parameters=tuple(Parameter(key, value) for key, value in parameters.items()),
    )
    again = read_routine(yaml_of(routine))
    assert (again.routine_id, again.name, again.phrases) == (routine.routine_id, name, tuple(phrases))
    assert [(step.kind, step.text) for step in again.steps] == steps
    assert {each.name: each.default for each in again.parameters} == parameters


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_routine_or_an_error(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert read_routine(text).steps


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "- say: hi\n" * 5_000, "longer than"),
        ("routine: a\nphrases: [a]\nsteps: " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        (HEAD + '- say: "a\\0b"\n', "characters in it that are none"),
        (HEAD + '- say: "\\ud800"\n', "characters in it that are none"),
        (HEAD + "- intent: set_timer\n  values: {seconds: .inf}\n", "no number to count with"),
        (HEAD + "- intent: set_timer\n  values: {seconds: 1e999}\n", "no number to count with"),
    ],
)
def test_what_would_only_do_harm_is_refused_at_once(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_routine(text)


def test_names_of_other_scripts_have_ids_of_their_own() -> None:
    ids = [id_of(name) for name in ("Früh am Morgen", "早上好", "晚上好", "доброе утро", "café", "!", "早上好 2")]
    assert ids[0] == "fruh-am-morgen"
    assert ids[4] == "cafe"
    assert len(set(ids)) == len(ids)
    for each in ids:
        read_routine(HEAD.replace("routine: a", f"routine: {each}") + "- say: hi\n")
