"""What a person does to a routine on its card: try it, change its text, save that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.assistant.routines.cards import routine_card
from app.assistant.routines.doing import Abilities
from app.assistant.routines.parameters import discover, mapped
from app.assistant.routines.reading import problem_of, read_routine
from app.assistant.routines.routine import COLLECTION, KeptRoutine, Routine
from app.assistant.routines.running import How, run
from app.assistant.routines.shelf import Shelf
from app.assistant.routines.validating import intents_of
from app.assistant.routines.workflow import Workflow
from app.assistant.skills.skill import Acted
from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import RoutineCard
from app.memory.notebook import Remove


class Editor:
    """Tries and saves texts.

    Args:
        shelf: The saved routines.
        workflow: Checks texts.
        abilities: What steps can use, asked for at use.
    """

    def __init__(self, shelf: Shelf, workflow: Workflow, abilities: Callable[[], Abilities]) -> None:
        self._shelf = shelf
        self._workflow = workflow
        self._abilities = abilities

    async def tried(self, card: RoutineCard, text: str, now: datetime) -> RoutineCard:
        """The card with what every step gives in a dry run."""
        try:
            routine = read_routine(text)
        except InvalidInput as error:
            return replace(card, problem=str(problem_of(error)), revision=card.revision + 1)
        problems = await self._workflow.checked(routine, now)
        given = mapped(routine, discover(""), "")
        values = {**{each.name: f"<{each.name}>" for each in given.missing}, **given.values}
        gave = () if problems else (await run(routine, values, self._abilities(), How(now, dry=True))).gave
        made = routine_card(
            routine, text, saved=card.saved, gave=gave, problems=problems, values=values, revision=card.revision + 1
        )
        return replace(made, card_id=card.card_id, turn_id=card.turn_id)

    async def saved(self, card: RoutineCard, text: str, now: datetime) -> Acted:
        """Keep an edited text, when it is sound."""
        try:
            kept, routine = await self.edited(card.routine_id, text, now)
        except InvalidInput as error:
            wrong = replace(card, problem=str(problem_of(error)), revision=card.revision + 1)
            return Acted(cards=(wrong,))
        made = routine_card(routine, kept.yaml, saved=True, revision=card.revision + 1)
        made = replace(made, card_id=card.card_id, turn_id=card.turn_id)
        moved = () if kept.routine_id == card.routine_id else (Remove(COLLECTION, card.routine_id),)
        return Acted(cards=(made,), writes=(*moved, self._shelf.saving(kept)), say=f"{routine.name} is saved.")

    async def edited(self, routine_id: str, text: str, now: datetime) -> tuple[KeptRoutine, Routine]:
        """An edited text as an entry to be kept, and what it says.

        Raises:
            InvalidInput: It is not sound; the sentence begins with line and column.
        """
        routine = read_routine(text)
        problems = await self._workflow.checked(routine, now)
        if problems:
            line, column = problems[0].place
            said = " ".join([problems[0].message, *map(str, problems[1:])])
            raise InvalidInput(f"routine:{line}:{column}: {said}", code="routine")
        saved = await self._shelf.all()
        if routine.routine_id != routine_id and routine.routine_id in saved:
            place = routine.places.get("routine", (1, 1))
            raise InvalidInput(
                f"routine:{place[0]}:{place[1]}: There is a routine {routine.routine_id!r} already.", code="routine"
            )
        before = saved.get(routine_id)
        base = KeptRoutine(routine_id, "", now.timestamp()) if before is None else before.kept
        intents = intents_of(routine, self._abilities(), now)
        kept = replace(base, routine_id=routine.routine_id, yaml=text, made_by="person", intents=intents)
        return kept, routine
