"""The figures of the scripted day are what their names say."""

from __future__ import annotations

import pytest

from app.bench.promises import PROMISES
from app.bench.staged_day import Turn, script
from app.bench.staged_figures import figures_of, spinner_ms
from app.contracts.card import CardAction
from app.contracts.devices import Device
from app.contracts.events import (
    CardRemoved,
    CardUpserted,
    Complete,
    Prepared,
    StageFinished,
    Status,
    TurnEvent,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import StageMetrics, TurnMetrics
from app.contracts.skill_cards import ClarificationCard, StatusCard


def turn(kind: str, *events: TurnEvent, as_meant: bool = True, content: bool = True) -> Turn:
    return Turn(kind, events, as_meant, spoken=False, content=content)


def wanted(*outcomes: str) -> list[TurnEvent]:
    return [Prepared(what="plan", key="x", outcome=outcome) for outcome in outcomes]


def test_hit_rates_are_shares_of_what_they_say() -> None:
    figures = figures_of([turn("proceed", *wanted("background", "background", "cache", "missed"))])
    assert figures["background_hit_rate"].value == pytest.approx(2 / 3)
    assert figures["cache_hit_rate"].value == pytest.approx(3 / 4)
    assert figures["kept_hit_rate"].value == pytest.approx(1 / 2)
    assert figures["background_hit_rate"].n == 3
    assert figures["background_hit_rate_of_plans"].value == pytest.approx(2 / 3)
    assert figures["background_hit_rate_of_cards"].n == 0


def test_without_anything_wanted_there_is_no_rate() -> None:
    figures = figures_of([turn("request", TurnStarted(source="text"))])
    assert figures["background_hit_rate"].value is None
    assert figures["proceed_ms"].n == 0


def test_times_count_from_the_begin_of_the_turn() -> None:
    buttons = (CardAction(action="answer:1", label="One"),)
    asks = ClarificationCard(card_id="c", question="Which?", slot="which", actions=buttons)
    metrics = StageMetrics(stage="plan", backend="", device=Device.CPU, elapsed_ms=7.0)
    turns = [
        turn(
            "request",
            Status(stage="understand", message="…", t_ms=2.0),
            CardUpserted(card=asks, t_ms=30.0),
            CardUpserted(card=asks, t_ms=90.0),
            content=False,
        ),
        turn("proceed", StageFinished(metrics=metrics), Complete(cards_published=1, t_ms=40.0)),
        turn("request", Complete(cards_published=1, t_ms=11.0), as_meant=False),
    ]
    figures = figures_of(turns)
    assert figures["feedback_ms"].p50 == 2.0
    assert (figures["clarification_ms"].n, figures["clarification_ms"].p50) == (1, 30.0)
    assert (figures["proceed_ms"].n, figures["proceed_ms"].p50) == (1, 40.0)
    assert figures["stage_ms_plan"].p50 == 7.0
    assert figures["understood_share"].value == 0.5
    assert figures["thumbs_up_share"].value == pytest.approx(2 / 3)


def test_a_status_card_counts_from_its_first_to_its_last_moment() -> None:
    shown = [
        CardUpserted(card=StatusCard(card_id="t-status", stage="plan", message="…"), t_ms=at) for at in (150.0, 300.0)
    ]
    end = TurnFinished(metrics=TurnMetrics(), t_ms=900.0)
    assert spinner_ms([*shown, CardRemoved(card_id="t-status", t_ms=400.0), end]) == 250.0
    assert spinner_ms([*shown, end]) == 750.0
    assert spinner_ms([end]) == 0.0
    assert figures_of([turn("proceed", *shown, end), turn("proceed", end)])["spinner_over_500ms"].value == 1.0


def test_promised_figures_have_the_names_that_are_measured() -> None:
    measured = set(figures_of([])) | {"intent_accuracy"}
    assert set(PROMISES["staged"]) <= measured


def test_the_script_has_something_for_every_hour() -> None:
    plan = script()
    for band in ("morning", "midday", "evening"):
        fitting = [request for request in plan.requests if band in request.when]
        assert len({request.meant for request in fitting}) >= 8
        assert all(request.weight > 0 for request in fitting)
    assert plan.otherwise
