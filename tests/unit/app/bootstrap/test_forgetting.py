"""Cards of skills are forgotten at the start once they are old."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.aio.clock import SystemClock
from app.bootstrap.core import CARDS_KEPT_DAYS, DAY_S, CoreOptions, Speech, open_services
from app.contracts.cards import NoticeCard
from app.memory.notebook import Notebook, put_card
from app.settings.paths import Paths


@pytest.mark.parametrize(("days", "left"), [("", ["young"]), ("1", []), ("200", ["old", "young"])])
async def test_cards_of_skills_are_forgotten_in_time(tmp_path: Path, days: str, left: list[str]) -> None:
    paths = Paths.under(tmp_path)
    now = SystemClock().time()
    notebook = Notebook(paths.notebook)
    old, young = (NoticeCard(card_id=name, message=name) for name in ("old", "young"))
    await notebook.commit([put_card(old, now - (CARDS_KEPT_DAYS + 1) * DAY_S), put_card(young, now - 5 * DAY_S)])
    await notebook.aclose()
    if days:
        paths.settings_file.parent.mkdir(parents=True)
        paths.settings_file.write_text(f"privacy:\n  retention_days: {days}\n", encoding="utf-8")
    async with open_services(CoreOptions(paths=paths, speech=Speech.SILENT)) as services:
        await services._start_staged()
        cards = [name for name in ("old", "young") if await services.staged.notebook.card(name)]
    assert cards == left
