"""The figures of the scripted day, from the events of its turns.

What the two hit rates are shares of:

* ``background_hit_rate``: of everything that was wanted while somebody waited and was not kept from an earlier use, the
  share that had been made ahead or was on its way.
* ``cache_hit_rate``: of everything that was wanted while somebody waited, the share that was there without having to be
  made: kept from an earlier use, or made ahead. ``kept_hit_rate`` leaves out what was made ahead.

Counted are data (``person``, ``skill-data``), plans and cards of requests. An open question wants nothing of the kind
and counts for neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.assistant.staged.stage import TARGET_MS
from app.bench.report import Figure, percentiles, single
from app.bench.staged_day import Turn
from app.contracts.events import (
    CardRemoved,
    CardUpserted,
    Complete,
    Prepared,
    StageFinished,
    Status,
    TurnEvent,
)

SPINNER_MS = 500.0
KINDS = {"person": "person", "data": "skill-data", "plans": "plan", "cards": "cards"}
"""What is counted, by the name of its figure."""


def figures_of(turns: Sequence[Turn]) -> dict[str, Figure]:
    """Everything that is told of the turns of one strategy."""
    return {
        "feedback_ms": percentiles([at for turn in turns if (at := first_ms(turn.events, Status)) is not None]),
        "clarification_ms": percentiles(_cards_ms(turns, "clarification")),
        "pre_plan_ms": percentiles(_cards_ms(turns, "pre-plan")),
        "proceed_ms": percentiles(proceeds_ms(turns)),
        "first_content_ms": percentiles(_answers_ms(turns)),
        **stage_figures(turns),
        "spinner_over_500ms": single(
            float(sum(spinner_ms(each.events) > SPINNER_MS for each in turns)), "", len(turns)
        ),
        **hit_rates(turns),
        **{f"background_hit_rate_of_{name}": background(turns, kind) for name, kind in KINDS.items()},
        "understood_share": _share([turn.as_meant for turn in turns if turn.kind == "request"]),
        "thumbs_up_share": _share([turn.content for turn in turns]),
    }


def hit_rates(turns: Sequence[Turn]) -> dict[str, Figure]:
    """How much of what was wanted was there."""
    outcomes = [event.outcome for turn in turns for event in turn.events if isinstance(event, Prepared)]
    background, cache = outcomes.count("background"), outcomes.count("cache")
    made, wanted = len(outcomes) - cache, len(outcomes)
    return {
        "background_hit_rate": single(background / made if made else None, "", made),
        "cache_hit_rate": single((background + cache) / wanted if wanted else None, "", wanted),
        "kept_hit_rate": single(
            cache / (wanted - background) if wanted > background else None, "", wanted - background
        ),
    }


def background(turns: Sequence[Turn], kind: str) -> Figure:
    """The background hit rate of one kind of thing: a plan has six cards or so, which would hide it in the whole."""
    wanted = [event for turn in turns for event in turn.events if isinstance(event, Prepared) and event.what == kind]
    made = [event for event in wanted if event.outcome != "cache"]
    return single(sum(e.outcome == "background" for e in made) / len(made) if made else None, "", len(made))


def stage_figures(turns: Sequence[Turn]) -> dict[str, Figure]:
    """What each of the seven stages took, where it was not skipped."""
    took: dict[str, list[float]] = {name.value: [] for name in TARGET_MS}
    for turn in turns:
        for event in turn.events:
            if isinstance(event, StageFinished) and event.metrics.stage in took:
                took[event.metrics.stage].append(event.metrics.elapsed_ms)
    return {f"stage_ms_{name.replace('-', '_')}": percentiles(values) for name, values in took.items()}


def proceeds_ms(turns: Sequence[Turn]) -> list[float]:
    """From "Proceed" until all cards were there and could be used."""
    at = [first_ms(turn.events, Complete) for turn in turns if turn.kind == "proceed"]
    return [each for each in at if each is not None]


def first_ms(events: Sequence[TurnEvent], kind: type[TurnEvent]) -> float | None:
    """When the first event of a kind came, milliseconds from the begin of the turn; None when none did."""
    return next((event.t_ms for event in events if isinstance(event, kind)), None)


def spinner_ms(events: Sequence[TurnEvent]) -> float:
    """How long the card that says what is being done stood there."""
    shown = [e.t_ms for e in events if isinstance(e, CardUpserted) and e.card.kind == "status"]
    if not shown:
        return 0.0
    gone = [e.t_ms for e in events if isinstance(e, CardRemoved) and e.card_id.endswith("-status")]
    return (gone or [events[-1].t_ms])[-1] - shown[0]


def _cards_ms(turns: Sequence[Turn], kind: str) -> list[float]:
    """When a card that asks first stood there."""
    at = []
    for turn in turns:
        shown = [e.t_ms for e in turn.events if isinstance(e, CardUpserted) and e.card.kind == kind and e.card.actions]
        at += shown[:1]
    return at


def _answers_ms(turns: Sequence[Turn]) -> list[float]:
    from_the_begin = [first_ms(turn.events, Complete) for turn in turns if turn.kind == "request"]
    return [at for at in from_the_begin if at is not None]


def _share(values: Sequence[bool]) -> Figure:
    return single(sum(values) / len(values) if values else None, "", len(values))
