from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue, Template
from app.pipeline.templates import OPERATION, compile_check, render, translated
from app.pipeline.templates.plain import filled_in
from app.pipeline.templates.rendering import render as render_in_child
from tests.helpers.pipelines import NoSandbox

VARIABLES: dict[str, OptionValue] = {
    "input": "hello {{ input }}",
    "stages": {
        "draft": {"output": "words", "passed": True, "confidence": 0.5},
        "quality-check": {"output": "", "passed": False, "confidence": None},
    },
    "context": {"name": "Ada", "home-town": "London", "items": "three"},
}


class InProcess(NoSandbox):
    """Runs the child's operation here and remembers that it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        assert operation == OPERATION
        source, variables = arguments["source"], arguments["variables"]
        assert isinstance(source, str)
        assert isinstance(variables, dict)
        self.asked.append(source)
        return render_in_child(source, variables)


@pytest.mark.parametrize(
    ("go", "jinja"),
    [
        ("Process: {{ .Input }}", "Process: {{ input }}"),
        ("{{.Input}}", "{{ input }}"),
        ("a {{- .Stages.quality-check.Output -}} b", "a {{- stages['quality-check'].output -}} b"),
        ("{{ .Context.name }} {{ .Context.home-town }}", "{{ context['name'] }} {{ context['home-town'] }}"),
        ("{{ not stages.quality-check.passed }}", "{{ not stages['quality-check'].passed }}"),
        ("{{ 'stages.quality-check.passed' }}", "{{ 'stages.quality-check.passed' }}"),
        ("{% raw %}{{ .Other }}{% endraw %}", "{% raw %}{{ .Other }}{% endraw %}"),
        ("{# {{ .Other }} #}", "{# {{ .Other }} #}"),
        ("costs .Input and }} ends", "costs .Input and }} ends"),
        ("{{ input|upper }}", "{{ input|upper }}"),
    ],
)
def test_translation(go: str, jinja: str) -> None:
    assert translated(go) == jinja
    compile_check(go)


@pytest.mark.parametrize(
    ("go", "instead"),
    [
        ("{{ range .Items }}x{{ end }}", "{% for item in context.Items %} … {% endfor %}"),
        ("{{ range $i, $x := .Context.items }}", "{% for item in context.items %} … {% endfor %}"),
        ("{{ .Foo }}", "{{ context.Foo }}"),
        ("{{ .Stages.a.Confidence }}", "{{ context.Stages.a.Confidence }}"),
        ("{{ if .Context.x }}", "{% if context.x %} … {% endif %}"),
        ('{{ if eq .Input "a" }}', "{% if"),
        ("{{- else -}}", "{% else %}"),
        ("{{ end }}", "{% endif %} or {% endfor %}"),
        ("{{ with .Input }}", "{% if input %} … {% endif %}"),
        ('{{ printf "%s" .Input }}', '{{ "%s"|format(input) }}'),
        ('{{ .Input | printf "%q" }}', '{{ "%q"|format(input) }}'),
        ("{{ len .Stages.my-stage.Output }}", "{{ stages['my-stage'].output|length }}"),
        ("{{ .Input | upper }}", "{{ input | upper }}"),
        ("{{ $x := .Input }}", "{% set x = input %}"),
        ('{{ eq .Input "a" }}', '{{ input == "a" }}'),
        ("{{/* note */}}", "{# note #}"),
        ('{{ template "x" . }}', "{% macro name() %}"),
    ],
)
def test_any_other_action_of_go_shows_the_jinja_form(go: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_check(f"first line\n{go}")
    assert str(caught.value).startswith("Line 2 of the template: ")
    assert f"write {instead}" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ foo }}", "'foo' is not known; known: input, stages, context"),
        ("{{ stages.a.answer }}", "stages['a'] has no 'answer'"),
        ("{{ input|uper }}", "did you mean 'upper'"),
        ("{% if input is evn %}{% endif %}", "did you mean 'even'"),
        ("{{ input.__class__ }}", "cannot be reached"),
        ("{% include 'other' %}", "cannot use another"),
        ("{{ lipsum(5) }}", "'lipsum' is not known"),
        ("{{ (" * 5, "Line 1 of the template"),
        ("{{ " + "(" * 9000 + " }}", "Line 1 of the template"),
        ("x" * 20_001, "20000 are the most"),
    ],
)
def test_what_cannot_be_rendered_is_told_without_rendering(source: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_check(source)
    assert sentence in str(caught.value)


def test_the_check_never_computes_what_is_constant() -> None:
    assert compile_check("{{ 'x'|center(10**9)|length }}").stages == ()  # would take a gigabyte
    assert compile_check("{{ stages.a.output }}{{ stages['b-c'].passed }}").stages == ("a", "b-c")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ 'x' * 10000000 }}", "'*' is not available"),
        ("{{ 2 ** 100000 }}", "'**' is not available"),
        ("{% for i in range(1000000) %}{% endfor %}", "Range too big"),
        ("{% for i in range(2000) %}{{ 'x' * 1000 }}{% endfor %}", "more than 1000000 characters"),
        ("{{ context.nobody }}", "known under 'context': home-town, items, name"),
        ("{{ stages.drft.output ~ '' }}", "Did you mean 'draft'?"),
        ("{{ input['__class__'] }}", "The template"),
        ("{{ [].append(1) }}", "cannot be rendered"),
        ("{{ 1 // 0 }}", "cannot be rendered"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "cannot be rendered"),
    ],
)
def test_the_child_refuses_what_goes_too_far(source: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        render_in_child(source, VARIABLES)
    assert sentence in str(caught.value)


async def test_text_and_names_are_filled_in_without_the_sandbox() -> None:
    template = (
        "Dear {{ .Context.name }} of {{ .Context.home-town }}: {{- .Input }}, {{ stages.quality-check.passed }}\n"
    )
    rendered = await render(NoSandbox(), template, VARIABLES)
    assert rendered == "Dear Ada of London:hello {{ input }}, False\n"


async def test_anything_more_goes_to_the_sandbox() -> None:
    sandbox = InProcess()
    assert await render(sandbox, "{{ not stages.quality-check.passed }}", VARIABLES) == "True"
    assert await render(sandbox, "{{ context.items|upper }}", VARIABLES) == "THREE"
    assert await render(sandbox, "{{ stages.quality-check.output or stages.draft.output }}", VARIABLES) == "words"
    assert len(sandbox.asked) == 3


async def test_an_error_says_where_the_template_stands() -> None:
    from pathlib import Path

    from app.pipeline.definition import Place

    template = Template("{{ context.nme }}", Place(Path("mine.yaml"), 3, 5))
    with pytest.raises(InvalidInput, match=r"^mine\.yaml:3:5: .*'context\.nme'.* Did you mean 'name'\?$"):
        await render(NoSandbox(), template, VARIABLES)


PIECES = st.one_of(
    st.text(alphabet=st.sampled_from("ab {}%#-+\n\r\t'\"|.é\u2003\x1c"), max_size=8),
    st.sampled_from(
        [
            "{{ input }}",
            "{{- input -}}",
            "{{input}}",
            "{{ stages.draft.output }}",
            "{{ stages['quality-check'].confidence -}}",
            "{{- context.name }}",
            "{{ context['home-town'] }}",
            "{{ stages.draft }}",
            "{{ context.nobody }}",
            "{{ context.items }}",
            "{{ input.upper }}",
        ]
    ),
)


@given(st.lists(PIECES, max_size=8).map("".join))
@settings(max_examples=600, deadline=None)
def test_filling_in_gives_what_jinja_gives(source: str) -> None:
    def outcome(fill) -> str | None:
        try:
            return fill(source, VARIABLES)
        except InvalidInput as error:
            return f"! {error}"

    quick = outcome(filled_in)
    if quick is not None:
        assert quick == outcome(render_in_child)
