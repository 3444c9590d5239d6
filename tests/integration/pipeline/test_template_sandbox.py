"""Templates of others in the real child: what is right is rendered, what is not ends in one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.contracts.errors import InvalidInput, SottoError, TimedOut
from app.pipeline.definition import OptionValue, Place, Template
from app.pipeline.sandbox.child import ChildSandbox
from app.pipeline.templates import render

VARIABLES: dict[str, OptionValue] = {
    "input": "a b",
    "stages": {"quality-check": {"output": "", "passed": False, "confidence": None}},
    "context": {"name": "Ada"},
}


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[ChildSandbox]:
    made = ChildSandbox()
    yield made
    await made.aclose()


async def test_more_than_names_is_rendered_in_the_child(sandbox: ChildSandbox) -> None:
    template = "{% for it in input.split() %}{{ loop.index }}={{ it }};{% endfor %}{{ stages.quality-check.passed }}"
    assert await render(sandbox, template, VARIABLES) == "1=a;2=b;False"


async def test_what_is_not_there_is_named_with_what_is(sandbox: ChildSandbox) -> None:
    with pytest.raises(InvalidInput, match=r"'context\.nam'; known under 'context': name\. Did you mean 'name'\?"):
        await render(sandbox, "{{ context.nam|upper }}", VARIABLES)


@pytest.mark.parametrize(
    "bomb",
    [
        "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
        "{{ 'x'|center(10**12) }}",
        "{{ '%09999999999d'|format(1) }}",
        "{% set ns = namespace(x='xxxxxxxxxx') %}{% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    ],
)
async def test_a_bomb_ends_in_an_error_and_the_next_template_is_rendered(sandbox: ChildSandbox, bomb: str) -> None:
    with pytest.raises(SottoError):
        await render(sandbox, bomb, VARIABLES, timeout_s=1.0)
    assert await render(sandbox, "{{ input|upper }}", VARIABLES) == "A B"


async def test_a_bomb_is_told_with_its_place_and_as_a_mistake_of_the_template(sandbox: ChildSandbox) -> None:
    place = Place(Path("mine.yaml"), 3, 7)
    grows = "{% set ns = namespace(x='xxxxxxxxxx') %}{% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
    with pytest.raises(InvalidInput, match=r"^mine\.yaml:3:7: The template cannot be rendered: .*memory\.$"):
        await render(sandbox, Template(grows, place), VARIABLES)
    turns = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
    with pytest.raises(TimedOut, match=r"^mine\.yaml:3:7: The template took longer than 0\.5 s\. Make it simpler\.$"):
        await render(sandbox, Template(turns, place), VARIABLES, timeout_s=0.5)
    with pytest.raises(InvalidInput, match=r"unsafe\.$"):
        await render(sandbox, "{{ '{0.__class__}'.format(input) }}", VARIABLES)


async def test_a_name_that_may_be_missing_can_be_asked_for(sandbox: ChildSandbox) -> None:
    assert await render(sandbox, "{{ context.tone|default('plain') }}", VARIABLES) == "plain"
    assert await render(sandbox, "{% if context.tone is defined %}{{ context.tone }}{% endif %}.", VARIABLES) == "."
    with pytest.raises(InvalidInput, match=r"asks for 'context\.tone'; known under 'context': name\."):
        await render(sandbox, "{% if context.tone %}x{% endif %}", VARIABLES)
