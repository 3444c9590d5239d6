"""Templates of others in the real child: what is right is rendered, what is not ends in one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.contracts.errors import InvalidInput, SottoError
from app.pipeline.definition import OptionValue
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
