"""The strategy that prepares nothing."""

from __future__ import annotations

from app.assistant.speculation.direct import Direct
from app.assistant.speculation.preparing import Urgency
from tests.helpers.virtual_time import in_virtual_time


@in_virtual_time
async def test_everything_is_made_when_it_is_wanted() -> None:
    direct, made = Direct(), []

    async def make() -> int:
        made.append("soup")
        return len(made)

    direct.ahead("plan", "soup", make, urgency=Urgency.LIKELY, tag="card")
    direct.drop("card")
    direct.chose("lunch.when", "13")
    with direct.foreground():
        assert [await direct.get("plan", "soup", make), await direct.get("plan", "soup", make)] == [1, 2]
    direct.forget("plan")
    assert direct.likely("lunch.when", ("12", "13")) == (("12", 0.5), ("13", 0.5))
