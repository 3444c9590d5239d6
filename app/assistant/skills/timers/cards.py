"""What a timer looks like, and what can be done with it in each state."""

from __future__ import annotations

from dataclasses import replace

from app.assistant.skills.timers.repeats import in_words
from app.assistant.skills.timers.timer import Timer, What
from app.contracts.card import CardAction, Emphasis
from app.contracts.skill_cards import TimerCard, TimerState

SKILL = "timers"
SNOOZE_S = (300, 600)
_ENOUGH = ("stop", "stop it", "ok", "okay", "thanks", "thank you", "dismiss", "quiet", "i'm up", "turn it off")


def timer_card(timer: Timer, before: TimerCard | None = None) -> TimerCard:
    """Its card; a revision of the one it had before, if it had one."""
    fresh = TimerCard(
        card_id=timer.card_id,
        priority=90,
        skill=SKILL,
        timer_id=timer.timer_id,
        what=timer.what.value,
        label=timer.label,
        due_at=timer.due_at,
        duration_s=timer.duration_s,
        remaining_s=timer.remaining_s,
        repeats=in_words(timer.repeats),
        state=timer.state,
        actions=actions(timer),
    )
    if before is None:
        return fresh
    return replace(fresh, turn_id=before.turn_id, priority=before.priority, revision=before.revision + 1)


def ended_card(timer: Timer, before: TimerCard | None, state: TimerState) -> TimerCard:
    """Its card when it is over or cancelled: nothing can be done with it any more."""
    return replace(timer_card(timer, before), state=state, remaining_s=0.0, actions=())


def actions(timer: Timer) -> tuple[CardAction, ...]:
    """What can be done with it now."""
    name = timer.name if timer.what is not What.REMINDER else "reminder"
    cancel = CardAction(
        action="cancel",
        label=f"Cancel {timer.what.value}",
        says=(f"cancel the {name}", f"cancel my {name}"),
        emphasis=Emphasis.QUIET,
    )
    match timer.state:
        case TimerState.RINGING:
            return _when_ringing(timer)
        case TimerState.PAUSED:
            resume = CardAction(
                action="resume",
                label="Resume",
                says=(f"resume the {name}", "go on", "continue", "unpause"),
                emphasis=Emphasis.PRIMARY,
            )
            return (resume, cancel)
        case TimerState.RUNNING if timer.what is What.TIMER:
            pause = CardAction(action="pause", label="Pause", says=(f"pause the {name}", "hold the timer"))
            more = CardAction(action="plus-minute", label="+1 min", says=("add a minute", "one more minute"))
            return (pause, more, cancel)
        case TimerState.RUNNING:
            return (cancel,)
        case _:
            return ()


def _when_ringing(timer: Timer) -> tuple[CardAction, ...]:
    label = "Done" if timer.what is What.REMINDER else "Stop"
    stop = CardAction(
        action="stop",
        label=label,
        says=(*_ENOUGH, f"stop the {timer.what.value}", f"turn off the {timer.what.value}"),
        emphasis=Emphasis.PRIMARY,
    )
    later = (
        CardAction(
            action=f"snooze:{seconds}",
            label=f"{seconds // 60} min more",
            says=(f"snooze {seconds // 60} minutes", f"snooze for {seconds // 60} minutes")
            + (("snooze", "snooze it", "later") if seconds == SNOOZE_S[0] else ()),
        )
        for seconds in SNOOZE_S
    )
    return (stop, *later)
